"""Pull requests: which commits they bring, which issues they close, how they are opened and changed."""

import re
from typing import Any

from ..server import Answer
from .hub import Hub, node
from .issues import common, in_order, set_state
from .objects import Pull, stamp
from .repos import REPO, full
from .routing import Call, Invalid, Routes, found, listed, plain

calls = Routes()
_CLOSING = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+"


def closing(hub: Hub, text: str | None) -> tuple[int, ...]:
    """Return the issues that a text closes, by the keywords that GitHub knows."""
    here = re.escape(hub.full_name)
    target = rf"(?:(?:{here})?#|GH-|https://github\.com/{here}/issues/)(\d+)\b"
    numbers = (int(match[1]) for match in re.finditer(_CLOSING + target, text or "", re.IGNORECASE))
    return tuple(number for number in dict.fromkeys(numbers) if number in hub.issues)


def closes(hub: Hub, pull: Pull) -> tuple[int, ...]:
    """Return the issues that a pull request closes; only one into the default branch does, unless it was told."""
    if pull.closes is not None:
        return pull.closes
    return closing(hub, pull.body) if pull.base == hub.bare.default else ()


def ends(hub: Hub, pull: Pull) -> tuple[str, str]:
    """Return the commits at a pull request's base and head; they move until it is closed."""
    if pull.state == "open":
        pull.base_sha = hub.branch(pull.base) or pull.base_sha
        pull.head_sha = hub.branch(pull.head) or pull.head_sha
    return pull.base_sha, pull.head_sha


def brought(hub: Hub, pull: Pull) -> tuple[str, ...]:
    """Return the commits of a pull request, oldest first."""
    if pull.commits is not None:
        return pull.commits
    base, head = ends(hub, pull)
    return tuple(hub.bare.span(base, head)) if base and head else ()


def bringing(hub: Hub, sha: str) -> list[Pull]:
    """Return the pull requests of a commit: merged ones; open ones too when it is not on the default branch."""
    default = hub.branch(hub.bare.default)
    known = [pull for pull in hub.pulls if sha == pull.merge_sha or sha in brought(hub, pull)]
    if default is not None and hub.bare.ancestor(sha, default):
        return [pull for pull in known if pull.merged is not None]
    return [pull for pull in known if pull.merged is not None or pull.state == "open"]


def _end(hub: Hub, name: str, sha: str) -> dict[str, Any]:
    repository, owner = full(hub), hub.person(hub.owner)
    return {"label": f"{hub.owner}:{name}", "ref": name, "sha": sha, "user": owner, "repo": repository}


def simple(hub: Hub, pull: Pull) -> dict[str, Any]:
    """Return a pull request as lists contain it."""
    base, head = ends(hub, pull)
    address, shown = f"{hub.api}/pulls/{pull.number}", f"{hub.web}/pull/{pull.number}"
    links = {
        "self": address,
        "html": shown,
        "issue": f"{hub.api}/issues/{pull.number}",
        "comments": f"{hub.api}/issues/{pull.number}/comments",
        "review_comments": f"{address}/comments",
        "review_comment": f"{hub.api}/pulls/comments{{/number}}",
        "commits": f"{address}/commits",
        "statuses": f"{hub.api}/statuses/{head}",
    }
    return {
        **common(hub, pull),
        **{f"{name}_url": link for name, link in links.items() if name not in {"self", "html"}},
        "url": address,
        "html_url": shown,
        "diff_url": f"{shown}.diff",
        "patch_url": f"{shown}.patch",
        "node_id": node("PR", pull.id),
        "merged_at": stamp(pull.merged) if pull.merged else None,
        "merge_commit_sha": pull.merge_sha,
        "head": _end(hub, pull.head, head),
        "base": _end(hub, pull.base, base),
        "draft": pull.draft,
        "requested_reviewers": [],
        "requested_teams": [],
        "auto_merge": None,
        "_links": {name: {"href": link} for name, link in links.items()},
    }


