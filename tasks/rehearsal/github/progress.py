"""Workflows and their runs, as they go on. Moments are seconds since the epoch."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Step:
    """A step of a job."""

    name: str
    conclusion: str = "success"


@dataclass
class Job:
    """A job of a run."""

    id: int
    name: str
    steps: list[Step] = field(default_factory=list)
    log: str = ""
    conclusion: str = "success"


@dataclass
class Artifact:
    """A zip that a run left behind."""

    id: int
    name: str
    content: bytes
    created: float
    expired: bool = False


@dataclass(frozen=True)
class Pace:
    """How long a run stays queued, then in progress: in seconds of the clock, or in polls (requests that read it)."""

    queued: float = 0
    running: float = 0
    unit: Literal["seconds", "polls"] = "polls"


@dataclass
class Run:
    """A run of a workflow; `effect` happens once, at the moment when it completes."""

    id: int
    number: int
    workflow: str  # the file's name
    head_sha: str
    branch: str  # or the tag, where one was pushed
    event: str
    created: float
    conclusion: str = "success"
    title: str = ""
    pace: Pace = Pace()
    jobs: list[Job] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    pulls: tuple[int, ...] = ()
    polls: int = 0
    status: str = "queued"
    updated: float = 0
    attempt: int = 1
    held: str | None = None  # a status that it stays at, whatever the pace
    effect: Callable[["Run"], None] | None = None

    def due(self, now: float) -> str:
        """Return the status that it should have by now."""
        if self.held:
            return self.held
        age = self.polls if self.pace.unit == "polls" else now - self.created
        if age < self.pace.queued:
            return "queued"
        return "in_progress" if age < self.pace.queued + self.pace.running else "completed"


@dataclass
class Workflow:
    """A workflow file."""

    id: int
    path: str
    name: str
    created: float
    state: str = "active"
