"""Whole processes, measured: seconds from start to end, and the most memory one of them held."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_KILOBYTES = 1024 if sys.platform != "darwin" else 1024 * 1024  # in what unit ru_maxrss counts
# Nothing of the person who runs this may change what is measured.
_FOREIGN = ("GIT_", "GITHUB_", "INVOKE_", "PYTHON", "RELEASE_COORDINATION_", "XDG_")


class Unfit(Exception):
    """A program did not do what is to be measured, so its time would mean nothing."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run; unless it ends with `code` and prints every text of `expected` its time means nothing."""

    argv: tuple[str, ...]
    cwd: Path
    expected: tuple[str, ...] = ()
    code: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds, and megabytes of the largest process among it and those it waited for."""

    seconds: float
    megabytes: float


def environment(home: Path) -> dict[str, str]:
    """Return this process's environment without what is personal; `home` is an empty folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}


def measure(command: Command, env: dict[str, str]) -> Sample:
    """Run a program once; refuse one that does something else than expected."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        child = subprocess.Popen(
            command.argv, cwd=command.cwd, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        # Popen.wait keeps the resources of this one child to itself, and getrusage knows only the sum of all.
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        _check(command, child.returncode, said.read().decode("utf-8", "replace"))
    return Sample(seconds, used.ru_maxrss * _KILOBYTES / 1e6)


def _check(command: Command, code: int, said: str) -> None:
    missing = [text for text in command.expected if text not in said]
    if code != command.code or missing:
        wanted = f", without {missing[0]!r}" if missing else ""
        raise Unfit(f"{' '.join(command.argv[1:])} exited {code}{wanted}:\n{said.rstrip()}")


def interleaved(commands: Sequence[Command], runs: int, env: dict[str, str]) -> list[tuple[Sample, ...]]:
    """Run each command once to warm up, then all of them in turn, `runs` times; return each turn's samples.

    In turn, because whatever else the machine does then falls on all of them alike.
    """
    for command in commands:
        measure(command, env)
    return [tuple(measure(command, env) for command in commands) for _ in range(runs)]
