"""Yanks: what an index shows of a version, what installers are left with, and which Python to ask them for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from .text import plural

Row = tuple[Version, bool, str]  # of a file: its version, whether it is yanked, and why
_PYTHONS = 60  # minor versions of Python 3 that are tried


class Aim(StrEnum):
    """What is to be done with a version; the value is the task's name."""

    YANK = "yank"
    UNYANK = "unyank"

    @property
    def done(self) -> str:
        """Return how a version is called afterwards."""
        return "yanked" if self is Aim.YANK else "not yanked"

    @property
    def pending(self) -> str:
        """Return how a version is called before."""
        return "not yanked yet" if self is Aim.YANK else "still yanked"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an index shows of a version: so many files, so many of them yanked, and the reason."""

    version: Version
    files: int
    yanked: int
    reason: str = ""

    def reached(self, aim: Aim) -> bool:
        """Tell whether every file is as it is to be."""
        return self.yanked == (self.files if aim is Aim.YANK else 0)

    def __str__(self) -> str:
        """Return it in words: `2 files, 1 of them yanked`."""
        if self.yanked in {0, self.files}:
            return f"{plural(self.files, 'file')}, {'yanked' if self.yanked else 'not yanked'}"
        return f"{plural(self.files, 'file')}, {self.yanked} of them yanked"


def standing(rows: Iterable[Row], version: Version) -> Standing | None:
    """Return how a version stands, None when the index has no file of it."""
    own = [row for row in rows if row[0] == version]
    reasons = [reason for _, yanked, reason in own if yanked and reason]
    return Standing(own[0][0], len(own), sum(row[1] for row in own), (reasons or [""])[0]) if own else None


def newest_final(rows: Iterable[Row]) -> Version | None:
    """Return the newest version that is no candidate, yanked or not; None when there is none."""
    return max((version for version, _, _ in rows if not version.is_prerelease), default=None)


def taken_again(before: Version | None, back: Version | None) -> Version | None:
    """Return what installers take once a yanked version is back, who take `before` without it."""
    known = [version for version in (before, back) if version is not None]
    finals = [version for version in known if not version.is_prerelease]
    return max(finals or known, default=None)


def warnings(aim: Aim, version: Version, before: Version | None, after: Version | None) -> list[str]:
    """Return what a person should know before a version is yanked, or comes back."""
    if aim is Aim.UNYANK:
        return [] if after == version else [f"installers take {after or 'nothing'} all the same"]
    found = []
    if after is None:
        found.append("installers would be left with nothing: there is no other version that they take")
    elif after.is_prerelease:
        found.append(f"installers would get the candidate {after}: there is no other final version that they take")
    if before != version:
        found.append(f"installers take {before or 'nothing'} now, not {version}: only who asks for it will notice")
    return found


def python_for(requires: Iterable[str], running: str) -> str:
    """Return a Python that a version allows: the running one if it does, else the oldest that does."""
    try:
        allowed = SpecifierSet(",".join(filter(None, requires)))
    except InvalidSpecifier:
        return running
    return next((one for one in _candidates(running) if allowed.contains(one, prereleases=True)), running)


def _candidates(running: str) -> Sequence[str]:
    return [running, *(f"3.{minor}.99" for minor in range(_PYTHONS))]
