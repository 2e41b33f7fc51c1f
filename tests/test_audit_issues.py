"""The issues as a release sees them: blockers, what is open, what was closed since the last release."""

from collections.abc import Iterator

import pytest

from .online import Online, online
from .rehearsal.emulate import Emulator
from .rehearsal.fixtures import Github
from .repositories import Repository, pyproject
from .running import called


@pytest.fixture
def hub(github_sandbox: Github, monkeypatch: pytest.MonkeyPatch) -> Iterator[Online]:
    yield from online(github_sandbox, monkeypatch)


@pytest.fixture
def busy(hub: Online) -> Online:
    """A fix is to be released; issues of every sort."""
    hub.work.git("tag", "--delete", "v1.0.0")
    hub.work.count = 730  # the last release was in 2025
    hub.work.git("tag", "--annotate", "--message=x", "v1.0.0")
    hub.work.commit("fix: mend it #1")
    play, clock = hub.play, hub.hub.clock
    clock.sleep(-10 * 366 * 86400.0)
    play.close_issue(play.open_issue("old"))
    clock.ahead = 0.0
    play.open_issue("slow", labels=["bug"])
    play.open_issue("planned", milestone="v1.0.1")
    play.open_issue("later", milestone="2.0.0")
    play.open_issue("crash", labels=["bug", "Critical"])
    play.close_issue(play.open_issue("done", labels=["blocker"], milestone="v1.0.1"))
    play.add_pull("a pull request", labels=["blocker"])
    return hub


def test_json(busy: Online) -> None:
    ended = busy.call("audit.issues", "--json")
    document = ended.json
    assert (ended.code, document["version"], document["since"][:4]) == (1, "1.0.1", "2025")
    assert [(one["title"], one["reason"]) for one in document["blockers"]] == [
        ("crash", "label Critical"),
        ("planned", "milestone v1.0.1"),
    ]
    assert [one["title"] for one in document["open"]] == ["crash", "later", "planned", "slow"]
    assert [one["title"] for one in document["closed"]] == ["done"]
    assert document["open"][0] == {
        "number": 5, "title": "crash", "state": "open", "labels": ["bug", "Critical"], "milestone": None,
        "closed": None, "url": "https://github.com/owner/sample/issues/5",
    }  # fmt: skip


def test_table(busy: Online) -> None:
    ended = busy.call("audit.issues")
    assert (ended.code, ended.err) == (1, "")
    lines = [line.split() for line in ended.out.splitlines()]
    assert [line[:3] for line in lines[1:7]] == [
        ["blocker", "#5", "crash"], ["blocker", "#3", "planned"], ["open", "#4", "later"], ["open", "#2", "slow"],
        ["closed", "#6", "done"], [],
    ]  # fmt: skip
    assert "1.0.1: 2 blockers, 4 open, 1 closed since 2025-12-30\n" in ended.out


def test_another_version_and_other_labels(busy: Online) -> None:
    busy.work.write({"pyproject.toml": pyproject(settings='blocker-labels = ["bug"]\n')})
    document = busy.call("audit.issues", "--json", "--version=2.0.0").json
    assert [(one["title"], one["reason"]) for one in document["blockers"]] == [
        ("crash", "label bug"),
        ("slow", "label bug"),
        ("later", "milestone 2.0.0"),
    ]


def test_nothing_blocks(hub: Online) -> None:
    hub.work.commit("fix: mend it #1")
    hub.play.open_issue("slow")
    ended = hub.call("audit.issues")
    assert (ended.code, "1.0.1: 0 blockers, 1 open, 0 closed since 2024-01-01\n" in ended.out) == (0, True)


def test_what_is_public_needs_no_token(busy: Online) -> None:
    assert busy.call("audit.issues", env={"GITHUB_TOKEN": None}).code == 1


def test_without_github(busy: Online) -> None:
    busy.hub.server.service = lambda _request: (_ for _ in ()).throw(AssertionError)
    ended = busy.call("audit.issues", env={"RELEASE_COORDINATION_GITHUB__API": "http://127.0.0.1:9"})
    assert (ended.code, ended.out) == (3, "")


def test_a_hostile_title_is_shown_only(hub: Online) -> None:
    hub.play.open_issue("\x1b[2J\u202egnp ::error::x")
    ended = hub.call("audit.issues")
    assert ended.code == 0
    assert "\\x1b[2J\\u202egnp ::error::x" in ended.out


def test_an_emulator_that_is_not_ours(emulate: Emulator, sample: Repository) -> None:
    emulate.call("POST", "/issues", {"title": "it breaks", "body": "badly"})
    emulate.call("POST", "/issues", {"title": "it broke"})
    emulate.call("PATCH", "/issues/2", {"state": "closed", "state_reason": "completed"})
    env = {"RELEASE_COORDINATION_GITHUB__API": emulate.url, "GITHUB_TOKEN": emulate.token}
    document = called("audit.issues", "--json", cwd=sample.root, env=env).json
    assert [one["title"] for one in document["open"]] == ["it breaks"]
    assert [one["title"] for one in document["closed"]] == ["it broke"]
