"""Readiness: what must be so before a release, each a check of its own (workflow phase 4)."""

import threading
from typing import TYPE_CHECKING

from .checking import check_one, load_changelog
from .commands import wants_network
from .history import Unreleased
from .project import Project
from .report import note
from .rules.changelog import is_candidate
from .rules.checks import Outcome, Result, judged
from .rules.coverage import State, summary
from .rules.discipline import check_version
from .rules.findings import Finding
from .rules.text import plural
from .systems.programs import ProgramFailed
from .systems.wheel import built
from .systems.wheel import entry_points as points_of

if TYPE_CHECKING:
    from .tracing import Traced


def clean(project: Project) -> Outcome:
    """Find what is not committed."""
    changes = project.git.changes()
    findings = [
        Finding("clean", f"{change[:2].strip()} {change[3:]} is not committed", change[3:]) for change in changes
    ]
    return judged(findings, "nothing uncommitted")


def version(project: Project) -> Outcome:
    """Hold the version against the newest section of the changelog."""
    set_now = str(project.version)
    if is_candidate(set_now):
        return Outcome(Result.SKIPPED, f"{set_now} is a candidate, which has no section")
    return judged(check_version(load_changelog(project), set_now, project.house), f"{set_now} in both")


def changelog(project: Project, unreleased: Unreleased) -> Outcome:
    """Hold the version's section against every rule of the house."""
    checked = check_one(project, "", unreleased)
    if checked.skipped:
        return Outcome(Result.SKIPPED, f"{checked.version} is a candidate, which has no section")
    return judged(checked.findings, f"section {checked.version} keeps every rule")


def tag(project: Project, unreleased: Unreleased) -> Outcome:
    """Tell whether the version's tag is free."""
    name = f"{project.settings.tag_prefix}{project.version}"
    if project.version in unreleased.versions:
        return Outcome(Result.FAIL, f"tag {name} exists: {project.version} was released")
    return Outcome(Result.PASS, f"tag {name} is free here")


def issues(project: Project, unreleased: Unreleased, stop: threading.Event, *, offline: bool) -> Outcome:
    """Find the commits that no issue covers."""
    traced = _traced(project, unreleased, stop, offline=offline)
    counts = summary(traced.coverages)
    findings = [
        Finding("issues", f"{item.change.commit.id[:8]} {item.change.commit.subject}: {item.reason}")
        for item in traced.coverages
        if item.state is State.UNCOVERED
    ]
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    counted = plural(len(traced.coverages), "commit")
    evidence = f"{counted} since {_point_name(unreleased)}" + (f": {told}" if told else "")
    if traced.trouble:
        evidence += f"; GitHub was not asked to the end: {traced.trouble.found}"
    if findings or not counts[State.UNKNOWN]:
        return judged(findings, evidence)
    if offline:
        return Outcome(Result.PASS, f"{evidence}; unknown ones accepted (--offline)")
    return Outcome(Result.UNKNOWN, f"{evidence}; accept unknown ones with --offline")


def _traced(project: Project, unreleased: Unreleased, stop: threading.Event, *, offline: bool) -> "Traced":
    """Return what covers each commit; a wait that GitHub asks for ends when the checks are called off."""
    from .systems.web import Web
    from .tracing import trace

    return trace(project, unreleased, offline=offline, web=Web(note=note, called_off=stop))


def _point_name(unreleased: Unreleased) -> str:
    point = unreleased.point
    return point.tag.name if point.tag else "the first commit"


def entry_points(project: Project) -> Outcome:
    """Load every entry point of the wheel as it would be installed."""
    tables = ("scripts", "gui-scripts", "entry-points")
    if not any(project.metadata.get(table) for table in tables):
        return Outcome(Result.PASS, "none declared")
    try:
        with built(project.root, project.git.files()) as wheel:
            points = points_of(
                wheel, str(project.metadata["name"]), str(project.metadata.get("requires-python", "")),
                project.settings.index.simple,
            )  # fmt: skip
    except ProgramFailed as error:
        result = Result.UNKNOWN if wants_network(error.stderr) else Result.FAIL
        return Outcome(result, error.line, output=error.stderr[-4000:])
    findings = [
        Finding("entry-points", f"{point.group} {point.name} = {point.value}: {point.error}", "pyproject.toml")
        for point in points
        if point.error
    ]
    return judged(findings, f"{plural(len(points), 'entry point')} of the wheel can be loaded")
