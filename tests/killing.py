"""`inv …` that dies right after its n-th change: `python -m tests.killing N words…`; exit 137 when it did."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from invoke.program import Program

from tasks import ns
from tasks.systems import clone, files, remote, uv
from tasks.systems.github.editor import Editor
from tasks.systems.journal import Journal

CHANGING = {"switch", "commit", "push", "tag", "reset", "update-ref"}


def deadly(left: list[int], real: Callable[..., Any], counts: Callable[..., bool]) -> Callable[..., Any]:
    """Return a function that does the same and counts it; at the end of the count everything is over."""

    def wrapper(*arguments: Any, **options: Any) -> Any:
        given = real(*arguments, **options)
        if counts(*arguments):
            left[0] -= 1
            if left[0] == 0:
                os._exit(137)
        return given

    return wrapper


@dataclass
class Relocked:
    """Tells whether the lock file here is another than it was: locking what is locked changes nothing."""

    known: bytes = field(default_factory=lambda: Path("uv.lock").read_bytes())

    def __call__(self, *_: object) -> bool:
        before, self.known = self.known, Path("uv.lock").read_bytes()
        return self.known != before


def arm(after: int) -> None:
    """Let the n-th change be the last."""
    left = [after]
    for module in (clone, remote):
        module.run_within = deadly(left, module.run_within, lambda _s, argv, **_: argv[1] in CHANGING)  # type: ignore[attr-defined]
    files.write_bytes = deadly(left, files.write_bytes, lambda *_: True)
    uv.run = deadly(left, uv.run, Relocked())  # type: ignore[attr-defined]
    # Where a line says that a step begins, nothing has happened yet, and each run would end there.
    Journal.append = deadly(left, Journal.append, lambda _, line: line["event"] == "done")  # type: ignore[method-assign]
    Editor.write = deadly(left, Editor.write, lambda *_: True)  # type: ignore[method-assign]


if __name__ == "__main__":
    arm(int(sys.argv[1]))
    Program(name="inv", binary="inv", namespace=ns, version="0").run(["inv", *sys.argv[2:]])
