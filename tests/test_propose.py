"""release.propose: one pull request with everything that whoever merges it wants to know, and never a merge."""

import getpass
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks import gates
from tasks.project import find_project
from tasks.proposing import carry_out, plan_proposal
from tasks.rehearsal.github import Pace
from tasks.rehearsal.github.objects import Pull
from tasks.rehearsal.server import Answer, Fault
from tasks.rules.summary import summarized
from tasks.steps.diary import Diary
from tasks.systems.github import Github
from tasks.systems.journal import Journal
from tasks.systems.tokens import Token

from .rehearsal.emulate import Emulator
from .rehearsal.validation import Schemas
from .releases import KILLED, TOKEN, World, today, world
from .repositories import issue
from .running import Ended, arguments, changed, program
from .systems.webs import client

MARK = "<!-- release-coordination: end -->"
LINE = "merge PR #1 when ready (approver: nathan)\n"


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A release that is prepared."""
    monkeypatch.setattr(gates, "PAUSE_SECONDS", 0.05)
    with world(tmp_path, schemas) as found:
        found.github.gate.token = TOKEN
        assert found.call("release.prepare", "--yes", "--offline").code == 0
        yield found


def propose(made: World, *words: str, **more: object) -> Ended:
    return made.call("release.propose", "--yes", "--offline", *words, **more)  # type: ignore[arg-type]


def pulls(made: World) -> list[Pull]:
    return made.github.hub.pulls


def is_proposed(made: World) -> None:
    """Hold the end against what it must be, whatever the way there was."""
    (pull,) = pulls(made)
    assert (pull.head, pull.base, pull.title, pull.state) == ("release/1.1.0", "main", "chore: release 1.1.0", "open")
    assert made.bare.refs["refs/heads/release/1.1.0"] == made.work.head
    assert made.bare.refs["refs/heads/main"] == made.work.git("rev-parse", "v1.0.0")
    assert made.bare.refs.keys() == {
        "refs/heads/dev", "refs/heads/main", "refs/heads/release/1.1.0", "refs/tags/v1.0.0",
    }  # fmt: skip
    assert (pull.body or "").count("<!-- release-coordination: release 1.1.0 -->") == 1


def test_to_the_one_line(made: World) -> None:
    ended = made.inv("release.propose", "--yes", "--offline")
    assert (ended.code, ended.out) == (0, LINE), ended
    assert "pull request #1: opened, https://github.com/owner/sample/pull/1" in ended.err
    is_proposed(made)


def test_the_summary_tells_what_counts(made: World) -> None:
    propose(made)
    body = pulls(made)[0].body or ""
    feature, release = made.work.git("log", "--format=%h", "--abbrev=8", "main..HEAD").split()[::-1]
    for expected in (
        "### Release 1.1.0\n\n1.0.0 → **1.1.0** (minor)\n",
        f"| minor | `{feature}` | `feat: add it` | `feat` |",
        f"| patch | `{release}` | `chore: release 1.1.0` | `release` |",
        f"### Changelog\n\n#### changes\n\n- add it {issue(2)}\n",
        "<details><summary>Audit: 1 exempt, 1 covered</summary>",
        f"| covered | `{feature}` | `feat: add it` | `#2` |",
        "| PASS | `tests` |",
        "### Integration\n\nno evidence was recorded\n",
        "### Staging\n\nno candidate was tried on a host\n",
    ):
        assert expected in body, body
    assert body.endswith("<!-- release-coordination: end -->")
    assert "drafted through" not in body


def integration(made: World) -> list[str]:
    """Return what the pull request says of the integration tests."""
    return (pulls(made)[0].body or "").partition("### Integration\n\n")[2].partition("\n\n")[0].splitlines()


def said(made: World, reason: str, commit: str, version: str = "1.1.0") -> None:
    """Write into the journal what a run does once somebody has answered for the integration tests."""
    journal = Journal(made.work.root / ".git" / "release-coordination" / "journal.jsonl")
    Diary(journal, version).write("integration", "done", f"confirmed: {reason}", commit)


def test_the_word_on_the_integration_tests_is_shown_with_its_commit(made: World) -> None:
    said(made, "of another release", made.work.head, "1.0.0")
    propose(made)
    assert integration(made) == ["no evidence was recorded"]
    said(made, "too early", "HEAD~1")
    said(made, "tiers 1 and 7 passed", made.work.head)
    assert propose(made).code == 0
    reason, when = integration(made)
    assert reason == "- `confirmed: tiers 1 and 7 passed`"
    assert re.fullmatch(rf"- `said {today()}T\S+ of {made.work.head[:8]}, which is proposed`", when)
    assert getpass.getuser() not in "".join(integration(made))
    assert propose(made, "--json").json["deed"] == "leave"


def test_a_word_on_another_commit_says_so(made: World) -> None:
    tested, head = made.work.git("rev-parse", "HEAD~1"), made.work.head
    words = {
        tested: f"{tested[:8]}; {head[:8]}, which is proposed, differs from it in the release's own files alone",
        "f" * 40: f"ffffffff, which is not in this clone: NOT of {head[:8]}, which is proposed",
        "": f"no commit, which is not in this clone: NOT of {head[:8]}, which is proposed",
    }
    for commit, expected in words.items():
        said(made, "x", commit)
        propose(made)
        assert integration(made)[1].endswith(f"{expected}`"), commit
    said(made, "x", head)
    made.work.commit("fix: more\n\nCloses #3", {"a.py": "1", "b`|<!--.py": "1"})
    assert propose(made, "--skip=changelog").code == 0
    now = made.work.head[:8]
    assert f"{head[:8]}: NOT of {now}, which is proposed; since then changed a.py and 1 more`" in integration(made)[1]


def test_a_hostile_word_is_text(made: World) -> None:
    said(made, f"`@everyone` | closes #1 <script>\n::error::x \x1b[31m\u202e {MARK} {TOKEN}", made.work.head)
    assert propose(made).code == 0
    body = pulls(made)[0].body or ""
    assert body.count(MARK) == 1
    assert integration(made)[0] == (
        "- ``confirmed: `@everyone` \\| closes #1 <script> ::error::x \\x1b[31m\\u202e "
        "<! -- release-coordination: end --> ***``"
    )
    assert propose(made, "--json").json["deed"] == "leave"


def test_again_changes_nothing_and_asks_nobody(made: World) -> None:
    propose(made)
    before, writes = pulls(made)[0].body, made.writes()
    ended = made.call("release.propose", "--offline", "--json")
    assert (ended.code, ended.json["deed"], ended.json["next"]) == (0, "leave", LINE.strip())
    assert (pulls(made)[0].body, made.writes()) == (before, writes)
    is_proposed(made)


def test_what_is_new_goes_into_the_same_pull_request_beside_what_a_person_wrote(made: World) -> None:
    propose(made)
    body = pulls(made)[0].body or ""
    pulls(made)[0].body = f"Please look at #2.\n\n{body}\n\nThanks, @somebody".replace("\n", "\r\n")
    pulls(made)[0].title = "release 1.1.0, at last"
    made.work.commit("fix: mend it\n\nCloses #3")
    ended = propose(made, "--skip=changelog")
    assert (ended.code, len(pulls(made))) == (0, 1)
    assert "pull request #1: updated" in ended.err, ended
    now = pulls(made)[0].body or ""
    assert now.startswith("Please look at #2.\n\n<!--")
    assert now.endswith("end -->\n\nThanks, @somebody")
    assert "`fix: mend it`" in now
    assert pulls(made)[0].title == "release 1.1.0, at last"


def test_a_dry_run_shows_all_and_writes_nothing(made: World) -> None:
    before = made.bare.refs
    ended = made.call("release.propose", "--dry-run", "--offline")
    assert ended.code == 0
    assert ended.out.startswith(
        f"would push release/1.1.0 at {made.work.head[:8]}\nwould open a pull request into main"
    )
    assert "\n| ### Changelog\n" in ended.out
    assert (made.writes(), made.bare.refs) == ([], before)
    assert "### Changelog" in made.call("release.propose", "--dry-run", "--offline", "--json").json["body"]


def test_killed_after_each_change_and_run_again(made: World) -> None:
    for after in (1, 2):
        ended = made.cut_short(after, "release.propose", "--yes", "--offline")
        assert ended.code == KILLED, ended
        assert propose(made).code == 0
        is_proposed(made)
        made.work.git("push", "--quiet", "origin", ":release/1.1.0")
        made.github.tick()
        pulls(made)[0].state = "closed"
        made.github.hub.issues.clear()
    assert made.cut_short(3, "release.propose", "--yes", "--offline").code == 0
    is_proposed(made)


def test_an_answer_that_is_lost_makes_no_second_pull_request(made: World) -> None:
    made.servers["github"].fault(Fault("/pulls", "POST", times=1, cut=5))
    assert propose(made).code == 0
    is_proposed(made)


def test_once_merged_there_is_nothing_to_propose(made: World) -> None:
    propose(made)
    made.github.merge(1)
    ended = propose(made)
    assert (ended.code, ended.out) == (0, "PR #1 was merged\n")
    assert len(pulls(made)) == 1


def test_against_an_emulator_that_is_not_ours(emulate: Emulator, made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opened, left alone, updated, and known again once it was merged."""
    for name, value in made.env.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    branch = "release/1.1.0"
    emulate.commit(branch, "work.txt", "1\n", "chore: release 1.1.0")
    hub = Github(emulate.url, "owner/sample", Token(emulate.token, "test"), client())
    plan = replace(plan_proposal(find_project(str(made.work.root)), offline=True), github=hub)
    pull = carry_out(plan)
    assert (pull.state, pull.title, pull.body, pull.base) == ("open", "chore: release 1.1.0", plan.body, "main")
    again = replace(plan, pull=pull)
    assert (again.deed, carry_out(again).number) == ("leave", pull.number)
    assert carry_out(replace(again, body=f"{plan.body}\n\nmore")).body.endswith("more")
    assert [one.number for one in hub.pulls(head=branch, base="main")] == [pull.number]
    emulate.call("PUT", f"/pulls/{pull.number}/merge", {"merge_method": "squash"})
    (merged,) = hub.pulls(head=branch, base="main", state="closed")
    assert (merged.number, merged.merged, summarized(merged.body)) == (pull.number, True, "1.1.0")


