"""staging: a candidate from its number to its promotion (workflow phase 6)."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command
from .handover import DRY_RUN, YES

if TYPE_CHECKING:
    from .entering import Entered, Entry


@command(version="This candidate; default: the next number.", dry_run=DRY_RUN, yes=YES, project=PROJECT, json=JSON)
def enter(
    _c: Context, version: str = "", dry_run: bool = False, yes: bool = False, project: str = "", json: bool = False
) -> None:
    """Set the next candidate, commit it, and push the branch, from where CI publishes it to the staging index.

    It goes to the development branch or a topic branch, never to the stable one; it gets no tag and no changelog
    entry. A candidate that was committed and not pushed is pushed; when nothing came since, nothing is done.
    """
    from .confirming import confirm
    from .entering import carry_out, plan_entry
    from .project import find_project
    from .report import note

    entry = plan_entry(find_project(project), version)
    if dry_run:
        _print_entry(entry, json=json)
        return
    for step in entry.steps:
        note(f"- {step}")
    if entry.steps:
        confirm(f"Publish the candidate {entry.version} from {entry.branch}?", yes=yes)
    _print_entered(carry_out(entry), json=json)


def _print_entry(entry: "Entry", *, json: bool) -> None:
    from .report import document, say

    if json:
        document({"version": str(entry.version), "branch": entry.branch, "would": entry.steps})
        return
    for step in entry.steps:
        say(f"would {step}")
    say("nothing was changed" if entry.steps else f"{entry.version} is on {entry.branch} already")


def _print_entered(entered: "Entered", *, json: bool) -> None:
    from .report import document, say

    if json:
        document({"version": str(entered.version), "branch": entered.branch, "commit": entered.commit,
                  "changed": list(entered.changed), "pushed": entered.pushed})  # fmt: skip
        return
    done = "pushed" if entered.pushed else "was pushed already"
    say(f"{entered.version} at {entered.commit[:8]} on {entered.branch}: {done}")
    say(f"next: inv staging.wait --version {entered.version}")


@command(
    reason="Why it is promoted without a soak that passed; goes into the commit.", dry_run=DRY_RUN, yes=YES,
    project=PROJECT, json=JSON,
)  # fmt: skip
def promote(
    _c: Context, reason: str = "", dry_run: bool = False, yes: bool = False, project: str = "", json: bool = False
) -> None:
    """Make the candidate the final version, once every staging host says that it has earned it.

    Version, lock and changelog go into one commit on the branch you are on, with the hosts' verdict or your reason.
    Entries that a person must place stop it: edit the changelog and run it again.
    """
    from .confirming import confirm
    from .handover import print_plan, print_prepared, print_steps
    from .preparing import carry_out
    from .project import find_project
    from .promoting import plan_promotion

    plan = plan_promotion(find_project(project), reason)
    if dry_run:
        print_plan(plan, json=json)
        return
    if not plan.done:
        print_steps(plan)
        confirm(f"Promote to {plan.version} on {plan.branch}?", yes=yes)
    print_prepared(carry_out(plan, validate=False), json=json)
