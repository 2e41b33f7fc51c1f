"""The sandbox GitHub: every call answers as GitHub describes it, over real git data."""

import hashlib
from base64 import b64decode

import pytest
import requests

from tasks.rehearsal.github import Pace, Step, zipped

from .fixtures import Github


def test_every_call_answers_as_described(github_sandbox: Github) -> None:
    """The fixture holds every request and answer against the description."""
    github = github_sandbox
    play = github.sandbox
    github.work.branch("dev")
    fix = github.work.commit("fix: mend it")
    github.work.tag("v1.1.0", annotated=True)
    github.push()
    issue = play.open_issue("it breaks", "badly", labels=["bug"], milestone="1.1.0")
    pull = play.add_pull("mend it", f"Fixes #{issue}", head="dev")
    done = play.add_pull("begin", merge_commit=github.work.git("rev-parse", "v1.0.0"))
    play.set_rules("main", [{"type": "deletion"}, {"type": "pull_request"}])
    play.require_checks("main", "build")
    play.protect("main", {"enforce_admins": {"url": f"{github.api}/x", "enabled": True}})
    play.add_status(fix, "ci/other")
    release = play.add_release("v1.0.0", {"sample.whl": b"wheel"}, body="notes")
    files = {"dist": zipped({"sample.whl": b"wheel"})}
    run = play.add_run("release.yml", fix, branch="dev", jobs=[play.job("build", "Test", log="ok")], artifacts=files)
    tag = github.work.git("rev-parse", "v1.1.0")
    paths = f"""
        {github.url}/user {github.url}/rate_limit  /labels /milestones /issues /issues?state=all&labels=bug&per_page=1
        /issues/{issue} /issues/{pull} /issues/{issue}/comments /pulls /pulls?state=all&head=owner:dev&base=main
        /pulls/{pull} /pulls/{done} /commits /commits/{fix} /commits/v1.0.0 /commits/dev/pulls
        /git/commits/{fix} /commits/{fix}/check-runs /commits/{fix}/status /compare/main...dev
        /compare/main...dev?per_page=1 /contents/pyproject.toml /contents/?ref=dev
        /git/ref/tags/v1.0.0 /git/ref/heads%2Fmain /git/matching-refs/tags/v1 /git/tags/{tag}
        /branches/main /branches/dev /branches/main/protection /rules/branches/main /rules/branches/dev
        /releases /releases/latest /releases/tags/v1.0.0 /releases/{release.id} /releases/{release.id}/assets
        /releases/assets/{release.assets[0].id}
        /actions/workflows /actions/workflows/release.yml /actions/workflows/release.yml/runs
        /actions/runs?head_sha={fix}&event=push&branch=dev&status=success /actions/runs/{run.id}
        /actions/runs/{run.id}/jobs /actions/runs/{run.id}/artifacts
    """.split()
    for path in ["", *paths]:
        github.get(path)
    assert github.validated.violations == []


def test_contents_come_from_git(github_sandbox: Github) -> None:
    github = github_sandbox
    whole = github.work.read("pyproject.toml")
    file = github.get("/contents/pyproject.toml?ref=v1.0.0")
    raw = github.ask("GET", "/contents/pyproject.toml", headers={"Accept": "application/vnd.github.raw+json"})
    assert (b64decode(file["content"]), raw.content, file["size"]) == (whole, whole, len(whole))
    assert {entry["name"] for entry in github.get("/contents/")} == {"CHANGELOG.md", "cliff.toml", "pyproject.toml"}
    assert github.get("/contents/none.txt", 404)["message"] == "Not Found"
    assert github.get(f"/git/commits/{'0' * 40}", 404)["message"] == "Not Found"
    assert github.get("/contents/pyproject.toml?ref=none", 404)["message"] == "No commit found for the ref none"


