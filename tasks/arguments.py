"""Arguments: what is typed after a flag that takes a number is refused as any wrong value, not with a traceback."""

from collections.abc import Callable
from typing import Any

from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.tasks import Task

from .errors import WrongValue

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
    """A task whose numbers are read so."""

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
