"""The issue that is filed for a commit: its title, its text, and the mark by which it is found again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .commits import Change
from .quoting import fenced, span
from .text import printable

LABELS: Mapping[str, tuple[str, str]] = {  # colour and description, as GitHub gives them to a new repository
    "bug": ("d73a4a", "Something isn't working"),
    "enhancement": ("a2eeef", "New feature or request"),
    "documentation": ("0075ca", "Improvements or additions to documentation"),
}
_MARK = re.compile(r"\A<!-- release-coordination: (?P<what>commit|fixed) (?P<commit>[0-9a-f]{40,64}) -->")
_SECTIONS = {"fixes": "bug", "docs": "documentation"}
_LONGEST_TITLE = 200  # GitHub takes 256
_LONGEST_TEXT = 20_000  # GitHub takes 65,536 for the whole
_MOST_FILES = 100
_IMPACT = {
    "bug": "A defect that users could meet is mended.",
    "enhancement": "What the package does, or how it does it, has changed.",
    "documentation": "The documentation alone has changed; nothing that runs has.",
}


@dataclass(frozen=True, slots=True)
class Filing:
    """An issue to be filed for a commit; `comment` names the commit, and the pull request where there is one."""

    commit: str
    title: str
    body: str
    label: str
    comment: str


def filing(change: Change, section: str, files: Sequence[str], pull: int | None) -> Filing:
    """Return the issue for a commit: `section` is the changelog's for its kind, `files` are those it changed."""
    label = _SECTIONS.get(section, "enhancement")
    commit = change.commit.id
    parts = (
        f"{mark('commit', commit)}\n",
        f"This issue was filed after the fact for commit {commit}, which named none.\n",
        f"### Description\n\n{fenced(_cut(change.commit.message))}\n",
        f"### Impact\n\n{impact(change, label)}\n",
        f"### Affected files\n\n{_listed(files)}",
    )
    by = f"pull request #{pull} (commit {commit})" if pull else f"commit {commit}"
    comment = f"{mark('fixed', commit)}\n\nDone already, in {by}."
    return Filing(commit, title_of(change), "\n".join(parts), label, comment)


def title_of(change: Change) -> str:
    """Return an issue's title: the commit's without type and pull request, on one line, nothing a terminal obeys."""
    scope = f"{change.title.scope}: " if change.title.scope else ""
    words = " ".join(printable(scope + change.title.description).split())
    words = words or f"commit {change.commit.id[:8]}"
    return words if len(words) <= _LONGEST_TITLE else f"{words[: _LONGEST_TITLE - 1]}…"


def impact(change: Change, label: str) -> str:
    """Return what a commit means for users."""
    words = _IMPACT[label]
    if change.breaking:
        words = f"**Breaking:** users have to change something when they upgrade. {words}"
    return f"{words} Part: {span(change.title.scope)}." if change.title.scope else words


def mark(what: str, commit: str) -> str:
    """Return the hidden line that says for which commit an issue was filed, or which comment closes it."""
    return f"<!-- release-coordination: {what} {commit} -->"


def marked(text: str, what: str = "commit") -> str:
    """Return the commit that a text is marked with; only its very first line counts, so no quoted text can fake it."""
    match = _MARK.match(text)
    return match["commit"] if match and match["what"] == what else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}\n…"


def _listed(files: Sequence[str]) -> str:
    """Return the files as a list, the first of very many."""
    lines = [f"- {span(file[:300])}" for file in files[:_MOST_FILES]]
    more = len(files) - len(lines)
    return "\n".join([*lines, *([f"- and {more} more"] if more > 0 else [])] or ["none"]) + "\n"
