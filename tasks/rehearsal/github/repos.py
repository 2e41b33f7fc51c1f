"""The repository itself, its labels and milestones, and who is asking."""

from typing import Any
from urllib.parse import quote

from ..server import Answer
from .hub import Hub, node
from .objects import Label, Milestone, stamp
from .routing import Call, Invalid, Routes, listed, plain

calls = Routes()
REPO = "/repos/{owner}/{repo}"
_ID = 4242
_ADDRESSES = {
    "archive_url": "{archive_format}{/ref}", "assignees_url": "assignees{/user}", "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}", "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}", "commits_url": "commits{/sha}", "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}", "contributors_url": "contributors", "deployments_url": "deployments",
    "downloads_url": "downloads", "events_url": "events", "forks_url": "forks", "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}", "git_tags_url": "git/tags{/sha}", "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}", "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}", "keys_url": "keys{/key_id}", "labels_url": "labels{/name}",
    "languages_url": "languages", "merges_url": "merges", "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}", "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}", "stargazers_url": "stargazers", "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers", "subscription_url": "subscription", "tags_url": "tags", "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}  # fmt: skip


def minimal(hub: Hub) -> dict[str, Any]:
    """Return the repository as runs and the like contain it."""
    return {
        "id": _ID,
        "node_id": node("R", _ID),
        "name": hub.name,
        "full_name": hub.full_name,
        "owner": hub.person(hub.owner),
        "private": False,
        "html_url": hub.web,
        "description": "a sandbox",
        "fork": False,
        "url": hub.api,
        **{name: f"{hub.api}/{rest}" for name, rest in _ADDRESSES.items()},
    }


def full(hub: Hub) -> dict[str, Any]:
    """Return the repository as pull requests contain it."""
    opened = sum(issue.state == "open" for issue in hub.issues.values())
    numbers = {"forks": 0, "stargazers": 0, "watchers": 0, "open_issues": opened}
    flags = dict.fromkeys(("projects", "wiki", "downloads"), True) | {"pages": False, "discussions": False}
    flags["issues"] = hub.tracked
    return {
        **minimal(hub),
        **{f"{name}_count": count for name, count in numbers.items()},
        **{name: count for name, count in numbers.items() if name != "stargazers"},
        **{f"has_{name}": flag for name, flag in flags.items()},
        "clone_url": f"{hub.web}.git",
        "git_url": f"git://github.com/{hub.full_name}.git",
        "ssh_url": f"git@github.com:{hub.full_name}.git",
        "svn_url": hub.web,
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "license": None,
        "size": 1,
        "default_branch": hub.bare.default,
        "archived": hub.archived,
        "disabled": False,
        "visibility": "public",
        "pushed_at": "2024-01-01T00:00:00Z",
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
    }


@calls.on("GET", REPO)
def repository(call: Call) -> Answer:
    """Give the repository."""
    allowed = dict.fromkeys(("allow_squash_merge", "allow_merge_commit", "allow_rebase_merge"), True)
    rights = {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True}
    return plain({**full(call.hub), **allowed, "permissions": rights, "network_count": 0, "subscribers_count": 0})


@calls.on("GET", "/user")
def user(call: Call) -> Answer:
    """Give whose token it is."""
    nobody = dict.fromkeys(("bio", "company", "email", "hireable", "location"))
    counts = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    dates = dict.fromkeys(("created_at", "updated_at"), "2020-01-01T00:00:00Z")
    login = call.hub.user
    return plain({**call.hub.person(login), **nobody, **counts, **dates, "blog": "", "name": login.capitalize()})


@calls.on("GET", "/rate_limit")
def rate_limit(call: Call) -> Answer:
    """Tell how much of each budget is left."""
    kinds = {kind: dict(call.hub.gate.state(kind, call.request)) for kind in ("core", "graphql")}
    plainly = {kind: {name: value for name, value in one.items() if name != "resource"} for kind, one in kinds.items()}
    return plain({"resources": {**plainly, "search": plainly["core"]}, "rate": plainly["core"]})


def label_view(hub: Hub, label: Label) -> dict[str, Any]:
    """Return a label."""
    return {
        "id": label.id,
        "node_id": node("LA", label.id),
        "url": f"{hub.api}/labels/{quote(label.name)}",
        "name": label.name,
        "color": label.color,
        "default": label.name in {"bug", "documentation", "enhancement"},
        "description": label.description,
    }


@calls.on("GET", f"{REPO}/labels", "issues=read")
def labels(call: Call) -> Answer:
    """List the labels."""
    return listed(call, list(call.hub.labels.values()), lambda label: label_view(call.hub, label))


@calls.on("POST", f"{REPO}/labels", "issues=write")
def make_label(call: Call) -> Answer:
    """Make a label."""
    name = str(call.sent.get("name", ""))
    if not name:
        raise Invalid("Label", "missing_field", "name")
    if any(label.name.lower() == name.lower() for label in call.hub.labels.values()):
        raise Invalid("Label", "already_exists", "name")
    label = call.hub.label(name)
    label.color = call.sent.get("color", label.color)
    label.description = call.sent.get("description")
    return plain(label_view(call.hub, label), 201)


def milestone_view(hub: Hub, milestone: Milestone) -> dict[str, Any]:
    """Return a milestone."""
    states = [issue.state for issue in hub.issues.values() if issue.milestone == milestone.number]
    address = f"{hub.api}/milestones/{milestone.number}"
    return {
        "id": milestone.id,
        "node_id": node("MI", milestone.id),
        "number": milestone.number,
        "url": address,
        "html_url": f"{hub.web}/milestone/{milestone.number}",
        "labels_url": f"{address}/labels",
        "title": milestone.title,
        "description": None,
        "creator": hub.person(hub.owner),
        "state": milestone.state,
        "open_issues": states.count("open"),
        "closed_issues": states.count("closed"),
        "due_on": stamp(milestone.due) if milestone.due else None,
        "closed_at": None,
        "created_at": stamp(milestone.created),
        "updated_at": stamp(milestone.created),
    }


@calls.on("GET", f"{REPO}/milestones", "issues=read")
def milestones(call: Call) -> Answer:
    """List the milestones."""
    state = call.request.one("state", "open")
    known = [one for one in call.hub.milestones.values() if state in {"all", one.state}]
    return listed(call, known, lambda one: milestone_view(call.hub, one))
