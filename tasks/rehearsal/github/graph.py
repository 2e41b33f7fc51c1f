"""GitHub's graph as far as our queries go: commits, their pull requests, the issues those close."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..server import Answer, Request
from .execution import Connection, Execution, Fields, Missing, Node, cost
from .history import commit_view
from .hub import Hub, node
from .issues import view as issue_view
from .language import Reader, Syntax
from .objects import Issue, Pull, stamp
from .pulls import bringing, closes, ends
from .records import Commit
from .routing import Problem, plain

_LIMITED = {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}


def refused(problem: Problem, request: Request) -> Answer | None:
    """Return how GraphQL words a budget that is used up; None for what is no such thing."""
    if request.path == "/graphql" and problem.message.startswith("API rate limit"):
        return plain({"errors": [_LIMITED]})
    return None


def answer(hub: Hub, request: Request) -> Answer:
    """Answer a query; every error comes in an answer 200."""
    try:
        sent = request.json()
        query = Reader(sent["query"]).query()
    except (Syntax, ValueError, KeyError, TypeError) as error:
        return plain({"errors": [{"message": str(error)}]}) if isinstance(error, Syntax) else _unread()
    variables = {**query.defaults, **(sent.get("variables") or {})}
    gone = sorted(name for name in query.required if variables.get(name) is None)
    if gone:
        message = f"Variable ${gone[0]} of a required type was provided invalid value"
        return plain({"errors": [{"message": message, "locations": [{"line": 1, "column": 1}]}]})
    points = cost(query.selections, variables)
    if not hub.gate.spend_points(points):
        return plain({"errors": [_LIMITED]})
    execution = Execution(_fields(hub, points, request), variables, hub.gate.slow_commits)
    data = execution.run(query, Node("Query"))
    return plain({"data": data, **({"errors": execution.errors} if execution.errors else {})})


def _unread() -> Answer:
    return plain({"message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/graphql"}, 400)


def _fields(hub: Hub, points: int, request: Request) -> Fields:
    """Return, for each type, what gives its fields."""
    return {
        "Query": {
            "repository": lambda _, given: _repository(hub, given),
            "rateLimit": lambda *_: Node("RateLimit"),
            "viewer": lambda *_: Node("User", hub.user),
        },
        "RateLimit": _rate(hub, points, request),
        "Repository": _of_repository(hub),
        "Ref": _of_ref(hub),
        "Comparison": _of_comparison(hub),
        "Commit": _of_commit(hub),
        "Issue": _of_issue(hub),
        "PullRequest": _of_issue(hub) | _of_pull(hub),
        "Label": {"name": lambda label, _: label.name, "color": lambda label, _: label.color},
        "Milestone": {"title": lambda one, _: one.title, "number": lambda one, _: one.number},
        "User": {"login": lambda login, _: login},
        "Bot": {"login": lambda login, _: login},
        "GitActor": {"name": lambda person, _: person.name, "email": lambda person, _: person.email},
    }


def _rate(hub: Hub, points: int, request: Request) -> dict[str, Any]:
    def now() -> dict[str, Any]:
        return dict(hub.gate.state("graphql", request))

    return {
        "cost": lambda *_: points,
        "limit": lambda *_: now()["limit"],
        "used": lambda *_: now()["used"],
        "remaining": lambda *_: now()["remaining"],
        "resetAt": lambda *_: stamp(now()["reset"]),
        "nodeCount": lambda *_: 0,
    }


def _repository(hub: Hub, given: Mapping[str, Any]) -> Node:
    if (given.get("owner"), given.get("name")) != (hub.owner, hub.name):
        name = f"{given.get('owner')}/{given.get('name')}"
        raise Missing(f"Could not resolve to a Repository with the name '{name}'.")
    return Node("Repository")


def _of_repository(hub: Hub) -> dict[str, Any]:
    return {
        "nameWithOwner": lambda *_: hub.full_name,
        "url": lambda *_: hub.web,
        "defaultBranchRef": lambda *_: Node("Ref", hub.refs[f"refs/heads/{hub.bare.default}"]),
        "ref": lambda _, given: _ref(hub, given["qualifiedName"]),
        "object": lambda _, given: _object(hub, str(given.get("oid") or given.get("expression"))),
        "issue": lambda _, given: _numbered(hub, given["number"], "Issue"),
        "pullRequest": lambda _, given: _numbered(hub, given["number"], "PullRequest"),
        "issueOrPullRequest": lambda _, given: _numbered(hub, given["number"], ""),
        "issues": lambda _, given: _issues(hub, given),
    }


def _ref(hub: Hub, name: str) -> Node | None:
    names = [name] if name.startswith("refs/") else [f"refs/heads/{name}", f"refs/tags/{name}"]
    return next((Node("Ref", hub.refs[one]) for one in names if one in hub.refs), None)


def _object(hub: Hub, revision: str) -> Node | None:
    sha = hub.bare.resolve(revision)
    return Node("Commit", hub.bare.commit(sha)) if sha else None


def _numbered(hub: Hub, number: int, kind: str) -> Node:
    issue = hub.issues.get(number)
    found = "" if issue is None else "PullRequest" if isinstance(issue, Pull) else "Issue"
    if not found or kind not in {"", found}:
        named = kind or "issue or pull request"
        raise Missing(
            f"Could not resolve to {'a' if kind == 'PullRequest' else 'an'} {named} with the number of {number}."
        )
    return Node(found, issue)


def _issues(hub: Hub, given: Mapping[str, Any]) -> Connection:
    states = {str(state).lower() for state in given.get("states") or ("open", "closed")}
    labels = {str(name).lower() for name in given.get("labels") or ()}
    known = [
        issue
        for issue in hub.issues.values()
        if not isinstance(issue, Pull)
        and issue.state in states
        and (not labels or labels & {name.lower() for name in issue.labels})
    ]
    return Connection(known, lambda issue: Node("Issue", issue))


def _of_ref(hub: Hub) -> dict[str, Any]:
    def compare(ref: Any, given: Mapping[str, Any]) -> Node | None:
        head = hub.bare.resolve(str(given["headRef"]))
        return Node("Comparison", (ref.peeled, head)) if head else None

    return {
        "name": lambda ref, _: ref.name.split("/", 2)[2],
        "prefix": lambda ref, _: "/".join(ref.name.split("/", 2)[:2]) + "/",
        "target": lambda ref, _: Node("Commit", hub.bare.commit(ref.peeled)),
        "compare": compare,
    }


def _of_comparison(hub: Hub) -> dict[str, Any]:
    def commits(ends: tuple[str, str], _: object) -> Connection:
        return Connection(hub.bare.span(*ends), lambda sha: Node("Commit", hub.bare.commit(sha)))

    def status(ends: tuple[str, str], _: object) -> str:
        ahead, behind = hub.bare.span(*ends), hub.bare.span(*ends[::-1])
        return "DIVERGED" if ahead and behind else "AHEAD" if ahead else "BEHIND" if behind else "IDENTICAL"

    return {
        "aheadBy": lambda ends, _: len(hub.bare.span(*ends)),
        "behindBy": lambda ends, _: len(hub.bare.span(*ends[::-1])),
        "status": status,
        "commits": commits,
    }


def _of_commit(hub: Hub) -> dict[str, Any]:
    def pulls(commit: Commit, _: object) -> Connection:
        return Connection(bringing(hub, commit.sha), lambda pull: Node("PullRequest", pull))

    return {
        "id": lambda one, _: node("C", one.sha),
        "oid": lambda one, _: one.sha,
        "abbreviatedOid": lambda one, _: one.sha[:7],
        "url": lambda one, _: commit_view(hub, one)["html_url"],
        "message": lambda one, _: one.message,
        "messageHeadline": lambda one, _: one.subject,
        "messageBody": lambda one, _: one.message.partition("\n\n")[2],
        "committedDate": lambda one, _: one.committer.date,
        "authoredDate": lambda one, _: one.author.date,
        "author": lambda one, _: Node("GitActor", one.author),
        "associatedPullRequests": pulls,
    }


def _of_issue(hub: Hub) -> dict[str, Any]:
    def labels(issue: Issue, _: object) -> Connection:
        return Connection([hub.label(name) for name in issue.labels], partial(Node, "Label"))

    def milestone(issue: Issue, _: object) -> Node | None:
        known = hub.milestones.get(issue.milestone or 0)
        return Node("Milestone", known) if known else None

    return {
        "id": lambda one, _: node("I", one.id),
        "number": lambda one, _: one.number,
        "title": lambda one, _: one.title,
        "body": lambda one, _: one.body or "",
        "url": lambda one, _: issue_view(hub, one)["html_url"],
        "state": lambda one, _: one.state.upper(),
        "stateReason": lambda one, _: one.reason.upper() if one.reason else None,
        "createdAt": lambda one, _: stamp(one.created),
        "updatedAt": lambda one, _: stamp(one.updated),
        "closedAt": lambda one, _: stamp(one.closed) if one.closed else None,
        "closed": lambda one, _: one.state == "closed",
        "author": lambda one, _: Node("Bot" if one.user.endswith("[bot]") else "User", one.user),
        "labels": labels,
        "milestone": milestone,
    }


def _of_pull(hub: Hub) -> dict[str, Any]:
    def issues(pull: Pull, _: object) -> Connection:
        known = [hub.issues[number] for number in closes(hub, pull) if number in hub.issues]
        return Connection(known, partial(Node, "Issue"))

    def merge(pull: Pull, _: object) -> Node | None:
        return Node("Commit", hub.bare.commit(pull.merge_sha)) if pull.merge_sha else None

    return {
        "state": lambda one, _: "MERGED" if one.merged is not None else one.state.upper(),
        "merged": lambda one, _: one.merged is not None,
        "mergedAt": lambda one, _: stamp(one.merged) if one.merged else None,
        "baseRefName": lambda one, _: one.base,
        "headRefName": lambda one, _: one.head,
        "baseRefOid": lambda one, _: ends(hub, one)[0],
        "headRefOid": lambda one, _: ends(hub, one)[1],
        "isDraft": lambda one, _: one.draft,
        "mergeCommit": merge,
        "closingIssuesReferences": issues,
    }
