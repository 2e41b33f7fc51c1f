"""Commits as git's own objects."""

from ..server import Answer
from .history import commit_view
from .repos import REPO
from .routing import Call, Routes, found, plain

calls = Routes()
_SHARED = ("sha", "node_id", "html_url", "parents")
_OWN = ("author", "committer", "message", "tree", "verification", "url")


@calls.on("GET", f"{REPO}/git/commits/{{sha}}", "contents=read")
def commit(call: Call) -> Answer:
    """Give a commit by its id."""
    view = commit_view(call.hub, call.hub.bare.commit(found(call.hub.bare.resolve(call.values["sha"]))))
    return plain({name: view[name] for name in _SHARED} | {name: view["commit"][name] for name in _OWN})
