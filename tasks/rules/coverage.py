"""Which commits an issue covers (DESIGN.md section 5)."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from .commits import Change
from .lineage import merged_by, withdrawn
from .pulls import Told
from .references import Reference


class State(StrEnum):
    """Whether an issue stands behind a commit; `EXEMPT` commits need none."""

    COVERED = "covered"
    UNCOVERED = "uncovered"
    UNKNOWN = "unknown"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Coverage:
    """A change, whether it is covered, and why it is so."""

    change: Change
    state: State
    reason: str
    issues: tuple[Reference, ...] = ()
    pull: int | None = None  # the pull request it came through, its own or the merge's


def cover(
    changes: Sequence[Change], *, demanded: bool, exempt: Collection[str], told: Mapping[str, Told]
) -> list[Coverage]:
    """Return every change with its coverage, in the same order; `exempt` are the kinds that need no issue.

    `told` is what GitHub said, by commit; one that is not there was not asked about.
    """
    merged, taken = merged_by(changes), withdrawn(changes)
    covered = [
        _cover(change, merged.get(change.commit.id), demanded, exempt, told.get(change.commit.id)) for change in changes
    ]
    return [_excused(item, taken) for item in covered]


def _excused(coverage: Coverage, taken: Collection[str]) -> Coverage:
    """Return a commit that was taken back before it was released as one that needs no issue."""
    if coverage.change.commit.id in taken and coverage.state in {State.UNCOVERED, State.UNKNOWN}:
        return replace(coverage, state=State.EXEMPT, reason="taken back before it was released")
    return coverage


def _cover(change: Change, merged: int | None, demanded: bool, exempt: Collection[str], told: Told | None) -> Coverage:
    pull = change.title.pull or merged
    if change.references:
        return Coverage(change, State.COVERED, "names its issue", change.references, pull)
    if told and told.issues:
        return Coverage(change, State.COVERED, told.reason, told.issues, told.pull or pull)
    if not demanded:
        return Coverage(change, State.EXEMPT, "the settings demand no issues", pull=pull)
    if change.kind in exempt or change.kind == "merge":
        return Coverage(change, State.EXEMPT, f"{change.kind} needs no issue", pull=pull)
    if told:
        return Coverage(change, State.UNCOVERED, told.reason, pull=told.pull)
    if pull is None:
        return Coverage(change, State.UNCOVERED, "names no issue")
    return Coverage(change, State.UNKNOWN, f"pull request #{pull} was not asked", pull=pull)


def summary(coverages: Collection[Coverage]) -> dict[State, int]:
    """Return how many changes are in each state; states without any are there with 0."""
    counted = Counter(coverage.state for coverage in coverages)
    return {state: counted[state] for state in State}
