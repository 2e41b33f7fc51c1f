"""The sandbox GitHub: what clients write, and what GitHub refuses."""

from pathlib import Path

import pytest
import requests

from .fixtures import Github


@pytest.fixture
def github(github_sandbox: Github) -> Github:
    """The sandbox with a branch `dev` of two commits, pushed."""
    github_sandbox.work.branch("dev")
    github_sandbox.work.commit("fix: one\n\nbecause")
    github_sandbox.work.commit("feat: two")
    github_sandbox.push()
    return github_sandbox


def test_issues_are_filed_commented_and_closed(github: Github) -> None:
    made = github.send("POST", "/issues", {"title": "it breaks", "body": "badly", "labels": ["bug", "new"]}, 201)
    number = made["number"]
    comment = github.send("POST", f"/issues/{number}/comments", {"body": "fixed"}, 201)
    github.send("PATCH", f"/issues/comments/{comment['id']}", {"body": "fixed in 1"})
    closed = github.send("PATCH", f"/issues/{number}", {"state": "closed", "state_reason": "not_planned"})
    again = github.send("PATCH", f"/issues/{number}", {"state": "closed", "state_reason": "completed"})
    opened = github.send("PATCH", f"/issues/{number}", {"state": "open"})
    reasons = [one["state_reason"] for one in (made, closed, again, opened)]
    assert reasons == [None, "not_planned", "not_planned", "reopened"]
    assert [one["body"] for one in github.get(f"/issues/{number}/comments")] == ["fixed in 1"]
    assert [label["name"] for label in made["labels"]] == ["bug", "new"]
    assert {label["name"] for label in github.get("/labels")} >= {"bug", "new"}


def test_issues_are_listed_by_what_they_are(github: Github) -> None:
    play = github.sandbox
    old = play.open_issue("old", labels=["bug"])
    github.clock.sleep(3600)
    since = github.sandbox.hub.now
    planned = play.open_issue("planned", milestone="1.1.0", labels=["Bug", "urgent"])
    play.close_issue(old)
    pull = play.add_pull("two", head="dev")

    def numbers(query: str) -> list[int]:
        return [issue["number"] for issue in github.get(f"/issues?{query}")]

    assert numbers("state=all&direction=asc") == [old, planned, pull]
    assert numbers("") == [pull, planned]
    assert (numbers("state=closed"), numbers("labels=bug,urgent")) == ([old], [planned])
    assert (numbers("milestone=1"), numbers("milestone=none")) == ([planned], [pull])
    github.clock.sleep(60)
    github.send("POST", f"/issues/{old}/comments", {"body": "x"}, 201)
    assert numbers(f"state=all&since={since}&sort=updated") == [old, pull, planned]


def test_refs_are_made_and_deleted_in_git(github: Github) -> None:
    head = github.work.head
    github.send("POST", "/git/refs", {"ref": "refs/tags/v2", "sha": head}, 201)
    assert github.work.git("ls-remote", "--tags", "origin", "v2").split()[0] == head
    taken = github.send("POST", "/git/refs", {"ref": "refs/tags/v2", "sha": head}, 422)
    absent = github.send("POST", "/git/refs", {"ref": "refs/tags/v3", "sha": "0" * 40}, 422)
    assert (taken["message"], absent["message"]) == ("Reference already exists", "Object does not exist")
    github.send("DELETE", "/git/refs/tags/v2", None, 204)
    assert github.send("DELETE", "/git/refs/tags/v2", None, 422)["message"] == "Reference does not exist"
    assert github.get("/git/ref/tags/v2", 404)["message"] == "Not Found"


def test_an_annotated_tag_points_at_its_tag(github: Github) -> None:
    github.work.tag("v2", annotated=True)
    github.push()
    ref = github.get("/git/ref/tags/v2")["object"]
    tag = github.get(f"/git/tags/{ref['sha']}")
    assert (ref["type"], tag["object"]["sha"], tag["tag"]) == ("tag", github.work.head, "v2")


