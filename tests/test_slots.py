"""staging.prune and staging.restart, looked at before they are done; hosts are played at their seam."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .fleets import FakeFleet, FakeHost
from .releases import World, world

HOST = '[tool.release-coordination.hosts.hetz]\naddress = "hetz.invalid"\nrole = "staging"\n'


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        text = found.work.read("pyproject.toml").decode()
        found.work.write({"pyproject.toml": f"{text}{HOST}"})
        yield found


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    played = FakeFleet({"hetz": FakeHost(old=["/slots/0.8.0", "/slots/0.7.0"])})
    played.install(monkeypatch)
    return played


def test_what_would_be_removed_is_shown_and_stays(made: World, fleet: FakeFleet) -> None:
    ended = made.call("staging.prune", "--dry-run")
    assert (ended.code, fleet.hosts["hetz"].old) == (0, ["/slots/0.8.0", "/slots/0.7.0"])
    assert ended.out.splitlines()[-2:] == ["hetz: would remove /slots/0.8.0", "hetz: would remove /slots/0.7.0"]


def test_what_is_removed_is_told(made: World, fleet: FakeFleet) -> None:
    ended = made.call("staging.prune")
    assert (ended.code, fleet.hosts["hetz"].old) == (0, [])
    assert ended.out.splitlines()[-2:] == ["hetz: removed /slots/0.8.0", "hetz: removed /slots/0.7.0"]
    assert "removed" not in made.call("staging.prune").out


def test_a_restart_that_is_only_looked_at(made: World, fleet: FakeFleet) -> None:
    ended = made.call("staging.restart", "--dry-run")
    assert (ended.code, ended.out) == (0, "would restart and judge the service on hetz; nothing was changed\n")
    assert fleet.order == []
