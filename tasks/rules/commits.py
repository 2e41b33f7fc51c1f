"""Commits, and what their messages say: their titles, their issues, what was squashed into them, what they revert."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from .references import Reference, about, references
from .text import without_code
from .titles import KINDS, Title, read_title, reverted, standing, without_pull

_MERGE = re.compile(r"Merge (?:pull request #(?P<pull>[1-9]\d*)|branch|branches|remote-tracking|tag|commit)\b")
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE(?::\s|\s#)", re.MULTILINE)
_BULLET = re.compile(r"^[*-] +(?P<title>\S.*)$", re.MULTILINE)
_ID = r"[0-9a-f]{7,64}"
_REVERTED_COMMIT = re.compile(
    rf"^(?:This reverts commits?|Refs:?|Reverts:?)\s+({_ID}\b(?:(?:,|\s+and)\s*{_ID}\b)*)", re.MULTILINE
)
_REVERTED_PULL = re.compile(r"^Reverts\s+(?:[\w.-]+/[\w.-]+)?#(?P<pull>[1-9]\d*)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as git tells it; `date` is the committer's, ISO 8601 with offset; ids are whole."""

    id: str
    parents: tuple[str, ...]
    tree: str
    date: str
    author: str
    message: str

    @property
    def subject(self) -> str:
        """Return the first line of the message."""
        return self.message.lstrip().partition("\n")[0].strip()

    @property
    def body(self) -> str:
        """Return what follows the first line, with plain newlines."""
        return self.message.lstrip().partition("\n")[2].replace("\r\n", "\n").strip()


@dataclass(frozen=True, slots=True)
class Revert:
    """What a revert takes back, by whichever of these its message names."""

    commits: tuple[str, ...] = ()
    pulls: tuple[int, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A commit and what its message says: `references` is every issue it names, `about` those it is about."""

    commit: Commit
    title: Title
    references: tuple[Reference, ...]
    about: tuple[Reference, ...]
    squashed: tuple[Title, ...]
    revert: Revert | None

    @property
    def kind(self) -> str:
        """Return the commit's kind: a conventional type, or `merge`, `release`, `revert` or `untyped`."""
        return self.title.kind

    @property
    def breaking(self) -> bool:
        """Tell whether the commit, or one squashed into it and not taken back there, breaks something."""
        return self.title.breaking or any(title.breaking for title in standing(self.squashed))


def read(commit: Commit, kinds: Collection[str] = KINDS, own: str = "") -> Change:
    """Return what a commit's message says; `kinds` are the types the project knows, `own` its repository's name."""
    title = _title(commit, kinds)
    revert = _revert(commit)
    squashed = () if title.kind == "merge" or revert else tuple(_squashed(commit, kinds))
    pulls = {title.pull, *(revert.pulls if revert else ()), *_pulls_of(reverted(title.text))}
    named, meant = (
        tuple(dict.fromkeys(
            reference.within(own)
            for reference in found
            if reference.number not in pulls or _elsewhere(reference.within(own), revert)
        ))
        for found in (references(title.text, commit.body), about(title.text, commit.body))
    )  # fmt: skip
    return Change(commit, title, named, meant, squashed, revert)


def _title(commit: Commit, kinds: Collection[str]) -> Title:
    title = read_title(commit.subject, kinds)
    if _BREAKING.search(commit.body):
        title = replace(title, breaking=True)
    merge = _MERGE.match(commit.subject)
    if len(commit.parents) > 1 and (merge or title.kind == "untyped"):
        pull = int(merge["pull"]) if merge and merge["pull"] else title.pull
        return replace(title, kind="merge", scope="", pull=pull)
    return title


def _pulls_of(title: str) -> tuple[int, ...]:
    merge = _MERGE.match(title)
    pulls = (read_title(title).pull, int(merge["pull"]) if merge and merge["pull"] else None)
    return tuple(pull for pull in pulls if pull)


def _elsewhere(reference: Reference, revert: Revert | None) -> bool:
    """Tell whether a number is another repository's; "Reverts owner/repo#12" names a pull request of this one."""
    return bool(reference.repository) and not (revert and reference.number in revert.pulls)


def _squashed(commit: Commit, kinds: Collection[str]) -> Iterator[Title]:
    """Yield the titles of squashed commits: `* ` lines as GitHub writes them, and `- ` lines that have a type."""
    own = read_title(commit.subject, kinds)
    for match in _BULLET.finditer(without_code(commit.body)):
        title = read_title(match["title"].strip(), kinds)
        starred = match[0].startswith("*")
        if (starred or title.kind not in {"untyped", "release"}) and title.text not in {own.text, own.description}:
            yield title


def _revert(commit: Commit) -> Revert | None:
    """Return what the commit takes back, or nothing when it is no revert."""
    title = reverted(without_pull(commit.subject))
    if not title:
        return None
    ids = [sha for line in _REVERTED_COMMIT.findall(commit.body) for sha in re.findall(_ID, line)]
    pulls = [int(match["pull"]) for match in _REVERTED_PULL.finditer(commit.body)]
    return Revert(tuple(ids), tuple(pulls), without_pull(title))
