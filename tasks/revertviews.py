"""What is told of a commit that is taken back."""

from .report import document, note, say
from .reverting import Plan


def tell_plan(plan: Plan) -> None:
    """Say what is going to be done."""
    for step in plan.steps:
        note(f"- {step}")


def report(plan: Plan, *, json: bool) -> None:
    """Say how it stands, and what is left to do."""
    if json:
        document({
            "commit": plan.commit, "title": plan.title, "branch": plan.branch, "base": plan.base,
            "revert": plan.made or None, "pull": plan.pull.number if plan.pull else None,
            "url": plan.pull.url if plan.pull else None, "reverted_by": plan.withdrawn_by or None,
            "state": _state(plan), "would": plan.steps, "next": _next(plan),
        })  # fmt: skip
        return
    say(_told(plan))
    for step in _next(plan):
        say(f"next: {step}")


def _state(plan: Plan) -> str:
    if plan.withdrawn_by or (plan.pull and plan.pull.merged):
        return "reverted"
    return "planned" if plan.steps else "proposed"


def _told(plan: Plan) -> str:
    name = f"{plan.commit[:8]} ({plan.change.commit.subject})"
    if plan.withdrawn_by:
        return f"{name} was taken back by {plan.withdrawn_by[:8]}, which {plan.base} has"
    if plan.pull is None or plan.steps:
        return f"{name} would be taken back; nothing was done"
    if plan.pull.merged:
        return f"{name} was taken back by pull request #{plan.pull.number}, which was merged"
    return f"{name} is taken back on {plan.branch}, pull request #{plan.pull.number}: {plan.pull.url}"


def _next(plan: Plan) -> list[str]:
    if _state(plan) == "reverted":
        return ["inv rollback.patch, or inv release.prepare: a release that has it"]
    if _state(plan) == "planned":
        return [f"inv rollback.revert {plan.commit[:8]}"]
    approver = plan.project.settings.approver
    number = plan.pull.number if plan.pull else ""
    return [f"merge PR #{number} when ready" + (f" (approver: {approver})" if approver else ""),
            "inv rollback.patch: the release that has it"]  # fmt: skip
