"""Fixtures: a lab with real machines, the indexes and the Bot API they reach, and a host for computers without root."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from . import embedded as embedding
from . import indexes as package_indexes
from . import needs, prepared, service
from . import telegram as bot_api
from .embedded import EmbeddedHost
from .indexes import Indexes
from .lab import Fleet, Lab, open_lab
from .machines import Machine
from .telegram import Telegram


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Give the lab. Without root or the programs the test is skipped; in CI it fails."""
    needs.require()
    with open_lab() as opened:
        yield opened


@pytest.fixture(scope="session")
def published(lab: Lab) -> Iterator[Indexes]:
    """Give both indexes, filled; a machine's pip uses the release index by default."""
    with package_indexes.serve(lab.folder / "indexes", lab.network.gateway) as both:
        prepared.publish(both.release, both.staging)
        prepared.publish_installers(both.release)
        lab.files.update(prepared.point_to(both.release))
        yield both


@pytest.fixture
def indexes(published: Indexes) -> Iterator[Indexes]:
    """Give both indexes, without faults and with no request remembered."""
    for index in (published.release, published.staging):
        index.requests.clear()
    yield published
    for index in (published.release, published.staging):
        index.faults.clear()


@pytest.fixture(scope="session")
def bot_server(lab: Lab) -> Iterator[Telegram]:
    with bot_api.serve(lab.network.gateway, service.TOKEN) as server:
        yield server


@pytest.fixture
def telegram(bot_server: Telegram) -> Telegram:
    """Give the Bot API, answering well."""
    bot_server.reset()
    return bot_server


@pytest.fixture(scope="session")
def prepared_layer(lab: Lab, published: Indexes) -> Path:
    """Give the layer on which version 0.35.3 runs, installed with pipx."""
    return prepared.layer(lab)


@pytest.fixture
def fleet(lab: Lab, prepared_layer: Path) -> Iterator[Fleet]:
    """Give a function: `fleet(3)` boots hetz, web1 and web2 with the service; `fleet(3, bare=True)` without it."""
    with ExitStack() as stack:

        def boot(size: int, *, bare: bool = False) -> list[Machine]:
            return stack.enter_context(lab.fleet(size, *([] if bare else [prepared_layer])))

        yield boot


@pytest.fixture
def hetz(fleet: Fleet) -> Machine:
    """Give one machine on which version 0.35.3 runs."""
    return fleet(1)[0]


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedHost]:
    """Give a host without root; embedded.py says what it is not."""
    with embedding.serve(tmp_path) as host:
        yield host


@pytest.fixture
def loopback_indexes(tmp_path: Path) -> Iterator[Indexes]:
    """Give both indexes, filled, on the loopback address, for the embedded host."""
    with package_indexes.serve(tmp_path / "indexes", "127.0.0.1") as both:
        prepared.publish(both.release, both.staging)
        yield both


@pytest.fixture
def loopback_telegram() -> Iterator[Telegram]:
    """Give a Bot API on the loopback address, for the embedded host."""
    with bot_api.serve("127.0.0.1", service.TOKEN) as server:
        yield server
