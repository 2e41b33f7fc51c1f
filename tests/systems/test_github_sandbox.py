"""GitHub's clients against the sandbox, each request and answer held against GitHub's descriptions, and emulate."""

from collections.abc import Callable
from threading import Event

import pytest

from tasks.rehearsal.github import zipped
from tasks.systems.github import CoveredCommit, Editor, Github, NotAllowed, TokenRefused, Unprocessable
from tasks.systems.tokens import Token
from tasks.systems.web import Clock, Web

from ..rehearsal.emulate import Emulator
from ..rehearsal.fixtures import Clock as Time
from ..rehearsal.fixtures import Github as Sandbox
from .leaks import SECRET, TOKEN, told
from .webs import client as web_client


class Shared(Clock):
    """The sandbox's clock as a client's: waiting puts it forward."""

    def __init__(self, time: Time) -> None:
        self.theirs = time
        self.naps: list[float] = []

    def time(self) -> float:
        return self.theirs()

    def monotonic(self) -> float:
        return self.theirs()

    def sleep(self, seconds: float, stop: Event) -> None:
        self.naps.append(seconds)
        self.theirs.sleep(seconds)


@pytest.fixture
def clock(github_sandbox: Sandbox) -> Shared:
    return Shared(github_sandbox.clock)


@pytest.fixture
def client(github_sandbox: Sandbox, clock: Shared) -> Github:
    return Github(github_sandbox.url, "owner/sample", TOKEN, Web(clock=clock, patience=4000))


@pytest.fixture
def editor(client: Github) -> Editor:
    return Editor(client)


# -- read ----------------------------------------------------------------------------------------------------------


def test_releases(github_sandbox: Sandbox, client: Github) -> None:
    play = github_sandbox.sandbox
    play.hub.downloads = github_sandbox.url.replace("127.0.0.1", "localhost")
    play.add_release("v1.0.0", {"sample.whl": b"wheel"}, body="notes")
    play.add_release("v1.1.0rc1", prerelease=True)
    play.add_release("v2.0.0", draft=True)
    release = client.release("v1.0.0")
    assert release is not None
    assert (release.body, release.assets[0].size, client.download(release.assets[0])) == ("notes", 5, b"wheel")
    latest, draft, candidate = client.latest_release(), client.release("v2.0.0"), client.release("v1.1.0rc1")
    assert latest is not None
    assert draft is not None
    assert candidate is not None
    assert (latest.tag, draft.draft, candidate.prerelease, client.release("v3")) == ("v1.0.0", True, True, None)


def test_revisions(github_sandbox: Sandbox, client: Github) -> None:
    work = github_sandbox.work
    first = work.git("rev-parse", "HEAD")
    work.branch("topic/x")
    head = work.commit("fix: mend it")
    work.tag("rel/v1.1.0", annotated=True)
    github_sandbox.push()
    plain, annotated = client.tag("v1.0.0"), client.tag("rel/v1.1.0")
    assert plain is not None
    assert annotated is not None
    assert (plain.commit, plain.annotated, plain.date is None) == (first, False, False)
    assert (annotated.commit, annotated.annotated, client.tag("v9")) == (head, True, None)
    assert (client.branch_head("topic/x"), client.branch_head("gone")) == (head, None)
    assert (client.content("pyproject.toml", "topic/x") or b"").startswith(b"[project]")
    assert client.content("src/none.py", "topic/x") is None
    ahead, behind = client.relation("v1.0.0", "topic/x"), client.relation("topic/x", "v1.0.0")
    assert ahead is not None
    assert behind is not None
    assert (ahead.status, ahead.ahead, ahead.contains_base) == ("ahead", 1, True)
    assert (behind.status, behind.behind, behind.contains_base) == ("behind", 1, False)
    assert client.relation("v9", "topic/x") is None


