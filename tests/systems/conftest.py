"""What the tests of GitHub's clients share."""

from collections.abc import Iterator

import pytest

from tasks.rehearsal.server import Server

from .githubs import Hub
from .webs import FakeClock


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def server(hub: Hub) -> Iterator[Server]:
    with Server(hub) as server:
        yield server


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
