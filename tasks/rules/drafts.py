"""The changelog's draft: which changes get an entry, in which section, and what it says."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .changelog import UNPLACED, Section
from .coverage import Coverage, State
from .lineage import withdrawn
from .references import Reference
from .text import CODE_SPAN, printable
from .titles import Title, standing

_REFERENCE = r"(?:[\w.-]+/[\w.-]+)?#\d+(?!\d)"
_ASIDE = re.compile(rf"\s*[(\[]\s*(?:PR\s*)?{_REFERENCE}(?:\s*[/,&+-]\s*(?:PR\s*)?{_REFERENCE})*\s*[)\]]")
_LEADING = re.compile(rf"\A(?:{_REFERENCE}[\s,/&+]*)+(?:[:\u2014\u2013-]+\s*)?(?=\S)")
_MARKER = re.compile(r"<!-- drafted through (?P<commit>[0-9a-f]{40,64}) -->")
_LINKED = re.compile(r"\[(?P<repository>[^\[\]#]*)#(?P<number>\d+)\]\(")


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry to be: its commit, section, words, issues and sub-bullets; `unknown`: a person must name the issue."""

    commit: str
    section: str
    text: str
    issues: tuple[Reference, ...]
    details: tuple[str, ...]
    unknown: bool
    subject: str = ""  # the commit's own title, whole


def drafts(coverages: Sequence[Coverage], kinds: Mapping[str, str]) -> list[Draft]:
    """Return the entries for changes (newest first) as the changelog wants them: oldest first.

    `kinds` says which section a kind of commit belongs to; a kind without one gets no entry, unless a commit that
    was squashed into it has one. What has no type is put where a person must place it.
    """
    taken = withdrawn([coverage.change for coverage in coverages])
    left = [coverage for coverage in coverages if coverage.change.commit.id not in taken]
    return [draft for coverage in reversed(left) for draft in _draft(coverage, kinds)]


def _draft(coverage: Coverage, kinds: Mapping[str, str]) -> Iterator[Draft]:
    change = coverage.change
    squashed = standing(change.squashed)
    own = "" if change.kind == "merge" else _section(change.title, kinds)
    placed = (_section(title, kinds) for title in squashed if title.kind != "untyped")
    section = "breaking" if change.breaking else own or next((name for name in placed if name), "")
    if section:
        details = tuple(words_of(title) for title in squashed if _section(title, kinds))
        unknown = coverage.state in {State.UNCOVERED, State.UNKNOWN}
        issues = change.about or coverage.issues
        words = words_of(change.title)
        yield Draft(change.commit.id, section, words, issues, details, unknown, change.commit.subject)


def _section(title: Title, kinds: Mapping[str, str]) -> str:
    if title.breaking:
        return "breaking"
    return UNPLACED if title.kind == "untyped" else kinds.get(title.kind, "")


def words_of(title: Title) -> str:
    """Return what an entry says of a commit: its scope and description, without the asides that a link will give."""
    words = _LEADING.sub("", _ASIDE.sub("", title.description)).strip() or title.description
    words = _escape(printable(words))
    return f"**{_escape(printable(title.scope))}:** {words}" if title.scope else words


def _escape(text: str) -> str:
    """Keep `<name>` from vanishing as a tag and `[x](y)` from becoming a link; what is code is safe."""
    escaped, end = "", 0
    for span in CODE_SPAN.finditer(text):
        escaped += _escape_plain(text[end : span.start()]) + span[0]
        end = span.end()
    return escaped + _escape_plain(text[end:])


def _escape_plain(text: str) -> str:
    return re.sub(r"[<\[]", r"\\\g<0>", text)


def last_drafted(section: Section) -> str:
    """Return the commit through which a section was drafted before, or nothing."""
    match = _MARKER.search(section.text)
    return match["commit"] if match else ""


def missing(wanted: Sequence[Draft], section: Section, seen: Collection[str]) -> list[Draft]:
    """Return the drafts that a section does not hold yet.

    One is there when an earlier draft saw its commit (`seen`: a person may have rewritten or dropped the entry
    since), when entries link all of its issues, or when one says the same.
    """
    entries = [entry.text for group in section.groups for entry in group.entries]
    linked = {Reference(int(number), repository) for text in entries for repository, number in _LINKED.findall(text)}
    said = {_plain(text) for text in entries}
    return [
        draft
        for draft in wanted
        if draft.commit not in seen
        and not (draft.issues and linked.issuperset(draft.issues))
        and _plain(draft.text) not in said
    ]


