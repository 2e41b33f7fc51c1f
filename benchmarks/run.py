"""Measures this project against baselines, in one run; see README.md beside this file."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from cases import CASES, Case, World
from measure import Unfit, environment, interleaved

_COLUMNS = ("name", "baseline", "median", "baseline median", "value", "target", "peak MB", "target MB", "met")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case: medians of its command's and its first baseline's seconds, and the value of the pairs."""

    case: Case
    runs: int
    seconds: float
    baseline_seconds: float
    value: float
    megabytes: float

    @property
    def met(self) -> bool:
        """Tell whether every target was met."""
        fits = self.case.megabytes is None or self.megabytes <= self.case.megabytes
        return self.value <= self.case.target and fits

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        case = self.case
        sign = "+" if case.unit == "s" else ""
        return (
            case.name,
            case.baseline,
            f"{self.seconds:.3f} s",
            f"{self.baseline_seconds:.3f} s",
            f"{sign}{self.value:.3f} {case.unit}",
            f"{sign}{case.target:.2f} {case.unit}",
            f"{self.megabytes:.1f}",
            f"{case.megabytes:.0f}" if case.megabytes else "",
            "yes" if self.met else "NO",
        )

    def document(self) -> dict[str, object]:
        """Return it for JSON."""
        case = self.case
        return {
            "name": case.name,
            "baseline": case.baseline,
            "runs": self.runs,
            "seconds": round(self.seconds, 4),
            "baseline_seconds": round(self.baseline_seconds, 4),
            "value": round(self.value, 4),
            "unit": "ratio" if case.unit == "x" else "seconds above",
            "target": case.target,
            "peak_megabytes": round(self.megabytes, 1),
            "target_megabytes": case.megabytes,
            "met": self.met,
        }


def judged(case: Case, runs: int | None, env: dict[str, str]) -> Result:
    """Return what a case comes to: medians over the turns, the value of each turn before its median."""
    turns = interleaved(case.commands, runs or case.runs, env)
    seconds = [[sample.seconds for sample in turn] for turn in turns]
    return Result(
        case,
        len(turns),
        median(turn[0] for turn in seconds),
        median(turn[1] for turn in seconds),
        median(case.value(turn) for turn in seconds),
        max(turn[0].megabytes for turn in turns),
    )


def machine() -> str:
    """Return what the numbers depend on, without naming the machine."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, git {git}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    rule = "-|-".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:])).replace(f"| {rule} |", f"|-{rule}-|")


def options() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure, by default all: {', '.join(CASES)}")
    parser.add_argument("--runs", type=int, help="turns for each; by default 5 to 21, more for what is short")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the table")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in CASES]
    if unknown:
        parser.error(f"{unknown[0]!r} is none of {', '.join(CASES)}")
    if asked.runs is not None and asked.runs < 1:
        parser.error("--runs must be at least 1")
    return asked


def main() -> int:
    """Measure, print, and return 1 when a target was missed, 2 when something cannot be measured."""
    asked = options()
    results = []
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as name:
        home = Path(name) / "home"
        home.mkdir()
        env = environment(home)
        world = World(Path(name), env)
        for case in asked.names or CASES:
            sys.stderr.write(f"{case} …\n")
            try:
                results.append(judged(CASES[case](world), asked.runs, env))
            except Unfit as error:
                sys.stderr.write(f"error: {error}\n")
                return 2
    if asked.json:
        print(json.dumps({"machine": machine(), "results": [result.document() for result in results]}, indent=2))
    else:
        print(table([_COLUMNS, *(result.row() for result in results)]))
        print(f"\n{machine()}")
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