@pytest.mark.parametrize(
    ("base", "head", "status", "ahead", "behind"),
    [
        ("main", "main", "identical", 0, 0),
        ("main", "feat%2Fdev", "ahead", 2, 0),
        ("feat/dev", "v1.0.0", "behind", 0, 2),
        ("other", "feat/dev", "diverged", 2, 1),
    ],
)
def test_a_comparison_counts(
    github_sandbox: Github, base: str, head: str, status: str, ahead: int, behind: int
) -> None:
    work = github_sandbox.work
    work.branch("feat/dev")
    ids = [work.commit("fix: one"), work.commit("fix: two")]
    work.git("switch", "--quiet", "--create", "other", "main")
    work.commit("feat: other")
    github_sandbox.push("--all")
    found = github_sandbox.get(f"/compare/{base}...{head}")
    assert (found["status"], found["ahead_by"], found["behind_by"]) == (status, ahead, behind)
    assert [commit["sha"] for commit in found["commits"]] == ids[:ahead]
    if ahead:
        second = github_sandbox.get(f"/compare/{base}...{head}?per_page=1&page=2")
        assert ([one["sha"] for one in second["commits"]], "files" in second, second["total_commits"]) == (
            ids[1:],
            False,
            2,
        )


def test_lists_come_in_pages(github_sandbox: Github) -> None:
    for number in range(5):
        github_sandbox.sandbox.open_issue(f"issue {number}")
    first = github_sandbox.ask("GET", "/issues?per_page=2")
    last = requests.get(first.links["last"]["url"], timeout=5)
    following = requests.get(first.links["next"]["url"], timeout=5)
    numbers = [[issue["number"] for issue in page.json()] for page in (first, following, last)]
    assert numbers == [[5, 4], [3, 2], [1]]
    assert (sorted(first.links), sorted(last.links)) == (["last", "next"], ["first", "prev"])


def test_which_pull_requests_brought_a_commit(github_sandbox: Github) -> None:
    github, play = github_sandbox, github_sandbox.sandbox
    github.work.branch("dev")
    fix = github.work.commit("fix: mend it")
    github.push()
    merged = play.add_pull("begin", merge_commit=github.work.git("rev-parse", "main"))
    opened = play.add_pull("mend it", head="dev")
    assert [one["number"] for one in github.get(f"/commits/{fix}/pulls")] == [opened]
    assert [one["number"] for one in github.get("/commits/main/pulls")] == [merged]
    assert github.get(f"/commits/{'0' * 40}/pulls", 422)["message"].startswith("No commit found")


def test_a_commit_tells_what_it_changed(github_sandbox: Github) -> None:
    github = github_sandbox
    github.work.commit("fix: mend it\n\nlong ago", {"b c.txt": "1\n2\n", "cliff.toml": None})
    github.push()
    commit = github.get("/commits/main")
    files = {one["filename"]: (one["status"], one["additions"]) for one in commit["files"]}
    assert files == {"b c.txt": ("added", 2), "cliff.toml": ("removed", 0)}
    assert commit["commit"]["message"] == "fix: mend it\n\nlong ago"


def test_runs_advance_by_polls_or_by_the_clock(github_sandbox: Github) -> None:
    github, play = github_sandbox, github_sandbox.sandbox
    head = github.work.head
    polled = play.add_run("ci.yml", head, pace=Pace(2, 1))
    timed = play.add_run("ci.yml", head, pace=Pace(60, 30, "seconds"))
    stuck = play.add_run("ci.yml", head, status="waiting")
    seen = []
    for _ in range(4):
        listed = github.get("/actions/workflows/ci.yml/runs")["workflow_runs"]
        seen.append({run["id"]: run["status"] for run in listed})
        github.clock.sleep(40)
    assert [one[polled.id] for one in seen] == ["queued", "queued", "in_progress", "completed"]
    assert [one[timed.id] for one in seen] == ["queued", "queued", "in_progress", "completed"]
    assert {one[stuck.id] for one in seen} == {"waiting"}
    assert github.get("/actions/runs?status=success")["total_count"] == 2


def test_logs_and_artifacts_lie_behind_redirects(github_sandbox: Github) -> None:
    github, play = github_sandbox, github_sandbox.sandbox
    content = zipped({"a.txt": b"a"})
    job = play.job("build", Step("Test", "failure"), log="it broke\n", conclusion="failure")
    run = play.add_run("ci.yml", github.work.head, conclusion="failure", jobs=[job], artifacts={"dist": content})
    kept = github.get(f"/actions/runs/{run.id}/artifacts")["artifacts"][0]
    log = github.ask("GET", f"/actions/jobs/{job.id}/logs")
    assert (log.text, log.history[0].status_code) == ("it broke\n", 302)
    assert github.ask("GET", kept["archive_download_url"]).content == content
    assert kept["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    steps = github.get(f"/actions/runs/{run.id}/jobs")["jobs"][0]["steps"]
    assert [(step["name"], step["conclusion"]) for step in steps] == [("Test", "failure")]
