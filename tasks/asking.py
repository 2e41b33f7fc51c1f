"""Asking: a person's yes before something is done."""

import sys

from .errors import Refused
from .rules.text import printable


def confirmed(question: str, *, yes: bool) -> None:
    """Go on when the answer is yes; refuse otherwise, and where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{question} Nobody can be asked here", expected="a terminal", remedy="run it again with --yes")
    sys.stderr.write(f"{printable(question)} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Refused("not confirmed: nothing was changed")