def test_a_pull_request_is_opened_once(github: Github) -> None:
    issue = github.sandbox.open_issue("it breaks")
    sent = {"title": "release", "head": "dev", "base": "main", "body": f"closes #{issue}"}
    made = github.send("POST", "/pulls", sent, 201)
    twice = github.send("POST", "/pulls", sent, 422)
    assert twice["errors"][0]["message"] == "A pull request already exists for owner:dev."
    same = github.send("POST", "/pulls", {**sent, "head": "main"}, 422)
    assert same["errors"][0]["message"] == "No commits between main and main"
    assert github.send("POST", "/pulls", {**sent, "head": "gone"}, 422)["errors"][0]["field"] == "head"
    number = made["number"]
    assert [github.get(f"/pulls/{number}")["mergeable"] for _ in range(2)] == [True, True]
    github.work.commit("fix: three")
    github.push()
    assert [github.get(f"/pulls/{number}")["mergeable"] for _ in range(2)] == [None, True]
    assert (made["mergeable"], made["commits"]) == (None, 2)
    changed = github.send("PATCH", f"/pulls/{number}", {"title": "release 2", "body": "b", "state": "closed"})
    assert (changed["title"], changed["state"], changed["merged"]) == ("release 2", "closed", False)


@pytest.mark.parametrize(
    ("method", "parents", "subjects"),
    [
        ("squash", 1, ["release (#2)", "feat: begin (#1)"]),
        ("merge", 2, ["Merge pull request #2 from owner/dev", "feat: begin (#1)"]),
        ("rebase", 1, ["feat: two", "fix: one", "feat: begin (#1)"]),
    ],
)
def test_a_merge_really_happens(github: Github, method: str, parents: int, subjects: list[str]) -> None:
    issue = github.sandbox.open_issue("it breaks")
    number = github.sandbox.add_pull("release", f"Fixes: #{issue}", head="dev")
    wrong = github.send("PUT", f"/pulls/{number}/merge", {"sha": "0" * 40, "merge_method": method}, 409)
    assert wrong["message"].startswith("Head branch was modified")
    sha = github.sandbox.merge(number, method)
    github.work.git("fetch", "--quiet")
    assert github.work.git("rev-parse", "origin/main") == sha
    assert github.work.git("rev-parse", "origin/main^{tree}") == github.work.git("rev-parse", "dev^{tree}")
    assert github.work.git("log", "--first-parent", "--format=%s", sha).splitlines() == subjects
    assert len(github.get(f"/commits/{sha}")["parents"]) == parents
    pull = github.get(f"/pulls/{number}")
    assert (pull["merged"], pull["merged_by"]["login"], pull["merge_commit_sha"]) == (True, "approver", sha)
    assert github.get(f"/issues/{issue}")["state"] == "closed"
    assert github.send("PUT", f"/pulls/{number}/merge", {}, 405)["message"] == "Pull Request is not mergeable"


def test_a_squash_lists_what_it_squashed(github: Github) -> None:
    github.sandbox.merge(github.sandbox.add_pull("release", head="dev"))
    assert github.get("/commits/main")["commit"]["message"] == "release (#1)\n\n* fix: one\n\nbecause\n\n* feat: two"


def test_a_push_closes_issues_and_merges_pull_requests(github: Github) -> None:
    issue = github.sandbox.open_issue("it breaks")
    number = github.sandbox.add_pull("release", head="dev")
    github.work.commit(f"fix: three\n\nResolves #{issue}")
    github.push("dev", "dev:main")
    assert github.get(f"/issues/{issue}")["state_reason"] == "completed"
    assert github.get(f"/pulls/{number}")["merged"]


def test_a_conflict_cannot_be_merged(github: Github) -> None:
    github.work.switch("main")
    github.work.commit("fix: otherwise", {"work.txt": "other\n"})
    github.push("main")
    number = github.sandbox.add_pull("release", head="dev")
    states = [github.get(f"/pulls/{number}")["mergeable_state"] for _ in range(2)]
    assert states == ["unknown", "dirty"]


