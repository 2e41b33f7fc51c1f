"""The web: one polite client for every service that is asked over HTTP."""

from .answers import Answer
from .client import Web
from .clock import Clock
from .troubles import (
    Broken,
    Failing,
    Insecure,
    Limited,
    NotReached,
    OutcomeUnknown,
    Stopped,
    Strayed,
    TimeUp,
    Trouble,
    WrongAnswer,
    WrongFile,
)

__all__ = [
    "Answer",
    "Broken",
    "Clock",
    "Failing",
    "Insecure",
    "Limited",
    "NotReached",
    "OutcomeUnknown",
    "Stopped",
    "Strayed",
    "TimeUp",
    "Trouble",
    "Web",
    "WrongAnswer",
    "WrongFile",
]
