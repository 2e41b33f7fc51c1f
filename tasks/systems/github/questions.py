"""Questions: the GraphQL documents that coverage is asked with."""

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


def by_oid(count: int) -> str:
    """Return the question about so many commits, whose ids are `$o0`, `$o1`, …; the answers are `c0`, `c1`, …."""
    return _each(count, "GitObjectID!", "object(oid: {0})", f"... on Commit {{ {_COMMIT} }}")


def by_number(count: int) -> str:
    """Return the question what so many numbers stand for, whole where that is a pull request; named like commits."""
    return _each(count, "Int!", "issueOrPullRequest(number: {0})", f"__typename ... on PullRequest {{ {_PULL} }}")


def kinds(count: int) -> str:
    """Return the question whether so many numbers are issues or pull requests; named like commits."""
    return _each(count, "Int!", "issueOrPullRequest(number: {0})", "__typename")


def _each(count: int, kind: str, field: str, selection: str) -> str:
    """Return the question about `$o0`, `$o1`, … whose answers are `c0`, `c1`, …."""
    return _about(
        ", ".join(f"$o{at}: {kind}" for at in range(count)),
        " ".join(f"c{at}: {field.format(f'$o{at}')} {{ {selection} }}" for at in range(count)),
    )