def whole(hub: Hub, pull: Pull) -> dict[str, Any]:
    """Return a pull request as its own call gives it."""
    base, head = ends(hub, pull)
    changes = hub.bare.changes(hub.bare.merge_base(base, head), head) if base and head else []
    mergeable = _mergeable(hub, pull)
    return {
        **simple(hub, pull),
        "merged": pull.merged is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": {None: "unknown", True: "clean", False: "dirty"}[mergeable],
        "merged_by": hub.person(pull.merged_by) if pull.merged_by else None,
        "comments": sum(comment.number == pull.number for comment in hub.comments.values()),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(brought(hub, pull)),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }


def _mergeable(hub: Hub, pull: Pull) -> bool | None:
    """Return whether it can be merged; that is unknown the first time after an end moved."""
    if pull.state != "open":
        return None
    base, head = ends(hub, pull)
    if pull.judged_head != f"{base} {head}":
        pull.judged_head = f"{base} {head}"
        return None
    return hub.bare.merged_tree(base, head) is not None


def _bare_name(call: Call, name: str) -> str:
    return name.removeprefix(f"{call.hub.owner}:")


@calls.on("GET", f"{REPO}/pulls", "pull_requests=read")
def pulls(call: Call) -> Answer:
    """List pull requests, newest first."""
    one = call.request.one
    known = [
        pull
        for pull in call.hub.pulls
        if one("state", "open") in {"all", pull.state}
        and (not one("head") or one("head") == f"{call.hub.owner}:{pull.head}")
        and (not one("base") or one("base") == pull.base)
    ]
    return listed(call, in_order(call, known), lambda pull: simple(call.hub, pull))


def existing(call: Call) -> Pull:
    """Return the pull request that a call names."""
    pull = call.hub.issues.get(call.number("number"))
    return found(pull if isinstance(pull, Pull) else None)


@calls.on("GET", f"{REPO}/pulls/{{number}}", "pull_requests=read")
def pull(call: Call) -> Answer:
    """Give a pull request."""
    return plain(whole(call.hub, existing(call)))


@calls.on("POST", f"{REPO}/pulls", "pull_requests=write")
def make(call: Call) -> Answer:
    """Open a pull request."""
    hub, sent = call.hub, call.sent
    for name in ("head", "base"):
        if not sent.get(name):
            raise Invalid("PullRequest", "missing_field", name)
        if hub.branch(_bare_name(call, sent[name])) is None:
            raise Invalid("PullRequest", "invalid", name)
    head, base = _bare_name(call, sent["head"]), _bare_name(call, sent["base"])
    if any(one.state == "open" and (one.head, one.base) == (head, base) for one in hub.pulls):
        message = f"A pull request already exists for {hub.owner}:{head}."
        raise Invalid("PullRequest", "custom", message=message)
    new = opened(hub, str(sent.get("title", head)), sent.get("body"), base, head, hub.user)
    new.draft = bool(sent.get("draft"))
    return plain(whole(hub, new), 201, Location=f"{hub.api}/pulls/{new.number}")


def opened(hub: Hub, title: str, body: str | None, base: str, head: str, user: str) -> Pull:
    """Return a new pull request; there must be commits for it."""
    ends_ = found(hub.branch(base)), found(hub.branch(head))
    if not hub.bare.span(*ends_):
        raise Invalid("PullRequest", "custom", message=f"No commits between {base} and {head}")
    now = hub.clock()
    pull = Pull(hub.id(), hub.number(), title, user, now, now, body, base=base, head=head)
    pull.base_sha, pull.head_sha = ends_
    hub.open(pull)
    return pull


@calls.on("PATCH", f"{REPO}/pulls/{{number}}", "pull_requests=write")
def change(call: Call) -> Answer:
    """Change a pull request."""
    hub, known, sent = call.hub, existing(call), call.sent
    known.title = str(sent.get("title", known.title))
    known.body = sent.get("body", known.body)
    known.updated = hub.clock()
    if "base" in sent:
        if hub.branch(sent["base"]) is None:
            raise Invalid("PullRequest", "invalid", "base")
        known.base = sent["base"]
    if "state" in sent:
        ends(hub, known)
        set_state(hub, known, sent["state"], None, hub.user)
    return plain(whole(hub, known))
