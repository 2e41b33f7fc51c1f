"""The gate: what protects the stable branch, so that one reviewed merge is all that a release takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from .checks import Result


@dataclass(frozen=True, slots=True)
class Look:
    """What one check of the set-up found: a line of evidence and one remedy."""

    result: Result
    evidence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """A branch's protection; `classic`: it has the classic kind, which we may not have been allowed to read (`hidden`).

    `pulls`, `checks` and `rewritable` are what rules and classic protection come to.
    """

    branch: str
    pulls: bool
    checks: tuple[str, ...]
    rewritable: bool
    hidden: bool = False
    rules: str = ""  # the page on which a person changes them


def pull_required(gate: Gate) -> Look:
    """Return whether the branch takes changes by pull requests alone."""
    if gate.pulls:
        return Look(Result.PASS, f"{gate.branch} takes pull requests alone")
    if gate.hidden:
        return _hidden(gate, "whether it demands pull requests")
    return Look(
        Result.FAIL, f"anybody who may write can push to {gate.branch}", f"require a pull request: {gate.rules}"
    )


def checks_required(gate: Gate, wanted: Sequence[str]) -> Look:
    """Return whether the branch demands checks, and those that the settings name."""
    missing = [name for name in wanted if name not in gate.checks]
    if gate.checks and not missing:
        return Look(Result.PASS, f"{gate.branch} demands {', '.join(gate.checks)}")
    if gate.hidden:
        return _hidden(gate, "which checks it demands")
    lacking = ", ".join(missing) or "any check"
    return Look(Result.FAIL, f"{gate.branch} does not demand {lacking}", f"require status checks: {gate.rules}")


def rewriting(gate: Gate) -> Look:
    """Return whether the branch's history is safe from force pushes."""
    if not gate.rewritable:
        return Look(Result.PASS, f"{gate.branch} cannot be rewritten")
    if gate.hidden:
        return _hidden(gate, "whether it may be rewritten")
    return Look(Result.FAIL, f"{gate.branch} can be rewritten", f"block force pushes: {gate.rules}")


def _hidden(gate: Gate, what: str) -> Look:
    return Look(
        Result.UNKNOWN,
        f"{gate.branch} has classic protection, and only administrators may read {what}",
        f"look at {gate.rules}, or use rulesets, which anybody may read",
    )
