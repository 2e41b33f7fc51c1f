"""What is told of a patch that is begun."""

import shlex

from .patching import Plan
from .report import document, note, say


def tell_plan(plan: Plan) -> None:
    """Say what is going to be done."""
    if not plan.yanked:
        note(f"note: {plan.broken} is not yanked: installers still take it")
    for step in plan.steps:
        note(f"- {step}")


def report(plan: Plan, *, json: bool) -> None:
    """Say how it stands, and what is left to do."""
    if json:
        document({
            "broken": str(plan.broken), "reason": plan.reason, "yanked": plan.yanked, "version": str(plan.version),
            "branch": plan.branch, "issue": plan.issue.number if plan.issue else None,
            "url": plan.issue.url if plan.issue else None, "state": "planned" if plan.steps else "begun",
            "would": plan.steps, "next": _next(plan),
        })  # fmt: skip
        return
    issue = f", for #{plan.issue.number} ({plan.issue.state}): {plan.issue.url}" if plan.issue else ""
    say(f"{plan.version} {'would be' if plan.steps else 'is'} begun on {plan.branch}{issue}")
    for step in _next(plan):
        say(f"next: {step}")


def _next(plan: Plan) -> list[str]:
    if plan.steps:
        reason = f" --reason {shlex.quote(plan.reason)}" if plan.reason else ""
        return [f"inv rollback.patch --version {plan.broken}{reason}"]
    here = [] if plan.project.git.branch() == plan.branch else [f"git switch {plan.branch}"]
    closes = f", its message with: Closes #{plan.issue.number}" if plan.issue else ""
    return [*here, f"mend it, with a test that fails without it; git commit{closes}",
            "inv release.prepare, then inv release.propose"]  # fmt: skip
