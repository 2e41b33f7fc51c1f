"""The suite: one run of the proof, all of its checks tried side by side from the start."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from ..rules.groups import group_of
from .progress import Progress
from .proof import Proof
from .reports import Row
from .waiting import Trial, Verdict

SUBJECTS = ("release", "index", "github", "host", "environment", "choice")


@dataclass
class Suite:
    """One run of the suite: its proof, the trials under way and what became of them."""

    proof: Proof
    wait: float
    strict: bool
    began: float = field(default_factory=time.monotonic)
    trials: dict[str, Trial] = field(default_factory=dict)
    futures: "dict[str, Future[Verdict]]" = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    unasked: int = 0
    unwritten: list[str] = field(default_factory=list)  # why reports are missing
    ended: bool = False  # pytest came to the end of the run, and found nothing wrong that is no check's

    @cached_property
    def progress(self) -> Progress:
        """Return who tells of what is awaited."""
        return Progress(self.awaited)

    @property
    def passed(self) -> bool:
        """Tell whether something was checked, to the end, and passed, and nothing was left out where that counts."""
        checked = [row for row in self.rows if row.result != "LEFT OUT"]
        complete = not self.strict or not (self.unconfigured or len(checked) < len(self.rows))
        ended = self.ended and len(self.rows) == len(self.trials)
        return ended and bool(checked) and all(row.result == "PASS" for row in checked) and complete

    @property
    def unconfigured(self) -> list[str]:
        """Return what the settings do not configure."""
        return [reason for reason in self.left_out if reason.startswith("not configured")]

    def start(self, items: Sequence[pytest.Function]) -> None:
        """Start every check in a thread of its own; the threads die with the process, so Ctrl-C waits for nothing."""
        for item in items:
            trial = Trial(lambda item=item: item.obj(**self._arguments(item)), self.began + self.wait)  # type: ignore[misc]
            future: Future[Verdict] = Future()
            self.trials[item.nodeid], self.futures[item.nodeid] = trial, future
            threading.Thread(target=lambda f, t: f.set_result(t.run()), args=(future, trial), daemon=True).start()

    def _arguments(self, item: pytest.Function) -> dict[str, Any]:
        given: Mapping[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
        return {
            name: self.proof.subject(name, given.get(name, "")) if name in SUBJECTS else given[name]
            for name in item._fixtureinfo.argnames  # noqa: SLF001 - pytest has no public word for it
        }

    def verdict(self, item: pytest.Item) -> Verdict:
        """Wait for a check's verdict and keep it for the reports."""
        found = self.futures[item.nodeid].result()
        self.rows.append(_row(item, found))
        return found

    def give_up(self, items: Sequence[pytest.Item]) -> None:
        """Keep for the reports, of the checks whose verdict nobody waited for, that nobody knows."""
        told = {row.id for row in self.rows}
        for item in items:
            if item.nodeid in self.trials and item.nodeid not in told:
                trial = self.trials[item.nodeid]
                evidence = ": ".join(filter(None, ("the run ended before its verdict", trial.waiting)))
                verdict = Verdict("UNKNOWN", evidence, trial.attempts, time.monotonic() - self.began)
                self.rows.append(_row(item, trial.verdict or verdict))

    def awaited(self) -> list[str]:
        """Return the names of the checks that have no verdict yet."""
        return [nodeid.rpartition("::test_")[2] for nodeid, trial in self.trials.items() if trial.verdict is None]

    def document(self) -> dict[str, Any]:
        """Return the run as the reports have it."""
        release = self.proof.release
        return {
            "package": release.package, "version": str(release.version), "passed": self.passed,
            "seconds": round(time.monotonic() - self.began, 3), "requests": self.proof.web.sent,
            "checks": [row.document() for row in self.rows], "left_out": self.left_out,
        }  # fmt: skip


def _row(item: pytest.Item, verdict: Verdict) -> Row:
    name, _, subject = item.name.removeprefix("test_").removesuffix("]").partition("[")
    group = group_of([marker.name for marker in item.iter_markers()])
    return Row(verdict.result, group, subject, name.replace("_", " "), verdict.evidence, verdict.attempts,
               verdict.seconds, item.nodeid)  # fmt: skip
