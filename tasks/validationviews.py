"""What is told of a checklist: each check as it ends, the table, the problems, GitHub's annotations."""

import os
from collections.abc import Iterable, Iterator, Sequence

from .report import command_runner, document, note, say, table, waiting_for
from .rules.checks import Result
from .rules.findings import Finding, annotation
from .rules.text import plural
from .validation import Check, Done


def watched(done: Iterable[Done], checks: Sequence[Check], *, quiet: bool) -> Iterable[Done]:
    """Pass the checks on as they end, telling of each, and on a terminal of those that still run."""
    left = [check.name for check in checks]
    with waiting_for(lambda: f"running {', '.join(left)}") as update:
        for item in done:
            left.remove(item.name)
            update()
            if not quiet:
                note(f"{item.outcome.result:8}{item.name} ({item.seconds:.1f} s)")
            yield item


def print_done(done: Sequence[Done]) -> None:
    """Print the checks as a table, each problem below it, and on GitHub's runner its annotations."""
    say()
    rows = [(item.outcome.result, item.name, f"{item.seconds:.1f}", item.outcome.evidence) for item in done]
    table(("result", "check", "seconds", "evidence"), rows, wide="evidence")
    for item in done:
        _print_problems(item)
    if os.environ.get("GITHUB_ACTIONS"):
        for line in _annotations(done):
            command_runner(line)
    say()
    counted = ", ".join(f"{sum(row[0] == result for row in rows)} {result.lower()}" for result in dict.fromkeys(
        row[0] for row in rows))  # fmt: skip
    say(f"{plural(len(done), 'check')}: {counted}")


def _annotations(done: Sequence[Done]) -> Iterator[str]:
    """Yield a GitHub annotation for every problem, also of a check that points at no place."""
    for item in done:
        whole = [Finding(item.name, item.outcome.evidence)] if item.outcome.result is Result.FAIL else []
        for finding in item.outcome.findings or whole:
            yield annotation(finding, item.name)


def _print_problems(item: Done) -> None:
    if item.outcome.output or len(item.outcome.findings) > 1:
        say()
        say(f"{item.name}:")
    for line in item.outcome.output.splitlines():
        say(f"| {line}")  # not blanks: GitHub's runner obeys "::command::" after blanks
    for finding in item.outcome.findings if len(item.outcome.findings) > 1 and not item.outcome.output else ():
        say(f"- {finding}")


def print_document(done: Sequence[Done]) -> None:
    """Print the checks as one document."""
    document(
        [
            {
                "check": item.name,
                "result": str(item.outcome.result),
                "evidence": item.outcome.evidence,
                "seconds": round(item.seconds, 3),
                "findings": [
                    {"message": finding.message, "file": finding.file or None, "line": finding.line or None}
                    for finding in item.outcome.findings
                ],
                "output": item.outcome.output,
            }
            for item in done
        ]
    )
