"""Releases: drafts, candidates, and which one is the latest."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..server import Answer
from .assets import asset_view
from .hub import Hub, node
from .notes import generated
from .objects import Release, stamp
from .repos import REPO
from .routing import Call, Invalid, Problem, Routes, found, listed, plain

calls = Routes()
_TEMPLATE = "{?name,label}"


def view(hub: Hub, release: Release) -> dict[str, Any]:
    """Return a release."""
    address, tag = f"{hub.api}/releases/{release.id}", quote(release.tag)
    return {
        "id": release.id,
        "node_id": node("RE", release.id),
        "url": address,
        "html_url": f"{hub.web}/releases/tag/{tag}",
        "assets_url": f"{address}/assets",
        "upload_url": f"{address}/assets{_TEMPLATE}",
        "tarball_url": None if release.draft else f"{hub.api}/tarball/{tag}",
        "zipball_url": None if release.draft else f"{hub.api}/zipball/{tag}",
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.name,
        "body": release.body,
        "draft": release.draft,
        "prerelease": release.prerelease,
        "immutable": release.immutable,
        "created_at": stamp(release.created),
        "updated_at": stamp(release.published or release.created),
        "published_at": stamp(release.published) if release.published else None,
        "author": hub.person(release.user),
        "assets": [asset_view(hub, release, asset) for asset in release.assets],
    }


def latest(hub: Hub) -> Release | None:
    """Return the latest release: the one that was made it, else the newest that is neither draft nor candidate."""
    known = [one for one in hub.releases.values() if not one.draft and not one.prerelease]
    return max(known, key=lambda one: (one.latest, one.created, one.id), default=None)


def tagged(hub: Hub, tag: str) -> Release | None:
    """Return the release of a tag; a draft has none yet."""
    return next((one for one in hub.releases.values() if one.tag == tag and not one.draft), None)


@calls.on("GET", f"{REPO}/releases", "contents=read")
def releases(call: Call) -> Answer:
    """List the releases, newest first."""
    known = sorted(call.hub.releases.values(), key=lambda one: (one.created, one.id), reverse=True)
    return listed(call, known, lambda one: view(call.hub, one))


@calls.on("GET", f"{REPO}/releases/latest", "contents=read")
def the_latest(call: Call) -> Answer:
    """Give the latest release."""
    return plain(view(call.hub, found(latest(call.hub))))


@calls.on("GET", f"{REPO}/releases/tags/{{tag*}}", "contents=read")
def by_tag(call: Call) -> Answer:
    """Give the release of a tag."""
    return plain(view(call.hub, found(tagged(call.hub, call.values["tag"]))))


@calls.on("GET", f"{REPO}/releases/{{id}}", "contents=read")
def by_id(call: Call) -> Answer:
    """Give a release."""
    return plain(view(call.hub, found(call.hub.releases.get(call.number("id")))))


@calls.on("POST", f"{REPO}/releases", "contents=write")
def make(call: Call) -> Answer:
    """Make a release, and its tag where it is missing."""
    tag = str(call.sent.get("tag_name", ""))
    if not tag:
        raise Invalid("Release", "missing_field", "tag_name")
    release = released(call.hub, tag, call.sent, call.hub.user)
    return plain(view(call.hub, release), 201, Location=f"{call.hub.api}/releases/{release.id}")


def released(hub: Hub, tag: str, sent: Mapping[str, Any], user: str) -> Release:
    """Return a new release with what was sent for it."""
    if tagged(hub, tag) and not sent.get("draft"):
        raise Invalid("Release", "already_exists", "tag_name")
    target = str(sent.get("target_commitish") or hub.bare.default)
    release = Release(hub.id(), tag, target, hub.clock(), tag, user=user, draft=True)
    _apply(hub, release, {"draft": False, "make_latest": "true", **sent})
    if sent.get("generate_release_notes"):
        notes = generated(hub, tag, target)["body"]
        release.body = f"{release.body}\n\n{notes}" if release.body else notes
    hub.releases[release.id] = release
    return release


@calls.on("PATCH", f"{REPO}/releases/{{id}}", "contents=write")
def change(call: Call) -> Answer:
    """Change a release."""
    release = found(call.hub.releases.get(call.number("id")))
    if release.immutable and call.sent.keys() & {"tag_name", "target_commitish", "draft"}:
        raise Problem(422, "Cannot change an immutable release.")
    _apply(call.hub, release, call.sent)
    return plain(view(call.hub, release))


@calls.on("DELETE", f"{REPO}/releases/{{id}}", "contents=write")
def delete(call: Call) -> Answer:
    """Delete a release; its tag stays."""
    found(call.hub.releases.pop(call.number("id"), None))
    return Answer(204)


def _apply(hub: Hub, release: Release, sent: Mapping[str, Any]) -> None:
    if sent.get("make_latest", "true") not in {"true", "false", "legacy"}:
        raise Invalid("Release", "invalid", "make_latest")
    release.tag = str(sent.get("tag_name", release.tag))
    release.target = str(sent.get("target_commitish") or release.target)
    release.name = sent.get("name", release.name)
    release.body = sent.get("body", release.body)
    release.prerelease = bool(sent.get("prerelease", release.prerelease))
    if release.draft and not sent.get("draft", True):
        _publish(hub, release)
    release.draft = bool(sent.get("draft", release.draft))
    if sent.get("make_latest") == "false":
        release.latest = -1
    if sent.get("make_latest") == "true" and not release.draft and not release.prerelease:
        for other in hub.releases.values():
            other.latest = min(other.latest, 0)
        release.latest = 1


def _publish(hub: Hub, release: Release) -> None:
    name = f"refs/tags/{release.tag}"
    if name not in hub.refs:
        commit = hub.bare.resolve(release.target)
        if commit is None:
            raise Invalid("Release", "invalid", "target_commitish")
        hub.set_ref(name, commit)
    release.published = hub.clock()
    release.immutable = hub.immutable
