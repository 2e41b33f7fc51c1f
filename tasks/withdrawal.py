"""A version withdrawn from installers, or given back to them: shown, asked about, handed over, awaited, proven."""

from .confirming import confirm
from .marking import mark
from .report import note
from .systems.browser import terminal
from .vigil import Vigil
from .yanking import Plan
from .yankviews import hand_over, report, tell_plan

_USUAL_SECONDS = 900  # a person signs in first, and an index may show a change ten minutes late
_PENDING = 1


def withdraw(plan: Plan, wait: int, *, yes: bool, json: bool) -> int:
    """Have a person carry a plan out, and return the exit code: 1 while the index does not show it.

    Without a terminal nobody is asked, as nothing is changed by printing a page's address.
    """
    tell_plan(plan, quiet=json)
    seconds = wait if wait >= 0 else _USUAL_SECONDS if terminal() and not plan.done else 0
    if not plan.done:
        if terminal():
            confirm(plan.question, yes=yes)
        hand_over(plan, quiet=json)
        if seconds <= 0:
            report(plan, state=plan.aim.pending, json=json)
            return _PENDING
    return _see_through(plan, seconds, json=json)


def _see_through(plan: Plan, seconds: int, *, json: bool) -> int:
    """Wait until everything shows it, mark the GitHub release, and tell how it ended."""
    vigil = Vigil(plan)
    try:
        found = vigil.wait(seconds)
    except KeyboardInterrupt:
        note(f"nothing is lost: {plan.again} goes on from here")
        raise
    marked = mark(plan.shelf.project, plan.aim, plan.version, found.reason, vigil.taken)
    report(plan, state=plan.aim.done, marked=marked, taken=vigil.taken, json=json)
    return marked.trouble.exit_code if marked.trouble else 0


def preview(plan: Plan, *, json: bool) -> None:
    """Show a plan, and do nothing."""
    tell_plan(plan, quiet=json)
    note("nothing was done")
    report(plan, state=plan.aim.done if plan.done else "planned", json=json)
