"""Issues and their comments."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from ..server import Answer
from .hub import Hub, node
from .objects import Issue, Pull, Reason, stamp
from .repos import REPO, label_view, milestone_view
from .routing import Call, Invalid, Routes, found, listed, plain

calls = Routes()
Known = TypeVar("Known", bound=Issue)


def common(hub: Hub, issue: Issue) -> dict[str, Any]:
    """Return what issues and pull requests have in common."""
    address = f"{hub.api}/issues/{issue.number}"
    milestone = hub.milestones.get(issue.milestone or 0)
    return {
        "id": issue.id,
        "node_id": node("I", issue.id),
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": issue.state,
        "locked": False,
        "user": hub.person(issue.user),
        "labels": [label_view(hub, hub.label(name)) for name in issue.labels],
        "milestone": milestone_view(hub, milestone) if milestone else None,
        "assignee": None,
        "assignees": [],
        "author_association": "NONE" if issue.user in hub.strangers else "MEMBER",
        "active_lock_reason": None,
        "comments_url": f"{address}/comments",
        "created_at": stamp(issue.created),
        "updated_at": stamp(issue.updated),
        "closed_at": stamp(issue.closed) if issue.closed else None,
    }


def view(hub: Hub, issue: Issue) -> dict[str, Any]:
    """Return an issue; a pull request as the list of issues contains it."""
    address = f"{hub.api}/issues/{issue.number}"
    content = {
        **common(hub, issue),
        "url": address,
        "repository_url": hub.api,
        "labels_url": f"{address}/labels{{/name}}",
        "events_url": f"{address}/events",
        "html_url": f"{hub.web}/issues/{issue.number}",
        "comments": sum(comment.number == issue.number for comment in hub.comments.values()),
        "state_reason": issue.reason,
    }
    if isinstance(issue, Pull):
        shown = f"{hub.web}/pull/{issue.number}"
        content["html_url"] = shown
        content["draft"] = issue.draft
        content["pull_request"] = {
            "url": f"{hub.api}/pulls/{issue.number}",
            "html_url": shown,
            "diff_url": f"{shown}.diff",
            "patch_url": f"{shown}.patch",
            "merged_at": stamp(issue.merged) if issue.merged else None,
        }
    return content


def alone(hub: Hub, issue: Issue) -> dict[str, Any]:
    """Return an issue as its own call gives it."""
    closer = hub.person(issue.closed_by) if issue.closed_by else None
    return {**view(hub, issue), "closed_by": closer}


@calls.on("GET", f"{REPO}/issues", "issues=read")
def issues(call: Call) -> Answer:
    """List issues, pull requests among them, newest first."""
    known = [issue for issue in call.hub.issues.values() if _wanted(call, issue)]
    return listed(call, in_order(call, known), lambda issue: view(call.hub, issue))


def in_order(call: Call, known: Sequence[Known]) -> list[Known]:
    """Return issues or pull requests in the order that a call asks for: by default the newest first."""
    updated = call.request.one("sort") == "updated"
    newest_first = call.request.one("direction", "desc") == "desc"
    return sorted(known, key=lambda one: (one.updated if updated else one.created, one.number), reverse=newest_first)


def _wanted(call: Call, issue: Issue) -> bool:
    one = call.request.one
    labels = {name.lower() for name in one("labels").split(",") if name}
    since = one("since")
    return (
        one("state", "open") in {"all", issue.state}
        and labels <= {name.lower() for name in issue.labels}
        and (not one("milestone") or _planned(one("milestone"), issue.milestone))
        and (not one("creator") or one("creator") == issue.user)
        and (not since or issue.updated >= datetime.fromisoformat(since).timestamp())
    )


def _planned(wanted: str, milestone: int | None) -> bool:
    if wanted in {"*", "none"}:
        return (milestone is not None) == (wanted == "*")
    return wanted == str(milestone)


def existing(call: Call) -> Issue:
    """Return the issue that a call names."""
    return found(call.hub.issues.get(call.number("number")))


@calls.on("POST", f"{REPO}/issues", "issues=write")
def make(call: Call) -> Answer:
    """Make an issue."""
    sent = call.sent
    if not sent.get("title"):
        raise Invalid("Issue", "missing_field", "title")
    now = call.hub.clock()
    issue = Issue(call.hub.id(), call.hub.number(), str(sent["title"]), call.hub.user, now, now)
    _apply(call.hub, issue, sent)
    call.hub.issues[issue.number] = issue
    place = f"{call.hub.api}/issues/{issue.number}"
    return plain(alone(call.hub, issue), 201, Location=place)


@calls.on("GET", f"{REPO}/issues/{{number}}", "issues=read")
def issue(call: Call) -> Answer:
    """Give an issue."""
    return plain(alone(call.hub, existing(call)))


@calls.on("PATCH", f"{REPO}/issues/{{number}}", "issues=write")
def change(call: Call) -> Answer:
    """Change an issue. A reason counts only where the state changes."""
    known = existing(call)
    _apply(call.hub, known, call.sent)
    if "state" in call.sent:
        set_state(call.hub, known, call.sent["state"], call.sent.get("state_reason"), call.hub.user)
    return plain(alone(call.hub, known))


def _apply(hub: Hub, issue: Issue, sent: Mapping[str, Any]) -> None:
    """Change what issues and pull requests have in common."""
    if sent.get("milestone") is not None and int(sent["milestone"]) not in hub.milestones:
        raise Invalid("Issue", "invalid", "milestone")
    issue.title = str(sent.get("title", issue.title))
    issue.body = sent.get("body", issue.body)
    if "milestone" in sent:
        issue.milestone = None if sent["milestone"] is None else int(sent["milestone"])
    if "labels" in sent:
        names = [one if isinstance(one, str) else one["name"] for one in sent["labels"] or []]
        issue.labels = [hub.label(name).name for name in dict.fromkeys(names)]
    issue.updated = hub.clock()


def set_state(hub: Hub, issue: Issue, state: str, reason: Reason | None, who: str) -> None:
    """Close or open an issue or a pull request."""
    if state not in {"open", "closed"}:
        raise Invalid("Issue", "invalid", "state")
    if state == issue.state:
        return
    issue.state = state
    issue.updated = hub.clock()
    issue.closed = hub.clock() if state == "closed" else None
    issue.closed_by = who if state == "closed" else None
    if not isinstance(issue, Pull):
        issue.reason = (reason or "completed") if state == "closed" else "reopened"