def _plain(text: str) -> str:
    bare = re.sub(r"\[[^\[\]]*#(?:\d+|\?)\](?:\([^()]*\))?", "", text)
    return " ".join(re.sub(r"[*`\\]", "", bare).casefold().split())


@dataclass(frozen=True, slots=True)
class Written:
    """A changelog's text in the making; lines are added to it, none is changed, but for the draft's own marker."""

    lines: tuple[str, ...]
    newline: str
    mark: str  # the byte order mark, when it has one

    @classmethod
    def of(cls, text: str) -> "Written":
        """Return the text by its lines, with the newline it uses most."""
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        crlf = text.count("\r\n")
        lines = text.removeprefix("\ufeff").split("\n")
        return cls(tuple(lines), "\r\n" if crlf * 2 > text.count("\n") else "\n", mark)

    def with_lines(self, additions: Mapping[int, Sequence[str]]) -> "Written":
        """Return it with lines added, each list before the line of that index."""
        ending = self.newline.removesuffix("\n")
        lines: list[str] = []
        for index, line in enumerate(self.lines):
            lines += [added + ending for added in additions.get(index, ())]
            lines.append(line)
        appended = additions.get(
            len(self.lines), ()
        )  # after a last line that has no newline, which stays the last's lot
        if appended:
            lines[-1] += ending
            lines += [added + ending for added in appended[:-1]] + [appended[-1]]
        return replace(self, lines=tuple(lines))

    def with_line(self, index: int, line: str) -> "Written":
        """Return it with another line in the place of one."""
        return replace(self, lines=(*self.lines[:index], line, *self.lines[index + 1 :]))

    @property
    def text(self) -> str:
        """Return the whole text."""
        return self.mark + "\n".join(self.lines)


def insert_section(text: str, rendered: str, before_line: int | None, head: str) -> str:
    """Return the changelog with a new section before a line (from 1), or as its last; `head` drafted it.

    Every other byte stays as it was; a file without a final newline stays without one.
    """
    heading, *rest = rendered.strip("\n").split("\n")
    lines = [heading, "", f"<!-- drafted through {head} -->", *rest]
    written = Written.of(text)
    if before_line is not None:
        return written.with_lines({before_line - 1: [*lines, ""]}).text
    newline, ended = written.newline, text.endswith("\n")
    gap = "" if not text else newline if ended else newline * 2
    return f"{text}{gap}{newline.join(lines)}{newline if ended or not text else ''}"


def extend_section(
    text: str, section: Section, blocks: Mapping[str, Sequence[str]], order: Sequence[str], head: str
) -> str:
    """Return the changelog with entries added to a section that is there; `blocks` are lines by group name."""
    written = Written.of(text)
    additions: dict[int, list[str]] = {}
    marker = f"<!-- drafted through {head} -->"
    inside = range(section.line - 1, min(section.end - 1, len(written.lines)))
    marked = next((index for index in inside if _MARKER.search(written.lines[index])), None)
    if marked is None:
        additions[section.line] = ["", marker]
    else:
        written = written.with_line(marked, _MARKER.sub(marker, written.lines[marked]))
    for name in sorted(blocks, key=lambda group: _rank(group, order)):
        index, heading = _place(written.lines, section, name, order)
        lines = ["", f"### {name}", "", *blocks[name]] if heading else list(blocks[name])
        additions.setdefault(index, []).extend(lines)
    return written.with_lines(additions).text


def _place(lines: Sequence[str], section: Section, name: str, order: Sequence[str]) -> tuple[int, bool]:
    """Return the index before which a group's entries go, and whether they need their heading."""
    named = [group for group in section.groups if group.name]
    ends = [*(group.line for group in named[1:]), section.end]
    for group, end in zip(named, ends, strict=bool(named)):
        if group.name == name:
            return _after_text(lines, end - 1), False
    later = next((group.line for group in named if _rank(group.name, order) > _rank(name, order)), section.end)
    return _after_text(lines, later - 1), True


def _after_text(lines: Sequence[str], end: int) -> int:
    """Return the index after the last line before `end` that is not blank."""
    while end > 0 and not lines[end - 1].strip():
        end -= 1
    return end


def _rank(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else len(order)
