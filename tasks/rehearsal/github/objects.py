"""What a GitHub repository holds beside its git data. Moments are seconds since the epoch."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Reason = Literal["completed", "not_planned", "duplicate", "reopened"]


def stamp(moment: float) -> str:
    """Return a moment as GitHub writes it, whole seconds in UTC."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Label:
    """A label of the repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass
class Milestone:
    """A milestone."""

    id: int
    number: int
    title: str
    created: float
    state: str = "open"
    due: float | None = None


@dataclass
class Comment:
    """A comment on an issue or a pull request."""

    id: int
    number: int
    body: str
    user: str
    created: float
    updated: float


@dataclass
class Issue:
    """An issue, and what a pull request has in common with one."""

    id: int
    number: int
    title: str
    user: str
    created: float
    updated: float
    body: str | None = None
    state: str = "open"
    reason: Reason | None = None
    closed: float | None = None
    closed_by: str | None = None
    labels: list[str] = field(default_factory=list)
    milestone: int | None = None


@dataclass
class Pull(Issue):
    """A pull request; the ids of its two ends are pinned when it is merged or closed."""

    base: str = ""
    head: str = ""
    base_sha: str = ""
    head_sha: str = ""
    merged: float | None = None
    merged_by: str | None = None
    merge_sha: str | None = None
    commits: tuple[str, ...] | None = None  # None: what the head has and the base lacks
    closes: tuple[int, ...] | None = None  # None: what the body says
    draft: bool = False
    asked: int = 0  # how often since the head moved; mergeability is unknown the first time
    judged_head: str = ""


@dataclass
class Asset:
    """A file of a release; one that is `starter` failed while it was uploaded."""

    id: int
    name: str
    content: bytes
    media: str
    created: float
    label: str | None = None
    state: str = "uploaded"
    downloads: int = 0
    digest: str | None = None

    def __post_init__(self) -> None:
        if self.digest is None and self.state == "uploaded":
            self.digest = f"sha256:{hashlib.sha256(self.content).hexdigest()}"


@dataclass
class Release:
    """A release."""

    id: int
    tag: str
    target: str
    created: float
    name: str | None = None
    body: str | None = None
    user: str = "github-actions[bot]"
    draft: bool = False
    prerelease: bool = False
    published: float | None = None
    immutable: bool = False
    latest: int = 0  # 1: was made the latest, -1: was not to be
    assets: list[Asset] = field(default_factory=list)


@dataclass
class Status:
    """A commit status, as services other than Actions set them."""

    id: int
    context: str
    state: str
    created: float
    description: str | None = None
