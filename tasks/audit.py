"""audit: whether an issue stands behind every commit, and what is open (workflow phase 1)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command, finish

if TYPE_CHECKING:
    from .rules.coverage import State


@command(
    since="Look at what follows this revision instead of the release point.",
    until="Look at the history of this revision; default: HEAD.",
    offline="Do not ask GitHub, and accept what only it could tell: unknown commits do not fail the audit.",
    project=PROJECT,
    json=JSON,
)
def commits(
    _c: Context, since: str = "", until: str = "", offline: bool = False, project: str = "", json: bool = False
) -> None:
    """Show every commit since the last release, its issues, and whether one covers it.

    GitHub is asked which issues the pull requests name of commits that name none. Exits 1 when a commit is
    uncovered, and 3 when one is unknown, because GitHub could not be asked. With --offline unknown ones are accepted.
    """
    from .auditviews import print_commits, print_commits_json
    from .history import observe
    from .project import find_project
    from .rules.coverage import summary
    from .tracing import watch

    found = find_project(project)
    unreleased = observe(found, since, until)
    traced = watch(found, unreleased, offline=offline)
    (print_commits_json if json else print_commits)(unreleased, traced)
    finish(exit_code(summary(traced.coverages), offline=offline))


def exit_code(counts: "Mapping[State, int]", *, offline: bool) -> int:
    """Return 1 when something is uncovered, else 3 when something is unknown and that was not accepted."""
    from .rules.coverage import State

    if counts[State.UNCOVERED]:
        return 1
    return 3 if counts[State.UNKNOWN] and not offline else 0


@command(
    version="The version whose milestone counts; default: the next one.",
    project=PROJECT,
    json=JSON,
)
def issues(_c: Context, version: str = "", project: str = "", json: bool = False) -> None:
    """Show the issues that are open, those closed since the last release, and those that block the next one.

    An open issue blocks the release when it has a label of `blocker-labels`, or is in the milestone of the version.
    Exits 1 while one does.
    """
    from .auditviews import print_issues, print_issues_json
    from .history import observe
    from .project import find_project
    from .triage import survey

    found = find_project(project)
    surveyed = survey(found, observe(found), version)
    (print_issues_json if json else print_issues)(surveyed)
    finish(1 if surveyed.blockers else 0)


@command(
    iterable=("commit",),
    commit="File an issue for this commit alone; may be repeated.",
    dry_run="Show what would be filed, and do nothing.",
    yes="Do not ask.",
    project=PROJECT,
    json=JSON,
)
def file(
    _c: Context,
    commit: "Sequence[str] | None" = None,
    dry_run: bool = False,
    yes: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """File an issue for each commit that none covers, and close it at once: what it asks for is done.

    Each says what changed, what that means, and in which files, and carries the label of its kind. A rerun finds
    what was filed before, and finishes what was interrupted: no commit ever gets a second issue.
    """
    from .auditviews import print_filed, print_filed_json, print_plan
    from .confirming import confirm
    from .filing import carry_out, plan
    from .project import find_project

    found = find_project(project)
    planned = plan(found, commit or (), tentative=dry_run)
    if not json:
        print_plan(planned)
    done = planned.steps
    if planned.steps and not dry_run:
        confirm(planned.question, yes=yes)
        done = carry_out(found, planned)
    (print_filed_json if json else print_filed)(planned, done, dry_run=dry_run)
    finish(3 if planned.trouble else 0)
