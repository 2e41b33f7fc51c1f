"""What was filed: the issues of GitHub that were made for commits, found by their marks and not by a search."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from .history import Unreleased
from .project import Project
from .rules.filing import LABELS, marked
from .rules.pulls import Told
from .rules.references import Reference
from .systems.github import Github, Issue

_TRUSTED = {"OWNER", "MEMBER", "COLLABORATOR"}
_MARGIN = timedelta(days=1)  # the clocks of tags and of GitHub may differ


def since(project: Project, unreleased: Unreleased) -> datetime | None:
    """Return when the last release was; None when there was none."""
    point = unreleased.point
    if point.commit is None:
        return None
    return datetime.fromisoformat(point.tag.date if point.tag else project.git.date(point.commit))


def window(project: Project, unreleased: Unreleased) -> datetime | None:
    """Return since when issues can have been filed for what is unreleased; None: since ever.

    That may be long before the last release: a hotfix that was merged back leaves older commits unreleased.
    """
    released = since(project, unreleased)
    try:
        made = [datetime.fromisoformat(change.commit.date) for change in unreleased.changes]
    except ValueError:  # a date that nobody can mean
        return None
    return min([released, *made]) if released else None


def filed_issues(github: Github, after: datetime | None, most: int | None = None) -> dict[str, Issue]:
    """Return the issues that were filed for commits, by commit, the oldest where there are several.

    Everything since a moment is looked through, newest first, `most` of it at the most.
    """
    listed = github.issues(state="all", since=after - _MARGIN if after else None, most=most)
    return dict(_marked(listed))


def _marked(issues: Iterator[Issue]) -> Iterator[tuple[str, Issue]]:
    for issue in issues:
        commit = "" if issue.pull_request else marked(issue.body)
        if commit and ours(issue):
            yield commit, issue


def ours(issue: Issue) -> bool:
    """Tell whether somebody made an issue who may: in a public repository anybody can write a mark.

    A token that may not see who belongs to an organisation sees the labels, which only those set who work there.
    """
    labelled = any(label.lower() in LABELS for label in issue.labels)
    return issue.association in _TRUSTED or issue.author.endswith("[bot]") or labelled


def told_by(issue: Issue) -> Told:
    """Return what a filed issue tells of its commit; one that is open yet may still be finished."""
    return Told(f"issue #{issue.number} was filed for it", (Reference(issue.number),), lasting=issue.state == "closed")
