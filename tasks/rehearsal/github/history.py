"""Commits: one, a list, a comparison, and the pull requests that brought one."""

from typing import Any
from urllib.parse import quote

from ..server import Answer
from .hub import Hub, node
from .objects import Pull
from .pulls import bringing, simple
from .records import Change, Commit, Person
from .repos import REPO
from .routing import Call, Problem, Routes, found, listed, paged, plain

calls = Routes()
_UNPAGED = 250
_FILES = 300


def commit_view(hub: Hub, commit: Commit) -> dict[str, Any]:
    """Return a commit as lists contain it."""
    address = f"{hub.api}/commits/{commit.sha}"
    return {
        "sha": commit.sha,
        "node_id": node("C", commit.sha),
        "url": address,
        "html_url": f"{hub.web}/commit/{commit.sha}",
        "comments_url": f"{address}/comments",
        "commit": {
            "url": f"{hub.api}/git/commits/{commit.sha}",
            "author": _person(commit.author),
            "committer": _person(commit.committer),
            "message": commit.message,
            "comment_count": 0,
            "tree": {"sha": commit.tree, "url": f"{hub.api}/git/trees/{commit.tree}"},
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "author": None,
        "committer": None,
        "parents": [
            {"sha": sha, "url": f"{hub.api}/commits/{sha}", "html_url": f"{hub.web}/commit/{sha}"}
            for sha in commit.parents
        ],
    }


def _person(person: Person) -> dict[str, str]:
    return {"name": person.name, "email": person.email, "date": person.date}


def _change(hub: Hub, commit: str, change: Change) -> dict[str, Any]:
    path = quote(change.path)
    return {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{hub.web}/blob/{commit}/{path}",
        "raw_url": f"{hub.web}/raw/{commit}/{path}",
        "contents_url": f"{hub.api}/contents/{path}?ref={commit}",
    }


def detailed(hub: Hub, commit: Commit) -> dict[str, Any]:
    """Return a commit with the files that it changed."""
    changes = hub.bare.changes(commit.parents[0] if commit.parents else None, commit.sha)
    plus, minus = sum(one.additions for one in changes), sum(one.deletions for one in changes)
    return {
        **commit_view(hub, commit),
        "stats": {"additions": plus, "deletions": minus, "total": plus + minus},
        "files": [_change(hub, commit.sha, one) for one in changes[:_FILES]],
    }


def resolved(hub: Hub, revision: str) -> str:
    """Return the commit that a revision names; else the answer is 422."""
    sha = hub.bare.resolve(revision)
    if sha is None:
        raise Problem(422, f"No commit found for SHA: {revision}")
    return sha


@calls.on("GET", f"{REPO}/commits/{{sha}}/pulls", "pull_requests=read")
def pulls_of(call: Call) -> Answer:
    """List the pull requests that brought a commit, as GitHub tells them."""
    hub = call.hub
    known: list[Pull] = bringing(hub, resolved(hub, call.values["sha"]))
    return listed(call, known, lambda pull: simple(hub, pull))


@calls.on("GET", f"{REPO}/commits", "contents=read")
def commits(call: Call) -> Answer:
    """List the commits of a branch, newest first."""
    hub = call.hub
    head = found(hub.bare.resolve(call.request.one("sha") or hub.bare.default))
    page = paged(call, hub.bare.span(None, head)[::-1])
    return plain([commit_view(hub, one) for one in hub.bare.commits(page.items)], 200, **page.headers)


@calls.on("GET", f"{REPO}/compare/{{base*}}...{{head*}}", "contents=read")
def compare(call: Call) -> Answer:
    """Compare two revisions."""
    hub = call.hub
    base, head = (found(hub.bare.resolve(call.values[end].rpartition(":")[2])) for end in ("base", "head"))
    common = found(hub.bare.merge_base(base, head))
    ahead = hub.bare.span(base, head)
    behind = hub.bare.span(head, base)
    # Without paging the list ends with the newest commit; with it, page 1 begins with the oldest.
    plainly = not call.request.query.keys() & {"page", "per_page"}
    page = paged(call, ahead[-_UNPAGED:], _UNPAGED) if plainly else paged(call, ahead)
    ends = "...".join(quote(call.values[end]) for end in ("base", "head"))
    shown = f"{hub.web}/compare/{ends}"
    first, ancestor = hub.bare.commits([base, common])
    content: dict[str, Any] = {
        "url": f"{hub.api}/compare/{ends}",
        "html_url": shown,
        "permalink_url": f"{hub.web}/compare/{hub.owner}:{base[:7]}...{hub.owner}:{head[:7]}",
        "diff_url": f"{shown}.diff",
        "patch_url": f"{shown}.patch",
        "base_commit": commit_view(hub, first),
        "merge_base_commit": commit_view(hub, ancestor),
        "status": _relation(len(ahead), len(behind)),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [commit_view(hub, one) for one in hub.bare.commits(page.items)],
    }
    if page.number == 1:
        content["files"] = [_change(hub, head, one) for one in hub.bare.changes(common, head)[:_FILES]]
    return plain(content, 200, **page.headers)


def _relation(ahead: int, behind: int) -> str:
    if ahead and behind:
        return "diverged"
    return "ahead" if ahead else "behind" if behind else "identical"


# Last, because its path is open at the end.
@calls.on("GET", f"{REPO}/commits/{{ref*}}", "contents=read")
def commit(call: Call) -> Answer:
    """Give a commit."""
    sha = resolved(call.hub, call.values["ref"])
    if call.accepts("vnd.github.sha"):
        return Answer(200, sha.encode(), {"Content-Type": "application/vnd.github.sha"})
    return plain(detailed(call.hub, call.hub.bare.commit(sha)))
