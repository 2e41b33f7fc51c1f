"""GitHub's graph as far as our queries go: commits, their pull requests, the issues those close."""

from collections.abc import Mapping
from typing import Any

from .connection import Connection, Missing, Node
from .execution import Resolver
from .history import commit_view
from .hub import Hub, node
from .issues import view as issue_view
from .objects import Issue, Pull, stamp
from .pulls import bringing, closes, ends
from .records import Commit


def kinds(hub: Hub) -> dict[str, dict[str, Resolver]]:
    """Return, for each type, what gives its fields."""
    return {
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


def repository(hub: Hub, given: Mapping[str, Any]) -> Node:
    """Return the repository that is asked for."""
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
    return Connection.of("Issue", known)


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
        known = hub.bare.span(*ends)
        return Connection(known, lambda part: [Node("Commit", commit) for commit in hub.bare.commits(part)])

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
        return Connection.of("PullRequest", bringing(hub, commit.sha))

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
        return Connection.of("Label", [hub.label(name) for name in issue.labels])

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
        "repository": lambda *_: Node("Repository"),
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
        return Connection.of("Issue", known)

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
