"""Comments on issues and pull requests."""

from typing import Any

from ..server import Answer
from .hub import Hub, node
from .issues import existing
from .objects import Comment, Pull, stamp
from .repos import REPO
from .routing import Call, Invalid, Routes, found, listed, plain

calls = Routes()


def _view(hub: Hub, comment: Comment) -> dict[str, Any]:
    """Return a comment."""
    kind = "pull" if isinstance(hub.issues[comment.number], Pull) else "issues"
    return {
        "id": comment.id,
        "node_id": node("IC", comment.id),
        "url": f"{hub.api}/issues/comments/{comment.id}",
        "html_url": f"{hub.web}/{kind}/{comment.number}#issuecomment-{comment.id}",
        "issue_url": f"{hub.api}/issues/{comment.number}",
        "body": comment.body,
        "user": hub.person(comment.user),
        "author_association": "MEMBER",
        "created_at": stamp(comment.created),
        "updated_at": stamp(comment.updated),
    }


@calls.on("GET", f"{REPO}/issues/{{number}}/comments", "issues=read")
def comments(call: Call) -> Answer:
    """List an issue's comments, oldest first."""
    number = existing(call).number
    known = [comment for comment in call.hub.comments.values() if comment.number == number]
    return listed(call, known, lambda comment: _view(call.hub, comment))


@calls.on("POST", f"{REPO}/issues/{{number}}/comments", "issues=write")
def make_comment(call: Call) -> Answer:
    """Comment on an issue or a pull request."""
    issue, body = existing(call), call.sent.get("body")
    if not body:
        raise Invalid("IssueComment", "missing_field", "body")
    now = call.hub.clock()
    comment = Comment(call.hub.id(), issue.number, str(body), call.hub.user, now, now)
    call.hub.comments[comment.id] = comment
    issue.updated = now
    return plain(_view(call.hub, comment), 201)


@calls.on("PATCH", f"{REPO}/issues/comments/{{id}}", "issues=write")
def change_comment(call: Call) -> Answer:
    """Change a comment."""
    comment = found(call.hub.comments.get(call.number("id")))
    comment.body = str(call.sent.get("body", comment.body))
    comment.updated = call.hub.clock()
    return plain(_view(call.hub, comment))


@calls.on("GET", f"{REPO}/issues/comments/{{id}}", "issues=read")
def comment(call: Call) -> Answer:
    """Give a comment."""
    return plain(_view(call.hub, found(call.hub.comments.get(call.number("id")))))
