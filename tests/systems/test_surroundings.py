"""The environment while another thread changes it, as pytest does around every test of the proof."""

import os
import sys
import threading
from collections.abc import Iterator

import pytest

from tasks.rehearsal.server import Answer, Server
from tasks.systems.surroundings import steadily
from tasks.systems.web import Web

_TIMES = 150


@pytest.fixture
def restless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a thread set variables and take them away again all the time."""
    names = [f"RESTLESS_{number}" for number in range(8)]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    enough = threading.Event()

    def change() -> None:
        while not enough.is_set():
            for name in names:
                os.environ[name] = "1"
            for name in names:
                os.environ.pop(name)

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=change, daemon=True)
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()
        sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless")
def test_requests_are_sent_all_the_same() -> None:
    with Server(lambda _: Answer.json({})) as server:
        web = Web()
        for number in range(_TIMES):
            assert web.get(f"{server.url}/{number}").ok


@pytest.mark.usefixtures("restless")
def test_what_is_there_all_the_time_is_read() -> None:
    for _ in range(20 * _TIMES):
        assert "PATH" in steadily(os.environ.copy)


def test_another_error_of_the_kind_comes_through() -> None:
    def read() -> str:
        raise KeyError("HOME")

    with pytest.raises(KeyError, match="HOME"):
        steadily(read)
