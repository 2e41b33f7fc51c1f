"""The outcome of a proof: a table for people, a page to send round, a document for programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..page import page, table
from ..report import say
from ..report import table as print_table
from ..rules.text import plural

_COLUMNS = ("result", "subject", "check", "evidence", "tries", "seconds")


@dataclass(frozen=True, slots=True)
class Row:
    """A check and what became of it; `seconds` from the start until its verdict."""

    result: str
    group: str
    subject: str
    check: str
    evidence: str
    attempts: int
    seconds: float
    id: str

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def _cells(check: Mapping[str, Any]) -> tuple[str, ...]:
    subject = f"{check['group']} {check['subject']}".rstrip()
    evidence = " ".join(str(check["evidence"]).split())
    return (check["result"], subject, check["check"], evidence, str(check["attempts"]), f"{check['seconds']:.1f}")


def print_summary(content: Mapping[str, Any], *, strict: bool) -> None:
    """Print every check, what was left out, and what it comes to."""
    if content["checks"]:
        print_table(_COLUMNS, [_cells(check) for check in content["checks"]], wide="evidence")
        say()
    for reason in content["left_out"]:
        say(f"{reason} (--strict: this fails)" if strict and reason.startswith("not configured") else reason)
    say(verdict(content))


def verdict(content: Mapping[str, Any]) -> str:
    """Return in a line what a proof comes to."""
    results = [check["result"] for check in content["checks"]]
    counted = ", ".join(f"{results.count(result)} {result.lower()}" for result in dict.fromkeys(results))
    what = f"{content['package']} {content['version']}"
    said = f"{plural(len(results), 'check')}: {counted or 'nothing was checked'}"
    return f"{what} is {'proved' if content['passed'] else 'NOT proved'}; {said}; {content['seconds']:.1f} s"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write the summary for programs."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_html(path: Path, content: Mapping[str, Any]) -> None:
    """Write the summary as one page that needs nothing else."""
    rows = [_cells(check) for check in content["checks"]]
    body = [("p", verdict(content)), *(("p", reason) for reason in content["left_out"])]
    title = f"Proof of {content['package']} {content['version']}"
    path.write_text(page(title, body, table(_COLUMNS, rows)), encoding="utf-8")