# -- the checks ----------------------------------------------------------------------------------------------------


def demanded(made: World) -> None:
    made.github.require_checks("main", "test (3.12)", "lint")


def runs(made: World, *, conclusion: str = "success", event: str = "pull_request", **more: object) -> None:
    jobs = [made.github.job("test (3.12)", conclusion=conclusion), made.github.job("lint")]
    made.github.add_run("ci.yml", made.work.head, event=event, jobs=jobs, conclusion=conclusion, **more)  # type: ignore[arg-type]


def test_it_waits_for_the_checks_that_the_rules_demand(made: World) -> None:
    demanded(made)
    runs(made, pace=Pace(2, 3))
    made.github.add_run("nightly.yml", made.work.head, conclusion="failure")  # nobody demands that one
    ended = propose(made)
    assert (ended.code, ended.out) == (0, LINE)
    told = [line for line in ended.err.splitlines() if "checks passed" in line]
    assert told == ["0 of 2 checks passed; test (3.12) (pending), lint (pending)", "2 of 2 checks passed"]


def _failed(made: World) -> None:
    demanded(made)
    runs(made, conclusion="failure")


def _held(made: World) -> None:
    demanded(made)
    runs(made, status="waiting")


def _missing(made: World) -> None:
    demanded(made)
    runs(made)
    made.github.require_checks("main", "docs")


