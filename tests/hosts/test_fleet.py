"""Several hosts at once: who goes first, what stops the rest, and what one bad host does to the others."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from . import prepared, service
from .embedded import EmbeddedHost
from .indexes import Indexes
from .lab import Lab
from .machines import Machine
from .maintainer import Operator, at_work
from .shell import PATIENCE, wait
from .telegram import Telegram

PREFIX = "RELEASE_COORDINATION_"
NAMES = ["hetz", "web1", "web2"]
FRESH = service.Build("0.39.0rc1").distribution


def version(host: Machine) -> str:
    """Return the version that answers on a host."""
    return host.as_user(".local/bin/acme-bot --version").split()[-1]


def invocation(host: Machine) -> str:
    """Return which start of the service this is."""
    return host.as_user("systemctl --user show --property=InvocationID acme-bot")


@pytest.fixture(scope="module")
def hosts(lab: Lab, prepared_layer: Path) -> Iterator[list[Machine]]:
    """Give three machines for the module; every test leaves them well, on whatever version."""
    with lab.fleet(3, prepared_layer) as machines:
        assert [machine.name for machine in machines] == NAMES
        for machine in machines:
            prepared.give_uv(machine)
        yield machines


@pytest.fixture(scope="module")
def operator(
    hosts: list[Machine], lab: Lab, published: Indexes, bot_server: Telegram, tmp_path_factory: pytest.TempPathFactory
) -> Operator:
    return at_work(tmp_path_factory.mktemp("fleet"), lab, published, bot_server, hosts, settle=1, installer="uv")


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a host into the settings at which nobody listens, and return its name."""
    monkeypatch.setenv(f"{PREFIX}HOSTS__DEAD__ADDRESS", "deploy@127.0.0.1:9")
    monkeypatch.setenv(f"{PREFIX}HOSTS__DEAD__ROLE", "staging")
    return "dead"


def test_a_candidate_goes_to_all_and_status_shows_it(
    hosts: list[Machine], operator: Operator, indexes: Indexes
) -> None:
    said = operator.ask("staging.install", "--version=0.36.0rc1", "--host=all")
    assert said.code == 0, said
    assert {row["host"]: row["outcome"] for row in said.json} == dict.fromkeys(NAMES, "OK"), said
    assert [version(host) for host in hosts] == ["0.36.0rc1"] * 3
    wheel = [path for path in indexes.staging.requests if path.endswith(".whl")]
    assert len(wheel) == 1, "fetched once, whatever the number of hosts"
    said = operator.inv("staging.status")
    assert said.code == 0, said
    head, *rows = said.out.splitlines()
    assert head.split() == ["host", "version", "origin", "since", "unit", "remarks"]
    assert sorted(row.split()[0] for row in rows) == NAMES
    assert all(re.search(r"0\.36\.0rc1 +staging index +\d{4}-.* +active", row) for row in rows), rows
    said = operator.ask("staging.status", "--host=web1")
    answer = said.host("web1")["answer"]
    assert (answer["live"]["version"], answer["previous"]["version"]) == ("0.36.0rc1", service.FIRST)
    assert (answer["unit"]["active"], answer["work"], answer["drift"]) == ("active", None, [])
    assert operator.inv("staging.healthcheck", "--version=0.36.0rc1").code == 0


def test_a_plan_touches_nothing(hosts: list[Machine], operator: Operator, telegram: Telegram) -> None:
    before = [invocation(host) for host in hosts]
    for words in (
        ["staging.install", "--version=0.36.0rc2"],
        ["staging.reset", "--to=0.36.0"],
        ["staging.rollback"],
        ["rollback.hosts"],
    ):
        said = operator.ask(*words, "--dry-run")
        assert said.code == 0, said
        assert said.json["hosts"] == NAMES
    assert [invocation(host) for host in hosts] == before


def test_a_canary_that_fails_keeps_the_rest_untouched(
    hosts: list[Machine], operator: Operator, telegram: Telegram
) -> None:
    before, rest = [version(host) for host in hosts], [invocation(host) for host in hosts if host.name != "web1"]
    said = operator.ask("staging.install", "--version=0.37.0rc1", "--canary=web1")
    assert said.code == 1, said
    assert [row["host"] for row in said.json] == ["web1", "hetz", "web2"]
    assert [row["outcome"] for row in said.json] == ["ROLLED BACK", "UNTOUCHED", "UNTOUCHED"], said
    assert [row["code"] for row in said.json] == [1, 4, 4]
    assert "web1 was not well" in said.host("web2")["reason"]
    assert [version(host) for host in hosts] == before
    assert [invocation(host) for host in hosts if host.name != "web1"] == rest


