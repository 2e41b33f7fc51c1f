"""Questions: the GraphQL documents that coverage is asked with."""

from collections.abc import Sequence

_PAGE = "pageInfo { hasNextPage endCursor }"
_NAMED = "url repository { nameWithOwner } labels(first: 100) { nodes { name } }"
_ISSUES = f"{_PAGE} nodes {{ number title state {_NAMED} }}"
_PULL = f"number title body state mergedAt baseRefName {_NAMED} closingIssuesReferences(first: 10) {{ {_ISSUES} }}"
_PULLS = f"{_PAGE} nodes {{ {_PULL} }}"
_COMMIT = f"oid messageHeadline committedDate associatedPullRequests(first: 5) {{ {_PULLS} }}"


def _about(variables: str, selection: str) -> str:
    """Return the question for something of the repository."""
    head = f"query ($owner: String!, $name: String!, {variables})"
    return f"{head} {{ repository(owner: $owner, name: $name) {{ {selection} }} }}"


RANGE = _about(
    "$base: String!, $head: String!, $first: Int!, $after: String",
    f"ref(qualifiedName: $base) {{ compare(headRef: $head) {{"
    f" commits(first: $first, after: $after) {{ {_PAGE} nodes {{ {_COMMIT} }} }} }} }}",
)
MORE_PULLS = _about(
    "$oid: GitObjectID!, $after: String",
    f"object(oid: $oid) {{ ... on Commit {{ oid associatedPullRequests(first: 10, after: $after) {{ {_PULLS} }} }} }}",
)
MORE_ISSUES = _about(
    "$number: Int!, $after: String",
    f"pullRequest(number: $number) {{ closingIssuesReferences(first: 100, after: $after) {{ {_ISSUES} }} }}",
)


def by_id(items: Sequence[str | int]) -> str:
    """Return the question about commits by their ids, and whether numbers are issues or pull requests.

    The items are `$o0`, `$o1`, … in it, and the answers `c0`, `c1`, ….
    """
    return _each(items, "__typename")


def by_number(items: Sequence[str | int]) -> str:
    """Return the question what numbers stand for, whole where that is a pull request; named as by `by_id`."""
    return _each(items, f"__typename ... on PullRequest {{ {_PULL} }}")


def _each(items: Sequence[str | int], of_number: str) -> str:
    numbers = [isinstance(item, int) for item in items]
    return _about(
        ", ".join(f"$o{at}: {'Int!' if number else 'GitObjectID!'}" for at, number in enumerate(numbers)),
        " ".join(
            f"c{at}: issueOrPullRequest(number: $o{at}) {{ {of_number} }}" if number
            else f"c{at}: object(oid: $o{at}) {{ ... on Commit {{ {_COMMIT} }} }}"
            for at, number in enumerate(numbers)
        ),
    )  # fmt: skip
