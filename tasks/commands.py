"""Commands that the settings name, run as checks."""

import re
import shlex
import subprocess
import threading
from pathlib import Path

from .errors import WrongValue
from .rules.checks import Outcome, Result
from .rules.findings import Finding
from .rules.secrets import masked
from .rules.text import printable
from .systems.process import started, stop
from .systems.tokens import without_tokens

_POLL_SECONDS = 0.2
_TAIL_LINES = 40
_PLACE = re.compile(r"\s*(?:-->\s*)?(?P<file>[^\s:]+):(?P<line>\d+)(?::\d+)?(?::\s*|\s+|\Z)(?P<message>.*)")
_MOST_FINDINGS = 50  # GitHub shows no more annotations than that


def run_command(root: Path, line: str, halt: threading.Event, *, frozen: bool) -> Outcome:
    """Run a command line, split as a shell would but given to none, and return what came of it.

    With `frozen` uv leaves the lock file alone: `uv run` would otherwise bring it in step, and a stale one would go
    unnoticed by the check beside it. What it says goes into logs and a pull request, so secrets are taken out first.
    """
    argv = split(line)
    env = {"VIRTUAL_ENV": None, "NO_COLOR": "1", "UV_FROZEN": "1" if frozen else None}
    with started(argv, cwd=root, env=env) as child:
        said = masked(without_tokens(_wait(child, halt).decode("utf-8", "replace")))
    if child.returncode == 0:
        return Outcome(Result.PASS, _last_line(said) or f"`{line}` exited 0")
    if argv[0] == "uv" and wants_network(said):
        return Outcome(Result.UNKNOWN, f"no network: {_last_line(said)}")
    findings = tuple(_findings(root, said))
    tail = "\n".join(said.rstrip().splitlines()[-_TAIL_LINES:])
    return Outcome(Result.FAIL, f"exit {child.returncode}: {_last_line(said) or line}", findings, tail)


def wants_network(said: str) -> bool:
    """Tell by uv's own words whether it failed for want of the network, which says nothing about the project."""
    signs = ("error sending request", "failed to fetch", "dns error", "failed to lookup", "connection refused")
    return any(sign in said.lower() for sign in signs)


def split(line: str) -> list[str]:
    """Return the words of a command line."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise WrongValue(f"the command {line!r} cannot be read: {error}", expected="balanced quotes") from None


def _wait(child: subprocess.Popen[bytes], halt: threading.Event) -> bytes:
    while True:
        try:
            return child.communicate(timeout=_POLL_SECONDS)[0]
        except subprocess.TimeoutExpired:
            # What a program that ended left running may hold its output open for ever.
            if halt.is_set() or child.poll() is not None:
                stop(child)


def _last_line(said: str) -> str:
    lines = [line.strip(" =") for line in said.splitlines() if line.strip(" =-")]
    return printable(lines[-1]) if lines else ""


def _findings(root: Path, said: str) -> list[Finding]:
    """Return the places in the project that a command's output points at."""
    found: dict[tuple[str, int], Finding] = {}
    previous = ""
    for line in said.splitlines():
        match = _PLACE.fullmatch(line)
        if match and not match["file"].startswith("/") and (root / match["file"]).is_file():
            place = (match["file"], int(match["line"]))
            found.setdefault(place, Finding("command", match["message"] or previous, *place))
        previous = line.strip() or previous
    return list(found.values())[:_MOST_FINDINGS]
