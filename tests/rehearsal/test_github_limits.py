"""The sandbox GitHub: tokens, permissions, budgets and conditional requests."""

import pytest
import requests

from .fixtures import Github

_GOOD = {"Authorization": "Bearer good"}


def _query(github: Github, query: str = "{rateLimit{cost remaining}}") -> requests.Response:
    return github.ask("POST", f"{github.url}/graphql", {"query": query}, headers=_GOOD)


def test_what_did_not_change_costs_nothing(github_sandbox: Github) -> None:
    first = github_sandbox.ask("GET", "/git/ref/tags/v1.0.0")
    known = {"If-None-Match": first.headers["ETag"]}
    second = github_sandbox.ask("GET", "/git/ref/tags/v1.0.0", headers=known)
    assert (second.status_code, second.content, second.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert second.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"] == "4999"
    github_sandbox.work.git("tag", "--force", "v1.0.0", github_sandbox.work.commit("fix: more"))
    github_sandbox.push()
    assert github_sandbox.ask("GET", "/git/ref/tags/v1.0.0", headers=known).status_code == 200


@pytest.mark.parametrize("status", [403, 429])
def test_the_budget_runs_out_and_comes_back(github_sandbox: Github, status: int) -> None:
    gate = github_sandbox.sandbox.gate
    gate.budget, gate.exceeded_status = 2, status
    answers = [github_sandbox.ask("GET", "/labels") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, status]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].json()["message"].startswith("API rate limit exceeded")
    assert github_sandbox.get(f"{github_sandbox.url}/rate_limit")["rate"]["remaining"] == 0
    wait = int(answers[2].headers["X-RateLimit-Reset"]) - github_sandbox.clock()
    github_sandbox.clock.sleep(wait + 1)
    assert github_sandbox.ask("GET", "/labels").headers["X-RateLimit-Used"] == "1"


@pytest.mark.parametrize("told", [7, None])
def test_a_secondary_limit_says_how_long_or_does_not(github_sandbox: Github, told: int | None) -> None:
    gate = github_sandbox.sandbox.gate
    gate.secondary, gate.retry_after = 1, told
    limited = github_sandbox.ask("GET", "/labels")
    assert (limited.status_code, limited.headers.get("Retry-After")) == (403, told and str(told))
    assert "secondary rate limit" in limited.json()["message"]
    assert github_sandbox.ask("GET", "/labels").status_code == 200


def test_writes_a_minute(github_sandbox: Github) -> None:
    github_sandbox.sandbox.gate.writes_a_minute = 2
    codes = [github_sandbox.ask("POST", "/issues", {"title": "x"}).status_code for _ in range(3)]
    github_sandbox.clock.sleep(61)
    assert [*codes, github_sandbox.ask("POST", "/issues", {"title": "x"}).status_code] == [201, 201, 403, 201]


def test_tokens(github_sandbox: Github) -> None:
    github_sandbox.sandbox.gate.token = "good"
    wrong = github_sandbox.ask("GET", "/labels", headers={"Authorization": "token bad"})
    nobody = github_sandbox.ask("GET", "/labels")
    assert (wrong.status_code, wrong.json()["message"]) == (401, "Bad credentials")
    assert (nobody.status_code, nobody.headers["X-RateLimit-Limit"]) == (200, "60")
    assert github_sandbox.ask("POST", "/issues", {"title": "x"}).status_code == 401
    assert github_sandbox.ask("POST", "/issues", {"title": "x"}, headers=_GOOD).status_code == 201
    assert _query(github_sandbox).json()["data"]["rateLimit"]["cost"] == 1


def test_a_missing_permission_is_named(github_sandbox: Github) -> None:
    github_sandbox.sandbox.gate.missing = {"issues=write", "checks=read"}
    refused = github_sandbox.ask("POST", "/issues", {"title": "x"})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by personal access token")
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "issues=write"
    assert github_sandbox.get("/commits/main/check-runs", 403)["status"] == "403"
    assert github_sandbox.get("/issues") == []


def test_what_is_not_there(github_sandbox: Github) -> None:
    absent = github_sandbox.ask("GET", "/issues/99")
    assert absent.json() == {
        "message": "Not Found",
        "documentation_url": "https://docs.github.com/rest",
        "status": "404",
    }
    assert absent.headers["X-GitHub-Request-Id"]
    assert github_sandbox.get(f"{github_sandbox.url}/repos/owner/other", 404)["message"] == "Not Found"


def test_graphql_tells_its_limit_in_an_answer_200(github_sandbox: Github) -> None:
    github_sandbox.sandbox.gate.graphql_budget = 1
    assert _query(github_sandbox).json() == {"data": {"rateLimit": {"cost": 1, "remaining": 0}}}
    limited = _query(github_sandbox)
    assert (limited.status_code, limited.json()["errors"][0]["type"]) == (200, "RATE_LIMITED")
    assert (limited.headers["X-RateLimit-Resource"], "ETag" in limited.headers) == ("graphql", False)
