"""The issues for errors that hosts logged: one for each signature, ever."""

from collections.abc import Sequence
from dataclasses import dataclass

from .filed import ours
from .fleet import HostResult
from .github import editing, github_of
from .project import Project
from .rules.signatures import LABEL, Sighting, sighted, sightings
from .systems.github import Editor, Github, Issue
from .systems.web import OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Report:
    """An error, with its issue once there is one; `new`: it was filed now."""

    sighting: Sighting
    issue: Issue | None = None
    new: bool = False


def plan_reports(project: Project, results: Sequence[HostResult]) -> list[Report]:
    """Return every error that the hosts told of, each with the issue that is there for it."""
    seen = sightings({result.name: result.answer for result in results})
    if not seen:
        return []
    known = _filed(github_of(project))
    return [Report(sighting, known.get(sighting.id)) for sighting in seen]


def _filed(github: Github) -> dict[str, Issue]:
    """Return the issues that were filed for errors, open and closed, the oldest where there are several.

    All are looked through, not those with the label alone: a person may have given one another.
    """
    issues = (issue for issue in github.issues(state="all") if not issue.pull_request and ours(issue))
    return {sighted(issue.body): issue for issue in issues if sighted(issue.body)}


def file_reports(project: Project, reports: Sequence[Report]) -> list[Report]:
    """File an issue for each error that has none, and return them all with their issues."""
    github = github_of(project)
    editor = editing(github)
    if any(report.issue is None for report in reports):
        editor.ensure_label(LABEL, color="d73a4a", description="Something isn't working")
    known = _filed(github)  # a person may have thought for long about the question
    return [_filed_now(editor, report, known.get(report.sighting.id)) for report in reports]


def _filed_now(editor: Editor, report: Report, issue: Issue | None) -> Report:
    if issue is not None:
        return Report(report.sighting, issue)
    try:
        made = editor.create_issue(report.sighting.title, report.sighting.body, [LABEL])
    except OutcomeUnknown:
        found = _filed(editor.github).get(report.sighting.id)
        if found is None:
            raise
        made = found
    return Report(report.sighting, made, new=True)