def _startup(made: World) -> None:
    demanded(made)
    made.github.add_run("ci.yml", made.work.head, conclusion="startup_failure").jobs.clear()


def _skipped(made: World) -> None:
    demanded(made)
    made.github.add_run("ci.yml", made.work.head, conclusion="skipped").jobs.clear()


def _status(made: World) -> None:
    made.github.require_checks("main", "buildbot")
    made.github.add_status(made.work.head, "buildbot", "error")


def _two_events(made: World) -> None:
    demanded(made)
    runs(made, conclusion="failure", event="push")
    runs(made)


def _conflict(made: World) -> None:
    made.work.git("switch", "--quiet", "main")
    made.work.commit("fix: else", {"CHANGELOG.md": "# other\n"})
    made.work.git("push", "--quiet", "origin", "main")
    made.work.git("switch", "--quiet", "release/1.1.0")


STANDINGS: dict[str, tuple[Callable[[World], object], int, str]] = {
    "failed": (_failed, 1, "#1 cannot be merged: test (3.12): failure"),
    "never begun": (_missing, 3, "2 of 3 checks passed; docs (missing)"),
    "did not start": (_startup, 1, "#1 cannot be merged: test (3.12): startup_failure, lint: startup_failure"),
    "skipped whole": (_skipped, 3, "0 of 2 checks passed"),
    "a status": (_status, 1, "#1 cannot be merged: buildbot: error"),
    "one of two runs": (_two_events, 1, "#1 cannot be merged: test (3.12): failure"),
    "held": (_held, 3, "(pending)"),
    "conflict": (_conflict, 1, "#1 conflicts with main"),
}


