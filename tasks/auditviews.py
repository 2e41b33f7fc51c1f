"""How the audit's findings are shown: the commits, the issues, what was filed."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .history import Unreleased
from .report import document, note, say, table
from .rules.coverage import Coverage, State, summary
from .rules.text import plural
from .tracing import Traced
from .views import coverage_document, point_document, short, show_point

if TYPE_CHECKING:
    from .filing import Plan, Step
    from .systems.github import Issue
    from .triage import Survey

_SHOWN = 3  # issues in a row of the table; --json has them all


def print_commits_json(unreleased: Unreleased, traced: Traced) -> None:
    """Print the commits as one JSON document."""
    document(
        {
            "head": unreleased.head,
            "release_point": point_document(unreleased.point),
            "commits": [coverage_document(item) for item in traced.coverages],
            "summary": {str(state): count for state, count in summary(traced.coverages).items()},
            "trouble": traced.trouble.found if traced.trouble else None,
        }
    )


def print_commits(unreleased: Unreleased, traced: Traced) -> None:
    """Print the commits as a table, and what to do next."""
    audited, counts = traced.coverages, summary(traced.coverages)
    show_point(unreleased)
    if audited:
        rows = ((item.state, short(item.change.commit.id), item.change.kind, item.change.commit.subject, _named(item))
                for item in audited)  # fmt: skip
        say()
        table(("state", "commit", "kind", "title", "issues"), rows, wide="title")
        say()
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    say(f"{plural(len(audited), 'commit')} since" + (f": {told}" if told else ""))
    if traced.trouble:
        note(f"warning: GitHub was not asked, or not to the end: {traced.trouble}")
    if counts[State.UNKNOWN]:
        say("unknown: the pull request may name an issue; only GitHub could tell, and it was not asked")
    if counts[State.UNCOVERED] and not traced.trouble:
        say("next: inv audit.file opens an issue for each uncovered commit; --dry-run shows them")


def _named(item: Coverage) -> str:
    if item.issues:
        more = f" +{len(item.issues) - _SHOWN}" if len(item.issues) > _SHOWN else ""
        return " ".join(str(issue) for issue in item.issues[:_SHOWN]) + more
    return f"? (pull request #{item.pull})" if item.state == "unknown" else ""


def print_issues_json(survey: "Survey") -> None:
    """Print the issues as one JSON document."""
    document(
        {
            "version": survey.version,
            "since": survey.since,
            "blockers": [{**_issue(one.issue), "reason": one.reason} for one in survey.blockers],
            "open": [_issue(issue) for issue in survey.open],
            "closed": [_issue(issue) for issue in survey.closed],
        }
    )


def _issue(issue: "Issue") -> dict[str, Any]:
    return {
        "number": issue.number,
        "title": issue.title,
        "state": issue.state,
        "labels": list(issue.labels),
        "milestone": issue.milestone or None,
        "closed": issue.closed.isoformat() if issue.closed else None,
        "url": issue.url,
    }


def print_issues(survey: "Survey") -> None:
    """Print the issues as a table: blockers first, then the others that are open, then those that were closed."""
    blocking = {one.issue.number for one in survey.blockers}
    rows = [("blocker", one.issue, one.reason) for one in survey.blockers]
    rows += [("open", issue, _asides(issue)) for issue in survey.open if issue.number not in blocking]
    rows += [("closed", issue, _asides(issue)) for issue in survey.closed]
    if rows:
        cells = ((state, f"#{issue.number}", issue.title, why) for state, issue, why in rows)
        table(("state", "issue", "title", "labels"), cells, wide="title")
        say()
    since = f"closed since {survey.since:%Y-%m-%d}" if survey.since else "closed"
    say(f"{survey.version}: {plural(len(blocking), 'blocker')}, {len(survey.open)} open, {len(survey.closed)} {since}")
    if blocking:
        say("next: close them, or take the label or the milestone away")


def _asides(issue: "Issue") -> str:
    return ", ".join((*issue.labels, *([f"milestone {issue.milestone}"] if issue.milestone else [])))


def print_plan(plan: "Plan") -> None:
    """Print what is to be filed, and what is not."""
    if plan.trouble:
        note(f"warning: GitHub was not asked, or not to the end: {plan.trouble}")
    for reason in plan.left_out:
        note(f"left out: {reason}")
    if plan.steps:
        rows = ((step.deed, short(step.filing.commit), step.filing.label, step.filing.title, _number(step))
                for step in plan.steps)  # fmt: skip
        table(("do", "commit", "label", "title", "issue"), rows, wide="title")
        say()


def print_filed(plan: "Plan", steps: "Sequence[Step]", *, dry_run: bool) -> None:
    """Print what was filed."""
    if not plan.steps:
        say("nothing to file")
    elif dry_run:
        say(f"would {plan.question[:1].lower()}{plan.question[1:-1]}; nothing was done")
    for step in steps if not dry_run else ():
        if step.issue:
            say(f"{_number(step)} {step.issue.state}  {short(step.filing.commit)}  {step.filing.title}")


def print_filed_json(plan: "Plan", steps: "Sequence[Step]", *, dry_run: bool) -> None:
    """Print what was filed, or would be, as one JSON document."""
    document(
        {
            "dry_run": dry_run,
            "issues": _steps(steps),
            "left_out": list(plan.left_out),
            "trouble": plan.trouble.found if plan.trouble else None,
        }
    )


def _number(step: "Step") -> str:
    return f"#{step.issue.number}" if step.issue else ""


def _steps(steps: "Iterable[Step]") -> list[dict[str, Any]]:
    return [
        {
            "commit": step.filing.commit,
            "deed": str(step.deed),
            "title": step.filing.title,
            "label": step.filing.label,
            "body": step.filing.body,
            "comment": step.filing.comment,
            "issue": step.issue.number if step.issue else None,
            "url": step.issue.url if step.issue else None,
        }
        for step in steps
    ]
