"""What the guard says no with, and the sign for what it cannot see."""

from ..errors import Refused

UNKNOWN = "\0"  # stands in a word for what only running would tell; no argument of a program can hold it


class Unclear(Refused):
    """What a command does cannot be told from its text, and it may be something forbidden."""


def shown(*words: str) -> str:
    """Return the beginning of a command as a reason quotes it."""
    text = " ".join(words).replace(UNKNOWN, "…")
    return f"`{text[:77]}…`" if len(text) > 80 else f"`{text}`"  # noqa: PLR2004 - fits a line
