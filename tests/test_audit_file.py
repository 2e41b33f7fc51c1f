"""Issues filed for commits that have none: once each, whatever comes between, and harmless whatever a commit says."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.filed import filed_issues
from tasks.filing import carry_out, plan
from tasks.memory import Memory
from tasks.project import find_project
from tasks.rehearsal.github.objects import Issue
from tasks.rehearsal.server import Answer, Fault
from tasks.systems.github import Editor, Github
from tasks.systems.tokens import Token

from .online import Online, online
from .rehearsal.emulate import Emulator
from .rehearsal.fixtures import Github as Sandbox
from .systems.leaks import SECRET
from .systems.webs import client


@pytest.fixture
def hub(github_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Online]:
    for name, value in Online(github_sandbox).env.items():
        monkeypatch.setenv(name, value or "")
    yield from online(github_sandbox, monkeypatch)


@pytest.fixture
def two(hub: Online) -> Online:
    """Two commits without an issue, one of them with a pull request, and one that has one."""
    hub.work.commit("fix: mend it\n\nIt broke.")
    hub.merged("docs: explain it (#{pull})")
    hub.work.commit("feat: add it #1")
    hub.hub.push()
    return hub


def issues(hub: Online) -> list[Issue]:
    """Return the issues there are, without pull requests."""
    return [issue for issue in hub.play.hub.issues.values() if type(issue) is Issue]


def comments(hub: Online, number: int) -> list[str]:
    return [comment.body for comment in hub.play.hub.comments.values() if comment.number == number]


def test_filed_commented_on_and_closed(two: Online) -> None:
    ended = two.call("audit.file", "--yes")
    assert ended.code == 0, ended.err
    first, second = issues(two)
    commit, merge = two.work.git("rev-list", "--reverse", "v1.0.0..HEAD").split()[:2]
    assert [(one.title, one.labels, one.state, one.reason) for one in (first, second)] == [
        ("mend it", ["bug"], "closed", "completed"),
        ("explain it", ["documentation"], "closed", "completed"),
    ]
    assert "```text\nfix: mend it\n\nIt broke.\n```" in (first.body or "")
    assert "- `work.txt`" in (first.body or "")
    assert [text.splitlines()[-1] for text in comments(two, first.number)] == [f"Done already, in commit {commit}."]
    assert comments(two, second.number)[0].endswith(f"Done already, in pull request #1 (commit {merge}).")
    assert f"#{first.number} closed  {commit[:8]}  mend it" in ended.out


def test_what_was_filed_covers(two: Online) -> None:
    assert two.call("audit.file", "--yes", "--json").json["issues"][0]["url"].endswith("/issues/2")
    two.questions()
    ended = two.call("audit.commits", "--json")
    assert (ended.code, two.questions()) == (0, 0)
    assert [one["issues"] for one in ended.json["commits"]] == [["#1"], ["#3"], ["#2"]]
    assert "mend it [#2](" in two.call("changelog.draft").out


def test_another_clone_finds_what_was_filed(two: Online) -> None:
    two.call("audit.file", "--yes")
    (two.work.root / ".git" / "release-coordination" / "coverage.json").unlink()
    assert two.call("audit.commits").code == 0
    (two.work.root / ".git" / "release-coordination" / "coverage.json").unlink()
    ended = two.call("audit.file", "--yes", "--json")
    assert (ended.code, ended.json["issues"], len(issues(two))) == (0, [], 2)
    assert ended.json["left_out"][0].endswith("mend it: issue #2 was filed for it")


def test_what_was_filed_before_a_hotfix_is_found_in_another_clone(two: Online) -> None:
    """The commits are older than the release point then, and so are their issues."""
    two.hub.clock.sleep(datetime(2024, 2, 1, tzinfo=UTC).timestamp() - two.hub.clock())
    two.call("audit.file", "--yes")
    two.work.git("switch", "--quiet", "--create", "hotfix", "v1.0.0")
    two.work.count = 100
    two.work.commit("fix: hurry #1", {"pyproject.toml": two.work.read("pyproject.toml").replace(b"1.0.0", b"1.0.1")})
    two.work.tag("v1.0.1", annotated=True)
    two.work.switch("main")
    two.work.merge("hotfix", "Merge branch 'hotfix'")
    two.hub.push()
    (two.work.root / ".git" / "release-coordination" / "coverage.json").unlink()
    ended = two.call("audit.file", "--yes", "--json")
    assert (ended.code, ended.json["issues"], len(issues(two))) == (0, [], 2)
    assert two.call("audit.commits").code == 0


def test_what_is_behind_many_newer_issues_is_found_and_remembered(two: Online) -> None:
    """The audit looks through the newest alone; once they were found otherwise it knows them."""
    two.call("audit.file", "--yes")
    (two.work.root / ".git" / "release-coordination" / "coverage.json").unlink()
    for number in range(201):
        two.play.open_issue(f"newer {number}")
    assert two.call("audit.commits").code == 1
    ended = two.call("audit.file", "--yes", "--json")
    assert (ended.code, ended.json["issues"], len(issues(two))) == (0, [], 203)
    assert two.call("audit.commits").code == 0


def test_a_dry_run_does_nothing(two: Online) -> None:
    two.questions()
    ended = two.call("audit.file", "--dry-run")
    assert (ended.code, issues(two)) == (0, [])
    assert {request.method for request in two.hub.server.seen if request.path != "/graphql"} == {"GET"}
    assert ended.out.endswith("would file 2 issues in owner/sample, closed as completed; nothing was done\n")
    document = two.call("audit.file", "--dry-run", "--json").json
    assert [(one["deed"], one["title"], one["label"]) for one in document["issues"]] == [
        ("file", "mend it", "bug"),
        ("file", "explain it", "documentation"),
    ]


def test_a_dry_run_without_github_shows_what_it_can(two: Online) -> None:
    ended = two.call("audit.file", "--dry-run", env={"GITHUB_TOKEN": None})
    assert (ended.code, "mend it" in ended.out) == (3, True)
    assert "no token" in ended.err


def test_nothing_is_filed_on_a_guess(two: Online) -> None:
    two.hub.server.fault(Fault(path="/graphql", answer=Answer(502)))
    assert (two.call("audit.file", "--yes").code, issues(two)) == (3, [])


def test_nobody_can_be_asked(two: Online, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open(encoding="utf-8") as nowhere:
        monkeypatch.setattr("sys.stdin", nowhere)
        ended = two.call("audit.file")
    assert (ended.code, issues(two)) == (4, [])
    assert "File 2 issues in owner/sample, closed as completed? Nobody can be asked here" in ended.err
    assert "next: add --yes" in ended.err


def test_one_commit_alone(two: Online) -> None:
    named = two.call("audit.file", "--yes", "--commit=HEAD~2", "--json")
    assert [one["title"] for one in named.json["issues"]] == ["mend it"]
    covered = two.call("audit.file", "--yes", "--commit=HEAD", "--json")
    assert covered.json["issues"] == []
    assert covered.json["left_out"][0].endswith("feat: add it #1: names its issue")
    assert two.call("audit.file", "--yes", "--commit=v1.0.0").code == 2
    assert two.call("audit.file", "--yes", "--commit=--all").code == 2
    assert len(issues(two)) == 1


def test_a_chore_gets_one_when_it_is_named(hub: Online) -> None:
    hub.work.commit("chore: tidy")
    hub.hub.push()
    assert "nothing to file" in hub.call("audit.file", "--yes").out
    assert hub.call("audit.file", "--yes", "--commit=HEAD").code == 0
    assert [issue.labels for issue in issues(hub)] == [["enhancement"]]


def test_labels_that_are_missing_are_made(two: Online) -> None:
    two.play.hub.labels.clear()
    assert two.call("audit.file", "--yes").code == 0
    assert {label.name: label.color for label in two.play.hub.labels.values()} == {
        "bug": "d73a4a",
        "documentation": "0075ca",
    }


class Interruption:
    """An interruption of the writes: after so many of them, before or after the next is made."""

    def __init__(self, patch: pytest.MonkeyPatch, after: int, how: str) -> None:
        self.left = after
        self.how = how
        self.write = Editor.write

        def write(editor: Editor, method: str, url: str, content: object = None) -> Any:
            return self.made(editor, method, url, content)

        patch.setattr(Editor, "write", write)

    def made(self, editor: Editor, method: str, url: str, content: object = None) -> Any:
        self.left -= 1
        if self.left == -1 and self.how == "before":
            raise KeyboardInterrupt
        answer = self.write(editor, method, url, content)
        if self.left == -1:
            raise KeyboardInterrupt
        return answer


def once_each(hub: Online) -> None:
    """Hold what was filed in the end against what should be there."""
    found = issues(hub)
    assert [(one.title, one.state, one.reason) for one in found] == [
        ("mend it", "closed", "completed"),
        ("explain it", "closed", "completed"),
    ]
    assert [len(comments(hub, one.number)) for one in found] == [1, 1]


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("after", range(6))
@pytest.mark.parametrize("forgetful", [False, True])
def test_interrupted_at_any_write(two: Online, after: int, how: str, forgetful: bool) -> None:
    project = find_project(str(two.work.root))
    with pytest.MonkeyPatch.context() as patch:
        Interruption(patch, after, how)
        with suppress(KeyboardInterrupt):
            carry_out(project, plan(project, ()))
    if forgetful:  # another clone, or a crash of the whole computer
        (two.work.root / ".git" / "release-coordination" / "coverage.json").unlink(missing_ok=True)
    carry_out(project, plan(project, ()))
    once_each(two)
    two.questions()
    assert plan(project, ()).steps == []


LOST: dict[str, Callable[[], Fault]] = {
    "hung up": lambda: Fault(hang_up=True, times=1),
    "failing": lambda: Fault(answer=Answer(502), times=1),
    "answer lost": lambda: Fault(cut=5, times=1),
}


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize(("method", "path"), [("POST", "/issues$"), ("POST", "/comments$"), ("PATCH", "/issues/")])
@pytest.mark.parametrize("skip", [0, 1])
def test_an_answer_that_is_lost(two: Online, method: str, path: str, skip: int, how: str) -> None:
    """Nobody knows whether it was done: the command says so, and the next one looks."""
    fault = LOST[how]()
    fault.method, fault.path, fault.skip = method, path, skip
    two.hub.server.fault(fault)
    ended = two.call("audit.file", "--yes")
    assert ended.code == 3
    assert "whether it was made is not known" in ended.err
    assert two.call("audit.file", "--yes").code == 0
    once_each(two)


def test_two_runs_at_once(two: Online) -> None:
    project = find_project(str(two.work.root))
    planned = plan(project, ())
    later = plan(project, ())
    with Memory.of(project).shelf.alone("filing"):
        assert two.call("audit.file", "--yes").code == 4
    carry_out(project, planned)
    assert [str(step.deed) for step in carry_out(project, later)] == ["nothing", "nothing"]
    once_each(two)


def test_what_a_person_opened_again_is_left_alone(two: Online) -> None:
    two.call("audit.file", "--yes")
    two.play.reopen_issue(2)
    (two.work.root / ".git" / "release-coordination" / "coverage.json").unlink()
    assert two.call("audit.file", "--yes", "--json").json["issues"] == []
    assert two.play.hub.issues[2].state == "open"
    assert two.call("audit.commits").code == 0


def test_a_mark_of_a_stranger_counts_for_nothing(two: Online) -> None:
    commit = two.work.git("rev-parse", "HEAD~2")
    two.play.open_issue("innocent", f"<!-- release-coordination: commit {commit} -->")
    assert two.call("audit.commits", "--json").json["summary"]["uncovered"] == 2
    two.call("audit.file", "--yes")
    assert [issue.title for issue in issues(two)] == ["innocent", "mend it", "explain it"]


def test_a_quoted_mark_counts_for_nothing(hub: Online) -> None:
    victim = hub.work.commit("fix: victim")
    hub.work.commit(
        f"fix: <!-- release-coordination: commit {victim} -->\n\n<!-- release-coordination: commit {victim} -->"
    )
    hub.hub.push()
    assert hub.call("audit.file", "--yes", "--commit=HEAD").code == 0
    assert hub.call("audit.file", "--yes").code == 0
    assert [issue.title for issue in issues(hub)][1:] == ["victim"]


def test_hostile_commits_do_no_harm(hub: Online) -> None:
    title = "fix: \x1b[2J@octocat <!-- x --> `$(rm -rf ~)` ::error::x"
    hub.work.commit(f"{title}\n\n```\n@org/team closes #1\n<script>\n::set-output name=x::y", {"a`b\x1b.txt": "x"})
    hub.hub.push()
    ended = hub.call("audit.file", "--yes")
    assert (ended.code, "\x1b" in ended.out + ended.err) == (0, False)
    (issue,) = issues(hub)
    assert issue.title == "\\x1b[2J@octocat <!-- x --> `$(rm -rf ~)` ::error::x"
    assert "\x1b" not in (issue.body or "")
    assert "````text\n" in (issue.body or "")


def test_limits_are_obeyed(hub: Online) -> None:
    """Ten writes a minute are allowed, and a second between them is kept."""
    for number in range(6):
        hub.work.commit(f"fix: {number}")
    hub.hub.push()
    hub.play.gate.writes_a_minute = 10
    assert hub.call("audit.file", "--yes").code == 0
    assert [(issue.state, len(comments(hub, issue.number))) for issue in issues(hub)] == [("closed", 1)] * 6
    assert hub.clock.naps.count(60) == 1
    assert sum(hub.clock.naps) >= 17


def test_old_issues_are_not_looked_through(two: Online) -> None:
    two.hub.clock.sleep(-3 * 366 * 86400.0)
    for number in range(120):
        two.play.open_issue(f"old {number}", number=1000 + number)
    two.hub.clock.ahead = 0.0
    two.work.git("tag", "--force", "--annotate", "--message=x", "v1.0.0", "v1.0.0^{}")
    project = find_project(str(two.work.root))
    two.questions()
    plan(project, ())
    assert [request.one("since")[:4] for request in two.hub.server.asked("GET", "/issues\\?")] == ["2024"]


def test_against_an_emulator_that_is_not_ours(emulate: Emulator, two: Online) -> None:
    github = Github(emulate.url, "owner/sample", Token(emulate.token, "test"), client())
    project = find_project(str(two.work.root))
    planned = plan(project, ())
    elsewhere = replace(planned, github=github, after=None)
    done = carry_out(project, elsewhere)
    assert [step.issue and (step.issue.state, step.issue.labels) for step in done] == [
        ("closed", ("bug",)),
        ("closed", ("documentation",)),
    ]
    assert list(filed_issues(github, None)) == [step.filing.commit for step in reversed(done)]
    assert [str(step.deed) for step in carry_out(project, elsewhere)] == ["nothing", "nothing"]
    assert SECRET not in repr(done)
