"""What is told of a yank: the plan, the page for a person, the outcome, and what comes next."""

from collections.abc import Callable, Sequence
from typing import Any

from .marking import Marked
from .report import document, note, say
from .rules.yanks import Aim
from .systems.browser import show
from .yanking import Plan


def tell_plan(plan: Plan, *, quiet: bool) -> None:
    """Say what the index shows, what installers take now and then, and what to beware of."""
    tell = note if quiet else say
    name = plan.shelf.project.package
    tell(f"{name} {plan.version}: {plan.standing}" + (f" ({plan.standing.reason})" if plan.standing.reason else ""))
    if plan.done:
        tell(f"installers take {plan.before or 'nothing'}")
        return
    tell(f"installers take {plan.before or 'nothing'} now, {plan.after or 'nothing'} once it is {plan.aim.done}")
    for warning in plan.warnings:
        note(f"warning: {warning}")


def hand_over(plan: Plan, *, quiet: bool) -> None:
    """Open the page for a person, or print its address, with what to paste there."""
    tell = note if quiet else say
    tell(f"{'opened' if show(plan.page) else 'open'}   {plan.page}")
    tell(f"version  {plan.version}")
    if plan.aim is Aim.YANK:
        tell(f"reason   {plan.reason or '(none given: --reason TEXT)'}")


def report(plan: Plan, *, state: str, marked: Marked | None = None, taken: Any = None, json: bool) -> None:
    """Say how it stands in the end, and what to type next."""
    steps = _next(plan, state)
    if json:
        document(_document(plan, state, marked, taken, steps))
        return
    if marked:
        say(f"{plan.shelf.project.package} {plan.version} is {state}: a resolver takes {taken or 'nothing'}")
        _tell_marked(plan, marked)
    elif state == plan.aim.pending:
        say(f"{plan.version} is {state}")
    for step in steps:
        say(f"next: {step}")


def _tell_marked(plan: Plan, marked: Marked) -> None:
    latest = f"; {marked.latest} is the latest" if marked.latest else ""
    say(f"GitHub release of {plan.version}: {marked.state}{latest}")
    if marked.trouble:
        note(f"error: {marked.trouble}")


def _document(plan: Plan, state: str, marked: Marked | None, taken: Any, steps: Sequence[str]) -> dict[str, Any]:
    text: Callable[[Any], str | None] = lambda value: None if value is None else str(value)  # noqa: E731
    return {
        "package": plan.shelf.project.package, "version": str(plan.version), "action": str(plan.aim), "state": state,
        "files": plan.standing.files, "installers": {"before": text(plan.before), "after": text(plan.after)},
        "resolver": text(taken), "page": plan.page, "reason": plan.reason, "warnings": plan.warnings,
        "github": marked and {"state": marked.state, "url": marked.url, "latest": marked.latest or None,
                              "trouble": text(marked.trouble)},
        "next": list(steps),
    }  # fmt: skip


def _next(plan: Plan, state: str) -> list[str]:
    if state == "planned":
        return [plan.again]
    if state != plan.aim.done:
        return [f"{plan.again} --wait 900, once that is done on the page"]
    if plan.aim is Aim.UNYANK:
        return ["inv release.verify --version " + str(plan.version)]
    older = [f"inv rollback.yank --version {plan.before}, if that is bad too"] if plan.done and plan.before else []
    return ["inv rollback.hosts, for hosts that run it", f"inv rollback.patch --version {plan.version}", *older]
