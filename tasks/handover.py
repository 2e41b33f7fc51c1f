"""release: from the work that is done to the one merge, and back from it (workflow phase 7)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command

if TYPE_CHECKING:
    from .preparing import Plan, Prepared
    from .proposing import Proposal
    from .rules.gate import Gate
    from .systems.github import Pull

DRY_RUN = "Show what would be done, and do nothing."
YES = "Do not ask."
OFFLINE = "Accept commits whose issues only GitHub could tell."
SKIP = "Leave this check of the checklist out; may be repeated."


@command(
    iterable=("skip",), version="The final version; default: the one that the commits' votes give.", skip=SKIP,
    offline=OFFLINE, dry_run=DRY_RUN, yes=YES, project=PROJECT, json=JSON,
)  # fmt: skip
def prepare(
    _c: Context,
    version: str = "",
    skip: Sequence[str] | None = None,
    offline: bool = False,
    dry_run: bool = False,
    yes: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Put a release into one commit: version, lock, changelog dated today, all of it validated.

    On the stable or the development branch a topic branch release/X.Y.Z is made for it; on a topic branch it stays
    there. Entries that a person must place, or name the issue of, stop it: edit the changelog and run it again. A run
    that was interrupted is carried to its end by the next one; when all is there nothing is done.
    """
    from .checklists import check_names
    from .confirming import confirm
    from .preparing import carry_out, plan_release
    from .project import find_project

    found = find_project(project)
    check_names(found, skip or ())
    plan = plan_release(found, version)
    if dry_run:
        print_plan(plan, json=json)
        return
    if not plan.done:
        print_steps(plan)
        confirm(f"Prepare {plan.version} on {plan.branch}?", yes=yes)
    print_prepared(carry_out(plan, skip=skip or (), offline=offline), json=json)


def print_plan(plan: "Plan", *, json: bool) -> None:
    """Print what would be done for a release."""
    from .report import document, say

    if json:
        document({"version": str(plan.version), "branch": plan.branch, "done": plan.done, "would": plan.steps})
        return
    for step in plan.steps:
        say(f"would {step}")
    say(f"{plan.version} is prepared on {plan.branch} already" if plan.done else "nothing was changed")


def print_steps(plan: "Plan | Proposal") -> None:
    """Say what is going to be done."""
    from .report import note

    for step in plan.steps:
        note(f"- {step}")


def print_prepared(prepared: "Prepared", *, json: bool) -> None:
    """Print where a release stands that is committed."""
    from .report import document, say

    if json:
        document({"version": str(prepared.version), "branch": prepared.branch, "commit": prepared.commit,
                  "changed": list(prepared.changed)})  # fmt: skip
        return
    done = f"committed {', '.join(prepared.changed)}" if prepared.changed else "nothing was left to do"
    say(f"{prepared.version} is prepared on {prepared.branch} at {prepared.commit[:8]}: {done}")
    say("next: inv release.propose")


@command(
    iterable=("skip",), wait="Wait so many seconds at the most for the checks; 0: do not look at them; default: 1800.",
    skip=SKIP, offline=OFFLINE, dry_run=DRY_RUN, yes=YES, project=PROJECT, json=JSON,
)  # fmt: skip
def propose(
    _c: Context,
    wait: int = 1800,
    skip: Sequence[str] | None = None,
    offline: bool = False,
    dry_run: bool = False,
    yes: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Propose the release: push the branch, open or update its pull request, and wait until it can be merged.

    The pull request goes from the branch you are on to the stable branch, with a summary: votes, changelog, audit,
    validation, integration, staging. What a person writes around the summary stays. Nothing is ever merged by this
    tool: it ends with the one line for whoever does.
    """
    from .confirming import confirm
    from .project import find_project
    from .proposing import carry_out, plan_proposal, wait_for_checks

    plan = plan_proposal(find_project(project), skip=skip or (), offline=offline)
    if dry_run:
        _print_proposal(plan, json=json)
        return
    if plan.steps:
        print_steps(plan)
        confirm(f"Propose {plan.version} from {plan.branch} to {plan.base}?", yes=yes)
    pull = carry_out(plan)
    _tell_pull(plan, pull)
    gates = wait_for_checks(plan, pull, wait) if wait and not pull.merged else []
    _print_proposed(plan, pull, gates, json=json)


def _print_proposal(plan: "Proposal", *, json: bool) -> None:
    from .report import document, say

    if json:
        document({"version": str(plan.version), "branch": plan.branch, "base": plan.base, "would": plan.steps,
                  "title": plan.title, "body": plan.body})  # fmt: skip
        return
    for step in plan.steps:
        say(f"would {step}")
    for line in plan.body.split("\n"):
        say(f"| {line}")  # GitHub's runner would obey a line that begins with "::"


def _tell_pull(plan: "Proposal", pull: "Pull") -> None:
    from .report import note

    deed = {"open": "opened", "update": "updated", "leave": "already as it should be"}[plan.deed]
    note(f"pull request #{pull.number}: {'merged already' if pull.merged else deed}, {pull.url}")


def _print_proposed(plan: "Proposal", pull: "Pull", gates: Sequence["Gate"], *, json: bool) -> None:
    from .proposing import hand_off
    from .report import document, say

    line = f"PR #{pull.number} was merged" if pull.merged else hand_off(plan.project, pull)
    if json:
        checks = [{"name": gate.name, "standing": str(gate.standing), "url": gate.url or None} for gate in gates]
        document({"version": str(plan.version), "branch": plan.branch, "base": plan.base, "commit": plan.commit,
                  "pull": pull.number, "url": pull.url, "merged": pull.merged, "deed": plan.deed, "checks": checks,
                  "next": line})  # fmt: skip
    else:
        say(line)
