"""What people and programs are shown: tables, lines, JSON. Text from outside is made safe here."""

import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from .rules.text import printable, unobeyed

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_LEAST_WIDE = 24  # columns that the wide column needs to be readable
_STYLES = {
    "covered": "green",
    "uncovered": "bold red",
    "unknown": "yellow",
    "exempt": "dim",
    "PASS": "green",
    "FAIL": "bold red",
    "UNKNOWN": "yellow",
    "SKIPPED": "dim",
    "done": "green",
    "running": "cyan",
    "waiting": "dim",
    "skipped": "dim",
    "failed": "bold red",
    "major": "bold red",
    "minor": "cyan",
}


def console(stream: TextIO | None = None) -> "Console":
    """Return a terminal's console: that of standard output, or of another stream."""
    from rich.console import Console

    return Console(file=stream or sys.stdout, highlight=False, emoji=False)


def document(content: Any) -> None:
    """Print one JSON document, the only thing on standard output."""
    sys.stdout.write(json.dumps(content, indent=2, default=str).replace("##[", "#\\u0023[") + "\n")


def say(text: str = "", *, tabs: bool = False) -> None:
    """Print a line on standard output, safe to show; with `tabs` they stay what they are, as all that may be kept."""
    shown = "\t".join(map(printable, text.split("\t"))) if tabs else unobeyed(printable(text))
    sys.stdout.write(_encodable(shown, sys.stdout) + "\n")


def command_runner(line: str) -> None:
    """Print a line that GitHub's runner is meant to obey."""
    sys.stdout.write(_encodable(printable(line), sys.stdout) + "\n")


def note(text: str) -> None:
    """Print lines on standard error: progress, warnings, errors."""
    # Not `splitlines`, which breaks a line also where only a hostile text has a reason to: that is spelled out.
    for line in text.removesuffix("\n").split("\n") if text else ():
        sys.stderr.write(_encodable(unobeyed(printable(line.removesuffix("\r"))), sys.stderr) + "\n")
    sys.stderr.flush()


def _encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, wide: str) -> None:
    """Print a table; the column `wide` takes what room there is and folds, the others keep their words whole.

    Where a terminal is too narrow for that, each row becomes a few lines of its own.
    """
    cells = [[_encodable(unobeyed(printable(str(cell))), sys.stdout) for cell in row] for row in rows]
    index = columns.index(wide)
    widths = [max(map(len, (name, *(row[at] for row in cells)))) for at, name in enumerate(columns) if at != index]
    if not sys.stdout.isatty():
        _print_plain([list(columns), *cells])
        return
    out = console()
    if out.width < sum(widths) + 2 * len(widths) + _LEAST_WIDE:
        _print_stacked(cells, index, out.width)
    else:
        out.print(grid(columns, cells, wide))


def diff(lines: Iterable[str]) -> None:
    """Print a unified difference, on a terminal in the usual colours."""
    if not sys.stdout.isatty():
        for line in lines:
            say(line, tabs=True)
        return
    from rich.text import Text

    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        console().print(Text(_encodable(printable(line), sys.stdout), style=styles.get(line[:1], "")), soft_wrap=True)


def _print_plain(lines: Sequence[Sequence[str]]) -> None:
    """Print columns for a pipe or a file: nothing folded, cut or coloured, and without the cost of importing rich."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


def grid(columns: Sequence[str], cells: Iterable[Sequence[str]], wide: str) -> "Table":
    """Return a table for a terminal, of cells that are safe to show."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        grid.add_column(name, overflow="fold", no_wrap=name != wide)
    for row in cells:
        grid.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    return grid


def _print_stacked(cells: Iterable[Sequence[str]], wide: int, width: int) -> None:
    for row in cells:
        short = "  ".join(cell for at, cell in enumerate(row) if at != wide and cell)
        for line in textwrap.wrap(short, max(width, 10)):
            sys.stdout.write(f"{line}\n")
        for line in textwrap.wrap(row[wide], max(width, 10), initial_indent="  ", subsequent_indent="  "):
            sys.stdout.write(f"{line}\n")


@contextmanager
def waiting_for(text: Callable[[], str]) -> Iterator[Callable[[], None]]:
    """Show on a terminal what is waited for; the yielded function shows it anew. Elsewhere nothing is shown."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    with console(sys.stderr).status(printable(text())) as status:
        yield lambda: status.update(printable(text()))


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show on a terminal that something takes its time, and what; elsewhere say it once."""
    if not sys.stderr.isatty():
        note(f"{text} …")
        yield
        return
    with console(sys.stderr).status(printable(text)):
        yield
