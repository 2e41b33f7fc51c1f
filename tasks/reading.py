"""Asking a person: for agreement elsewhere, here for words that are kept, and for a choice."""

import sys

from .errors import Refused
from .rules.text import printable


def can_ask() -> bool:
    """Tell whether somebody is there to answer."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def ask(question: str) -> str | None:
    """Return what somebody types after a question, None when the input ends there."""
    _forget_what_was_typed()
    sys.stderr.write(f"{printable(question)} ")
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        sys.stderr.write("\n")  # the terminal shows ^C
        raise
    if not answer.endswith("\n"):
        sys.stderr.write("\n")  # the input ended: what follows begins on a line of its own
    return answer.strip() if answer else None


def _forget_what_was_typed() -> None:
    """Drop what was typed before the question was shown: it answers something else."""
    import termios

    termios.tcflush(sys.stdin, termios.TCIFLUSH)


def answer_to(question: str, *, flag: str) -> str:
    """Return what somebody answers, which may not be nothing; refuse where nobody can be asked."""
    if not can_ask():
        raise Refused(
            f"{question} Nobody can be asked here", expected=f"a terminal, or {flag} TEXT",
            remedy=f"add {flag} with what is known",
        )  # fmt: skip
    answer = ask(question)
    if not answer:
        raise Refused("no answer: nothing more was done", expected="a sentence", remedy=f"run it again, or add {flag}")
    return answer


def chooses(question: str, *, default: bool, flag: str) -> bool:
    """Return what somebody chooses, the default where they only press return; refuse where nobody can be asked."""
    ways = f"{flag} yes or {flag} no"
    if not can_ask():
        raise Refused(f"{question} Nobody can be asked here", expected=f"a terminal, or {ways}", remedy=f"add {ways}")
    answer = ask(f"{question} [{'Y/n' if default else 'y/N'}]")
    known = {"": default, "y": True, "yes": True, "n": False, "no": False}
    if answer is None or answer.lower() not in known:
        raise Refused("no choice was made: nothing more was done", expected="y or n",
                      remedy=f"run it again, or add {ways}")  # fmt: skip
    return known[answer.lower()]