def test_one_by_one_stops_at_the_first_that_fails(hosts: list[Machine], operator: Operator, telegram: Telegram) -> None:
    before = [(version(host), invocation(host)) for host in hosts]
    said = operator.ask("staging.install", "--version=0.38.0rc2", "--one-by-one")  # its dependency is nowhere
    assert said.code == 1, said
    assert [(row["code"], row["outcome"]) for row in said.json] == [
        (1, "UNTOUCHED"),
        (4, "UNTOUCHED"),
        (4, "UNTOUCHED"),
    ]
    assert "acme-nowhere" in said.json[0]["reason"]
    assert "hetz was not well" in said.json[1]["reason"]
    assert [(version(host), invocation(host)) for host in hosts] == before


def test_a_canary_that_is_well_is_followed_by_the_rest(
    hosts: list[Machine], operator: Operator, telegram: Telegram
) -> None:
    said = operator.ask("staging.restart", "--canary=web2")
    assert said.code == 0, said
    assert said.json[0]["host"] == "web2"
    assert {row["outcome"] for row in said.json} == {"OK"}, said


def test_a_dead_host_does_not_stop_the_others(
    hosts: list[Machine], operator: Operator, telegram: Telegram, dead: str
) -> None:
    before = [invocation(host) for host in hosts]
    said = operator.ask("staging.restart", f"--host={dead}", "--host=hetz", "--host=web1")
    assert said.code == 3, said
    assert {row["host"]: row["outcome"] for row in said.json} == {"dead": "FAILED", "hetz": "OK", "web1": "OK"}, said
    changed = [invocation(host) != old for host, old in zip(hosts, before, strict=True)]
    assert changed == [True, True, False]


def test_the_worst_outcome_counts_a_failure_before_an_unknown(
    hosts: list[Machine], operator: Operator, telegram: Telegram, dead: str
) -> None:
    hosts[1].as_user("systemctl --user stop acme-bot")
    try:
        said = operator.ask("staging.healthcheck", "--host=all")
        table = operator.inv("staging.status", "--host=all")
    finally:
        hosts[1].as_user("systemctl --user start acme-bot")
    assert said.code == 1, said
    outcomes = {row["host"]: (row["outcome"], row["code"]) for row in said.json}
    assert outcomes == {"hetz": ("OK", 0), "web1": ("FAILED", 1), "web2": ("OK", 0), "dead": ("FAILED", 3)}, said
    assert table.code == 3, table
    cells = {row.split()[0]: row for row in table.out.splitlines()[1:]}
    assert "inactive" in cells["web1"]
    assert cells["dead"].split()[1] == "?"
    assert "127.0.0.1:9" in cells["dead"]


def test_logs_of_two_hosts(hosts: list[Machine], operator: Operator, telegram: Telegram) -> None:
    said = operator.inv("staging.logs", "--host=hetz", "--host=web2", "--lines=20")
    assert said.code == 0, said
    lines = said.out.splitlines()
    assert {line.split()[0] for line in lines} == {"hetz", "web2"}
    assert all(re.match(r"\S+  \d{4}-\d\d-\d\dT\S+  ", line) for line in lines), lines
    assert {line.split()[0] for line in lines if "] ready" in line} == {"hetz", "web2"}


def test_logs_that_are_followed(hosts: list[Machine], operator: Operator, telegram: Telegram) -> None:
    with operator.start("staging.logs", "--host=hetz", "--host=web1", "--lines=1", "--follow") as process:
        limit = Timer(PATIENCE, process.kill)
        limit.start()
        try:
            seen = {following(process).split()[0], following(process).split()[0]}
            assert seen == {"hetz", "web1"}, "the past of each, as soon as it is there, into a pipe too"
            for host in hosts[:2]:
                host.as_user("systemctl --user restart acme-bot")
            stopping: set[str] = set()
            while stopping != seen:
                host_name, *words = following(process).split()
                assert words, f"it ended, and only {stopping} was seen to stop"
                stopping |= {host_name} if "stopping" in words else set()
        finally:
            limit.cancel()
            process.kill()


def following(process: "subprocess.Popen[str]") -> str:
    """Return the next line that a process writes; it may end instead."""
    assert process.stdout is not None
    return process.stdout.readline() or "-"


