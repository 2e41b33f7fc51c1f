"""Commit titles taken apart: kind, scope, breaking, pull request, and what a title takes back."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

_TYPES = "build chore ci deps docs feat fix perf refactor release revert security style test"
KINDS = frozenset((*_TYPES.split(), "merge", "untyped"))
_ALIASES = {"bugfix": "fix", "doc": "docs", "feature": "feat", "hotfix": "fix", "tests": "test"}

_VERSION = r"v?\d+\.\d+(?:\.\d+)*(?:\.?(?:a|b|rc|post|dev)\d+)?"
_TITLE = re.compile(r"(?P<type>[A-Za-z]+)(?:\((?P<scope>[^()]*)\))?(?P<bang>!)?:\s+(?P<description>\S.*)")
_PULL = re.compile(r"\s*\(#(?P<pull>[1-9]\d*)\)\s*\Z")
_RELEASE = re.compile(rf"(?:(?:release|bump version(?: to)?|version|staging)\s*:?\s+)?{_VERSION}", re.IGNORECASE)
_STAGING = re.compile(rf"(?:staging|release|bump version(?: to)?|version)\s+{_VERSION}\b", re.IGNORECASE)
_REVERT = re.compile(r'Revert "(?P<quoted>.+)"\Z|(?i:revert)(?:\([^()]*\))?!?:\s+(?P<plain>.+)')
_REAPPLY = re.compile(r'Reapply "(?P<title>.+)"\Z')


@dataclass(frozen=True, slots=True)
class Title:
    """A commit's title taken apart; also of a commit that was squashed into another. `text` is all but the pull."""

    kind: str
    scope: str
    description: str
    breaking: bool
    pull: int | None = None
    text: str = field(default="", compare=False)


def read_title(text: str, kinds: Collection[str] = KINDS) -> Title:
    """Return the parts of a commit's title; what is of none of `kinds` is `untyped`."""
    match = _PULL.search(text)
    bare, pull = without_pull(text), int(match["pull"]) if match else None
    parts = _TITLE.fullmatch(bare)
    kind = _ALIASES.get(parts["type"].lower(), parts["type"].lower()) if parts else ""
    if parts is None or kind not in kinds:
        kind = "untyped" if parts else _bare_kind(bare)
        return Title(kind, "", bare, breaking=bool(parts and parts["bang"]), pull=pull, text=bare)
    if kind == "chore" and _STAGING.match(parts["description"]):
        kind = "release"
    return Title(kind, parts["scope"] or "", parts["description"], bool(parts["bang"]), pull, bare)


def without_pull(title: str) -> str:
    """Return a title without the pull request at its end."""
    return _PULL.sub("", title)


def _bare_kind(title: str) -> str:
    if _RELEASE.fullmatch(title):
        return "release"
    return "revert" if reverted(title) else "untyped"


def reverted(title: str) -> str:
    """Return the title that a revert's title takes back, with its pull request; nothing when it is no revert."""
    again = _REAPPLY.match(title)
    if again:
        return f'Revert "{again["title"]}"'
    match = _REVERT.match(title)
    return (match["quoted"] or match["plain"]) if match else ""


def standing(titles: Sequence[Title]) -> list[Title]:
    """Return squashed titles, oldest first, without reverts and without what a later one of them takes back."""
    left = list(titles)
    gone: set[int] = set()
    for index in reversed(range(len(left))):
        wanted = without_pull(reverted(left[index].text))
        if not wanted or index in gone:
            continue
        older = (at for at in reversed(range(index)) if at not in gone and left[at].text == wanted)
        gone.update(at for at in [next(older, None)] if at is not None)
    return [title for at, title in enumerate(left) if at not in gone and not reverted(title.text)]
