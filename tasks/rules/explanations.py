"""Explanations: which of the known failures a failed job is, told from its log, its steps' names and how it ended."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from .failures import BY_KEY, FAILURES, UNKNOWN, Failure, Stop
from .logs import evidence, failing, last_errors, lines, shown

_BY_CONCLUSION = {
    "cancelled": Stop.CANCELLED,
    "timed_out": Stop.TIMED_OUT,
    "startup_failure": Stop.STARTUP,
    "action_required": Stop.APPROVAL,
}
_MOST_SEEN = 20
GOOD = {"success", "skipped", "neutral"}


@dataclass(frozen=True, slots=True)
class Work:
    """A job: how it stands (GitHub's words), and (name, status, conclusion) of each of its steps."""

    name: str
    status: str
    conclusion: str
    steps: tuple[tuple[str, str, str], ...] = ()
    url: str = ""

    @property
    def failed(self) -> bool:
        """Tell whether it ended, and not well."""
        return self.status == "completed" and self.conclusion not in GOOD

    @property
    def failed_step(self) -> str:
        """Return the name of the first step that failed, nothing when none did."""
        return next((name for name, _, conclusion in self.steps if conclusion not in {*GOOD, ""}), "")

    @property
    def running_step(self) -> str:
        """Return the name of the step that runs, nothing when none does."""
        return next((name for name, status, _ in self.steps if status == "in_progress"), "")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something failed: a row of the table, filled in, where it happened, and the lines that show it."""

    key: str
    name: str
    cause: str
    fix: str
    where: str = ""
    url: str = ""
    lines: tuple[str, ...] = ()


def explained(
    row: Failure, names: Mapping[str, str], where: str = "", url: str = "", found: tuple[str, ...] = ()
) -> Explanation:
    """Return a row with the names filled into its fix."""
    return Explanation(str(row.key), row.name, row.cause, row.fix.format(**names), where, url, found)


def explain(work: Work, log: str | None, names: Mapping[str, str]) -> Explanation:
    """Return why a job failed; `log` is None when there is none."""
    where = " / ".join(filter(None, map(shown, (work.name, work.failed_step))))
    read = lines(log or "")
    row, found = next(_candidates(work, read, known=log is not None), (UNKNOWN, last_errors(read)))
    return explained(row, names, where, work.url, found)


def _candidates(work: Work, log: Sequence[str], *, known: bool) -> Iterator[tuple[Failure, tuple[str, ...]]]:
    """Yield the rows that fit with the lines that show it, the surest first."""
    yield from _signed(failing(log))
    if work.conclusion in _BY_CONCLUSION:
        yield BY_KEY[_BY_CONCLUSION[work.conclusion]], last_errors(log)
    if not work.steps and not known:
        yield BY_KEY[Stop.NO_RUNNER], ()
    name = work.failed_step or work.name
    yield from ((row, last_errors(log)) for row in FAILURES if row.steps and re.search(row.steps, name))
    yield from _signed(log)


def _signed(log: Sequence[str]) -> Iterator[tuple[Failure, tuple[str, ...]]]:
    """Yield the rows of which a line has a sign; the runner's mark before a line is no part of it."""
    text = "\n".join(line.removeprefix("##[error]") for line in log)
    for row in FAILURES:
        found = evidence(_with(row, text))
        if found:
            yield row, found


def _with(row: Failure, text: str) -> Iterator[str]:
    """Yield the lines of a text that have a sign of a row, not all of very many."""
    for sign in row.signs:
        for match in islice(re.finditer(sign, text, re.MULTILINE), _MOST_SEEN):
            yield _line_at(text, match.start())


def skipped(log: str) -> tuple[str, ...]:
    """Return the lines that tell of an upload that was skipped, which makes no run fail."""
    return evidence(_with(BY_KEY["skipped"], "\n".join(lines(log))))


def _line_at(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]