def test_what_protects_a_branch(github_sandbox: Sandbox, client: Github) -> None:
    play = github_sandbox.sandbox
    play.set_rules("main", [{"type": "deletion"}])
    play.require_checks("main", "build")
    play.add_status(github_sandbox.work.git("rev-parse", "main"), "ci/other", "pending")
    assert [(rule.kind, rule.checks) for rule in client.rules("main")] == [
        ("deletion", ()),
        ("required_status_checks", ("build",)),
    ]
    branch = client.branch("main")
    assert branch is not None
    assert branch.commit == client.branch_head("main")
    assert client.statuses("main") == {"ci/other": "pending"}


def test_the_tracker(github_sandbox: Sandbox, client: Github) -> None:
    play = github_sandbox.sandbox
    numbers = [play.open_issue(f"issue {n}", labels=["bug"], milestone="1.1.0") for n in range(120)]
    play.close_issue(numbers[0], "not_planned")
    sha = github_sandbox.work.git("rev-parse", "v1.0.0")
    pull = play.add_pull("mend it", f"Fixes #{numbers[1]}", merge_commit=sha)
    closed = client.issue(numbers[0])
    assert closed is not None
    assert (closed.state, closed.state_reason, closed.labels, closed.milestone) == (
        "closed", "not_planned", ("bug",), "1.1.0",
    )  # fmt: skip
    assert len(list(client.issues(labels=["bug"], milestone="1.1.0"))) == 119
    assert {issue.pull_request for issue in client.issues(state="all")} == {True, False}
    assert list(client.issues(milestone="9.9")) == []
    found = client.pull(pull)
    assert found is not None
    assert (found.merged, found.merge_commit) == (True, sha)
    assert [item.number for item in client.pulls_of(sha)] == [pull]
    assert [item.number for item in client.pulls(state="closed", base="main")] == [pull]
    assert (client.issue(999), client.pull(999)) == (None, None)


def test_workflow_runs(github_sandbox: Sandbox, client: Github) -> None:
    play, sha = github_sandbox.sandbox, github_sandbox.work.git("rev-parse", "main")
    jobs = [play.job("build", "Test", "Publish", log="all is well", conclusion="failure")]
    files = {"dist": zipped({"sample.whl": b"wheel"})}
    run = play.add_run("release.yml", sha, branch="main", jobs=jobs, artifacts=files, conclusion="failure")
    found = next(client.runs(workflow="release.yml", head_sha=sha, event="push", branch="main"))
    assert (found.id, found.workflow, found.head_sha, found.status) == (run.id, "release.yml", sha, "completed")
    assert [item.id for item in client.runs()] == [run.id]
    job = client.jobs(run.id)[0]
    assert ([step.name for step in job.steps], job.conclusion) == (["Test", "Publish"], "failure")
    assert "all is well" in (client.log(job.id) or "")
    assert [(item.name, len(item.sha256)) for item in client.artifacts(run.id)] == [("dist", 64)]
    again = client.run(run.id)
    assert again is not None
    assert again.conclusion == "failure"


def test_the_account(client: Github) -> None:
    facts, identity = client.facts(), client.identity()
    assert (facts.name, facts.default_branch, facts.permissions["push"]) == ("owner/sample", "main", True)
    assert identity is not None
    assert identity.login


def test_what_did_not_change_is_free(github_sandbox: Sandbox, client: Github) -> None:
    number = github_sandbox.sandbox.open_issue("it breaks")
    for _ in range(5):
        client.issue(number)
    assert github_sandbox.sandbox.gate.window("core").used == 1


# -- coverage ------------------------------------------------------------------------------------------------------


@pytest.fixture
def history(github_sandbox: Sandbox) -> list[str]:
    """Thirty commits since v1.0.0; the first came through two pull requests, one of which closes twelve issues."""
    work, play = github_sandbox.work, github_sandbox.sandbox
    commits = [work.commit(f"fix: {number}") for number in range(30)]
    issues = [play.open_issue(f"issue {number}", labels=["bug"]) for number in range(12)]
    play.add_pull("mend all", closes=issues, commits=commits[:2], merge_commit=commits[0])
    play.add_pull("mend one", "see #1", closes=issues[:1], commits=[commits[2]], merge_commit=commits[2])
    github_sandbox.push()
    return commits


