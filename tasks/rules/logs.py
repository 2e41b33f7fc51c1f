"""Logs of workflow jobs: cleaned of what a terminal or a runner would obey, rid of secrets, cut to what matters."""

import re
from collections.abc import Iterable, Sequence

from .secrets import masked
from .text import printable

_MOST_LINES = 20_000  # of the end of a log: what failed stands there
_LONGEST = 300  # characters of a line
_MOMENT = re.compile(r"\A\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+Z ?")
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])|\x9b[0-9;:?]*[@-~]")
_MARK = re.compile(r"##\[(?P<kind>[a-z-]+)\]")
_ERROR, _GROUP, _STEP = "##[error]", "##[group]", "##[group]Run "
_EMPTY_ENDS = re.compile(r"##\[error\](?:Process completed with exit code|The operation was canceled)")


def lines(log: str) -> list[str]:
    """Return a log's last lines without timestamps, colours and what was overwritten; the runner's marks stay."""
    return [_line(line) for line in log.split("\n")[-_MOST_LINES:]]


def _line(raw: str) -> str:
    text = _MOMENT.sub("", raw.rstrip("\r")[: 4 * _LONGEST])
    return _ESCAPE.sub("", text.rpartition("\r")[2])[:_LONGEST].rstrip()


def failing(log: Sequence[str]) -> Sequence[str]:
    """Return the part of a log that belongs to the step that failed, as far as can be told: all of it otherwise."""
    first = next((at for at, line in enumerate(log) if line.startswith(_ERROR)), None)
    if first is None:
        return log
    before = range(first, -1, -1)
    step = next((at for at in before if log[at].startswith(_STEP)), None)
    group = next((at for at in before if log[at].startswith(_GROUP)), 0)
    return log[group if step is None else step :]


def shown(line: str) -> str:
    """Return a line, or a name, as it may be shown anywhere: no secret, no escape, no command for a runner."""
    text = _MARK.sub(lambda mark: "error: " if mark["kind"] == "error" else "", printable(masked(line))).strip()
    return re.sub(r"\A:(?=:)", r"\\:", text.replace("##[", "#["))[:_LONGEST]


def last_errors(log: Sequence[str], most: int = 8) -> tuple[str, ...]:
    """Return the last lines up to the last error, those that say something."""
    at = max((at for at, line in enumerate(log) if line.startswith(_ERROR)), default=len(log) - 1)
    telling = [line for line in log[: at + 1] if _MARK.sub("", line).strip() and not line.startswith("##[endgroup]")]
    said = [line for line in telling if not _EMPTY_ENDS.match(line)]
    return evidence(said[-most:] or telling[-1:], most)


def evidence(found: Iterable[str], most: int = 6) -> tuple[str, ...]:
    """Return lines to show, each once and not too many."""
    return tuple(dict.fromkeys(filter(None, map(shown, found))))[:most]
