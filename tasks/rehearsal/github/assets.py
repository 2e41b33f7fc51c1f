"""The files of releases: listed, uploaded, downloaded by way of a redirect."""

from typing import Any
from urllib.parse import quote

from ..server import Answer
from .hub import Hub, node
from .objects import Asset, Release, stamp
from .repos import REPO
from .routing import Call, Invalid, Problem, Routes, found, listed, plain, redirect

calls = Routes()


def asset_view(hub: Hub, release: Release, asset: Asset) -> dict[str, Any]:
    """Return an asset."""
    page = f"{hub.url}/{hub.full_name}/releases/download/{quote(release.tag, safe='')}"
    return {
        "id": asset.id,
        "node_id": node("RA", asset.id),
        "url": f"{hub.api}/releases/assets/{asset.id}",
        "browser_download_url": f"{page}/{quote(asset.name)}",
        "name": asset.name,
        "label": asset.label,
        "state": asset.state,
        "content_type": asset.media,
        "size": len(asset.content),
        "digest": asset.digest,
        "download_count": asset.downloads,
        "created_at": stamp(asset.created),
        "updated_at": stamp(asset.created),
        "uploader": hub.person(release.user),
    }


def _existing(call: Call) -> tuple[Release, Asset]:
    number = call.number("id")
    pairs = ((release, asset) for release in call.hub.releases.values() for asset in release.assets)
    return found(next((pair for pair in pairs if pair[1].id == number), None))


@calls.on("GET", f"{REPO}/releases/{{id}}/assets", "contents=read")
def assets(call: Call) -> Answer:
    """List a release's assets."""
    release = found(call.hub.releases.get(call.number("id")))
    return listed(call, release.assets, lambda asset: asset_view(call.hub, release, asset))


@calls.on("POST", f"{REPO}/releases/{{id}}/assets", "contents=write")
def upload(call: Call) -> Answer:
    """Take an asset; an upload that fails leaves one whose state is `starter`."""
    hub = call.hub
    release, name = found(hub.releases.get(call.number("id"))), call.request.one("name")
    if not name:
        raise Problem(400, "Bad Request: `name` is missing")
    if release.immutable:
        raise Problem(422, "Cannot upload assets to an immutable release.")
    if any(asset.name == name for asset in release.assets):
        raise Invalid("ReleaseAsset", "already_exists", "name")
    media = call.request.headers.get("content-type", "application/octet-stream")
    asset = Asset(hub.id(), name, call.request.body, media, hub.clock(), call.request.one("label") or None)
    release.assets.append(asset)
    if hub.failing_uploads:
        hub.failing_uploads -= 1
        asset.state, asset.content, asset.digest = "starter", b"", None
        raise Problem(502, "Bad Gateway")
    return plain(asset_view(hub, release, asset), 201)


@calls.on("GET", f"{REPO}/releases/assets/{{id}}", "contents=read")
def asset(call: Call) -> Answer:
    """Give an asset, or with the media type for it its content, which lies elsewhere."""
    release, asset = _existing(call)
    if call.accepts("application/octet-stream"):
        return _elsewhere(call.hub, asset)
    return plain(asset_view(call.hub, release, asset))


@calls.on("DELETE", f"{REPO}/releases/assets/{{id}}", "contents=write")
def delete(call: Call) -> Answer:
    """Delete an asset."""
    release, asset = _existing(call)
    if release.immutable:
        raise Problem(422, "Cannot delete assets of an immutable release.")
    release.assets.remove(asset)
    return Answer(204)


def _elsewhere(hub: Hub, asset: Asset) -> Answer:
    if asset.state != "uploaded":
        raise Problem(404, "Not Found")
    return redirect(f"{hub.downloads or hub.url}/_assets/{asset.id}/{quote(asset.name)}?sig=once")


@calls.on("GET", "/{owner}/{repo}/releases/download/{tag}/{name}", "contents=read")
def browser(call: Call) -> Answer:
    """Send a browser to an asset's content."""
    releases = (one for one in call.hub.releases.values() if one.tag == call.values["tag"] and not one.draft)
    known = (asset for release in releases for asset in release.assets if asset.name == call.values["name"])
    return _elsewhere(call.hub, found(next(known, None)))


@calls.on("GET", "/_assets/{id}/{name}")
def content(call: Call) -> Answer:
    """Give an asset's content, for the signature in the address; a token is not wanted here."""
    if "authorization" in call.request.headers:
        raise Problem(400, "Only one auth mechanism allowed")
    asset = _existing(call)[1]
    asset.downloads += 1
    return Answer(200, asset.content, {"Content-Type": "application/octet-stream"})
