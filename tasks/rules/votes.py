"""The next version: each commit votes, the strongest vote wins."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from packaging.version import Version

from .commits import Change
from .lineage import withdrawn
from .titles import Title, standing
from .versions import Part, candidate_of, final_of, is_candidate, raised

# Kinds that change nothing for whoever uses the package.
_INVISIBLE = frozenset({"chore", "ci", "docs", "release", "style", "test"})


@dataclass(frozen=True, slots=True)
class Vote:
    """What a commit asks of the version, and why; without a part it asks nothing. `flagged`: a person should look."""

    change: Change
    part: Part | None
    reason: str
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The votes and what follows; without a part there is nothing to release, and no next version."""

    votes: tuple[Vote, ...]
    part: Part | None
    final: Version | None
    candidate: Version | None
    notes: tuple[str, ...] = ()


def votes(changes: Sequence[Change]) -> tuple[Vote, ...]:
    """Return each change's vote, in the same order: newest first."""
    taken = withdrawn(changes)
    return tuple(_vote(change, taken) for change in changes)


def _vote(change: Change, taken: dict[str, str]) -> Vote:
    by = taken.get(change.commit.id)
    if by == change.commit.id:
        return Vote(change, None, "takes back an unreleased commit")
    if by is not None:
        return Vote(change, None, f"withdrawn by {by[:7]}")
    if change.title.breaking:
        return Vote(change, Part.MAJOR, "breaking")
    if change.kind == "merge":
        return Vote(change, None, "a merge: its commits vote")
    return _best(change)


def _best(change: Change) -> Vote:
    own_part, own_reason = _title_vote(change.title)
    flagged = change.kind == "untyped"
    strongest = max(standing(change.squashed), key=lambda title: _title_vote(title)[0], default=None)
    if strongest is not None:
        part, reason = _title_vote(strongest)
        if part > own_part:
            return Vote(change, part, f"squashed: {reason}", flagged)
    return Vote(change, own_part, own_reason, flagged)


def _title_vote(title: Title) -> tuple[Part, str]:
    if title.breaking:
        return Part.MAJOR, "breaking"
    if title.kind == "feat":
        return Part.MINOR, "feat"
    if title.kind == "untyped":
        return Part.PATCH, "untyped: a person should place it"
    if title.kind == "revert":
        return Part.PATCH, "takes back something released"
    return Part.PATCH, title.kind


def decide(
    changes: Sequence[Change],
    base: Version | None,
    current: Version,
    *,
    zero_major: str,
    tagged: Collection[Version] = (),
) -> Decision:
    """Return the next version after `base`, the last release, where `current` is the version set now.

    `zero_major` is what a breaking change does while the major number is 0: "major" leads to 1.0.0, "minor" does not.
    `tagged` are the versions released anywhere: on a branch of an older series the next one may be among them.
    """
    cast = votes(changes)
    part = max((vote.part for vote in cast if vote.part is not None), default=None)
    if part is None:
        return Decision(cast, None, None, None, (_nothing(cast),))
    if base is None:
        final, notes = final_of(current), ["no release yet: the first one is the version that is set"]
    else:
        final, notes = _next(base, current, part, zero_major)
    if final in tagged:
        notes.append(f"{final} was released from another branch: choose one with --to or --part")
    if not _visible(cast):
        notes.append("nothing a user sees has changed")
    flagged = sum(vote.flagged for vote in cast)
    if flagged:
        notes.append(f"{flagged} without a type: a person should place " + ("them" if flagged > 1 else "it"))
    return Decision(cast, part, final, candidate_of(final, current), tuple(notes))


def _next(base: Version, current: Version, part: Part, zero_major: str) -> tuple[Version, list[str]]:
    lowered = part is Part.MAJOR and base.major == 0 and zero_major == "minor"
    decided = raised(base, Part.MINOR if lowered else part)
    notes = ["a breaking change raises the minor number while the major one is 0 (zero-major)"] if lowered else []
    announced = final_of(current)
    if current > base and announced > decided:
        what = "candidate" if is_candidate(current) else "version"
        notes.append(f"the votes alone give {decided}; the {what} that is set already announces {announced}")
        return announced, notes
    return decided, notes


def _nothing(cast: Sequence[Vote]) -> str:
    if not cast:
        return "nothing to release: no commit"
    if all(vote.change.kind == "merge" for vote in cast):
        return "nothing to release: merges alone"
    return "nothing to release: every commit was taken back"


def _visible(cast: Sequence[Vote]) -> bool:
    for vote in cast:
        if vote.part is None:
            continue
        kinds = {vote.change.kind} | {title.kind for title in standing(vote.change.squashed)}
        if vote.change.breaking or kinds - _INVISIBLE:
            return True
    return False