def _told(found: CoveredCommit) -> list[tuple[str, int]]:
    return [(pull.title, len(pull.issues)) for pull in found.pulls]


def test_the_coverage_of_a_range(github_sandbox: Sandbox, client: Github, history: list[str]) -> None:
    found = client.coverage.between("refs/tags/v1.0.0", "main")
    assert found is not None
    assert [item.id for item in found] == history
    assert (_told(found[0]), _told(found[2]), _told(found[3])) == ([("mend all", 12)], [("mend one", 1)], [])
    assert found[2].pulls[0].issues[0].labels == ("bug",)
    assert client.coverage.between("refs/tags/v9", "main") is None
    assert client.coverage.between("refs/tags/v1.0.0", "gone") is None


def test_the_coverage_of_commits(github_sandbox: Sandbox, client: Github, history: list[str]) -> None:
    found = client.coverage.of([*history, "f" * 40])
    assert list(found) == history
    assert _told(found[history[0]]) == [("mend all", 12)]


def test_coverage_when_github_is_slow(github_sandbox: Sandbox, client: Github, history: list[str]) -> None:
    github_sandbox.sandbox.gate.slow_commits = 10
    assert len(client.coverage.between("refs/tags/v1.0.0", "main") or ()) == 30
    assert list(client.coverage.of(history)) == history


# -- changed -------------------------------------------------------------------------------------------------------


def test_changes_to_the_tracker(editor: Editor, client: Github) -> None:
    assert editor.ensure_label("prio/high", color="ff0000")
    assert not editor.ensure_label("prio/high")
    made = editor.create_issue("it breaks", "badly", ["bug", "prio/high"])
    assert editor.comment(made.number, "fixed in abc").startswith("http")
    closed = editor.update_issue(made.number, state="closed", state_reason="completed")
    assert (made.state, closed.state, closed.state_reason) == ("open", "closed", "completed")
    assert list(client.comments(made.number)) == ["fixed in abc"]
    opened = editor.update_issue(made.number, title="it broke", labels=[], state="open")
    assert (opened.title, opened.labels, opened.state) == ("it broke", (), "open")


def test_a_pull_request(github_sandbox: Sandbox, editor: Editor, client: Github) -> None:
    github_sandbox.work.branch("dev")
    github_sandbox.work.commit("fix: mend it")
    github_sandbox.push()
    made = editor.create_pull("dev", "main", "release 1.1.0", "summary")
    assert editor.update_pull(made.number, body="more").body == "more"
    assert [pull.number for pull in client.pulls(head="dev", base="main")] == [made.number]
    with pytest.raises(Unprocessable):
        editor.create_pull("dev", "main", "again", "")
    github_sandbox.sandbox.merge(made.number)
    merged = client.pull(made.number)
    assert merged is not None
    assert merged.merged


def test_references_and_releases(github_sandbox: Sandbox, editor: Editor, client: Github) -> None:
    sha = github_sandbox.work.git("rev-parse", "main")
    editor.create_ref("refs/tags/rel/v2", sha)
    tag = client.tag("rel/v2")
    assert tag is not None
    assert tag.commit == sha
    with pytest.raises(Unprocessable):
        editor.create_ref("refs/tags/rel/v2", sha)
    assert (editor.delete_ref("refs/tags/rel/v2"), editor.delete_ref("refs/tags/rel/v2")) == (True, False)
    made = editor.create_release("v1.0.0", "1.0.0", "notes", draft=True)
    published = editor.update_release(made.id, draft=False, body="more", latest="true")
    assert (made.draft, published.draft, published.body) == (True, False, "more")


def test_a_run_is_cancelled(github_sandbox: Sandbox, editor: Editor) -> None:
    play, sha = github_sandbox.sandbox, github_sandbox.work.git("rev-parse", "main")
    running, over = play.add_run("ci.yml", sha, status="in_progress"), play.add_run("ci.yml", sha)
    assert (editor.cancel_run(running.id), editor.cancel_run(over.id)) == (True, False)


