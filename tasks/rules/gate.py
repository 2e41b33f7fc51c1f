"""The gate before a merge: what became of the checks on a commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_GOOD = {"success", "neutral", "skipped"}
_OPEN = {"pending", "expected"}


class Standing(StrEnum):
    """How a check stands; a `MISSING` one has not begun."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Judged:
    """Something that judged a commit: a job, a run or a status; `conclusion` is empty until it ends."""

    name: str
    conclusion: str
    url: str = ""

    @property
    def standing(self) -> Standing:
        """Return how it stands."""
        if not self.conclusion or self.conclusion in _OPEN:
            return Standing.PENDING
        return Standing.PASSED if self.conclusion in _GOOD else Standing.FAILED


@dataclass(frozen=True, slots=True)
class Gate:
    """A check that counts, and how it stands; `said` is GitHub's own word."""

    name: str
    standing: Standing
    said: str = ""
    url: str = ""


_ORDER = (Standing.FAILED, Standing.PENDING, Standing.PASSED)


def gates(required: Sequence[str], jobs: Sequence[Judged], runs: Sequence[Judged], *, awaited: str = "") -> list[Gate]:
    """Return the checks that count: those required, else every run; `awaited` names a workflow that is yet to run."""
    if required:
        return [_gate(name, [job for job in jobs if job.name == name]) for name in dict.fromkeys(required)]
    found = [_gate(name, [run for run in runs if run.name == name]) for name in dict.fromkeys(run.name for run in runs)]
    return [*found, *([Gate(awaited, Standing.MISSING)] if awaited else [])]


def _gate(name: str, found: Sequence[Judged]) -> Gate:
    """Return how the worst of what has a name stands."""
    worst = min(found, key=lambda item: _ORDER.index(item.standing), default=None)
    if worst is None:
        return Gate(name, Standing.MISSING)
    return Gate(name, worst.standing, worst.conclusion, worst.url)


def verdict(found: Sequence[Gate]) -> Standing:
    """Return what several checks come to; none at all is passed."""
    standings = {gate.standing for gate in found}
    if Standing.FAILED in standings:
        return Standing.FAILED
    return Standing.PENDING if standings & {Standing.PENDING, Standing.MISSING} else Standing.PASSED


def told(found: Sequence[Gate]) -> str:
    """Return how the checks stand, in a line."""
    if not found:
        return "no check is demanded, and no workflow checks it"
    passed = sum(gate.standing is Standing.PASSED for gate in found)
    left = [f"{gate.name} ({gate.standing})" for gate in found if gate.standing is not Standing.PASSED]
    return f"{passed} of {len(found)} checks passed" + (f"; {', '.join(left)}" if left else "")