@pytest.mark.parametrize("name", STANDINGS)
def test_what_cannot_be_merged_is_not_handed_over(made: World, name: str) -> None:
    spoil, code, said = STANDINGS[name]
    spoil(made)
    ended = propose(made, "--wait=1")
    assert (ended.code, ended.out, said in ended.err) == (code, "", True), ended
    assert len(ended.err.partition("error: ")[2].splitlines()) <= 3


def test_a_draft_is_not_handed_over(made: World) -> None:
    propose(made)
    pulls(made)[0].draft = True
    ended = propose(made)
    assert (ended.code, ended.out, "error: #1 is a draft\n" in ended.err) == (1, "", True)
    assert ended.err.endswith("next: gh pr ready 1 --repo owner/sample, then run it again\n")


def test_a_newer_run_counts(made: World) -> None:
    demanded(made)
    runs(made, conclusion="failure")
    runs(made)
    assert propose(made).out == LINE


def test_the_settings_name_the_checks(made: World) -> None:
    demanded(made)
    made.github.add_status(made.work.head, "mine")
    env = {"RELEASE_COORDINATION_GITHUB__REQUIRED_CHECKS": '["mine"]'}
    assert propose(made, env=env).out == LINE


def test_without_demands_every_run_counts(made: World) -> None:
    made.github.add_run("ci.yml", made.work.head, conclusion="cancelled")
    ended = propose(made)
    assert (ended.code, "cannot be merged: ci: cancelled" in ended.err) == (1, True)


def test_the_ci_workflow_is_awaited_where_there_is_one(made: World) -> None:
    made.work.commit("ci: check", {".github/workflows/ci.yml": "on: push\n"})
    ended = propose(made, "--wait=1")
    assert (ended.code, "ci.yml (missing)" in ended.err) == (3, True)
    assert propose(made, "--wait=0").out == LINE


JOBS = "jobs:\n  a:\n    steps: []\n"


def test_another_workflow_that_has_ended_does_not_stand_for_it(made: World) -> None:
    """A labeller's run is often over before the one that counts has begun."""
    made.work.commit("ci: check", {".github/workflows/ci.yml": f"on: pull_request\n{JOBS}"})
    made.github.add_run("labeler.yml", made.work.head, event="pull_request_target")
    ended = propose(made, "--wait=1")
    assert (ended.code, ended.out) == (3, "")
    assert "1 of 2 checks passed; ci.yml (missing)" in ended.err
    runs(made)
    assert propose(made, "--wait=1").out == LINE


@pytest.mark.parametrize(
    ("on", "code"),
    [
        ("push:\n    branches: [main]", 0),
        ("pull_request:\n    branches: [main]", 3),
        ("push:\n    branches: ['release/**']", 3),
    ],
)
def test_a_workflow_that_will_not_run_is_not_awaited(made: World, on: str, code: int) -> None:
    made.work.commit("ci: check", {".github/workflows/ci.yml": f"on:\n  {on}\n{JOBS}"})
    ended = propose(made, "--wait=1")
    assert (ended.code, "no check is demanded, and no workflow checks it" in ended.err) == (code, code == 0)


def test_a_token_that_may_not_see_runs_says_so(made: World) -> None:
    made.github.gate.missing = {"actions=read"}
    ended = propose(made)
    assert (ended.code, "actions=read" in ended.err) == (3, True)


# -- refusals ------------------------------------------------------------------------------------------------------


def _redate(made: World) -> None:
    text = made.work.read("CHANGELOG.md").decode()
    made.work.commit("chore: date", {"CHANGELOG.md": text.replace(today(), "2024-02-02")})


def _candidate(made: World) -> None:
    text = made.work.read("pyproject.toml").decode()
    made.work.commit("chore: staging 1.1.0rc1", {"pyproject.toml": text.replace('"1.1.0"', '"1.1.0rc1"')})


def _yanked(made: World) -> None:
    made.publish("1.1.0")
    made.index.yank("sample", "1.1.0")


