"""The sandbox GitHub's GraphQL: the queries that we send, and how GitHub words what goes wrong."""

from typing import Any

import pytest

from .fixtures import Github

_PULLS = """associatedPullRequests(first: 5) { totalCount nodes {
    number title state mergedAt baseRefName labels(first: 20) { nodes { name } }
    closingIssuesReferences(first: 2) { totalCount pageInfo { hasNextPage endCursor } nodes {
        number title state labels(first: 20) { nodes { name } } } } } }"""
_RANGE = (
    """query($owner: String!, $name: String!, $base: String!, $head: String!, $size: Int = 25, $after: String) {
    repository(owner: $owner, name: $name) { ref(qualifiedName: $base) { compare(headRef: $head) {
      aheadBy behindBy status
      commits(first: $size, after: $after) { totalCount pageInfo { hasNextPage endCursor }
        nodes { oid messageHeadline committedDate """
    + _PULLS
    + """ } } } } }
    rateLimit { cost remaining resetAt } }"""
)
_NAMES = {"owner": "owner", "name": "sample"}


def _asked(github: Github, query: str, **variables: Any) -> Any:
    return github.send("POST", f"{github.url}/graphql", {"query": query, "variables": {**_NAMES, **variables}})


@pytest.fixture
def github(github_sandbox: Github) -> Github:
    """The sandbox with a branch `dev` of three commits; a pull request that closes three issues was squashed as one."""
    github_sandbox.work.branch("dev")
    for number in range(3):
        github_sandbox.work.commit(f"fix: number {number}")
    github_sandbox.push()
    play = github_sandbox.sandbox
    issues = [play.open_issue(f"issue {number}", labels=["bug"]) for number in range(3)]
    squash = github_sandbox.work.git("rev-parse", "dev~1")
    play.add_pull("mend it", merge_commit=squash, closes=issues, base="dev", labels=["fix"])
    return github_sandbox


def test_commits_come_in_pages_with_what_covers_them(github: Github) -> None:
    first = _asked(github, _RANGE, base="refs/heads/main", head="dev", size=2)
    comparison = first["data"]["repository"]["ref"]["compare"]
    page = comparison["commits"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"], comparison["status"]) == (3, True, "AHEAD")
    assert [one["messageHeadline"] for one in page["nodes"]] == ["fix: number 0", "fix: number 1"]
    assert page["nodes"][0]["associatedPullRequests"] == {"totalCount": 0, "nodes": []}
    pull = page["nodes"][1]["associatedPullRequests"]["nodes"][0]
    closing = pull["closingIssuesReferences"]
    assert (pull["number"], pull["state"], pull["labels"]["nodes"]) == (4, "MERGED", [{"name": "fix"}])
    assert (closing["totalCount"], closing["pageInfo"]["hasNextPage"], len(closing["nodes"])) == (3, True, 2)
    after = page["pageInfo"]["endCursor"]
    second = _asked(github, _RANGE, base="refs/heads/main", head="dev", after=after)["data"]["repository"]
    assert [one["messageHeadline"] for one in second["ref"]["compare"]["commits"]["nodes"]] == ["fix: number 2"]


def test_a_page_of_25_costs_15_points(github: Github) -> None:
    query = _RANGE.replace("closingIssuesReferences(first: 2)", "closingIssuesReferences(first: 10)")
    answer = _asked(github, query, base="refs/heads/main", head="dev")
    assert (answer["data"]["rateLimit"]["cost"], answer["data"]["rateLimit"]["remaining"]) == (15, 4985)


def test_a_base_that_is_missing_is_null(github: Github) -> None:
    assert _asked(github, _RANGE, base="refs/tags/v9", head="dev")["data"]["repository"] == {"ref": None}
    compared = _asked(github, _RANGE, base="refs/tags/v1.0.0", head="none")["data"]["repository"]
    assert compared == {"ref": {"compare": None}}


def test_commits_by_their_ids(github: Github) -> None:
    ids = github.work.git("rev-list", "dev", "^main").split()
    aliases = " ".join(
        f'c{number}: object(oid: "{sha}") {{ ... on Commit {{ oid {_PULLS} }} }}' for number, sha in enumerate(ids)
    )
    tree = github.work.git("rev-parse", "dev^{tree}")
    aliases += f' t: object(oid: "{tree}") {{ ... on Commit {{ oid }} }}'
    query = f'{{ repository(owner: "owner", name: "sample") {{ {aliases} }} }}'
    found = _asked(github, query)["data"]["repository"]
    assert [found[f"c{number}"]["oid"] for number in range(3)] == ids
    assert [found[f"c{number}"]["associatedPullRequests"]["totalCount"] for number in range(3)] == [0, 1, 0]
    assert found["t"] is None


def test_issues_by_number_with_one_that_is_missing(github: Github) -> None:
    github.sandbox.close_issue(2, "not_planned")
    query = """{ repository(owner: "owner", name: "sample") {
        i1: issue(number: 1) { number title state stateReason closedAt url }
        i2: issue(number: 2) { state stateReason } i99: issue(number: 99) { number }
        x4: issueOrPullRequest(number: 4) {
            __typename ... on Issue { number } ... on PullRequest { number merged } } } }"""
    answer = _asked(github, query)
    found = answer["data"]["repository"]
    assert (found["i1"]["state"], found["i2"], found["i99"]) == (
        "OPEN",
        {"state": "CLOSED", "stateReason": "NOT_PLANNED"},
        None,
    )
    assert found["x4"] == {"__typename": "PullRequest", "number": 4, "merged": True}
    error = answer["errors"][0]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["repository", "i99"])
    assert error["message"] == "Could not resolve to an Issue with the number of 99."


def test_inner_lists_are_paged_on_their_own(github: Github) -> None:
    query = """query($after: String) { repository(owner: "owner", name: "sample") { pullRequest(number: 4) {
        closingIssuesReferences(first: 2, after: $after) {
            nodes { number } pageInfo { endCursor hasNextPage } } } } }"""
    pages = []
    after = None
    for _ in range(2):
        page = _asked(github, query, after=after)["data"]["repository"]["pullRequest"]["closingIssuesReferences"]
        pages.append([node["number"] for node in page["nodes"]])
        after = page["pageInfo"]["endCursor"]
    assert pages == [[1, 2], [3]]


def test_too_much_at_once_is_answered_in_part(github: Github) -> None:
    github.sandbox.gate.slow_commits = 2
    answer = _asked(github, _RANGE, base="refs/heads/main", head="dev")
    nodes = answer["data"]["repository"]["ref"]["compare"]["commits"]["nodes"]
    assert ([node is None for node in nodes], answer["errors"][0]["path"][-2:]) == ([False, False, True], ["nodes", 2])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ repository(owner: ", "Parse error"),
        ('{ repository(owner: "owner", name: "none") { url } }', "Could not resolve to a Repository"),
        ('{ repository(owner: "owner", name: "sample") { issues { totalCount } } }', "You must provide a `first`"),
        (
            '{ repository(owner: "owner", name: "sample") { issues(first: 101) { totalCount } } }',
            "exceeds the `first` limit",
        ),
        ('{ repository(owner: "owner", name: "sample") { nothing } }', "Field 'nothing' doesn't exist"),
        ("query($head: String!) { rateLimit { cost } }", "Variable $head"),
    ],
)
def test_what_goes_wrong_is_an_error_in_an_answer_200(github: Github, query: str, message: str) -> None:
    answer = github.send("POST", f"{github.url}/graphql", {"query": query})
    assert message in answer["errors"][0]["message"]
    github.validated.violations.clear()  # the queries are wrong on purpose