# -- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    "ask",
    [lambda it: it.issue(1), lambda it: it.coverage.between("refs/tags/v1.0.0", "main")],
    ids=["rest", "graphql"],
)
def test_the_hours_budget(
    github_sandbox: Sandbox, client: Github, clock: Shared, ask: Callable[[Github], object], status: int
) -> None:
    gate = github_sandbox.sandbox.gate
    gate.budget = gate.graphql_budget = 0
    gate.exceeded_status = status
    clock.sleep(0, Event())
    ask_in_an_hour = clock.theirs() + 3590
    original = clock.sleep

    def sleep(seconds: float, stop: Event) -> None:
        original(seconds, stop)
        gate.budget = gate.graphql_budget = 5000

    clock.sleep = sleep  # type: ignore[method-assign]
    ask(client)
    assert clock.theirs() >= ask_in_an_hour


@pytest.mark.parametrize(("said", "waited"), [(60, 60), (7, 7), (None, 60)])
@pytest.mark.parametrize("change", [False, True])
def test_a_secondary_limit(
    github_sandbox: Sandbox, client: Github, clock: Shared, said: int | None, waited: int, change: bool
) -> None:
    github_sandbox.sandbox.gate.secondary = 1
    github_sandbox.sandbox.gate.retry_after = said
    if change:
        Editor(client).create_issue("it breaks", "")
    else:
        client.issue(1)
    assert clock.naps == [waited]


def test_eighty_changes_a_minute(github_sandbox: Sandbox, editor: Editor) -> None:
    github_sandbox.sandbox.gate.writes_a_minute = 80
    for number in range(100):
        editor.create_issue(f"issue {number}", "")
    assert len(github_sandbox.sandbox.hub.issues) == 100
    assert len(github_sandbox.server.asked("POST")) == 100


def test_a_wrong_token(github_sandbox: Sandbox, client: Github) -> None:
    github_sandbox.sandbox.gate.token = "ghp_another_token"
    for ask in (lambda: client.issue(1), lambda: client.coverage.of(["f" * 40]), client.facts):
        with pytest.raises(TokenRefused) as caught:
            ask()
        assert SECRET not in told(caught.value)


def test_a_missing_permission(github_sandbox: Sandbox, editor: Editor) -> None:
    github_sandbox.sandbox.gate.missing = {"issues=write"}
    with pytest.raises(NotAllowed, match="issues=write"):
        editor.create_issue("it breaks", "")


# -- an emulator that nobody here wrote ------------------------------------------------------------------------------


def test_emulate(emulate: Emulator) -> None:
    emulate.seed()
    client = Github(emulate.url, "owner/sample", Token(emulate.token, "GITHUB_TOKEN"), web_client())
    editor = Editor(client)
    issue, closed, pull = client.issue(1), client.issue(2), client.pull(3)
    assert issue is not None
    assert closed is not None
    assert pull is not None
    assert (issue.title, closed.state_reason, pull.head, pull.merged) == ("it breaks", "completed", "dev", False)
    assert [item.number for item in client.pulls(head="dev", base="main")] == [3]
    assert client.branch_head("dev") == pull.head_commit
    assert client.content("work.txt", "dev") == b"1\n"
    relation = client.relation("main", "dev")
    assert relation is not None
    assert (relation.status, relation.ahead) == ("ahead", 1)
    editor.create_ref("refs/tags/v1", pull.head_commit)
    tag = client.tag("v1")
    assert tag is not None
    assert tag.commit == pull.head_commit
    assert editor.create_release("v1", "one", "notes").tag == "v1"
    found = client.release("v1")
    assert found is not None
    assert found.body == "notes"
    assert editor.update_issue(1, state="closed", state_reason="not_planned").state_reason == "not_planned"
    assert editor.ensure_label("prio/high")
    assert editor.comment(1, "done")
