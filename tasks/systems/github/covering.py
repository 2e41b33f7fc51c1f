"""What covers a commit on GitHub: the pull requests that it came through, and the issues that those close."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ClosedIssue:
    """An issue that a pull request closes; `repository` is where it is, `state` is OPEN or CLOSED."""

    number: int
    repository: str
    title: str
    state: str
    labels: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class CoveringPull:
    """A pull request that a commit came through; `state` is OPEN, CLOSED or MERGED; its body may mention more."""

    number: int
    repository: str
    title: str
    body: str = field(repr=False)
    state: str
    merged: datetime | None
    base: str
    labels: tuple[str, ...]
    url: str
    issues: tuple[ClosedIssue, ...]


@dataclass(frozen=True, slots=True)
class CoveredCommit:
    """A commit as GitHub knows it, with its pull requests."""

    id: str
    headline: str
    date: datetime | None
    pulls: tuple[CoveringPull, ...]
