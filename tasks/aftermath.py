"""release: what follows the merge, where a person has to see to it (workflow phase 7)."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command
from .handover import DRY_RUN, YES

if TYPE_CHECKING:
    from .tagging import Tagging


@command(dry_run=DRY_RUN, yes=YES, project=PROJECT, json=JSON)
def tag(_c: Context, dry_run: bool = False, yes: bool = False, project: str = "", json: bool = False) -> None:
    """Tag the release by hand, where the workflow that does it failed, once every guard allows it.

    The work tree is clean, HEAD is the stable branch's head here and there, the version is final, its changelog
    section is of today, the tag is free, the index has no such file, and the release workflow starts on it. Exactly
    that one reference is pushed.
    """
    from .confirming import confirm
    from .project import find_project
    from .report import note
    from .tagging import carry_out, plan_tag

    plan = plan_tag(find_project(project))
    if not json:
        _print_guards(plan)
    if dry_run or plan.problems:
        _refuse(plan, json=json)
        return
    if plan.steps:
        for step in plan.steps:
            note(f"- {step}")
        confirm(f"Push the tag {plan.tag}, which publishes {plan.version}?", yes=yes)
    _print_tagged(plan, pushed=carry_out(plan), json=json)


def _print_guards(plan: "Tagging") -> None:
    from .report import table

    if plan.guards:
        rows = [(guard.outcome.result, guard.name, guard.outcome.evidence) for guard in plan.guards]
        table(("result", "guard", "evidence"), rows, wide="evidence")


def _refuse(plan: "Tagging", *, json: bool) -> None:
    """Refuse where a guard does; where none does, say what would be done."""
    from .errors import Refused, Unreachable
    from .report import document, say
    from .rules.checks import Result

    if json:
        guards = [{"guard": guard.name, "result": str(guard.outcome.result), "evidence": guard.outcome.evidence}
                  for guard in plan.guards]  # fmt: skip
        document({"tag": plan.tag, "commit": plan.commit, "guards": guards, "would": plan.steps})
    if plan.problems:
        names = ", ".join(guard.name for guard in plan.problems)
        wrong = any(guard.outcome.result is Result.FAIL for guard in plan.problems)
        raise (Refused if wrong else Unreachable)(
            f"{plan.tag} must not be pushed: {names}", expected="every guard to pass", remedy="do what the guards say"
        )
    for step in () if json else plan.steps:
        say(f"would {step}")


def _print_tagged(plan: "Tagging", *, pushed: bool, json: bool) -> None:
    from .report import document, say

    if json:
        document({"tag": plan.tag, "commit": plan.commit, "pushed": pushed})
    else:
        say(f"{plan.tag} at {plan.commit[:8]}: {'pushed' if pushed else 'was pushed already'}")
