"""Triage: the issues of GitHub as a release sees them: what blocks it, what is open, what was closed since the last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.version import Version

from .filed import since
from .github import github_of
from .history import Unreleased, decision
from .project import Project
from .rules.triage import Blocker, blockers
from .rules.versions import final_of, read_version
from .systems.github import Issue

_MOST_CLOSED = 1000  # issues and pull requests; more are not looked through


@dataclass(frozen=True, slots=True)
class Survey:
    """The issues of a project, newest first, and the blockers, the most severe first; `since` is the last release."""

    version: str
    since: datetime | None
    blockers: Sequence[Blocker[Issue]]
    open: Sequence[Issue]
    closed: Sequence[Issue]


def survey(project: Project, unreleased: Unreleased, version: str = "") -> Survey:
    """Return how the issues stand for a version, by default the next one; a project without a tracker has none."""
    wanted = str(final_of(read_version(version, "--version") if version else _next(project, unreleased)))
    after = since(project, unreleased)
    if not project.settings.issues:
        return Survey(wanted, after, (), (), ())
    github = github_of(project)
    opened = [issue for issue in github.issues(state="open") if not issue.pull_request]
    changed = github.issues(state="closed", since=after, most=_MOST_CLOSED)
    closed = [issue for issue in changed if not issue.pull_request and _closed_after(issue, after)]
    settings = project.settings
    blocking = blockers(opened, settings.blocker_labels, {wanted, f"{settings.tag_prefix}{wanted}", f"v{wanted}"})
    return Survey(wanted, after, blocking, opened, closed)


def _next(project: Project, unreleased: Unreleased) -> Version:
    return decision(project, unreleased).final or project.version


def _closed_after(issue: Issue, after: datetime | None) -> bool:
    return after is None or (issue.closed is not None and issue.closed >= after)
