"""release: what follows the merge, where a person has to see to it (workflow phase 7)."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command
from .handover import DRY_RUN, YES

if TYPE_CHECKING:
    from .syncing import Sync
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
    if json:
        return
    for step in plan.steps:
        say(f"would {step}")
    if not plan.steps:
        _print_tagged(plan, pushed=False, json=False)


def _print_tagged(plan: "Tagging", *, pushed: bool, json: bool) -> None:
    from .report import document, say

    if json:
        document({"tag": plan.tag, "commit": plan.commit, "pushed": pushed})
    else:
        say(f"{plan.tag} at {plan.commit[:8]}: {'pushed' if pushed else 'was pushed already'}")
        say(f"next: inv release.watch --version {plan.version}")


@command(
    pull="By a pull request, also where the branch could simply be moved.", dry_run=DRY_RUN, yes=YES, project=PROJECT,
    json=JSON,
)  # fmt: skip
def sync(
    _c: Context, pull: bool = False, dry_run: bool = False, yes: bool = False, project: str = "", json: bool = False
) -> None:
    """Bring the development branch back onto the stable one after a release.

    One that holds nothing unreleased is moved, forwards or by a reset that is shown and asked for, and only if it is
    still where it was seen; one that does gets a pull request. Where the settings name no development branch there is
    nothing to do.
    """
    from .confirming import confirm
    from .project import find_project
    from .report import note
    from .syncing import carry_out, plan_sync

    plan = plan_sync(find_project(project), by_pull=pull)
    if dry_run:
        _print_sync(plan, json=json, would=True)
        return
    for step in plan.steps:
        note(f"- {step}")
    if plan.steps:
        confirm(f"Bring {plan.branches.development} back onto {plan.branches.stable}?", yes=yes)
    _print_sync(carry_out(plan), json=json)


def _print_sync(plan: "Sync", *, json: bool, would: bool = False) -> None:
    from .report import document, note, say
    from .syncing import left_here

    if json:
        document({"branch": plan.branches.development or None, "way": str(plan.there.way), "from": plan.there.seen,
                  "to": plan.there.to, "here": str(plan.here.way), "pull": plan.pull.number if plan.pull else None,
                  ("would" if would else "did"): plan.steps})  # fmt: skip
        return
    if would:
        for step in plan.steps:
            say(f"would {step}")
    elif left_here(plan):
        note(f"note: {left_here(plan)}")
    say(_outcome(plan, would=would))


def _outcome(plan: "Sync", *, would: bool) -> str:
    names = plan.branches
    if not names.development:
        return "no development branch in the settings: nothing to bring back"
    if plan.pull is not None:
        return f"merge PR #{plan.pull.number} when ready, with a merge commit ({plan.pull.url})"
    if would and plan.steps:
        return "nothing was changed"
    return f"{names.development} has all of {names.stable}"