def _behind(made: World) -> None:
    made.work.git("push", "--quiet", "origin", "HEAD")
    second = made.second()
    second.commit("fix: theirs\n\nCloses #4")
    second.git("push", "--quiet", "origin", "release/1.1.0")


REFUSALS: dict[str, tuple[Callable[[World], object], str, int]] = {
    "another day": (_redate, f"dated 2024-02-02 in CHANGELOG.md\nexpected: a section of today, {today()} (UTC)\n", 4),
    "candidate": (_candidate, "1.1.0rc1 is set, which is no final version", 4),
    "yanked": (_yanked, "1.1.0 was given out: it is on the index, yanked", 4),
    "published": (lambda made: made.publish("1.1.0"), "1.1.0 was given out: it is on the index\n", 4),
    "tagged": (lambda made: made.work.tag("v1.1.0"), "the tag v1.1.0 exists here", 4),
    "dirty": (lambda made: made.work.write({"x": ""}), "not committed: x", 4),
    "behind": (_behind, "release/1.1.0 on the remote has commits that are not here", 4),
    "stable": (lambda made: made.work.git("switch", "--quiet", "main"), "main is checked out", 4),
    "detached": (lambda made: made.work.git("switch", "--quiet", "--detach"), "no branch is checked out", 4),
    "invalid": (lambda made: made.work.commit("Tidy up"), "not valid: issues", 1),
    "wrong token": (lambda made: made.env.update(GITHUB_TOKEN="ghp_someother-token"), "refused the token", 3),
    "no token": (lambda made: made.env.update(GITHUB_TOKEN=None, GH_CONFIG_DIR="/none"), "no token for GitHub", 2),
    "may not write": (lambda made: made.github.gate.missing.add("pull_requests=write"), "pull_requests=write", 3),
    "github down": (lambda made: made.servers["github"].fault(Fault(answer=Answer(500))), "answered 500", 3),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(made: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.systems.web.client.Web.rest", lambda *_: None)
    spoil, said, code = REFUSALS[name]
    spoil(made)
    ended = propose(made)
    assert (ended.code, said in ended.err) == (code, True), ended
    assert pulls(made) == []


def test_a_pre_push_hook_is_heard(made: World) -> None:
    program(made.work.root / ".git" / "hooks", "pre-push", "echo 'not on a friday' >&2; exit 1")
    ended = propose(made)
    assert (ended.code, "the pre-push hook stopped the push" in ended.err) == (4, True)
    assert pulls(made) == []


EVIL = f"feat: `$(touch pwned)` | @everyone <img src=x onerror=alert(1)> closes #1 {MARK} ::error:: \u202e\x1b[31m ```"


def test_titles_and_names_do_no_harm(made: World) -> None:
    made.github.open_issue("untouched")
    branch = "x`'$(touch${IFS}pwned)<b>@everyone"
    made.work.git("branch", "--quiet", "--move", branch)
    made.work.commit(f"{EVIL}\n\nCloses #2")
    ended = propose(made, "--skip=changelog")
    assert ended.code == 0, ended
    pull = pulls(made)[0]
    assert (pull.head, pull.number) == (branch, 2)
    body = pull.body or ""
    (row,) = [line for line in body.splitlines() if line.startswith("| minor") and "pwned" in line]
    assert "| ``feat: `$(touch pwned)` \\| @everyone <img" in row  # all of it in one code span
    assert body.count(MARK) == 1
    assert body.endswith(MARK)
    assert propose(made, "--skip=changelog", "--json").json["deed"] == "leave"
    assert not list(made.work.root.rglob("pwned*"))


def test_no_token_anywhere(made: World, tmp_path: Path) -> None:
    trace = tmp_path / "argv"
    hook = f"ps -eo args >> {trace}; env >> {trace}.env"
    program(made.work.root / ".git" / "hooks", "pre-push", hook)
    made.servers["github"].fault(Fault("/pulls", "POST", answer=Answer.json({"message": f"no {TOKEN}"}, 422)))
    words = arguments("--debug", "release.propose", "--yes", "--offline")
    done = subprocess.run(words, cwd=made.work.root, env=changed(made.env), capture_output=True, text=True, check=False)
    assert (done.returncode, "answered 422: no ***" in done.stderr) == (3, True)
    assert TOKEN not in done.stdout + done.stderr + trace.read_text()
