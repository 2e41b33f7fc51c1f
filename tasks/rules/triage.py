"""Which open issues block a release."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Tracked(Protocol):
    """What counts of an issue."""

    @property
    def labels(self) -> Sequence[str]:
        """Return its labels."""

    @property
    def milestone(self) -> str:
        """Return its milestone's title; empty without one."""


T = TypeVar("T", bound=Tracked)


@dataclass(frozen=True, slots=True)
class Blocker(Generic[T]):
    """An issue that blocks a release; `rank` is 0 for the most severe, `reason` says by what it blocks."""

    issue: T
    rank: int
    reason: str


def blockers(issues: Iterable[T], labels: Sequence[str], milestones: Collection[str]) -> list[Blocker[T]]:
    """Return the open issues that block, the most severe first.

    `labels` are those that block, the most severe first; `milestones` are the titles that the version may have.
    """
    found = (_blocker(issue, [label.lower() for label in labels], milestones) for issue in issues)
    return sorted((blocker for blocker in found if blocker), key=lambda blocker: blocker.rank)


def _blocker(issue: T, labels: Sequence[str], milestones: Collection[str]) -> Blocker[T] | None:
    own = {label.lower(): label for label in issue.labels}
    for rank, label in enumerate(labels):
        if label in own:
            return Blocker(issue, rank, f"label {own[label]}")
    if issue.milestone.strip() in milestones:
        return Blocker(issue, len(labels), f"milestone {issue.milestone}")
    return None
