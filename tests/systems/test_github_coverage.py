"""Coverage by GraphQL: pages, inner lists that overflow, answers that are partial, limited or wrong."""

from collections.abc import Iterator
from typing import Any

import pytest

from tasks.rehearsal.server import Answer, Fault, Request, Server
from tasks.systems.github import Coverage, CutOff, NotAllowed, TokenRefused
from tasks.systems.web import Failing, Limited, Trouble, WrongAnswer

from .githubs import WHEN, github
from .leaks import SECRET, told
from .webs import START, FakeClock

Node = dict[str, Any]


def oid(number: int) -> str:
    return f"{number:040x}"


def page(nodes: list[Any], after: str | None = None) -> Node:
    return {"pageInfo": {"hasNextPage": after is not None, "endCursor": after}, "nodes": nodes}


def labels(*names: str) -> Node:
    return {"nodes": [{"name": name} for name in names]}


def issue(number: int, **fields: Any) -> Node:
    return {
        "number": number, "title": "It breaks", "state": "CLOSED", "url": f"https://github.com/o/r/issues/{number}",
        "repository": {"nameWithOwner": "octo/sample"}, "labels": labels("bug"), **fields,
    }  # fmt: skip


def pull(number: int, issues: Node | None = None, **fields: Any) -> Node:
    return {
        "number": number, "title": "Mend it", "body": "see #9", "state": "MERGED", "mergedAt": WHEN,
        "baseRefName": "main", "url": f"https://github.com/o/r/pull/{number}", "labels": labels(),
        "repository": {"nameWithOwner": "octo/sample"}, "closingIssuesReferences": issues or page([]), **fields,
    }  # fmt: skip


def commit(number: int, pulls: Node | None = None) -> Node:
    return {
        "oid": oid(number), "messageHeadline": f"fix: {number}", "committedDate": "2026-03-01T14:00:00+02:00",
        "associatedPullRequests": pulls or page([]),
    }  # fmt: skip


class Graph:
    """A repository with `count` commits from base to head, in GraphQL."""

    def __init__(self, count: int) -> None:
        self.commits = {oid(number): commit(number) for number in range(count)}
        self.known = True
        self.largest = 100  # pages larger than this run out of time
        self.cut: Node = {  # and are answered so
            "message": "Something went wrong while executing your query. This may be the result of a timeout."
        }
        self.extra: list[Node] = []  # errors beside the data
        self.pulls: Node = page([])
        self.issues: Node = page([])
        self.sizes: list[int] = []

    def __call__(self, request: Request) -> Answer:
        variables = request.json()["variables"]
        assert (variables["owner"], variables["name"]) == ("octo", "sample")
        if "first" in variables:
            return self.between(variables)
        if "o0" in variables:
            return self.by_oid(
                [value for name, value in variables.items() if name.startswith("o") and name[1:].isdigit()]
            )
        if "number" in variables:
            return self.told({"pullRequest": {"closingIssuesReferences": self.issues}})
        return self.told({"object": {"associatedPullRequests": self.pulls}})

    def between(self, variables: Node) -> Answer:
        self.sizes.append(variables["first"])
        if variables["first"] > self.largest:
            return self.cut_off()
        start, every = int(variables["after"] or 0), list(self.commits.values())
        end = start + variables["first"]
        commits = page(every[start:end], str(end) if end < len(every) else None)
        return self.told({"ref": {"compare": {"commits": commits}} if self.known else None})

    def by_oid(self, oids: list[str]) -> Answer:
        self.sizes.append(len(oids))
        if len(oids) > self.largest:
            return self.cut_off()
        return self.told({f"c{number}": self.commits.get(name) for number, name in enumerate(oids)})

    def cut_off(self) -> Answer:
        return Answer.json({"data": {"repository": None}, "errors": [self.cut]})

    def told(self, repository: Node) -> Answer:
        errors = {"errors": self.extra} if self.extra else {}
        return Answer.json({"data": {"repository": repository}, **errors}, X_RateLimit_Remaining="4985")


@pytest.fixture
def graph() -> Graph:
    return Graph(60)


@pytest.fixture
def server(graph: Graph) -> Iterator[Server]:
    with Server(graph) as server:
        yield server


@pytest.fixture
def coverage(server: Server, clock: FakeClock) -> Coverage:
    return github(server, clock).coverage