def test_a_release_with_assets(github: Github, tmp_path: Path) -> None:
    sent = {"tag_name": "v2", "target_commitish": "dev", "name": "two", "generate_release_notes": True}
    made = github.send("POST", "/releases", sent, 201)
    assert made["body"].startswith("**Full Changelog**: https://github.com/owner/sample/")
    assert github.get("/git/ref/tags/v2")["object"]["sha"] == github.work.head
    address = made["upload_url"].partition("{")[0]
    octets = {"Content-Type": "application/octet-stream"}
    asset = requests.post(f"{address}?name=a.whl", data=b"wheel", headers=octets, timeout=5).json()
    again = requests.post(f"{address}?name=a.whl", data=b"wheel", headers=octets, timeout=5)
    assert (asset["size"], asset["state"], asset["digest"][:10]) == (5, "uploaded", "sha256:ba5")
    assert again.json()["errors"][0]["code"] == "already_exists"
    download = github.ask("GET", asset["url"], headers={"Accept": "application/octet-stream"})
    assert (download.content, download.history[0].status_code) == (b"wheel", 302)
    assert github.ask("GET", asset["browser_download_url"]).content == b"wheel"
    github.send("DELETE", f"/releases/assets/{asset['id']}", None, 204)
    assert github.get(f"/releases/{made['id']}/assets") == []


def test_an_upload_that_fails_leaves_a_starter(github: Github) -> None:
    release = github.sandbox.add_release("v1.0.0")
    github.sandbox.hub.failing_uploads = 1
    address = f"{github.api}/releases/{release.id}/assets?name=a.whl"
    octets = {"Content-Type": "application/octet-stream"}
    assert requests.post(address, data=b"wheel", headers=octets, timeout=5).status_code == 502
    left = github.get(f"/releases/{release.id}/assets")[0]
    assert (left["state"], left["digest"]) == ("starter", None)


def test_which_release_is_the_latest(github: Github) -> None:
    def latest() -> str:
        return str(github.get("/releases/latest")["tag_name"])

    assert github.get("/releases/latest", 404)["message"] == "Not Found"
    first = github.send("POST", "/releases", {"tag_name": "v1.0.0"}, 201)
    github.send("POST", "/releases", {"tag_name": "v2.0.0rc1", "prerelease": True}, 201)
    github.send("POST", "/releases", {"tag_name": "v0.9", "make_latest": "false"}, 201)
    assert latest() == "v1.0.0"
    draft = github.send("POST", "/releases", {"tag_name": "v2.0.0", "draft": True}, 201)
    assert (latest(), github.get("/git/ref/tags/v2.0.0", 404)["status"]) == ("v1.0.0", "404")
    assert github.get("/releases/tags/v2.0.0", 404)["message"] == "Not Found"
    github.send("PATCH", f"/releases/{draft['id']}", {"draft": False, "make_latest": "true"})
    assert latest() == "v2.0.0"
    github.send("PATCH", f"/releases/{draft['id']}", {"prerelease": True, "name": "bad"})
    assert latest() == "v1.0.0"
    assert github.send("POST", "/releases", {"tag_name": "v1.0.0"}, 422)["errors"][0]["code"] == "already_exists"
    github.send("DELETE", f"/releases/{first['id']}", None, 204)


def test_an_immutable_release_stays(github: Github) -> None:
    github.sandbox.hub.immutable = True
    release = github.send("POST", "/releases", {"tag_name": "v1.0.0"}, 201)
    address = f"{release['upload_url'].partition('{')[0]}?name=a"
    octets = {"Content-Type": "application/octet-stream"}
    assert (release["immutable"], requests.post(address, data=b"a", headers=octets, timeout=5).status_code) == (
        True,
        422,
    )


def test_notes_name_the_pull_requests_since(github: Github) -> None:
    github.sandbox.add_release("v1.0.0")
    github.sandbox.merge(github.sandbox.add_pull("two things", head="dev"))
    notes = github.send("POST", "/releases/generate-notes", {"tag_name": "v1.1.0", "target_commitish": "main"})
    assert notes["body"].splitlines() == [
        "## What's Changed",
        "* two things by @developer in https://github.com/owner/sample/pull/1",
        "",
        "",
        "**Full Changelog**: https://github.com/owner/sample/compare/v1.0.0...v1.1.0",
    ]


def test_a_run_is_cancelled_once(github: Github) -> None:
    run = github.sandbox.add_run("ci.yml", github.work.head, status="in_progress")
    github.send("POST", f"/actions/runs/{run.id}/cancel", None, 202)
    assert github.get(f"/actions/runs/{run.id}")["conclusion"] == "cancelled"
    assert github.send("POST", f"/actions/runs/{run.id}/cancel", None, 409)["status"] == "409"
