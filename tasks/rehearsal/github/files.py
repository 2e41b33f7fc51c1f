"""Contents: files and folders at a revision."""

from base64 import encodebytes
from typing import Any
from urllib.parse import quote

from ..server import Answer
from .hub import Hub
from .repos import REPO
from .routing import Call, NotFound, Problem, Routes, found, plain

calls = Routes()
_INLINE = 1024 * 1024  # larger files come without their content
_KINDS = {"blob": "file", "tree": "dir", "commit": "submodule"}


def _entry(hub: Hub, ref: str, path: str, kind: str, sha: str, size: int) -> dict[str, Any]:
    place, at = quote(path), quote(ref, safe="")
    address = f"{hub.api}/contents/{place}?ref={at}"
    part = "tree" if kind == "tree" else "blob"
    git = f"{hub.api}/git/{part}s/{sha}"
    shown = f"{hub.web}/{part}/{quote(ref)}/{place}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": size,
        "url": address,
        "html_url": shown,
        "git_url": git,
        "download_url": None
        if kind == "tree"
        else f"https://raw.githubusercontent.com/{hub.full_name}/{quote(ref)}/{place}",
        "type": _KINDS[kind],
        "_links": {"self": address, "git": git, "html": shown},
    }


@calls.on("GET", f"{REPO}/contents", "contents=read")
@calls.on("GET", f"{REPO}/contents/", "contents=read")
@calls.on("GET", f"{REPO}/contents/{{path*}}", "contents=read")
def contents(call: Call) -> Answer:
    """Give a file, or what is in a folder."""
    hub = call.hub
    path = call.values.get("path", "").strip("/")
    ref = call.request.one("ref") or hub.bare.default
    commit = hub.bare.resolve(ref)
    if commit is None:
        raise Problem(404, f"No commit found for the ref {ref}")
    kind, sha = found(hub.bare.entry(commit, path))
    if kind == "tree":
        return _folder(call, ref, path, sha)
    if kind != "blob":
        raise NotFound
    return _file(call, ref, path, sha)


def _folder(call: Call, ref: str, path: str, tree: str) -> Answer:
    lead = f"{path}/" if path else ""
    rows = call.hub.bare.listing(tree)
    return plain([_entry(call.hub, ref, f"{lead}{name}", kind, sha, size) for kind, sha, size, name in rows])


def _file(call: Call, ref: str, path: str, sha: str) -> Answer:
    content = call.hub.bare.blob(sha)
    if call.accepts("vnd.github.raw") or call.accepts("vnd.github.v3.raw"):
        return Answer(200, content, {"Content-Type": "application/vnd.github.raw+json; charset=utf-8"})
    small = len(content) <= _INLINE
    return plain(
        {
            **_entry(call.hub, ref, path, "blob", sha, len(content)),
            "content": encodebytes(content).decode() if small else "",
            "encoding": "base64" if small else "none",
        }
    )