def test_commits_page_by_page(coverage: Coverage, server: Server, graph: Graph) -> None:
    graph.commits[oid(3)] = commit(
        3, page([pull(8, page([issue(7, repository={"nameWithOwner": "octo/other"}), None]))])
    )
    found = coverage.between("refs/tags/v1.0", "main")
    assert found is not None
    assert [item.id for item in found] == list(graph.commits)
    assert [request.path for request in server.seen] == ["/graphql"] * 3
    assert (found[3].headline, found[3].date and found[3].date.timestamp()) == ("fix: 3", START)
    mended = found[3].pulls[0]
    assert (mended.number, mended.state, mended.base, mended.body, mended.labels) == (8, "MERGED", "main", "see #9", ())
    assert [(item.number, item.repository, item.labels) for item in mended.issues] == [(7, "octo/other", ("bug",))]


def test_many_commits_take_few_questions(server: Server, coverage: Coverage, graph: Graph) -> None:
    graph.commits = {oid(number): commit(number) for number in range(3000)}
    assert len(coverage.between("refs/tags/v1.0", "main") or ()) == 3000
    assert len(server.seen) == 120


def test_commits_by_id(coverage: Coverage, server: Server, graph: Graph) -> None:
    graph.commits[oid(1)] = commit(1, page([pull(8)]))
    asked = [oid(number) for number in range(30)]
    found = coverage.of([*asked, asked[0], "f" * 40])
    assert list(found) == asked
    assert (found[oid(1)].pulls[0].number, graph.sizes) == (8, [25, 6])
    assert coverage.of([]) == {}
    assert len(server.seen) == 2


def test_what_is_no_commit_is_left_out(coverage: Coverage, graph: Graph) -> None:
    graph.commits[oid(0)] = {}
    assert list(coverage.of([oid(0), oid(1)])) == [oid(1)]


def test_a_base_or_head_that_is_not_there(coverage: Coverage, graph: Graph) -> None:
    graph.known = False
    assert coverage.between("refs/tags/v9", "main") is None


def test_inner_lists_are_read_to_their_end(coverage: Coverage, server: Server, graph: Graph) -> None:
    overflowing = pull(8, page([issue(1)], "i1"))
    graph.commits = {oid(0): commit(0, page([overflowing], "p1"))}
    graph.pulls, graph.issues = page([pull(9)]), page([issue(2), issue(3)])
    found = coverage.of([oid(0)])[oid(0)]
    assert [item.number for item in found.pulls] == [8, 9]
    assert [item.number for item in found.pulls[0].issues] == [1, 2, 3]
    asked = [request.json()["variables"] for request in server.seen[1:]]
    assert asked == [
        {"owner": "octo", "name": "sample", "oid": oid(0), "after": "p1"},
        {"owner": "octo", "name": "sample", "number": 8, "after": "i1"},
    ]


@pytest.mark.parametrize("kind", ["FORBIDDEN", "NOT_FOUND"])
def test_what_we_may_not_see_is_left_out(coverage: Coverage, graph: Graph, kind: str) -> None:
    graph.extra = [{"type": kind, "path": ["repository", "c0"], "message": "Resource not accessible"}]
    graph.commits[oid(0)] = commit(0, page([pull(8, page([None]))]))
    assert coverage.of([oid(0)])[oid(0)].pulls[0].issues == ()


@pytest.mark.parametrize(("largest", "sizes"), [(12, [25, 12, 12, 12, 12, 12]), (6, [25, 12, 6] + [6] * 9)])
def test_pages_that_take_too_long_are_made_smaller(
    coverage: Coverage, graph: Graph, largest: int, sizes: list[int]
) -> None:
    graph.largest = largest
    assert len(coverage.between("a", "b") or ()) == 60
    assert graph.sizes == sizes
    graph.sizes.clear()
    assert len(coverage.of(graph.commits)) == 60


