"""The sandbox GitHub: the workflows' effects, set going by real pushes and by the one merge."""

import pytest

from tasks.rehearsal.github import Pace, StepFailed, Workflows
from tasks.rehearsal.github.steps import Files

from ..repositories import pyproject
from .fixtures import Github


class Play:
    """A sandbox with the workflows at work, and what they published."""

    def __init__(self, github: Github) -> None:
        self.github = github
        self.published: list[tuple[str, Files]] = []
        self.workflows = Workflows(github.sandbox, development="dev", publish=self.publish)

    def publish(self, index: str, files: Files) -> None:
        self.published.append((index, files))

    def propose(self, version: str, message: str = "") -> int:
        """Push a version on the development branch, and open the pull request."""
        work = self.github.work
        work.git("switch", "--quiet", "--force-create", "dev")
        work.commit(message or f"chore: release {version}", {"pyproject.toml": pyproject(version)})
        self.github.push("dev")
        sent = {"title": f"release {version}", "head": "dev", "base": "main"}
        return int(self.github.send("POST", "/pulls", sent, 201)["number"])

    def runs(self, workflow: str) -> list[str]:
        """Return the conclusions of a workflow's runs, oldest first."""
        answer = self.github.ask("GET", f"/actions/workflows/{workflow}/runs")
        return [run["conclusion"] for run in answer.json().get("workflow_runs", [])][::-1]


@pytest.fixture
def play(github_sandbox: Github) -> Play:
    return Play(github_sandbox)


def test_one_merge_releases(play: Play) -> None:
    number = play.propose("1.1.0")
    sha = play.github.sandbox.merge(number)
    release = play.github.get("/releases/tags/v1.1.0")
    index, files = play.published[-1]
    assert play.github.get("/git/ref/tags/v1.1.0")["object"]["sha"] == sha
    assert (index, sorted(files)) == ("release", ["sample-1.1.0-py3-none-any.whl", "sample-1.1.0.tar.gz"])
    assert sorted(asset["name"] for asset in release["assets"]) == sorted(files)
    assert f"release 1.1.0 by @maintainer in https://github.com/owner/sample/pull/{number}" in release["body"]
    assert (play.runs("auto-tag-on-master.yml"), play.runs("release.yml")) == (["success"], ["success"])
    events = {run["event"] for run in play.github.get("/actions/workflows/ci.yml/runs")["workflow_runs"]}
    assert events == {"push", "pull_request"}
    checks = play.github.get(f"/commits/{sha}/check-runs")["check_runs"]
    assert {check["name"] for check in checks} > {"lint", "types", "tests", "build", "tag", "publish"}


def test_a_candidate_is_published_and_never_tagged(play: Play) -> None:
    number = play.propose("1.1.0rc1", "chore: staging 1.1.0rc1")
    head = play.github.work.head
    run = play.github.get(f"/actions/runs?head_sha={head}&event=push")["workflow_runs"][0]
    artifact = play.github.get(f"/actions/runs/{run['id']}/artifacts")["artifacts"][0]
    assert (play.published[0][0], artifact["name"]) == ("staging", "dist")
    play.github.sandbox.merge(number)
    assert play.github.get("/git/matching-refs/tags/v1.1.0") == []
    assert (play.runs("auto-tag-on-master.yml"), play.runs("release.yml")) == (["success"], [])


@pytest.mark.parametrize(
    ("step", "log", "published", "released"),
    [
        ("Tests", "FAILED tests/test_x.py", False, 404),
        ("Publish to PyPI", "HTTPError: 403 invalid-publisher", False, 404),
        ("Create the GitHub Release", "HTTP 502", True, 404),
    ],
)
def test_a_step_fails_with_its_log(play: Play, step: str, log: str, published: bool, released: int) -> None:
    play.workflows.fail("release.yml", step, log)
    play.github.sandbox.merge(play.propose("1.1.0"))
    assert (play.runs("release.yml"), "release" in dict(play.published)) == (["failure"], published)
    play.github.get("/releases/tags/v1.1.0", released)
    run = play.github.get("/actions/workflows/release.yml/runs")["workflow_runs"][0]
    jobs = play.github.get(f"/actions/runs/{run['id']}/jobs")["jobs"]
    failed = next(job for job in jobs if job["conclusion"] == "failure")
    assert [one["name"] for one in failed["steps"] if one["conclusion"] == "failure"] == [step]
    assert log in play.github.ask("GET", f"/actions/jobs/{failed['id']}/logs").text
    assert jobs[-1]["conclusion"] in {"failure", "skipped"}


def test_an_index_may_refuse(play: Play) -> None:
    def refuse(index: str, files: Files) -> None:
        raise StepFailed(f"{index} refused {len(files)} files")

    play.workflows.publish = refuse
    play.github.sandbox.merge(play.propose("1.1.0"))
    assert play.runs("release.yml") == ["failure"]


def test_a_tag_that_differs_from_the_version_fails(play: Play) -> None:
    play.github.work.tag("v9.9.9")
    play.github.push("v9.9.9")
    assert play.runs("release.yml") == ["failure"]
    assert play.published == []


def test_a_tag_deleted_and_pushed_again_runs_again(play: Play) -> None:
    play.workflows.fail("release.yml", "Tests")
    sha = play.github.sandbox.merge(play.propose("1.1.0"))
    play.github.send("DELETE", "/git/refs/tags/v1.1.0", None, 204)
    play.github.send("POST", "/git/refs", {"ref": "refs/tags/v1.1.0", "sha": sha}, 201)
    assert play.runs("release.yml") == ["failure", "success"]


def test_a_tag_of_the_workflows_own_token_starts_nothing(play: Play) -> None:
    play.workflows.tag_starts_release = False
    play.github.sandbox.merge(play.propose("1.1.0"))
    assert len(play.github.get("/git/matching-refs/tags/v1.1.0")) == 1
    assert play.runs("release.yml") == []


def test_everything_takes_its_time(play: Play) -> None:
    play.workflows.pace = Pace(30, 60, "seconds")
    play.github.sandbox.merge(play.propose("1.1.0"))
    seen = []
    for _ in range(4):
        states = {run["name"]: run["status"] for run in play.github.get("/actions/runs")["workflow_runs"]}
        seen.append((states["auto-tag-on-master"], states.get("release")))
        play.github.clock.sleep(50)
    assert seen == [("queued", None), ("in_progress", None), ("completed", "queued"), ("completed", "in_progress")]
    assert all(index == "staging" for index, _ in play.published)
    play.github.sandbox.tick()  # nobody has to ask
    assert play.published[-1][0] == "release"
