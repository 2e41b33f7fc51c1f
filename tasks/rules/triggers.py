"""Triggers: whether a workflow starts when a branch or a tag is pushed, by its `on:` and GitHub's filter patterns."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Definition = Mapping[str, Any]  # a workflow's file, every scalar a string


def events(definition: Definition) -> dict[str, Mapping[str, Any]]:
    """Return the events that start a workflow, with their filters."""
    said = definition.get("on", {})
    if isinstance(said, str):
        return {said: {}}
    if isinstance(said, list):
        return {name: {} for name in said if isinstance(name, str)}
    found = said if isinstance(said, dict) else {}
    return {str(name): filters if isinstance(filters, dict) else {} for name, filters in found.items()}


def on_branch(definition: Definition, branch: str, *, event: str = "push", path: str = "") -> str:
    """Return why a push to a branch (or another event on it) does not start a workflow; nothing when it does."""
    filters = events(definition).get(event)
    if filters is None:
        return f"it has no `on: {event}`"
    if event == "push" and not {"branches", "branches-ignore"} & filters.keys() and _tags_alone(filters):
        return "its `on: push` names tags alone"
    if not _passes(filters, "branches", branch):
        return f"its `on: {event}` leaves {branch} out"
    if path and not _passes(filters, "paths", path):
        return f"its `on: {event}` leaves changes of {path} out"
    return ""


def on_tag(definition: Definition, tag: str) -> str:
    """Return why a tag that is pushed does not start a workflow; nothing when it does. Paths do not count for tags."""
    filters = events(definition).get("push")
    if filters is None:
        return "it has no `on: push`"
    if not _tags_alone(filters) and {"branches", "branches-ignore"} & filters.keys():
        return "its `on: push` names branches alone"
    return "" if _passes(filters, "tags", tag) else f"its `on: push: tags:` leaves {tag} out"


def _tags_alone(filters: Mapping[str, Any]) -> bool:
    return bool({"tags", "tags-ignore"} & filters.keys())


def _passes(filters: Mapping[str, Any], key: str, name: str) -> bool:
    """Tell whether a name passes a filter; without one every name does."""
    if key in filters:
        return _chosen(_patterns(filters[key]), name)
    ignored = _patterns(filters.get(f"{key}-ignore", []))
    return not any(_expression(pattern).fullmatch(name) for pattern in ignored)


def _chosen(patterns: Sequence[str], name: str) -> bool:
    """Tell whether patterns choose a name: the last that matches decides, and `!` takes a match back."""
    chosen = False
    for pattern in patterns:
        if _expression(pattern.removeprefix("!")).fullmatch(name):
            chosen = not pattern.startswith("!")
    return chosen


def _patterns(value: object) -> list[str]:
    rows = value if isinstance(value, list) else [value]
    return [row for row in rows if isinstance(row, str)]


def _expression(pattern: str) -> re.Pattern[str]:
    """Return a filter pattern as an expression: `*` without a slash, `**` with, `?` and `+` after a character, `[]`."""
    pieces = re.findall(r"\*\*|\*|\?|\+|\[[^\]]*\]|\\.|.", pattern, re.DOTALL)
    meant = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
    text = "".join(
        meant.get(piece) or (piece if len(piece) > 1 and piece[0] in "[\\" else re.escape(piece)) for piece in pieces
    )
    try:
        return re.compile(text)
    except re.error:
        return re.compile(re.escape(pattern))
