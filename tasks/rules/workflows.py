"""Workflow files, read as far as it takes to tell whether the push of a tag would start one.

The YAML that people write there is read by its indentation; what is not understood counts as nothing.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

_KEY = re.compile(r"(?P<indent> *)(?:- )?[\"']?(?P<key>[\w-]+)[\"']?[ \t]*:(?:[ \t]+(?P<value>.*))?$")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
# GitHub's filter patterns: ** and * any characters (* no slash), ? and + repeat what stands before, [] is a set.
_SPECIAL = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}

Block = list[tuple[int, str]]


def starts_on_tag(text: str, tag: str) -> bool:
    """Tell whether a workflow runs when a tag is pushed."""
    push = _push(text)
    if push is None:
        return False
    filters = {key: _items(value, below) for key, value, below in _entries(push)}
    if "tags" in filters:
        return _chosen(filters["tags"], tag)
    if "tags-ignore" in filters:
        return not any(_matches(pattern, tag) for pattern in filters["tags-ignore"])
    return not {"branches", "branches-ignore"} & filters.keys()


def _push(text: str) -> Block | None:
    """Return what stands below `on: push:`, nothing when the workflow does not run on a push."""
    lines = [_COMMENT.sub("", line).rstrip() for line in text.replace("\t", "    ").splitlines()]
    block = [(len(line) - len(line.lstrip()), line.strip()) for line in lines if line.strip()]
    for key, value, below in _entries(block):
        if key == "on":
            if value or (below and below[0][1].startswith("- ")):
                return [] if "push" in _items(value, below) else None
            return next((_inside(said, more) for name, said, more in _entries(below) if name == "push"), None)
    return None


def _inside(value: str, below: Block) -> Block:
    """Return a mapping as its lines; one in braces is spread over lines of its own."""
    if not value.startswith("{"):
        return below
    return [(0, piece.strip()) for piece in re.split(r",(?![^\[]*\])", value.strip("{} "))]


def _entries(block: Block) -> Iterator[tuple[str, str, Block]]:
    """Yield key, value and what is indented below it, of the outermost keys of a block."""
    if not block:
        return
    outer = block[0][0]
    starts = [at for at, (indent, text) in enumerate(block) if indent == outer and _KEY.match(text)]
    for at, end in pairwise([*starts, len(block)]):
        found = _KEY.match(block[at][1])
        if found:
            below = [line for line in block[at + 1 : end] if line[0] > outer or line[1].startswith("- ")]
            yield found["key"], (found["value"] or "").strip(), below


def _items(value: str, below: Block) -> list[str]:
    """Return a list: in brackets, one to a line, or a single word."""
    if value:
        return [item.strip(" \"'") for item in value.strip("[]").split(",") if item.strip()]
    return [text.removeprefix("- ").strip(" \"'") for _, text in below if text.startswith("- ")]


def _chosen(patterns: Sequence[str], tag: str) -> bool:
    """Tell whether a tag is among patterns, of which a later one may take it out again."""
    chosen = False
    for pattern in patterns:
        if _matches(pattern.removeprefix("!"), tag):
            chosen = not pattern.startswith("!")
    return chosen


def _matches(pattern: str, tag: str) -> bool:
    pieces = re.findall(r"\*\*|\[[^\]]*\]|.", pattern)
    expression = "".join(
        _SPECIAL.get(piece) or (piece if piece.startswith("[") else re.escape(piece)) for piece in pieces
    )
    try:
        return re.fullmatch(expression, tag) is not None
    except re.error:
        return False
