"""The steps of a release: their order, which of them are meant, where each stands, and what to type next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from ..errors import WrongValue
from .versions import Part

MEANINGS: Mapping[str, str] = {
    "audit": "an issue stands behind every commit",
    "version": "the version follows from the commits, and somebody agreed to it",
    "prepare": "version, lock and changelog are one commit on a branch of its own",
    "validate": "the checklist passes on the very commit",
    "integration": "the integration tests passed, and somebody answers for it",
    "candidate": "a candidate is set, pushed and on the staging index",
    "staging": "the candidate runs on the staging hosts",
    "soak": "the candidate ran there long enough without trouble",
    "promote": "the final version takes the candidate's place",
    "propose": "a pull request to the stable branch is open, and its checks pass",
    "merge": "the approver has merged it",
    "watch": "tag, release workflow, index and GitHub Release are there",
    "rollout": "every host runs the final version",
    "verify": "the proof of the published release passes",
    "sync": "the development branch is back on the stable one",
}
NAMES = tuple(MEANINGS)
MERGED_BY = NAMES.index("merge")  # what is before it is over once the release is merged
BY_CANDIDATE = ("prepare", "candidate", "staging", "soak", "promote")  # they depend on whether one goes first


class State(StrEnum):
    """Where a step stands; `SKIPPED` is not meant to be done, and its evidence says why."""

    DONE = "done"
    SKIPPED = "skipped"
    OPEN = "to do"
    WAITING = "waiting"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def over(self) -> bool:
        """Tell whether nothing is left to do."""
        return self in {State.DONE, State.SKIPPED}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a step stands, by what evidence; when and by whom it was done where that is known, and how long it took."""

    name: str
    state: State
    evidence: str = ""
    at: str = ""
    by: str = ""
    seconds: float | None = None

    @property
    def meaning(self) -> str:
        """Return what is so when the step is done."""
        return MEANINGS[self.name]


def selection(first: str = "", last: str = "") -> tuple[str, ...]:
    """Return the steps from one to another, both included."""
    start = _position(first, "--from") if first else 0
    end = _position(last, "--until") if last else len(NAMES) - 1
    if start > end:
        raise WrongValue(f"--from {first} comes after --until {last}", expected=" ".join(NAMES))
    return NAMES[start : end + 1]


def _position(name: str, flag: str) -> int:
    if name not in NAMES:
        near = get_close_matches(name, NAMES, n=1)
        raise WrongValue(f"{flag} {name}: no such step", expected=near[0] if near else f"one of {', '.join(NAMES)}")
    return NAMES.index(name)


def current(standings: Sequence[Standing]) -> Standing | None:
    """Return the first step that is not over, None when all are."""
    return next((standing for standing in standings if not standing.state.over), None)


def next_command(standings: Sequence[Standing], version: str, hand_off: str = "") -> str:
    """Return what to type next, or what somebody else has to do first; nothing when the release is finished."""
    standing = current(standings)
    if standing is None:
        return ""
    if standing.state is State.WAITING and hand_off:
        return hand_off
    return f"inv release.run --version {version}"


class Advice(StrEnum):
    """Whether a candidate should go to the staging hosts before the release."""

    RECOMMENDED = "recommended"
    ASKED = "asked about"


def staging_advice(part: Part | None) -> Advice:
    """Return the advice for what a release raises: staging is for everything but a patch."""
    return Advice.RECOMMENDED if part in {Part.MINOR, Part.MAJOR} else Advice.ASKED


def read_wish(text: str) -> bool | None:
    """Return what --staging says; None when nothing was said."""
    if text not in {"", "yes", "no"}:
        raise WrongValue(f"--staging {text}: neither yes nor no", expected="yes or no")
    return None if not text else text == "yes"
