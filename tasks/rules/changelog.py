"""The changelog in the house format, read (workflow phase 3).

This module and what it imports need the standard library alone: `scripts/validate_release.py` loads it by path.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

UNPLACED = "to be placed"  # the group of a draft that holds what a person must place
UNKNOWN_ISSUE = "[#?]"  # what a draft writes where it knows no issue

_FINAL = re.compile(r"(?:\d+!)?\d+\.\d+\.\d+(?:\.post\d+)?")
_PRECEDING = re.compile(
    r"v?(?:\d+!)?\d+(?:\.\d+)*"
    r"(?P<pre>[-_.]?(?:alpha|beta|preview|pre|rc|a|b|c)[-_.]?\d*)?"
    r"(?:(?:[-_.]?(?:post|rev|r)[-_.]?|-)\d+)?"
    r"(?P<dev>[-_.]?dev[-_.]?\d*)?",
    re.IGNORECASE,
)
_VERSION_AND_REST = r"(?P<version>\d[^\s\]]*)\]?(?P<rest>.*)"
_DATE = re.compile(r"[ \t]*(?:[-\u2013\u2014][ \t]*)?\(?(?P<date>\d{4}-\d{2}-\d{2})\)?[ \t]*")
_GROUP = re.compile(r"###[ \t]+(?P<name>.*?)[ \t]*#*[ \t]*")
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}(?=[^`]*$)|~{3,})")


@dataclass(frozen=True, slots=True)
class Entry:
    """A first-level bullet: its text with continuation lines, without its sub-bullets; its first line's number."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Group:
    """The entries under one `### name` heading."""

    name: str
    line: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One release: its heading and what stands below it; `text` is all of it as it was written, newlines as LF."""

    version: str
    date: str
    heading: str
    line: int
    groups: tuple[Group, ...]
    text: str
    end: int  # the number of the first line after it


@dataclass(frozen=True, slots=True)
class Changelog:
    """The sections of a changelog, in the file's order; `strays` are second-level headings that name no version."""

    sections: tuple[Section, ...]
    strays: tuple[tuple[int, str], ...] = ()

    def section(self, version: str) -> Section | None:
        """Return the first section of a version."""
        return next((section for section in self.sections if section.version == version), None)


def is_final(version: str) -> bool:
    """Tell whether a version is one that gets a changelog section: X.Y.Z, also with .postN."""
    return _FINAL.fullmatch(version) is not None


def is_candidate(version: str) -> bool:
    """Tell whether a version precedes a final one (rc, a, b, dev) and so has no section (workflow phase 6)."""
    match = _PRECEDING.fullmatch(version)
    return match is not None and bool(match["pre"] or match["dev"])


def version_key(version: str) -> tuple[int, ...]:
    """Return what final versions sort by."""
    epoch, _, rest = version.rpartition("!")
    numbers = [int(number) for number in re.findall(r"\d+", rest.partition("+")[0])]
    return (int(epoch or 0), *numbers)


def read(text: str, prefix: str = "v") -> Changelog:
    """Return the sections of a changelog's text; headings in code fences and comments are none.

    `prefix` is what a heading has before the version; one without it, or with a `v`, is read as well.
    """
    section = re.compile(rf"##[ \t]+\[?(?:{re.escape(prefix)}|v)?{_VERSION_AND_REST}")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    headings = [number for number, line in _visible(lines) if line.startswith(("## ", "##\t"))]
    sections, strays = [], []
    for number, following in pairwise([*headings, len(lines) + 1]):
        match = section.fullmatch(lines[number - 1].rstrip())
        if match is None:
            strays.append((number, lines[number - 1]))
        else:
            sections.append(_section(match, number, lines[number - 1 : following - 1]))
    return Changelog(tuple(sections), tuple(strays))


def _visible(lines: Iterable[str], first: int = 1) -> Iterator[tuple[int, str]]:
    """Yield (number, line) of the lines that are neither in a code fence nor in an HTML comment."""
    for number, (line, part) in enumerate(_parts(lines), first):
        if part == "text":
            yield number, line


def _parts(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield every line with what it is part of: `text`, `code` (fences with it) or `comment`."""
    fence, comment = "", False
    for line in lines:
        opening = _FENCE.match(line)
        if comment:
            comment = "-->" not in line
            yield line, "comment"
        elif fence:
            closing = opening and opening["fence"].startswith(fence) and not line.strip().strip(fence[0])
            fence = "" if closing else fence
            yield line, "code"
        elif opening:
            fence = opening["fence"]
            yield line, "code"
        elif line.lstrip().startswith("<!--"):
            comment = "-->" not in line
            yield line, "comment"
        else:
            yield line, "text"


def _section(match: re.Match[str], line: int, lines: list[str]) -> Section:
    date = _DATE.fullmatch(match["rest"])
    visible = list(_visible(lines[1:], line + 1))
    text = "\n".join(lines).rstrip("\n")
    version = match["version"].rstrip(":")
    return Section(
        version, date["date"] if date else "", lines[0], line, tuple(_groups(visible)), text, line + len(lines)
    )


def _groups(lines: list[tuple[int, str]]) -> Iterator[Group]:
    """Yield the groups; entries above the first heading are in a group without a name."""
    name, line, below = "", 0, list[tuple[int, str]]()
    for number, text in lines:
        match = _GROUP.fullmatch(text)
        if match is None:
            below.append((number, text))
            continue
        yield from _group(name, line, below)
        name, line, below = match["name"], number, []
    yield from _group(name, line, below)


def _group(name: str, line: int, below: list[tuple[int, str]]) -> Iterator[Group]:
    entries = tuple(_entries(below))
    if name or entries:
        yield Group(name, line or entries[0].line, entries)


def _entries(lines: list[tuple[int, str]]) -> Iterator[Entry]:
    texts: list[str] = []
    first, sub = 0, False
    for number, line in lines:
        bullet = re.match(r"(?P<indent>[ \t]*)[-*+][ \t]+", line)
        if bullet and len(bullet["indent"].expandtabs(4)) < 2:  # noqa: PLR2004 - one blank does not indent a bullet in Markdown
            if texts:
                yield Entry(" ".join(texts), first)
            texts, first, sub = [line[bullet.end() :].strip()], number, False
        elif bullet:
            sub = True
        elif texts and not sub and line.strip():
            texts.append(line.strip())
    if texts:
        yield Entry(" ".join(texts), first)


def notes(section: Section) -> str:
    """Return a section's text without its HTML comments; those shown in a code fence stay."""
    kept: list[str] = []
    left_out = False
    for line, part in _parts(section.text.split("\n")):
        if part == "comment":
            left_out = True
        elif line.strip() or not left_out or kept[-1].strip():
            kept.append(line)
            left_out = left_out and not line.strip()
    return "\n".join(kept).strip()
