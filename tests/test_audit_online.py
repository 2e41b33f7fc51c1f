"""The audit asks GitHub: pull requests and their issues, remembered, within limits, and never silently given up."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.history import observe
from tasks.project import find_project
from tasks.rehearsal.server import Answer, Fault
from tasks.tracing import trace

from .online import Online, online
from .rehearsal.fixtures import Github
from .running import arguments, changed, run
from .systems.leaks import SECRET


@pytest.fixture
def hub(github_sandbox: Github, monkeypatch: pytest.MonkeyPatch) -> Iterator[Online]:
    yield from online(github_sandbox, monkeypatch)


def audited(hub: Online, *words: str) -> dict[str, tuple[str, str]]:
    """Return state and issues of each commit by its title."""
    document = hub.call("audit.commits", "--json", *words).json
    return {one["subject"]: (one["state"], " ".join(one["issues"])) for one in document["commits"]}


def test_pull_requests_cover_their_commits(hub: Online) -> None:
    issue = hub.play.open_issue("it breaks")
    hub.merged("fix: closes ({pull})", f"Fixes #{issue}")
    hub.merged("fix: told so (#{pull})", closes=[issue])
    hub.merged("fix: mentions (#{pull})", f"Part of #{issue}.")
    hub.merged("fix: elsewhere (#{pull})", "Closes other/repo#9")
    hub.merged("fix: no issue (#{pull})", "Just so.")
    hub.merged("fix: a pull request (#{pull})", "Follows #3.")
    hub.merged("fix: a template (#{pull})", "<!-- Fixes #1 -->", closes=[])
    hub.work.commit(f"fix: its issue in the title (#{issue})")
    hub.work.commit("fix: nothing at all")
    hub.work.commit("chore: tidy (#99)")
    hub.hub.push()
    assert audited(hub) == {
        "chore: tidy (#99)": ("exempt", ""),
        "fix: nothing at all": ("uncovered", ""),
        "fix: its issue in the title (#1)": ("covered", "#1"),
        "fix: a template (#8)": ("uncovered", ""),
        "fix: a pull request (#7)": ("uncovered", ""),
        "fix: no issue (#6)": ("uncovered", ""),
        "fix: elsewhere (#5)": ("covered", "other/repo#9"),
        "fix: mentions (#4)": ("covered", "#1"),
        "fix: told so (#3)": ("covered", "#1"),
        "fix: closes (2)": ("covered", "#1"),
    }


def test_a_pull_request_that_was_not_merged_covers_nothing(hub: Online) -> None:
    issue = hub.play.open_issue("it breaks")
    hub.work.branch("topic")
    hub.work.commit("fix: mend it (#2)")
    hub.hub.push("topic")
    number = hub.play.add_pull("mend it", f"Fixes #{issue}", head="topic")
    assert audited(hub) == {"fix: mend it (#2)": ("covered", "#1")}
    hub.play.close_issue(number)
    ended = hub.call("audit.commits", "--json")
    (commit,) = ended.json["commits"]
    assert (ended.code, commit["state"]) == (1, "uncovered")
    assert commit["reason"] == "pull request #2 was closed without being merged"


RELEASE = "<!-- release-coordination: release 1.0.1 -->\n\n- mend it #1\n\n<!-- release-coordination: end -->"


@pytest.mark.parametrize(
    ("title", "body"), [("release: v1.0.1", "- mend it #1"), ("Out it goes, at last", f"Please merge.\n\n{RELEASE}")]
)
def test_the_pull_request_of_a_release_covers_nothing(hub: Online, title: str, body: str) -> None:
    assert hub.play.open_issue("it breaks") == 1
    hub.work.branch("dev")
    hub.work.commit("fix: mend it")
    hub.hub.push("dev")
    hub.play.add_pull(title, body, head="dev")
    assert audited(hub) == {"fix: mend it": ("uncovered", "")}


def test_a_number_in_a_title_that_is_nothing(hub: Online) -> None:
    hub.work.commit("fix: one (#77)")
    hub.work.commit("fix: two (#99999999999999)")
    hub.hub.push()
    assert {state for state, _ in audited(hub).values()} == {"uncovered"}


def test_a_commit_that_was_not_pushed_is_known_by_the_pull_request_in_its_title(hub: Online) -> None:
    issue = hub.play.open_issue("it breaks")
    original = hub.merged("fix: mend it (#{pull})", f"Fixes #{issue}")
    hub.work.git("reset", "--quiet", "--hard", f"{original}^")
    hub.work.commit("fix: backported (#2)")
    assert audited(hub) == {"fix: backported (#2)": ("covered", "#1")}


def test_what_is_covered_is_not_asked_again(hub: Online) -> None:
    issue = hub.play.open_issue("it breaks")
    covered = hub.merged("fix: covered (#{pull})", f"Fixes #{issue}")
    left = hub.merged("fix: left (#{pull})")
    before = hub.work.snapshot()
    audited(hub)
    hub.questions()
    first = audited(hub)
    asked = [request.json()["variables"] for request in hub.hub.server.asked("POST", "/graphql")]
    commits = [value for variables in asked for value in variables.values() if len(str(value)) == 40]
    assert commits == [left]
    assert hub.work.snapshot() == before
    kept = hub.work.root / ".git" / "release-coordination" / "coverage.json"
    ((place, rows),) = json.loads(kept.read_bytes()).items()
    assert (place, list(rows)) == (f"{hub.hub.url}/repos/owner/sample", [covered])
    hub.questions()
    assert hub.call("audit.commits", "--offline", f"--until={covered}", "--json").code == 0
    assert hub.questions() == 0
    hub.work.git("worktree", "add", "--quiet", "../second")
    assert hub.call("audit.commits", "--json", "--project=../second").json["summary"] == {
        "covered": 1, "uncovered": 1, "unknown": 0, "exempt": 0,
    }  # fmt: skip
    assert first == audited(hub)


DAMAGES = {
    "empty": "",
    "cut off": "{",
    "a list": "[]",
    "text": '"x"',
    "deep": "[" * 100_000,
    "rows a list": '{"PLACE": [1]}',
    "a row a number": '{"PLACE": {"ID": 1}}',
    "half a row": '{"PLACE": {"ID": {"issues": ["#1"]}}}',
    "no issue": '{"PLACE": {"ID": {"issues": [], "pull": 1, "reason": ""}}}',
    "wrong kinds": '{"PLACE": {"ID": {"issues": [1], "pull": "x", "reason": 2}}}',
    "no reference": '{"PLACE": {"ID": {"issues": ["\\u001b#1"], "pull": 1, "reason": ""}}}',
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_memory_is_made_anew(hub: Online, damage: str) -> None:
    issue = hub.play.open_issue("it breaks")
    commit = hub.merged("fix: covered (#{pull})", f"Fixes #{issue}")
    kept = hub.work.root / ".git" / "release-coordination" / "coverage.json"
    kept.parent.mkdir()
    place = f"{hub.hub.url}/repos/owner/sample"
    kept.write_text(damage.replace("PLACE", place).replace("ID", commit))
    assert audited(hub) == {"fix: covered (#2)": ("covered", "#1")}
    assert list(json.loads(kept.read_bytes())[place]) == [commit]


def test_a_memory_that_cannot_be_written_is_done_without(hub: Online) -> None:
    issue = hub.play.open_issue("it breaks")
    hub.merged("fix: covered (#{pull})", f"Fixes #{issue}")
    (hub.work.root / ".git" / "release-coordination").write_text("in the way")
    assert audited(hub) == {"fix: covered (#2)": ("covered", "#1")}


def test_an_open_pull_request_is_asked_again(hub: Online) -> None:
    """It may yet be closed, or say something else."""
    issue = hub.play.open_issue("it breaks")
    hub.work.branch("topic")
    hub.work.commit("fix: mend it")
    hub.hub.push("topic")
    hub.play.add_pull("mend it", f"Fixes #{issue}", head="topic")
    audited(hub)
    hub.questions()
    assert audited(hub) == {"fix: mend it": ("covered", "#1")}
    assert hub.questions() == 1


def many(hub: Online, count: int, *, mention: bool = False) -> None:
    """Commit many fixes at once, each with a pull request of its own; a tenth of those names no issue.

    Or each mentions another issue than the others, which no pull request closes.
    """
    stream = []
    for at in range(count):
        message = f"fix: {at} (#{at + 2})\n"
        begin = [f"from {hub.work.head}"] if at == 0 else []
        stream += ["commit refs/heads/main", f"committer a <a@b> {1704200000 + at} +0000"]
        stream += [f"data {len(message)}", message, *begin, "M 100644 inline f", f"data {len(str(at))}", str(at)]
    hub.work.git("fast-import", "--quiet", "--force", stdin="\n".join([*stream, ""]).encode())
    hub.hub.push("main")
    for at, commit in enumerate(hub.work.git("rev-list", "--reverse", "v1.0.0..main").split()):
        other = hub.play.open_issue("it breaks", number=count + at + 2) if mention else 0
        hub.play.add_pull(f"fix {at}", f"Part of #{other}" if mention else None, merge_commit=commit,
                          closes=[1] if at % 10 and not mention else [], number=at + 2)  # fmt: skip


def test_issues_that_are_only_mentioned_are_asked_about_on_the_way(hub: Online) -> None:
    hub.play.open_issue("it breaks")
    many(hub, 1000, mention=True)
    hub.hub.server.service = hub.play
    hub.play.hub.bare.commits(hub.work.git("rev-list", "main").split())
    hub.questions()
    assert hub.call("audit.commits", "--json").json["summary"]["covered"] == 1000
    assert hub.questions() <= 1000 / 25 + 3


def test_three_thousand_commits_take_few_questions(hub: Online) -> None:
    hub.play.open_issue("it breaks")
    many(hub, 3000)
    hub.hub.server.service = hub.play  # each answer held against the description would take minutes
    hub.play.hub.bare.commits(hub.work.git("rev-list", "main").split())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in hub.env.items():
            patch.setenv(name, value or "")
        project = find_project(str(hub.work.root))
        unreleased = observe(project)
        traced = trace(project, unreleased, offline=False)
        assert traced.trouble is None
        states = [str(item.state) for item in traced.coverages]
        assert (states.count("covered"), states.count("uncovered")) == (2700, 300)
        assert hub.questions() <= 3000 / 25 + 3
        again = trace(project, unreleased, offline=False)
        assert [item.state for item in again.coverages] == [item.state for item in traced.coverages]
        assert hub.questions() <= 300 / 25 + 3


def test_inner_lists_that_overflow_cost_further_pages(hub: Online) -> None:
    issue = hub.play.open_issue("it breaks")
    commit = hub.merged("fix: mend it")
    for _ in range(7):
        number = hub.play.add_pull("again", merge_commit=commit)
    hub.play.hub.issues[number].body = f"Fixes #{issue}"
    hub.questions()
    assert audited(hub) == {"fix: mend it": ("covered", "#1")}
    assert hub.questions() == 2


@pytest.fixture
def unknown(hub: Online) -> Online:
    """A commit of which only GitHub could tell."""
    issue = hub.play.open_issue("it breaks")
    hub.merged("fix: mend it (#{pull})", f"Fixes #{issue}")
    return hub


_ECHO = {"message": f"Bad credentials {SECRET}", "documentation_url": "https://docs.github.com/rest"}
TROUBLES: dict[str, tuple[Fault, str]] = {
    "down": (Fault(answer=Answer(502)), "answered 502"),
    "hangs up": (Fault(hang_up=True), "closed the connection"),
    "bad token": (Fault(answer=Answer.json(_ECHO, 401)), "refused the token from GITHUB_TOKEN"),
    "not allowed": (Fault(answer=Answer.json({"message": f"Resource {SECRET}"}, 403)), "does not allow"),
    "limit": (Fault(answer=Answer.json({"message": "x"}, 429, Retry_After="9999")), "too many requests"),
    "page": (Fault(answer=Answer(200, b"<html>", {"Content-Type": "text/html"})), "a web page"),
    "nothing": (Fault(answer=Answer.json({"data": {"repository": None}})), "no such repository"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_trouble_is_told_and_unknown_stays(unknown: Online, name: str) -> None:
    fault, said = TROUBLES[name]
    unknown.hub.server.fault(fault)
    ended = unknown.call("audit.commits")
    assert (ended.code, "1 commit since: 1 unknown" in ended.out) == (3, True)
    assert ended.err.startswith("warning: GitHub was not asked, or not to the end: ")
    assert said in ended.err
    document = unknown.call("audit.commits", "--json").json
    assert said in document["trouble"]
    assert unknown.call("audit.commits", "--offline").code == 0


def test_a_trouble_has_one_way_on(hub: Online) -> None:
    """To file is no way on while GitHub cannot be asked."""
    hub.work.commit("fix: nobody knows")
    hub.hub.push()
    assert "next: inv audit.file opens" in hub.call("audit.commits").out
    ended = hub.call("audit.commits", env={"GITHUB_TOKEN": None})
    assert ("next:" in ended.out, ended.err.count("next: ")) == (False, 1)


def test_without_a_token_nothing_is_asked(unknown: Online) -> None:
    unknown.questions()
    ended = unknown.call("audit.commits", env={"GITHUB_TOKEN": None})
    assert (ended.code, unknown.questions()) == (3, 0)
    assert "no token for GitHub was found\nnext: gh auth login, or set GITHUB_TOKEN\n" in ended.err


def test_a_token_that_is_none_is_a_wrong_value(unknown: Online) -> None:
    assert unknown.call("audit.commits", env={"GITHUB_TOKEN": "two words of it"}).code == 2


def test_what_was_answered_before_a_trouble_counts(hub: Online) -> None:
    issue = hub.play.open_issue("it breaks")
    many(hub, 30)
    hub.play.hub.issues[issue].title = "x"
    hub.hub.server.fault(Fault(path="/graphql", skip=1, answer=Answer(502)))
    summary = hub.call("audit.commits", "--json").json["summary"]
    assert (summary["unknown"], summary["covered"] + summary["uncovered"]) == (5, 25)
    hub.hub.server.faults.clear()
    hub.questions()
    assert hub.call("audit.commits", "--json").json["summary"]["unknown"] == 0


def test_limits_are_waited_for(unknown: Online) -> None:
    unknown.play.gate.graphql_budget = 0
    unknown.play.gate.window("graphql").used = 1
    reset = unknown.play.gate.window("graphql").since + 3600

    def slept() -> None:
        unknown.hub.clock.sleep(unknown.clock.naps[-1])
        unknown.play.gate.graphql_budget = 5000

    unknown.clock.on_sleep = slept
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.github.Web", lambda **fields: unknown.web(patience=4000.0, **fields))
        ended = unknown.call("audit.commits")
    assert ended.code == 0
    assert len(unknown.clock.naps) == 1
    assert 3500 < unknown.clock.naps[0] <= 3602
    assert f"waiting {unknown.clock.naps[0]:.0f} s" in ended.err
    assert reset


def test_secondary_limits_are_waited_for(unknown: Online) -> None:
    unknown.play.gate.secondary, unknown.play.gate.retry_after = 2, 7
    assert unknown.call("audit.commits").code == 0
    assert unknown.clock.naps == [7, 7]


def test_no_token_in_any_output_with_debug(unknown: Online) -> None:
    for fault in (Fault(times=0), *(fault for fault, _ in TROUBLES.values())):
        (unknown.work.root / ".git" / "release-coordination" / "coverage.json").unlink(missing_ok=True)
        if fault.answer and fault.answer.status in {429, 502}:
            continue  # these wait by a real clock here
        unknown.hub.server.faults[:] = [Fault(answer=fault.answer, hang_up=fault.hang_up, times=fault.times)]
        done = subprocess.run(
            arguments("--debug", "audit.commits"), cwd=unknown.work.root, env=changed(unknown.env),
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert SECRET.encode() not in done.stdout + done.stderr
        assert done.returncode == (0 if fault.times == 0 else 3), done.stderr


def test_a_draft_links_what_the_pull_request_names(unknown: Online) -> None:
    assert "[#?]" in unknown.call("changelog.draft", "--offline").out
    ended = unknown.call("changelog.draft")
    assert "- mend it [#1](https://github.com/owner/sample/issues/1)\n" in ended.out


def test_a_draft_tells_why_an_issue_is_missing(unknown: Online) -> None:
    ended = unknown.call("changelog.draft", env={"GITHUB_TOKEN": None})
    assert (ended.code, "[#?]" in ended.out) == (0, True)
    assert "note: GitHub was not asked: no token for GitHub was found" in ended.err


def test_the_checklist_asks(unknown: Online) -> None:
    def issues(*words: str, **env: str | None) -> tuple[int, dict[str, Any]]:
        ended = unknown.call("release.validate", "--only=issues", "--json", *words, env=env)
        return ended.code, ended.json[0]

    code, check = issues(GITHUB_TOKEN=None)
    assert (code, check["result"]) == (3, "UNKNOWN")
    assert "no token for GitHub was found" in check["evidence"]
    assert issues("--offline", GITHUB_TOKEN=None)[1]["evidence"].endswith(
        "1 unknown; unknown ones accepted (--offline)"
    )
    code, check = issues()
    assert (code, check["result"], check["evidence"]) == (0, "PASS", "1 commit since v1.0.0: 1 covered")


def test_run_as_a_person_does(unknown: Online) -> None:
    ended = run("audit.commits", cwd=unknown.work.root, env=unknown.env)
    assert (ended.code, ended.err) == (0, "")
    assert "1 commit since: 1 covered" in ended.out