def test_what_is_too_heavy_is_asked_in_smaller_parts(coverage: Coverage, graph: Graph) -> None:
    """GitHub also weighs a single question, apart from the hour's points, and is stricter about it since July 2026."""
    graph.cut = {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."}
    graph.largest = 12
    assert len(coverage.between("a", "b") or ()) == 60
    assert len(coverage.of(graph.commits)) == 60
    graph.largest = 0
    with pytest.raises(CutOff, match="in part: Resource limits"):
        coverage.of([oid(0)])


@pytest.mark.parametrize("ask", [lambda it: it.between("a", "b"), lambda it: it.of([oid(n) for n in range(25)])])
def test_what_takes_too_long_in_the_end(coverage: Coverage, graph: Graph, ask: Any) -> None:
    graph.largest = 0
    with pytest.raises(CutOff, match="in part"):
        ask(coverage)


def test_a_gateway_that_gives_up_makes_pages_smaller_too(coverage: Coverage, server: Server, graph: Graph) -> None:
    server.fault(Fault(times=4, answer=Answer(502)))
    assert len(coverage.between("a", "b") or ()) == 60
    assert graph.sizes == [12] * 5


_RESET = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(START) + 30)}


@pytest.mark.parametrize(
    ("refusal", "headers", "naps"),
    [
        ({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}, _RESET, [31]),
        ({"data": None, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}, {}, [60]),
        ({"errors": [{"message": "You have exceeded a secondary rate limit."}]}, {"Retry-After": "5"}, [5]),
    ],
)
def test_limits_are_told_with_a_200(
    coverage: Coverage, server: Server, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, refusal: Node,
    headers: dict[str, str], naps: list[float],
) -> None:  # fmt: skip
    monkeypatch.setattr(
        "http.server.BaseHTTPRequestHandler.date_time_string", lambda _: "Sun, 01 Mar 2026 12:00:00 GMT"
    )
    server.fault(Fault(times=1, answer=Answer(200, Answer.json(refusal).body, headers)))
    assert len(coverage.of([oid(0)])) == 1
    assert clock.naps == naps


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Answer.json({"message": f"Bad credentials {SECRET}"}, 401), TokenRefused, "refused the token"),
        (Answer.json({"message": "Resource not accessible"}, 403), NotAllowed, "does not allow"),
        (Answer.json({"errors": [{"message": f"Field 'x' doesn't exist {SECRET}"}]}), WrongAnswer, "Field 'x'"),
        (Answer.json({"data": None}), WrongAnswer, "did not answer"),
        (Answer.json([]), WrongAnswer, "other JSON"),
        (Answer(200, b"<html>"), WrongAnswer, "a web page"),
        (Answer.json({"data": {"repository": None}}), WrongAnswer, "knows no such repository"),
        (
            Answer.json(
                {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve"}]}
            ),
            WrongAnswer,
            "knows no such repository",
        ),
        (Answer.json({"data": {"repository": {"c0": {"oid": "1"}}}}), WrongAnswer, "with other data"),
        (Answer.json({"data": {"repository": {"c0": commit(0, {"nodes": [1]})}}}), WrongAnswer, "with other data"),
        (Answer.json({"errors": [{"type": "RATE_LIMITED"}]}, Retry_After="9999"), Limited, "too many requests"),
        (Answer(501), Failing, "answered 501"),
    ],
)
def test_trouble(coverage: Coverage, server: Server, answer: Answer, error: type[Trouble], said: str) -> None:
    server.fault(Fault(answer=answer))
    with pytest.raises(error, match=said) as caught:
        coverage.of([oid(0)])
    assert SECRET not in told(caught.value)


class Numbers:
    """A repository with issue 1, pull request 2, and nothing else."""

    def __call__(self, request: Request) -> Answer:
        variables = request.json()["variables"]
        wanted = {name: value for name, value in variables.items() if name[1:].isdigit()}
        found = {f"c{name[1:]}": self.one(value) for name, value in wanted.items()}
        gone = [{"type": "NOT_FOUND", "message": "Could not resolve"}] if None in found.values() else []
        return Answer.json({"data": {"repository": found}, **({"errors": gone} if gone else {})})

    def one(self, number: int) -> Node | None:
        return {1: {"__typename": "Issue"}, 2: {"__typename": "PullRequest", **pull(2, page([issue(7)]))}}.get(number)


def test_what_numbers_stand_for() -> None:
    with Server(Numbers()) as server:
        coverage = github(server).coverage
        found = coverage.numbered([1, 2, 3, 2])
        assert list(found) == [1, 2]
        assert found[1] is None
        assert found[2] is not None
        assert [one.number for one in found[2].issues] == [7]
        assert coverage.issues_among(range(1, 450)) == {1}
        assert len(server.seen) == 1 + 3
        assert coverage.issues_among([]) == frozenset()
