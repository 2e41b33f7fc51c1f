"""release.rollout: the final version onto every host, the canary first; hosts are played at their seam."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .fleets import FakeFleet, FakeHost
from .rehearsal.validation import Schemas
from .releases import World, world

HOSTS = "".join(
    f'[tool.release-coordination.hosts.{name}]\naddress = "{name}.invalid"\nrole = "{role}"\n'
    for name, role in {"web1": "production", "desk": "dev", "hetz": "staging", "web2": "production"}.items()
)


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas) -> Iterator[World]:
    with world(tmp_path, schemas) as found:
        text = found.work.read("pyproject.toml").decode()
        found.work.write({"pyproject.toml": f"{text}{HOSTS}"})
        yield found


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    played = FakeFleet({name: FakeHost("0.9.0") for name in ("web1", "desk", "hetz", "web2")})
    played.install(monkeypatch)
    return played


def test_every_host_but_the_developers_gets_it_and_the_staging_host_first(made: World, fleet: FakeFleet) -> None:
    ended = made.call("release.rollout", "--json")
    assert (ended.code, {row["host"]: row["outcome"] for row in ended.json}) == (
        0,
        {"hetz": "OK", "web1": "OK", "web2": "OK"},
    )
    assert (fleet.order[0], sorted(fleet.order)) == ("hetz", ["hetz", "web1", "web2"])
    assert {name: host.version for name, host in fleet.hosts.items()} == {
        "web1": "1.0.0", "desk": "0.9.0", "hetz": "1.0.0", "web2": "1.0.0",
    }  # fmt: skip


def test_again_changes_nothing(made: World, fleet: FakeFleet) -> None:
    assert [made.call("release.rollout", "--version=1.0.0").code for _ in range(2)] == [0, 0]
    assert [host.changes for host in fleet.hosts.values()] == [["1.0.0"], [], ["1.0.0"], ["1.0.0"]]


def test_a_sick_canary_stops_the_rest(made: World, fleet: FakeFleet) -> None:
    fleet.hosts["web2"].sick = True
    ended = made.call("release.rollout", "--canary=web2", "--json")
    assert (ended.code, fleet.order) == (1, ["web2"])
    assert {row["host"]: row["outcome"] for row in ended.json} == {
        "web2": "ROLLED BACK", "web1": "UNTOUCHED", "hetz": "UNTOUCHED",
    }  # fmt: skip


def test_a_host_that_is_gone_is_told(made: World, fleet: FakeFleet) -> None:
    fleet.hosts["web1"].gone = True
    ended = made.call("release.rollout")
    assert (ended.code, fleet.hosts["web2"].version) == (3, "1.0.0")
    assert "web1 could not be reached" in ended.out


def test_a_dry_run_changes_nothing(made: World, fleet: FakeFleet) -> None:
    ended = made.call("release.rollout", "--dry-run")
    assert ended.out == (
        "would put sample 1.0.0 from the release index (first hetz alone) on hetz, web1, web2; nothing was changed\n"
    )
    assert (ended.code, fleet.order) == (0, [])
    only = made.call("release.rollout", "--dry-run", "--json", "--host=web1")
    assert only.json["hosts"] == ["web1"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--version=1.1.0rc1"], 2, "1.1.0rc1 is a candidate"),
        (["--version=9.9.9"], 4, "9.9.9"),
        (["--version=nine"], 2, "no version"),
        (["--canary=desk"], 2, "--canary desk: not among the hosts meant"),
    ],
)
def test_what_is_refused(made: World, fleet: FakeFleet, words: list[str], code: int, said: str) -> None:
    ended = made.call("release.rollout", *words)
    assert (ended.code, said in ended.err, fleet.order) == (code, True, []), ended
