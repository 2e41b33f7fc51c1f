"""Asking a person before what cannot be undone (DESIGN.md section 1)."""

import sys

from .errors import Refused
from .rules.text import printable


def confirm(question: str, *, yes: bool) -> None:
    """Return when somebody agrees, beforehand (`yes`) or now; refuse when nobody can be asked, or says no."""
    if yes:
        return
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused(f"{question} Nobody can be asked here", expected="a terminal, or --yes", remedy="add --yes")
    _forget_what_was_typed()
    sys.stderr.write(f"{printable(question)} [y/N] ")
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        raise
    if not answer.endswith("\n"):
        sys.stderr.write("\n")  # the input ended: what follows begins on a line of its own
    if answer.strip().lower() not in {"y", "yes"}:
        raise Refused("not confirmed: nothing more was done", expected="y", remedy="run it again, or add --yes")


def _forget_what_was_typed() -> None:
    """Drop what was typed before the question was shown: it answers something else."""
    import termios

    termios.tcflush(sys.stdin, termios.TCIFLUSH)
