"""Coverage: the pull requests that commits came through, and the issues those close, by GraphQL."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..web import Failing, WrongAnswer
from .api import moment
from .covering import ClosedIssue, CoveredCommit, CoveringPull
from .queries import CutOff, Queries
from .questions import MORE_ISSUES, MORE_PULLS, RANGE, by_id, by_number

T = TypeVar("T")
K = TypeVar("K", bound=str | int)
Node = dict[str, Any]
PAGE = 25  # commits a request; more run into GitHub's time limit of ten seconds
NUMBERS = 200  # a request, where only their kinds are asked
_LEAST = 3


@dataclass(frozen=True)
class Coverage:
    """What GitHub knows of commits, `PAGE` of them a request."""

    queries: Queries

    def between(self, base: str, head: str) -> list[CoveredCommit] | None:
        """Return the commits of `base...head`, None when GitHub does not know both; a base is a branch or a tag."""
        found: list[CoveredCommit] = []
        after, size = None, PAGE
        while True:
            page, size = self._page(size, base=base, head=head, after=after)
            if page is None:
                return None
            found += self._told(page, lambda page: [self._commit(node) for node in _nodes(page)])
            after = self._told(page, _next)
            if after is None:
                return found

    def of(self, commits: Iterable[str]) -> dict[str, CoveredCommit]:
        """Return commits by their ids, without those that GitHub does not know."""
        found: dict[str, CoveredCommit] = {}
        for some in _chunks(list(dict.fromkeys(commits)), PAGE):
            found |= self.together(some, ())[0]
        return found

    def together(
        self, commits: Sequence[str], numbers: Sequence[int]
    ) -> tuple[dict[str, CoveredCommit], frozenset[int]]:
        """Return a page of commits, and those numbers that are issues', by one request; no more than fit one."""
        found: dict[str, CoveredCommit] = {}
        issues, items = set[int](), list[str | int]([*commits, *numbers])
        for item, node in self._some(items, by_id):
            if isinstance(item, int):
                issues |= {item} if _kind(node) == "Issue" else set()
            elif "oid" in node:
                found[item] = self._told(node, self._commit)
        return found, frozenset(issues)

    def numbered(self, numbers: Iterable[int]) -> dict[int, CoveringPull | None]:
        """Return pull requests by number, None for a number that is an issue's; without those that are neither's."""
        return {
            number: self._told(node, self._pull) if _kind(node) == "PullRequest" else None
            for number, node in self._asked(numbers, by_number, PAGE)
        }

    def issues_among(self, numbers: Iterable[int]) -> frozenset[int]:
        """Return those numbers that are issues' and not pull requests'."""
        return frozenset(number for number, node in self._asked(numbers, by_id, NUMBERS) if _kind(node) == "Issue")

    def _page(self, size: int, **variables: object) -> tuple[Node | None, int]:
        """Return a page of a comparison and the size that got it: smaller when GitHub ran out of time."""
        while True:
            try:
                repository = self.queries.ask(RANGE, first=size, **variables)
            except (CutOff, Failing):
                if size <= _LEAST:
                    raise
                size //= 2
                continue
            ref = repository.get("ref") or {}
            return (ref.get("compare") or {}).get("commits"), size

    def _asked(self, items: Iterable[K], query: Callable[[Sequence[K]], str], size: int) -> Iterator[tuple[K, Node]]:
        """Yield what is there of the things that a query names, so many a request, each once."""
        for some in _chunks(list(dict.fromkeys(items)), size):
            yield from self._some(some, query)

    def _some(self, items: Sequence[K], query: Callable[[Sequence[K]], str]) -> Iterator[tuple[K, Node]]:
        """Yield some of them, asked for in halves when GitHub runs out of time."""
        try:
            repository = self.queries.ask(query(items), **{f"o{at}": item for at, item in enumerate(items)})
        except (CutOff, Failing):
            if len(items) <= _LEAST:
                raise
            half = len(items) // 2
            yield from self._some(items[:half], query)
            yield from self._some(items[half:], query)
            return
        nodes = ((item, repository.get(f"c{at}")) for at, item in enumerate(items))
        yield from ((item, node) for item, node in nodes if node)

    def _commit(self, node: Node) -> CoveredCommit:
        pulls = self._all(node["associatedPullRequests"], MORE_PULLS, _more_pulls, oid=node["oid"])
        return CoveredCommit(
            node["oid"], node["messageHeadline"], moment(node["committedDate"]),
            tuple(self._pull(pull) for pull in pulls),
        )  # fmt: skip

    def _pull(self, node: Node) -> CoveringPull:
        issues = self._all(node["closingIssuesReferences"], MORE_ISSUES, _more_issues, number=node["number"])
        return CoveringPull(
            node["number"], node["repository"]["nameWithOwner"], node["title"], node["body"], node["state"],
            moment(node["mergedAt"]), node["baseRefName"], _labels(node), node["url"],
            tuple(_issue(issue) for issue in issues),
        )  # fmt: skip

    def _all(self, first: Node, query: str, find: Callable[[Node], Node], **variables: object) -> list[Node]:
        """Return the nodes of an inner list, asking for those that did not come with it."""
        found, page = _nodes(first), first
        while (after := _next(page)) is not None:
            page = find(self.queries.ask(query, after=after, **variables))
            found += _nodes(page)
        return found

    def _told(self, node: Node, read: Callable[[Node], T]) -> T:
        """Return what a node means; it is an error when it is not as the schema describes it."""
        try:
            return read(node)
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        raise WrongAnswer(self.queries.github.graphql, "answered with other data", expected="what its schema describes")


def _nodes(page: Node) -> list[Node]:
    """Return the nodes of a page that we may see."""
    return [node for node in page["nodes"] or () if node]


def _next(page: Node) -> str | None:
    """Return where the page after this one begins, None on the last."""
    return page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None


def _kind(node: Node) -> object:
    return node.get("__typename")


def _chunks(items: Sequence[K], size: int) -> Iterator[Sequence[K]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _labels(node: Node) -> tuple[str, ...]:
    return tuple(label["name"] for label in _nodes(node["labels"]))


def _issue(node: Node) -> ClosedIssue:
    return ClosedIssue(
        node["number"], node["repository"]["nameWithOwner"], node["title"], node["state"], _labels(node), node["url"]
    )  # fmt: skip


def _more_pulls(repository: Node) -> Node:
    return dict(repository["object"]["associatedPullRequests"])


def _more_issues(repository: Node) -> Node:
    return dict(repository["pullRequest"]["closingIssuesReferences"])
