"""Release notes as GitHub generates them: the pull requests since the release before."""

from ..server import Answer
from .hub import WEB, Hub
from .pulls import brought
from .repos import REPO
from .routing import Call, Invalid, Routes, plain

calls = Routes()


@calls.on("POST", f"{REPO}/releases/generate-notes", "contents=write")
def generate(call: Call) -> Answer:
    """Give notes for a tag, without making anything."""
    tag, sent = str(call.sent.get("tag_name", "")), call.sent
    if not tag:
        raise Invalid("Release", "missing_field", "tag_name")
    target = str(sent.get("target_commitish") or call.hub.bare.default)
    return plain(generated(call.hub, tag, target, sent.get("previous_tag_name")))


def generated(hub: Hub, tag: str, target: str, previous: str | None = None) -> dict[str, str]:
    """Return the name and the body of generated notes."""
    head = hub.bare.resolve(tag) or hub.bare.resolve(target)
    if head is None:
        raise Invalid("Release", "invalid", "target_commitish")
    before = previous or _before(hub, tag, head)
    span = set(hub.bare.span(hub.bare.resolve(before) if before else None, head))
    pulls = [one for one in hub.pulls if one.merged and (one.merge_sha in span or span.intersection(brought(hub, one)))]
    lines = [f"* {one.title} by @{one.user} in {hub.web}/pull/{one.number}" for one in pulls]
    changes = ["## What's Changed", *lines, "", ""] if lines else []
    shown = f"compare/{before}...{tag}" if before else f"commits/{tag}"
    return {"name": tag, "body": "\n".join([*changes, f"**Full Changelog**: {WEB}/{hub.full_name}/{shown}"])}


def _before(hub: Hub, tag: str, head: str) -> str | None:
    """Return the newest other release's tag that the head descends from."""
    tags = [one.tag for one in hub.releases.values() if not one.draft and one.tag != tag]
    known = [(name, hub.bare.resolve(name)) for name in tags]
    return next((name for name, sha in reversed(known) if sha and hub.bare.ancestor(sha, head)), None)
