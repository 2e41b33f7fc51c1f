"""What cannot work on a host is refused: in words, with the right exit code, and with nothing changed there."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from . import service
from .indexes import Indexes
from .lab import Lab
from .machines import Machine
from .maintainer import Operator, Said, at_work
from .roots import USER
from .telegram import Telegram

HOSTS = "RELEASE_COORDINATION_HOSTS__"
OLDER = service.Build("0.35.2rc1").distribution
STATE = """readlink .local/bin/acme-bot
cat .local/state/release-coordination/*/record.jsonl 2>/dev/null || true
ls -A .local/share/release-coordination/*/slots 2>/dev/null || true
"""


def state(host: Machine) -> str:
    """Return what is live on a host, its record and its slots."""
    return host.as_user(STATE)


@pytest.fixture(scope="module")
def host(lab: Lab, prepared_layer: Path) -> Iterator[Machine]:
    """Give one machine for the module; every test leaves it as it was."""
    with lab.fleet(1, prepared_layer) as [machine]:
        yield machine


@pytest.fixture(scope="module")
def operator(
    host: Machine, lab: Lab, published: Indexes, bot_server: Telegram, tmp_path_factory: pytest.TempPathFactory
) -> Operator:
    assert host.name == "hetz"
    return at_work(tmp_path_factory.mktemp("input"), lab, published, bot_server, [host], settle=1)


@pytest.fixture
def untouched(host: Machine, operator: Operator, telegram: Telegram) -> Callable[..., Said]:
    """Give a function that types `inv`, and proves that nothing was changed on the host and the service runs on."""

    def typed(*words: str) -> Said:
        question = "systemctl --user show --property=MainPID,ActiveState,NRestarts acme-bot"
        before, process = state(host), host.as_user(question)
        said = operator.inv(*words)
        assert state(host) == before
        assert host.as_user(question) == process
        assert "ActiveState=active" in process
        return said

    return typed


def test_words(untouched: Callable[..., Said]) -> None:
    """Wrong words, none of which reach a host."""
    for words, code, saying in (
        (["--version=0.36.0rc1", "--host=hetzz"], 2, ["--host hetzz", "expected: hetz"]),
        (["--version=0.36.0rc1", "--host=nowhere"], 2, ["--host nowhere", "one of hetz"]),
        (["--version=0.36.0; rm -rf ~"], 2, ["--version", "0.36.0; rm -rf ~"]),
        (["--version=latest"], 2, ["--version", "latest"]),
        (["--host=hetz"], 2, ["--version is missing", "0.36.0rc1"]),
        (["--version=0.36.0rc1", "--role=nobody"], 2, ["--role nobody", "one of staging"]),
        (["--version=0.36.0rc1", "--role=production"], 2, ["--role production"]),
        (["--version=0.36.0rc1", "--canary=web9"], 2, ["--canary web9", "one of hetz"]),
        (["--version=0.36.0rc77"], 4, ["0.36.0rc77 is not on", "0.38.0rc4", "staging.wait"]),
        (["--version=0.38.0rc4"], 4, ["0.38.0rc4 was yanked", "broken"]),
    ):
        said = untouched("staging.install", *words)
        assert said.code == code, said
        assert not [word for word in saying if word not in said.err], said
        assert len(said.err.splitlines()) <= 3, said.err
        assert said.out == ""


def test_a_version_that_needs_a_newer_python(untouched: Callable[..., Said]) -> None:
    said = untouched("staging.install", "--version=0.38.0rc3")
    assert said.code == 4, said
    assert ">=3.99" in said.out
    assert "UNTOUCHED" in said.out


def test_a_unit_that_does_not_exist(untouched: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{HOSTS}HETZ__UNIT", "nowhere.service")
    said = untouched("staging.install", "--version=0.36.0rc1", "--json")
    row = said.host("hetz")
    assert (said.code, row["outcome"]) == (4, "UNTOUCHED"), said
    assert "nowhere.service" in row["reason"]
    said = untouched("staging.healthcheck")
    assert said.code == 1, said
    assert "nowhere.service" in said.out


def test_an_interpreter_that_does_not_exist(untouched: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{HOSTS}HETZ__PYTHON", "python3.99")
    said = untouched("staging.install", "--version=0.36.0rc1", "--json")
    assert (said.code, said.host("hetz")["outcome"]) == (4, "UNTOUCHED"), said
    assert "python3.99" in said.host("hetz")["reason"]


def test_no_pipx(host: Machine, untouched: Callable[..., Said]) -> None:
    host.run("mv", "/usr/bin/pipx", "/usr/bin/pipx.away")
    try:
        said = untouched("staging.install", "--version=0.36.0rc1", "--json")
    finally:
        host.run("mv", "/usr/bin/pipx.away", "/usr/bin/pipx")
    assert (said.code, said.host("hetz")["outcome"]) == (4, "UNTOUCHED"), said
    assert "pipx is not there" in said.host("hetz")["reason"]


def test_linger_is_off(host: Machine, untouched: Callable[..., Said]) -> None:
    linger = f"/var/lib/systemd/linger/{USER}"
    host.run("mv", linger, "/root/linger")  # the user's manager goes on, as long as somebody is logged in
    try:
        said = untouched("staging.install", "--version=0.36.0rc1", "--json")
    finally:
        host.run("mv", "/root/linger", linger)
    assert (said.code, said.host("hetz")["outcome"]) == (4, "UNTOUCHED"), said
    assert "loginctl enable-linger" in said.host("hetz")["reason"]


def test_no_user_manager(host: Machine, operator: Operator) -> None:
    before = state(host)
    host.run("systemctl", "mask", "--now", "--runtime", "user@1000.service")
    try:
        for words in (["staging.install", "--version=0.36.0rc1"], ["staging.status"], ["staging.restart"]):
            said = operator.ask(*words)
            assert (said.code, said.host("hetz")["outcome"]) == (4, "UNTOUCHED"), said
            assert "loginctl enable-linger" in said.host("hetz")["reason"]
    finally:
        host.restore()
    assert state(host) == before


def test_a_dev_host_is_never_installed_to(untouched: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{HOSTS}HETZ__ROLE", "dev")
    for words in (["install", "--version=0.36.0rc1"], ["reset", "--to=0.36.0"]):
        said = untouched(f"staging.{words[0]}", words[1], "--host=hetz", "--json")
        assert (said.code, said.host("hetz")["outcome"]) == (4, "UNTOUCHED"), said
        assert "a dev host runs its checkout" in said.host("hetz")["reason"]
    assert untouched("staging.install", "--version=0.36.0rc1", "--host=all").code == 2


def test_a_lower_version_needs_to_be_allowed(
    host: Machine, operator: Operator, indexes: Indexes, untouched: Callable[..., Said]
) -> None:
    indexes.staging.add(OLDER.wheel_name, OLDER.wheel())
    try:
        said = untouched("staging.install", "--version=0.35.2rc1", "--dry-run")
        assert said.code == 0, said
        before = host.as_user("readlink .local/bin/acme-bot")
        said = operator.ask("staging.install", "--version=0.35.2rc1")
        assert (said.code, said.host("hetz")["outcome"]) == (4, "UNTOUCHED"), said
        assert "0.35.2rc1 is lower than 0.35.3" in said.host("hetz")["reason"]
        assert "--allow-downgrade" in said.host("hetz")["reason"]
        assert host.as_user("readlink .local/bin/acme-bot") == before
        said = operator.ask("staging.install", "--version=0.35.2rc1", "--allow-downgrade")
        assert (said.code, said.host("hetz")["outcome"]) == (0, "OK"), said
    finally:
        indexes.staging.remove(OLDER.wheel_name)
        host.restore()


# -- hosts that are not to be reached, or are one and the same ------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[str]:
    """Give the address of a server that accepts connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=16)) as listener:
        yield f"deploy@127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def closed() -> Iterator[str]:
    """Give an address where nobody listens, nor can: the port is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"deploy@127.0.0.1:{taken.getsockname()[1]}"


def test_nobody_listens(untouched: Callable[..., Said], closed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{HOSTS}HETZ__ADDRESS", closed)
    begin = time.monotonic()
    said = untouched("staging.install", "--version=0.36.0rc1", "--json")
    assert (said.code, said.host("hetz")["outcome"]) == (3, "FAILED"), said
    assert "cannot be reached" in said.host("hetz")["reason"]
    assert time.monotonic() - begin < 60
    assert said.host("hetz")["seconds"] < 10


def test_no_such_name(untouched: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{HOSTS}HETZ__ADDRESS", "hetz.invalid")
    said = untouched("staging.status", "--json")
    assert (said.code, said.host("hetz")["outcome"]) == (3, "FAILED"), said
    assert "hetz.invalid" in said.host("hetz")["reason"]


def test_a_port_that_accepts_and_says_nothing(
    untouched: Callable[..., Said], silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{HOSTS}HETZ__ADDRESS", silent)
    said = untouched("staging.status", "--json")
    assert (said.code, said.host("hetz")["outcome"]) == (3, "FAILED"), said
    assert re.search("banner|SSH|answer", said.host("hetz")["reason"])
    assert said.host("hetz")["seconds"] < 25, "one limit, not one a try"


def test_a_link_that_is_down(
    host: Machine, operator: Operator, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(host)
    host.link_down()
    try:
        said = operator.ask("staging.install", "--version=0.36.0rc1")
    finally:
        host.link_up()
    assert (said.code, said.host("hetz")["outcome"]) == (3, "FAILED"), said
    assert said.host("hetz")["seconds"] < 19, "one limit, not one a try"
    assert state(host) == before


def test_a_login_that_is_refused(
    host: Machine, untouched: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{HOSTS}HETZ__ADDRESS", f"nobody@{host.address}")
    said = untouched("staging.status", "--json")
    assert (said.code, said.host("hetz")["outcome"]) == (3, "FAILED"), said
    assert "login as nobody was refused" in said.host("hetz")["reason"]


def test_a_host_that_is_named_twice(operator: Operator, telegram: Telegram) -> None:
    said = operator.ask("staging.status", "--host=hetz", "--host=hetz", "--host=all")
    assert said.code == 0, said
    assert [row["host"] for row in said.json] == ["hetz"]


@pytest.mark.parametrize("address", ["hetz", "deploy@{host}", "{host}", "{user_host_port}"])
def test_one_machine_under_two_names_is_done_once(
    address: str, host: Machine, operator: Operator, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = address.format(host=host.address, user_host_port=f"deploy@{host.address}:22")
    monkeypatch.setenv(f"{HOSTS}TWIN__ADDRESS", other)
    monkeypatch.setenv(f"{HOSTS}TWIN__ROLE", "staging")
    said = operator.ask("staging.status", "--host=hetz", "--host=twin")
    assert said.code == 0, said
    assert [row["host"] for row in said.json] == ["hetz"]
    assert "twin is the same machine as hetz" in said.err
