"""Questions: the GraphQL documents that coverage is asked with."""

_ISSUES = """
fragment Issues on IssueConnection {
  pageInfo { hasNextPage endCursor }
  nodes { number title state url repository { nameWithOwner } labels(first: 100) { nodes { name } } }
}"""
_PULLS = (
    _ISSUES
    + """
fragment Pulls on PullRequestConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    number title body state mergedAt baseRefName url repository { nameWithOwner }
    labels(first: 100) { nodes { name } }
    closingIssuesReferences(first: 10) { ...Issues }
  }
}"""
)
_COMMIT = (
    _PULLS
    + """
fragment Facts on Commit {
  oid messageHeadline committedDate
  associatedPullRequests(first: 5) { ...Pulls }
}"""
)
RANGE = (
    """
query ($owner: String!, $name: String!, $base: String!, $head: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    ref(qualifiedName: $base) {
      compare(headRef: $head) {
        commits(first: $first, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...Facts } }
      }
    }
  }
}"""
    + _COMMIT
)
MORE_PULLS = (
    """
query ($owner: String!, $name: String!, $oid: GitObjectID!, $after: String) {
  repository(owner: $owner, name: $name) {
    object(oid: $oid) { ... on Commit { associatedPullRequests(first: 10, after: $after) { ...Pulls } } }
  }
}"""
    + _PULLS
)
MORE_ISSUES = (
    """
query ($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { closingIssuesReferences(first: 100, after: $after) { ...Issues } }
  }
}"""
    + _ISSUES
)


def by_oid(count: int) -> str:
    """Return the question about so many commits, whose ids are `$o0`, `$o1`, …; the answers are `c0`, `c1`, …."""
    variables = "".join(f", $o{number}: GitObjectID!" for number in range(count))
    commits = " ".join(f"c{number}: object(oid: $o{number}) {{ ...Facts }}" for number in range(count))
    head = f"query ($owner: String!, $name: String!{variables})"
    return f"{head} {{ repository(owner: $owner, name: $name) {{ {commits} }} }}{_COMMIT}"
