"""The service half of a release's proof, on real hosts."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from tasks.installing import fetch, install
from tasks.project import find_project

from . import service
from .indexes import Indexes
from .lab import Fleet, Lab
from .machines import Machine
from .maintainer import Operator, at_work
from .telegram import Telegram

VERSION = "0.36.0"


@pytest.fixture
def scene(
    tmp_path: Path, lab: Lab, indexes: Indexes, telegram: Telegram, fleet: Fleet
) -> tuple[Operator, Machine, Machine]:
    """Two hosts: hetz runs the release, web1 what was there before."""
    hetz, web = fleet(2)
    operator = at_work(tmp_path, lab, indexes, telegram, [hetz, web])
    assert operator.inv("staging.install", f"--version={VERSION}", "--host=hetz").code == 0
    return operator, hetz, web


def wrong(operator: Operator, *words: str) -> dict[str, str]:
    said = operator.inv("release.verify", f"--version={VERSION}", "--only=service", "--json", *words)
    rows = json.loads(said.out)["checks"]
    assert said.code == (0 if all(row["result"] == "PASS" for row in rows) else 1), said
    return {row["id"].rpartition("::test_")[2]: f"{row['result']} {row['evidence']}" for row in rows
            if row["result"] != "PASS"}  # fmt: skip


def test_each_host_is_held_to_the_release(scene: tuple[Operator, Machine, Machine]) -> None:
    operator, hetz, _ = scene
    assert wrong(operator, "--host=hetz") == {}
    before = wrong(operator)
    assert set(before) == {"version[web1]", "origin[web1]"}
    assert "0.35.3 runs, expected 0.36.0" in before["version[web1]"]
    hetz.as_user(f"systemctl --user kill --signal=KILL {service.UNIT}")
    assert set(wrong(operator, "--host=hetz")) == {"steady[hetz]"}, "it ended by itself since it was judged"


def test_a_host_that_cannot_be_reached_is_not_proved(scene: tuple[Operator, Machine, Machine]) -> None:
    operator, hetz, _ = scene
    hetz.link_down()
    said = operator.inv("release.verify", f"--version={VERSION}", "--only=service", "--host=hetz", "--json")
    hetz.link_up()
    rows = {row["check"]: row["result"] for row in json.loads(said.out)["checks"]}
    assert said.code == 3
    assert rows.pop("unit") == "UNKNOWN"
    assert set(rows.values()) == {"BLOCKED"}


def test_a_file_of_the_staging_index_is_not_the_release(
    scene: tuple[Operator, Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, _, web = scene
    monkeypatch.setenv("HOME", str(operator.home))
    project = find_project(str(operator.project))
    staged = replace(fetch(project, Version(VERSION)), origin="staging index")
    assert install(project, web.name, staged).code == 0
    found = wrong(operator, "--host=web1")
    assert found == {"origin[web1]": "FAIL it was installed from staging index, expected release index"}