def test_soak_tells_errors_apart_and_judges(
    hosts: list[Machine], operator: Operator, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    web2 = hosts[2]
    assert operator.inv("staging.install", "--version=0.37.0rc5", "--host=web2").code == 0
    errors = "journalctl --user --user-unit=acme-bot --output=cat | grep -c '\\[error\\]' || true"
    wait("the first error", lambda: int(web2.as_user(errors)) >= 1)
    web2.as_user("systemctl --user restart acme-bot")
    wait("the second error", lambda: int(web2.as_user(errors)) >= 2)
    said = operator.ask("staging.soak", "--host=web2")
    row = said.host("web2")
    assert (said.code, row["outcome"], row["answer"]["verdict"]) == (1, "FAILED", "FAIL"), said
    assert row["answer"]["version"] == "0.37.0rc5"
    assert [error["count"] for error in row["answer"]["errors"]] == [2]
    assert "something broke" in row["answer"]["errors"][0]["example"]
    results = {check["name"]: check["result"] for check in row["answer"]["checks"]}
    assert (results["time"], results["errors"]) == ("FAIL", "FAIL")
    monkeypatch.setenv(f"{PREFIX}SOAK__DAYS", "0")
    monkeypatch.setenv(f"{PREFIX}SOAK__MAX_ERRORS", "2")
    said = operator.inv("staging.soak", "--host=web2")
    assert said.code == 0, said
    assert "PASS" in said.out
    assert "web2: 2 times" in said.out
    assert operator.inv("staging.rollback", "--host=web2").code == 0


def test_prune_keeps_the_live_and_the_one_before(
    hosts: list[Machine], operator: Operator, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    web1 = hosts[1]
    for candidate in ("0.36.0rc2", "0.38.0rc1"):
        assert operator.inv("staging.install", f"--version={candidate}", "--host=web1", "--allow-downgrade").code == 0
    slots = "/home/deploy/.local/share/release-coordination/acme-bot/slots"
    web1.as_user(f"mkdir {slots}/left-over && touch --date=2020-01-01 {slots}/left-over")
    monkeypatch.setenv(f"{PREFIX}HOSTS__WEB1__KEEP_SLOTS", "2")
    said = operator.ask("staging.prune", "--host=web1")
    assert said.code == 0, said
    answer = operator.ask("staging.status", "--host=web1").host("web1")["answer"]
    assert [slot["version"] for slot in answer["slots"]] == ["0.38.0rc1", "0.36.0rc2"]
    assert (answer["live"]["version"], answer["previous"]["version"]) == ("0.38.0rc1", "0.36.0rc2")
    assert f"{slots}/left-over" in said.host("web1")["answer"]["removed"]
    assert operator.ask("staging.prune", "--host=web1").host("web1")["answer"]["removed"] == []
    assert (
        web1.path(f"/home/deploy/.local/share/pipx/venvs/{service.NAME}").exists()
        or web1.path(f"/home/deploy/.local/pipx/venvs/{service.NAME}").exists()
    ), "the ordinary installation is nobody's to remove"
    assert operator.inv("staging.rollback", "--host=web1").code == 0
    assert version(web1) == "0.36.0rc2"


def test_reset_and_the_way_back_for_all(hosts: list[Machine], operator: Operator, telegram: Telegram) -> None:
    before = [version(host) for host in hosts]
    said = operator.ask("staging.reset", "--to=0.36.0", "--host=all")
    assert said.code == 0, said
    assert [version(host) for host in hosts] == ["0.36.0"] * 3
    origins = [row["answer"]["live"]["origin"] for row in operator.ask("staging.status").json]
    assert origins == ["release index"] * 3
    said = operator.ask("rollback.hosts")
    assert said.code == 0, said
    assert [version(host) for host in hosts] == before
    said = operator.ask("rollback.hosts", "--to=0.36.0", "--host=web1", "--host=web2")
    assert said.code == 0, said
    assert [version(host) for host in hosts] == [before[0], "0.36.0", "0.36.0"]
    said = operator.ask("rollback.hosts", "--to=0.1.0", "--host=web1")
    assert (said.code, said.host("web1")["outcome"]) == (4, "UNTOUCHED"), said
    assert "0.1.0" in said.host("web1")["reason"]


# -- waiting for a candidate ----------------------------------------------------------------------------------------


def commit(project: Path, date: str) -> None:
    """Make the project a repository whose one commit, of that day, set the version."""
    shutil.rmtree(project / ".git", ignore_errors=True)
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
           for key, value in (("NAME", "Jo"), ("EMAIL", "jo@example.org"), ("DATE", date))}  # fmt: skip
    for words in (
        ["init", "--quiet"],
        ["add", "pyproject.toml"],
        ["commit", "--quiet", "-m", "chore: staging 0.39.0rc1"],
    ):
        subprocess.run(["git", *words], cwd=project, env={**os.environ, **who}, check=True)


@pytest.fixture
def waiting(operator: Operator, indexes: Indexes, tmp_path: Path) -> Iterator[Operator]:
    """Give an operator whose project is at a version that is not on the staging index yet."""
    project = tmp_path / "waiting"
    project.mkdir()
    text = (operator.project / "pyproject.toml").read_text("utf-8").replace('"0.36.0rc1"', f'"{FRESH.version}"')
    (project / "pyproject.toml").write_text(text, "utf-8")
    yield Operator(project, operator.home)
    for name in (FRESH.wheel_name, FRESH.sdist_name):
        if (indexes.staging.folder / FRESH.name / name).exists():
            indexes.staging.remove(name)


def test_wait_until_every_file_is_there(waiting: Operator, indexes: Indexes) -> None:
    commit(waiting.project, "2026-01-01T00:00:00Z")
    indexes.staging.add(FRESH.wheel_name, FRESH.wheel())
    said = waiting.inv("staging.wait", "--seconds=1")
    assert said.code == 3, said
    assert "0.39.0rc1 is not complete on the staging index after 1 s: 1 of 2 files" in said.err
    digest = indexes.staging.add(FRESH.sdist_name, FRESH.sdist())
    said = waiting.ask("staging.wait", "--seconds=20")
    assert said.code == 0, said
    assert {file["filename"] for file in said.json} == {FRESH.wheel_name, FRESH.sdist_name}
    assert digest in {file["sha256"] for file in said.json}
    said = waiting.inv("staging.wait", "--version=0.39.0rc2", "--seconds=1")
    assert said.code == 3, said
    assert "0.39.0rc2 is not complete on the staging index after 1 s" in said.err


def test_wait_goes_on_until_the_last_file_is_there(waiting: Operator, indexes: Indexes) -> None:
    commit(waiting.project, "2026-01-01T00:00:00Z")
    indexes.staging.add(FRESH.wheel_name, FRESH.wheel())
    with waiting.start("staging.wait", "--seconds=60") as process:
        assert process.stderr is not None
        assert "1 of 2 files" in process.stderr.readline()
        indexes.staging.add(FRESH.sdist_name, FRESH.sdist())
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert FRESH.sdist_name in out


def test_a_file_that_is_older_than_its_version_is_refused(waiting: Operator, indexes: Indexes) -> None:
    indexes.staging.add(FRESH.wheel_name, FRESH.wheel())
    indexes.staging.add(FRESH.sdist_name, FRESH.sdist())
    commit(waiting.project, "2037-01-01T00:00:00Z")
    said = waiting.inv("staging.wait", "--seconds=1")
    assert said.code == 4, said
    assert "before the commit that set 0.39.0rc1" in said.err
    assert "inv version.bump --rc" in said.err


# -- a host without root --------------------------------------------------------------------------------------------

_LAPTOP = """[project]
name = "acme-bot"
version = "0.36.0rc1"
[tool.release-coordination]
issues = false
[tool.release-coordination.hosts.laptop]
role = "staging"
"""


def test_a_host_without_systemd_says_so(embedded: EmbeddedHost, tmp_path: Path) -> None:
    """The SSH side alone: the agent arrives over a real connection, answers, and leaves nothing behind."""
    home, project = tmp_path / "operator", tmp_path / "project"
    (home / ".ssh").mkdir(parents=True)
    project.mkdir()
    shutil.copy(embedded.ssh_config, home / ".ssh/config")
    (project / "pyproject.toml").write_text(_LAPTOP, "utf-8")
    operator = Operator(project, home)
    for task in ("staging.status", "staging.healthcheck", "staging.restart"):
        said = operator.ask(task)
        row = said.host("laptop")
        assert (said.code, row["outcome"]) == (4, "UNTOUCHED"), said
        assert re.search(r"systemd|user manager|enable-linger", row["reason"]), row
    assert len(embedded.connections) == 3, "one connection a command"
    assert not (embedded.home / ".local/state").exists()
