"""Tasks as commands: what a function raises becomes lines on standard error and an exit code (DESIGN.md section 1)."""

import functools
import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from invoke.exceptions import Exit
from invoke.tasks import Task

from .arguments import Command
from .errors import ReleaseError
from .report import note

INTERRUPTED = 130
_BROKEN_PIPE = 141
_HELP = "--help"

PROJECT = "The project's folder; default: the one you are in."
JSON = "Print one JSON document instead of tables."


def command(
    *, iterable: Iterable[str] = (), positional: Iterable[str] = (), **flags: str
) -> Callable[[Callable[..., None]], Task[Callable[..., None]]]:
    """Make a task of a function; `flags` are its parameters' help texts, `iterable` those that may be repeated.

    Those that are `positional` have no default, and may be typed without their flag.
    """

    def decorate(function: Callable[..., None]) -> Task[Callable[..., None]]:
        @functools.wraps(function)
        def body(*arguments: Any, **options: Any) -> None:
            if any(options.get(name) == _HELP for name in positional):
                _show_help(task)
            _ending(lambda: function(*arguments, **options))

        # Without short flags, and with positionals where they are named only, `--host` never takes `-h`.
        task = Command(
            body, help=dict(flags), auto_shortflags=False, positional=list(positional), iterable=list(iterable)
        )
        return task

    return decorate


def _show_help(task: Task[Callable[..., None]]) -> NoReturn:
    """Print a task's help as Invoke does and end: Invoke takes `--help` for a positional that was not given yet."""
    from invoke.program import Program

    from . import ns

    name = next(name for name in ns.task_names if ns[name] is task)
    called = Path(sys.argv[0]).name
    Program(binary="inv[oke]" if called in {"inv", "invoke"} else called, namespace=ns).run([called, _HELP, name])
    raise Exit(code=0)


def _begin() -> None:
    """Let a signal that ends us clean up, and whoever reads a pipe see each line when it is said."""
    for ended_by in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal or a cancelled job cleans up like Ctrl-C
        if signal.getsignal(ended_by) is signal.SIG_DFL:
            signal.signal(ended_by, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _ending(call: Callable[[], None]) -> None:
    _begin()
    try:
        call()
        sys.stdout.flush()
    except ReleaseError as error:
        _trace()
        note(f"error: {error}")
        raise Exit(code=error.exit_code) from None
    except KeyboardInterrupt:
        note("interrupted")
        raise Exit(code=INTERRUPTED) from None
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has seen enough; keep Python from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Exit(code=_BROKEN_PIPE) from None
    except Exit:
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: a defect of ours, shown without its traceback
        _trace()
        note(f"error: {type(error).__name__}: {error}\nnext: run it again as `inv --debug …` and report what it prints")
        raise Exit(code=3) from None


def _trace() -> None:
    """Print the traceback when Invoke runs with --debug."""
    if logging.getLogger("invoke").isEnabledFor(logging.DEBUG):
        logging.getLogger("invoke").debug("failed", exc_info=True)


def finish(code: int) -> None:
    """End the command with an exit code other than 0."""
    if code:
        sys.stdout.flush()
        raise Exit(code=code)
