"""Asking a person for words that are kept, and for a choice."""

import sys

from .errors import Refused
from .rules.text import printable


def can_ask() -> bool:
    """Tell whether somebody is there to answer."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def answer_to(question: str, *, flag: str) -> str:
    """Return what somebody answers, which may not be nothing; refuse where nobody can be asked."""
    if not can_ask():
        raise Refused(
            f"{question} Nobody can be asked here", expected=f"a terminal, or {flag} TEXT",
            remedy=f"add {flag} with what is known",
        )  # fmt: skip
    answer = _answer(question)
    if not answer:
        raise Refused("no answer: nothing more was done", expected="a sentence", remedy=f"run it again, or add {flag}")
    return answer


def chooses(question: str, *, default: bool) -> bool:
    """Return what somebody chooses; the default where they only press return, or nobody can be asked."""
    if not can_ask():
        return default
    answer = _answer(f"{question} [{'Y/n' if default else 'y/N'}]").lower()
    return answer in {"y", "yes"} if answer else default


def _answer(question: str) -> str:
    sys.stderr.write(f"{printable(question)} ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()
