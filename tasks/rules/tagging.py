"""Tagging: which tag a commit on the stable branch gets, and whether a tag fits the version."""

from dataclasses import dataclass

from packaging.version import Version

from .versions import is_candidate


@dataclass(frozen=True, slots=True)
class Tagging:
    """The tag to push, none when there is nothing to do; `wrong` says what forbids it."""

    tag: str
    reason: str
    wrong: str = ""


def tagging(version: Version, head: str, tag: tuple[str, str], *, released_before: bool) -> Tagging:
    """Return what `head` gets; `tag` is the version's tag with the commit it stands at, which is empty without one.

    With `released_before` a tag at an earlier commit means that nothing was released since: so it is where work
    goes to the stable branch directly. Where a development branch collects it, only releases come there.
    """
    name, commit = tag
    if is_candidate(version):
        return Tagging("", f"{version} is a candidate: it gets no tag")
    if not commit:
        return Tagging(name, f"{name} is new")
    if commit == head:
        return Tagging("", f"{name} is at this commit already")
    if released_before:
        return Tagging("", f"{name} is at {commit[:8]}, before this commit: nothing to release")
    return Tagging("", "", f"tag {name} is at {commit[:8]}, not at {head[:8]}")


def mismatch(tag: str, version: Version, prefix: str) -> str:
    """Return why a pushed tag must not be published, or nothing."""
    if tag != f"{prefix}{version}":
        return f"the tag is {tag}, the version in pyproject.toml is {version}"
    return f"{version} is a candidate, which is not published from a tag" if is_candidate(version) else ""
