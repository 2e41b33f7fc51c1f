"""The stages of a release, for people and for programs: live on a terminal, line by line elsewhere, one document."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .following import LATE, Followed, Tell, follow
from .pipeline import Pipeline
from .report import console, document, grid, note, say, table
from .rules.explanations import Explanation
from .rules.stage import Stage
from .rules.text import age, printable

if TYPE_CHECKING:
    from rich.table import Table

_COLUMNS = ("state", "stage", "age", "evidence")
_ENDS = {0: "is released", 1: "is not released", LATE: "is not released yet: what is missing may still come"}


@dataclass
class _Live:
    """What a terminal shows, made anew for every refresh as the ages grow."""

    now: Callable[[], datetime]
    stages: Sequence[Stage] = ()
    trouble: str = ""

    def __call__(self) -> "Table":
        """Return the table."""
        trouble = [("", "", "", self.trouble)] if self.trouble else []
        cells = [[printable(cell) for cell in row] for row in [*_rows(self.stages, self.now()), *trouble]]
        return grid(_COLUMNS, cells, "evidence")

    def tell(self, stages: Sequence[Stage], trouble: str) -> None:
        """Take what was seen."""
        self.stages, self.trouble = stages or self.stages, trouble


@dataclass
class _Lines:
    """What a pipe shows: a line for each stage that has changed."""

    _said: dict[str, str] = field(default_factory=dict)

    def tell(self, stages: Sequence[Stage], trouble: str) -> None:
        """Say what is new."""
        for stage in stages:
            self._say(stage.name, f"{stage.name}: {stage.state}{f', {stage.evidence}' if stage.evidence else ''}")
        self._say("trouble", trouble)

    def _say(self, name: str, text: str) -> None:
        if text and self._said.get(name) != text:
            note(text)
        self._said[name] = text


@contextmanager
def live(now: Callable[[], datetime]) -> Iterator[Tell]:
    """Show on standard error what a release is at; the yielded function takes what was seen."""
    if not sys.stderr.isatty():
        yield _Lines().tell
        return
    from rich.live import Live

    shown = _Live(now)
    with Live(get_renderable=shown, console=console(sys.stderr), refresh_per_second=2, transient=True):
        yield shown.tell


def watched(way: Pipeline, seconds: float) -> Followed:
    """Follow a release and show what it is at."""
    try:
        with live(way.now) as tell:
            return follow(way, seconds, tell)
    except KeyboardInterrupt:
        note(f"nothing was changed; to go on from wherever it is: inv release.watch --version {way.version}")
        raise


def _rows(stages: Sequence[Stage], now: datetime) -> Iterator[tuple[str, str, str, str]]:
    for stage in stages:
        since = age((now - stage.since).total_seconds()) if stage.since else ""
        yield str(stage.state), stage.name, since, stage.evidence


def print_followed(found: Followed, what: str, now: datetime | None = None) -> None:
    """Print where a release stands, and why it does not go on."""
    if found.stages:
        table(_COLUMNS, _rows(found.stages, now or datetime.now(UTC)), wide="evidence")
        say()
    for reason in found.explanations:
        print_explanation(reason)
    if found.trouble:
        say(f"the last look failed: {found.trouble}")
    say(f"{what} {_ENDS[found.code]}")


def print_explanation(reason: Explanation) -> None:
    """Print why something failed; lines of a log stand behind a bar, where no runner obeys them."""
    say(f"{reason.where}: {reason.name}" if reason.where else reason.name)
    for line in reason.lines:
        say(f"| {line}")
    say(f"cause: {reason.cause}")
    say(f"next: {reason.fix}")
    if reason.url:
        say(f"see: {reason.url}")
    say()


def print_document(found: Followed, version: str) -> None:
    """Print one document."""
    document({
        "version": version,
        "code": found.code,
        "stages": [_stage(stage) for stage in found.stages],
        "failures": [explanation_row(reason) for reason in found.explanations],
        "trouble": found.trouble or None,
    })  # fmt: skip


def _stage(stage: Stage) -> dict[str, object]:
    since = stage.since.isoformat() if stage.since else None
    return {
        "stage": stage.name, "state": str(stage.state), "evidence": stage.evidence, "since": since,
        "url": stage.url or None, "run": stage.run or None, "failure": str(stage.stop) if stage.stop else None,
    }  # fmt: skip


def explanation_row(reason: Explanation) -> dict[str, object]:
    """Return an explanation for a document."""
    return {
        "failure": reason.key, "name": reason.name, "cause": reason.cause, "fix": reason.fix,
        "where": reason.where or None, "url": reason.url or None, "lines": list(reason.lines),
    }  # fmt: skip
