"""Arguments: what a command takes, and how its help is set.

What is typed after a flag that takes a number is refused as any wrong value, not with a traceback.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.tasks import Task
from invoke.terminals import pty_size

from .errors import WrongValue

_INDENT = "  "  # what Invoke puts before each line
_MOST_DIGITS = 12  # more than any run's number on GitHub, and less than Python refuses to read


class Number(Argument):
    """A flag that takes a whole number, none below 0."""

    def set_value(self, value: Any, cast: bool = True) -> None:
        """Take what was typed; Invoke gives it as text, and what a task's signature says as it is."""
        text = str(value)
        if cast and not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
            flag = f"--{str(self.name).replace('_', '-')}"
            error = WrongValue(f"{flag} is {value!r}, which is no whole number", expected="a number such as 0 or 60")
            raise Exit(f"error: {error}", code=error.exit_code)
        super().set_value(value, cast)


class Command(Task[Callable[..., None]]):
    """A task whose numbers are read so, and whose help is as wide as the terminal."""

    def __init__(self, body: Callable[..., None], **options: Any) -> None:
        super().__init__(body, **options)
        # Invoke folds the options' texts alone. A list of tasks takes the first line, which therefore stays whole.
        if {"--help", "-h"} & set(sys.argv):
            self.__doc__ = folded(inspect.getdoc(body) or "", pty_size()[0] - len(_INDENT))

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """Return what the task takes."""
        return [_read(argument) for argument in super().get_arguments(ignore_unknown_help)]


def _read(argument: Argument) -> Argument:
    if argument.kind is not int:
        return argument
    return Number(
        names=argument.names, kind=int, default=argument.default, help=argument.help, positional=argument.positional,
        optional=argument.optional, incrementable=argument.incrementable, attr_name=argument.attr_name,
    )  # fmt: skip


def folded(text: str, width: int) -> str:
    """Return paragraphs in lines of this width; what is to be typed keeps its hyphens together."""
    folding = textwrap.TextWrapper(width=max(width, 20), break_on_hyphens=False, break_long_words=False)
    return "\n\n".join(folding.fill(" ".join(paragraph.split())) for paragraph in text.split("\n\n"))
