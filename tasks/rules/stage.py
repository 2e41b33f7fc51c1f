"""A stage of the way from the merge to the published files: where it is, and where one is that is a workflow's run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from .explanations import GOOD, Work
from .failures import Stop
from .logs import shown
from .sightings import Ran

_LONG = timedelta(minutes=10)  # in a queue
_BY_CONCLUSION = {
    "cancelled": Stop.CANCELLED,
    "timed_out": Stop.TIMED_OUT,
    "startup_failure": Stop.STARTUP,
    "action_required": Stop.APPROVAL,
}
_QUEUED = {"queued", "pending", "requested"}


class State(StrEnum):
    """Where a stage is; `SKIPPED` happened in another way, or need not."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def over(self) -> bool:
        """Tell whether the stage is passed, and well."""
        return self in {State.DONE, State.SKIPPED}


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage; `stop` is the row of the failures for one that failed, or may, where no log is needed to tell."""

    name: str
    state: State
    evidence: str = ""
    since: datetime | None = None
    url: str = ""
    stop: Stop | None = None
    run: int = 0


def of_run(name: str, ran: Ran, now: datetime) -> Stage:
    """Return where a run is; a word that GitHub has added since is shown as it is."""
    again = f", attempt {ran.attempt}" if ran.attempt > 1 else ""
    if ran.status == "completed":
        state = State.DONE if ran.conclusion in GOOD else State.FAILED
        stop = _BY_CONCLUSION.get(ran.conclusion)
        return Stage(name, state, f"{ran.conclusion}{again}", ran.updated, ran.url, stop, ran.id)
    waits = {"waiting": Stop.APPROVAL}.get(ran.status)
    if ran.status in _QUEUED and ran.created and now - (ran.updated or ran.created) > _LONG:
        waits = Stop.NO_RUNNER
    said = {Stop.APPROVAL: "waits for approval", Stop.NO_RUNNER: "in the queue for long"}.get(waits) if waits else ""
    at = said or _at(ran.works) or ran.status.replace("_", " ")
    return Stage(name, State.RUNNING, f"{at}{again}", ran.created, ran.url, waits, ran.id)


def _at(works: Sequence[Work]) -> str:
    """Return what the jobs of a run are at."""
    if not works:
        return ""
    busy = [shown(f"{work.name}: {work.running_step}" if work.running_step else work.name)
            for work in works if work.status == "in_progress"]  # fmt: skip
    failed = [f"{shown(work.name)} failed" for work in works if work.failed]
    ended = sum(work.status == "completed" for work in works)
    parts = (f"{ended} of {len(works)} jobs done", ", ".join(failed[:3]), ", ".join(busy[:3]))
    return "; ".join(filter(None, parts))
