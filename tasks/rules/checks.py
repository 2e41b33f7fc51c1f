"""Checks: what one is called, what it found, and what several come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .findings import Finding


class Result(StrEnum):
    """A check's result; `SKIPPED` was not meant to run here, and its evidence says why."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check's result with its evidence in a line, what is wrong one by one, and the end of what a command said."""

    result: Result
    evidence: str
    findings: tuple[Finding, ...] = ()
    output: str = ""


def judged(findings: Iterable[Finding], good: str) -> Outcome:
    """Return PASS with the evidence `good` when nothing was found, else FAIL with the findings."""
    found = tuple(findings)
    if not found:
        return Outcome(Result.PASS, good)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Outcome(Result.FAIL, f"{found[0]}{more}", found)


def exit_code(results: Iterable[Result]) -> int:
    """Return what a run of checks ends with: 1 when one failed, else 3 when one is unknown, else 0."""
    seen = set(results)
    if Result.FAIL in seen:
        return 1
    return 3 if Result.UNKNOWN in seen else 0
