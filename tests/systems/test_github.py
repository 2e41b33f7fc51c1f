"""GitHub, read: what each question asks, what its answer means, what is an error and what is none."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from tasks.rehearsal.server import Answer, Fault, Request, Server
from tasks.systems.github import Github, Missing, NotAllowed, TokenRefused
from tasks.systems.web import Failing, Limited, Strayed, Trouble, WrongAnswer, WrongFile

from .githubs import AT, BASE, SHA, WHEN, Hub, asset, compare, github, issue, job, pull, ref, release, run
from .leaks import SECRET, told
from .webs import FakeClock

_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def hubbed(server: Server, clock: FakeClock) -> Github:
    return github(server, clock)


# -- how it asks ---------------------------------------------------------------------------------------------------


def test_every_question_says_who_asks_and_what_it_understands(hubbed: Github, server: Server) -> None:
    hubbed.issue(3)
    headers = server.seen[0].headers
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("ask", "address"),
    [
        (lambda hub: hub.release("rel/v1 #2"), "/releases/tags/rel%2Fv1%20%232"),
        (lambda hub: hub.tag("rel/v1"), "/git/ref/tags%2Frel%2Fv1"),
        (lambda hub: hub.branch_head("topic/x?"), "/git/ref/heads%2Ftopic%2Fx%3F"),
        (lambda hub: hub.content("src/a b.py", "topic/x"), "/contents/src%2Fa%20b.py?ref=topic/x"),
        (lambda hub: hub.relation("a/b", "c"), "/compare/a%2Fb...c?per_page=1&page=2"),
        (lambda hub: hub.pull(8), "/pulls/8"),
        (lambda hub: hub.branch("../../user"), "/branches/..%2F..%2Fuser"),
    ],
)
def test_names_stay_names(
    hubbed: Github, hub: Hub, server: Server, ask: Callable[[Github], object], address: str
) -> None:
    hub.routes["/releases"] = []
    assert ask(hubbed) is None
    assert server.seen[0].address == AT + address


@pytest.mark.parametrize(
    ("api", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://api.github.com/", "https://api.github.com/graphql"),
        ("https://github.example.org/api/v3", "https://github.example.org/api/graphql"),
        ("https://github.example.org/api/v3/", "https://github.example.org/api/graphql"),
    ],
)
def test_graphql_is_beside_rest(api: str, graphql: str) -> None:
    assert Github(api, "o/r").graphql == graphql


def test_a_question_is_asked_until_a_moment(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(answer=Answer(503)))
    with pytest.raises(Failing):
        github(server, clock).within(0.6).issue(1)
    assert clock.naps == [0.5]


# -- releases ------------------------------------------------------------------------------------------------------


def test_a_release(hubbed: Github, hub: Hub) -> None:
    hub.routes["/releases/tags/v1.0"] = release()
    found = hubbed.release("v1.0")
    assert found is not None
    assert (found.id, found.tag, found.name, found.body, found.draft, found.prerelease, found.target) == (
        11, "v1.0", "v1.0", "notes", False, False, "main",
    )  # fmt: skip
    assert (found.published, found.assets[0].sha256, found.assets[0].state) == (_NOW, "a" * 64, "uploaded")


@pytest.mark.parametrize(("digest", "expected"), [(None, ""), ("sha512:1", ""), ("sha256:ab", "ab")])
def test_an_assets_digest(hubbed: Github, hub: Hub, digest: str | None, expected: str) -> None:
    hub.routes["/releases/latest"] = release(assets=[asset(digest=digest)], name=None, body=None, published_at=None)
    found = hubbed.latest_release()
    assert found is not None
    assert (found.assets[0].sha256, found.name, found.body, found.published) == (expected, "", "", None)


def test_a_draft_is_in_the_list_alone(hubbed: Github, hub: Hub, server: Server) -> None:
    hub.routes["/releases"] = [release("v0.9"), release("v1.0", draft=True, published_at=None)]
    found = hubbed.release("v1.0")
    assert found is not None
    assert found.draft
    assert github(server, token=None).release("v1.0") is None


@pytest.mark.parametrize(
    ("fields", "content", "error"),
    [
        ({}, b"content", None),
        ({"digest": None}, b"content", None),
        ({"size": 9}, b"content", WrongFile),
        ({"digest": "sha256:" + "0" * 64}, b"content", WrongFile),
    ],
)
def test_an_asset_is_downloaded_and_checked(
    hubbed: Github, hub: Hub, fields: dict[str, Any], content: bytes, error: type[Exception] | None
) -> None:
    hub.routes["/releases/latest"] = release(
        assets=[asset(**{"digest": f"sha256:{sha256(content).hexdigest()}", **fields})]
    )
    with Server(lambda _: Answer(200, content)) as store:
        hub.routes["/releases/assets/1"] = Answer(302, headers={"Location": f"{store.url}/blob?sig=hush"})
        found = hubbed.latest_release()
        assert found is not None
        if error is None:
            assert hubbed.download(found.assets[0]) == content
        else:
            with pytest.raises(error):
                hubbed.download(found.assets[0])
        assert "authorization" not in store.seen[0].headers


# -- revisions -----------------------------------------------------------------------------------------------------


def test_a_plain_tag(hubbed: Github, hub: Hub) -> None:
    hub.routes["/git/ref/tags%2Fv1.0"] = ref()
    hub.routes[f"/commits/{SHA}"] = {"sha": SHA, "commit": {"committer": {"name": "o", "date": WHEN}}}
    found = hubbed.tag("v1.0")
    assert found is not None
    assert (found.commit, found.annotated, found.date) == (SHA, False, _NOW)


def test_an_annotated_tag_of_a_tag(hubbed: Github, hub: Hub) -> None:
    hub.routes["/git/ref/tags%2Fv1.0"] = ref("tag", "t1")
    hub.routes["/git/tags/t1"] = {"object": {"type": "tag", "sha": "t2"}, "tagger": {"date": WHEN}}
    hub.routes["/git/tags/t2"] = {"object": {"type": "commit", "sha": SHA}, "tagger": {"date": "2020-01-01T00:00:00Z"}}
    found = hubbed.tag("v1.0")
    assert found is not None
    assert (found.commit, found.annotated, found.date) == (SHA, True, _NOW)


def test_a_branch(hubbed: Github, hub: Hub) -> None:
    hub.routes["/git/ref/heads%2Fmain"] = ref()
    protection = {"enabled": True, "required_status_checks": {"enforcement_level": "all", "contexts": ["ci"]}}
    hub.routes["/branches/main"] = {
        "name": "main", "commit": {"sha": SHA}, "protected": True, "protection": protection,
    }  # fmt: skip
    found = hubbed.branch("main")
    assert found is not None
    assert (hubbed.branch_head("main"), found.commit, found.protected, found.checks) == (SHA, SHA, True, ("ci",))
    assert hubbed.branch_head("other") is None


def test_the_rules_of_a_branch(hubbed: Github, hub: Hub) -> None:
    checks = {"required_status_checks": [{"context": "ci", "integration_id": 1}], "strict": True}
    hub.routes["/rules/branches/main"] = [
        {"type": "deletion", "ruleset_id": 1, "ruleset_source": "octo"},
        {"type": "required_status_checks", "parameters": checks, "ruleset_id": 2, "ruleset_source": "octo/sample"},
    ]
    rules = hubbed.rules("main")
    assert [(rule.kind, rule.checks, rule.source) for rule in rules] == [
        ("deletion", (), "octo"),
        ("required_status_checks", ("ci",), "octo/sample"),
    ]


@pytest.mark.parametrize(
    ("status", "ahead", "behind", "contains"),
    [("ahead", 3, 0, True), ("identical", 0, 0, True), ("behind", 0, 2, False), ("diverged", 3, 2, False)],
)
def test_how_revisions_relate(hubbed: Github, hub: Hub, status: str, ahead: int, behind: int, contains: bool) -> None:
    hub.routes["/compare/v1.0...main"] = dict(compare(status, ahead, behind))
    found = hubbed.relation("v1.0", "main")
    assert found is not None
    assert (found.status, found.ahead, found.behind, found.merge_base) == (status, ahead, behind, BASE)
    assert found.contains_base is contains


def test_what_a_file_held(hubbed: Github, hub: Hub, server: Server) -> None:
    hub.routes["/contents/pyproject.toml"] = Answer(200, b"\xff[project]")
    assert hubbed.content("pyproject.toml", "v1.0") == b"\xff[project]"
    assert server.seen[0].headers["accept"] == "application/vnd.github.raw+json"
    assert hubbed.content("missing", "v1.0") is None


def test_statuses(hubbed: Github, hub: Hub) -> None:
    rows = [{"context": "ci", "state": "success"}, {"context": "ci", "state": "pending"}]
    hub.routes["/commits/main/status"] = {"state": "pending", "statuses": rows, "total_count": 2}
    assert hubbed.statuses("main") == {"ci": "success"}


def test_an_empty_repository(hubbed: Github, hub: Hub) -> None:
    hub.routes["/git/ref/heads%2Fmain"] = Answer.json({"message": "Git Repository is empty."}, 409)
    assert hubbed.branch_head("main") is None


# -- issues and pull requests --------------------------------------------------------------------------------------


def test_an_issue(hubbed: Github, hub: Hub) -> None:
    hub.routes["/issues/3"] = issue()
    hub.routes["/issues/4"] = issue(4, state="open", state_reason=None, milestone=None, body=None, pull_request={})
    hub.routes["/issues/5"] = Answer.json({"message": "This issue was deleted"}, 410)
    first, second = hubbed.issue(3), hubbed.issue(4)
    assert first is not None
    assert second is not None
    assert (first.title, first.state, first.state_reason, first.labels, first.milestone, first.pull_request) == (
        "It breaks", "closed", "completed", ("bug", "p1"), "v1.0", False,
    )  # fmt: skip
    assert (second.state_reason, second.milestone, second.body, second.pull_request) == ("", "", "", True)
    assert hubbed.issue(5) is None


def test_issues_page_by_page(hubbed: Github, hub: Hub, server: Server) -> None:
    def pages(request: Request) -> Answer:
        page = int(request.one("page", "1"))
        following = f'<{server.url}{AT}/issues?page={page + 1}>; rel="next", <x>; rel="last"' if page < 3 else ""
        return Answer.json([issue(page * 10 + n) for n in range(2)], Link=following)

    hub.routes["/issues"] = pages
    hub.routes["/milestones"] = [{"title": "v2.0", "number": 9}, {"title": "v1.0", "number": 4}]
    since = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
    found = hubbed.issues(state="all", labels=["bug", "p1"], milestone="v1.0", since=since)
    assert [item.number for item in found] == [10, 11, 20, 21, 30, 31]
    assert server.asked(path="/issues")[0].address == (
        f"{AT}/issues?state=all&labels=bug,p1&milestone=4&since=2026-03-01T14:00:00Z&per_page=100"
    )
    assert list(hubbed.issues(milestone="v3.0")) == []
    assert [item.number for item in hubbed.issues(most=3)] == [10, 11, 20]


def test_pages_stay_with_their_host(hubbed: Github, hub: Hub) -> None:
    hub.routes["/issues"] = Answer.json([], Link='<https://evil.invalid/issues?page=2>; rel="next"')
    with pytest.raises(Strayed):
        list(hubbed.issues())


def test_a_pull_request(hubbed: Github, hub: Hub, server: Server) -> None:
    hub.routes["/pulls/8"] = pull(mergeable=False)
    hub.routes["/pulls"] = [pull(9, merged_at=None, state="open", merge_commit_sha=None)]
    hub.routes[f"/commits/{SHA}/pulls"] = [pull()]
    one = hubbed.pull(8)
    assert one is not None
    assert (one.merged, one.merge_commit, one.head, one.base, one.mergeable) == (True, SHA, "topic/x", "main", False)
    other = next(hubbed.pulls(head="topic/x", base="main"))
    assert (other.number, other.merged, other.merge_commit, other.mergeable) == (9, False, "", None)
    assert server.asked(path="/pulls\\?")[0].one("head") == "octo:topic/x"
    assert [found.number for found in hubbed.pulls_of(SHA)] == [8]


def test_comments(hubbed: Github, hub: Hub) -> None:
    hub.routes["/issues/3/comments"] = [{"body": "one"}, {"body": None}]
    assert list(hubbed.comments(3)) == ["one", ""]


@pytest.mark.parametrize("page", [{}, {"workflow_runs": None}, {"workflow_runs": {}}, {"runs": []}])
def test_a_page_without_its_list_is_not_an_empty_one(hubbed: Github, hub: Hub, page: dict[str, object]) -> None:
    hub.routes["/actions/runs"] = page
    with pytest.raises(WrongAnswer, match="other JSON"):
        list(hubbed.runs())


# -- workflow runs -------------------------------------------------------------------------------------------------


def test_runs(hubbed: Github, hub: Hub, server: Server) -> None:
    odd = run(6, status="queued", conclusion=None, head_branch=None, name=None, path="dynamic/x")
    hub.routes["/actions/runs"] = {"total_count": 2, "workflow_runs": [run(), odd]}
    hub.routes["/actions/workflows/release.yml/runs"] = {"total_count": 1, "workflow_runs": [run()]}
    first, second = hubbed.runs(head_sha=SHA, event="push", branch="main")
    assert (first.workflow, first.path, first.status, first.conclusion, first.created) == (
        "release.yml", ".github/workflows/release.yml", "completed", "success", _NOW,
    )  # fmt: skip
    assert (second.status, second.conclusion, second.name, second.head_branch) == ("queued", "", "", "")
    assert server.seen[0].address == f"{AT}/actions/runs?head_sha={SHA}&branch=main&event=push&per_page=100"
    assert [found.id for found in hubbed.runs(workflow="release.yml")] == [5]
    with pytest.raises(Missing):
        list(hubbed.runs(workflow="other.yml"))


def test_jobs_and_what_they_built(hubbed: Github, hub: Hub) -> None:
    hub.routes["/actions/runs/5"] = run()
    hub.routes["/actions/runs/5/jobs"] = {"total_count": 2, "jobs": [job(), job(7, steps=[], completed_at=None)]}
    digest = {"id": 1, "name": "dist", "size_in_bytes": 9, "digest": f"sha256:{'b' * 64}", "expired": False}
    hub.routes["/actions/runs/5/artifacts"] = {"total_count": 2, "artifacts": [digest, {**digest, "digest": None}]}
    found = hubbed.run(5)
    assert (found and found.id, hubbed.run(6)) == (5, None)
    first, second = hubbed.jobs(5)
    assert [(step.name, step.conclusion) for step in first.steps] == [("Build", "success"), ("Publish", "failure")]
    assert (first.conclusion, second.steps, second.completed) == ("failure", (), None)
    assert [artifact.sha256 for artifact in hubbed.artifacts(5)] == ["b" * 64, ""]


def test_a_log_lies_elsewhere(hubbed: Github, hub: Hub) -> None:
    with Server(lambda _: Answer(200, f"\ufeffline \x1b[31m{SECRET}".encode())) as store:
        hub.routes["/actions/jobs/6/logs"] = Answer(302, headers={"Location": f"{store.url}/log?sig=hush"})
        assert hubbed.log(6) == "line \x1b[31m***"
        assert "authorization" not in store.seen[0].headers
    hub.routes["/actions/jobs/7/logs"] = Answer.json({"message": "Gone"}, 410)
    assert (hubbed.log(7), hubbed.log(8)) == (None, None)


# -- the repository and who we are ---------------------------------------------------------------------------------


def test_what_the_repository_is(hubbed: Github, hub: Hub) -> None:
    hub.routes[""] = {
        "full_name": "octo/sample", "default_branch": "main", "private": False, "archived": False,
        "has_issues": True, "html_url": "https://github.com/octo/sample", "permissions": {"push": True},
    }  # fmt: skip
    facts = hubbed.facts()
    assert (facts.default_branch, facts.issues, facts.permissions) == ("main", True, {"push": True})


def test_a_repository_that_is_not_there(hubbed: Github) -> None:
    with pytest.raises(Missing) as caught:
        hubbed.facts()
    assert "has not this repository, or the token from GITHUB_TOKEN may not see it" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer.json({"login": "octo"}, X_OAuth_Scopes="repo, workflow"), ("octo", ("repo", "workflow"))),
        (Answer.json({"login": "octo"}, X_OAuth_Scopes=""), ("octo", ())),
        (Answer.json({"login": "octo"}), ("octo", None)),
        (Answer.json({"message": "Resource not accessible by integration"}, 403), None),
    ],
)
def test_who_we_are(hubbed: Github, hub: Hub, answer: Answer, expected: tuple[object, ...] | None) -> None:
    hub.routes["GET /user"] = answer
    found = hubbed.identity()
    assert (found and (found.login, found.scopes)) == expected


def test_without_a_token_we_are_nobody(server: Server) -> None:
    assert github(server, token=None).identity() is None
    assert server.seen == []


# -- refusals and trouble ------------------------------------------------------------------------------------------

_BAD = {"message": f"Bad credentials {SECRET}", "documentation_url": "https://docs.github.com/rest"}


def test_a_token_that_is_refused(hubbed: Github, hub: Hub, server: Server) -> None:
    hub.routes["/issues/3"] = Answer.json(_BAD, 401)
    with pytest.raises(TokenRefused, match="refused the token from GITHUB_TOKEN") as caught:
        hubbed.issue(3)
    assert (caught.value.exit_code, SECRET in told(caught.value)) == (3, False)
    with pytest.raises(TokenRefused, match="wants a token"):
        github(server, token=None).issue(3)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"X-Accepted-GitHub-Permissions": "contents=read"}, "expected: a token with contents=read"),
        ({"X-GitHub-SSO": "required; url=https://github.com/orgs/o/sso?a=hush"}, "single sign-on"),
        ({}, "Resource not accessible by personal access token"),
    ],
)
def test_a_permission_that_is_missing(hubbed: Github, hub: Hub, headers: dict[str, str], said: str) -> None:
    message = {"message": f"Resource not accessible by personal access token {SECRET}"}
    hub.routes["/issues/3"] = Answer(403, Answer.json(message).body, headers)
    with pytest.raises(NotAllowed) as caught:
        hubbed.issue(3)
    assert said in str(caught.value)
    assert SECRET not in told(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "naps"),
    [
        (Answer.json({"message": "secondary rate limit"}, 403), [60]),
        (Answer.json({"message": "API rate limit exceeded"}, 429, Retry_After="7"), [7]),
        (Answer(500), [0.5]),
    ],
)
def test_what_passes_is_waited_for(
    hubbed: Github, hub: Hub, server: Server, clock: FakeClock, answer: Answer, naps: list[float]
) -> None:
    hub.routes["/issues/3"] = issue()
    server.fault(Fault(times=1, answer=answer))
    assert hubbed.issue(3) is not None
    assert clock.naps == naps


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(answer=Answer(200, b"<html>proxy", {"Content-Type": "text/html"})), WrongAnswer),
        (Fault(answer=Answer.json([])), WrongAnswer),
        (Fault(answer=Answer.json({"number": 3})), WrongAnswer),
        (Fault(answer=Answer.json({**issue(), "created_at": "today"})), WrongAnswer),
        (Fault(answer=Answer.json({**issue(), "labels": [3]})), WrongAnswer),
        (Fault(answer=Answer.json({"message": "no"}, 422)), WrongAnswer),
        (Fault(answer=Answer(302, headers={"Location": "https://evil.invalid/"})), Strayed),
        (Fault(answer=Answer(429, headers={"Retry-After": "99999"})), Limited),
        (Fault(cut=5), Trouble),
        (Fault(hang_up=True), Trouble),
    ],
)
def test_trouble(hubbed: Github, hub: Hub, server: Server, fault: Fault, error: type[Trouble]) -> None:
    hub.routes["/issues/3"] = issue()
    server.fault(Fault(answer=fault.answer, cut=fault.cut, hang_up=fault.hang_up))
    with pytest.raises(error) as caught:
        hubbed.issue(3)
    assert caught.value.exit_code == 3
    assert SECRET not in told(caught.value)
