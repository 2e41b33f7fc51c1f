"""Sightings: what the world shows of a release that is on its way."""

from dataclasses import dataclass
from datetime import datetime

from .distributions import KINDS, lacking
from .explanations import Work

TAG, RELEASE = "tag", "release"  # the workflows, in the settings' words


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of a workflow in GitHub's words, and its jobs where they were asked for."""

    id: int
    status: str
    conclusion: str
    url: str = ""
    attempt: int = 1
    created: datetime | None = None
    updated: datetime | None = None
    works: tuple[Work, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A GitHub Release: its assets with their states."""

    draft: bool
    url: str = ""
    published: datetime | None = None
    assets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the world shows of a release. `began`: since when somebody watches, None for a single look."""

    version: str
    tag: str
    branch: str
    now: datetime
    began: datetime | None = None
    head: str = ""
    set: str = ""  # the version that the branch sets
    tagging: Ran | None = None
    tagged: str = ""  # the commit
    tagged_at: datetime | None = None
    releasing: Ran | None = None
    files: tuple[str, ...] = ()
    kinds: tuple[str, ...] = KINDS
    shown: Shown | None = None
    switched_off: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Tell whether there is a file of every kind."""
        return not lacking(self.files, self.kinds)
