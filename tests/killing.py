"""`inv …` that dies right after its n-th change: `python -m tests.killing N words…`; exit 137 when it did."""

import os
import sys
from collections.abc import Callable
from typing import Any

from invoke.program import Program

from tasks import ns
from tasks.systems import clone, files, remote, uv
from tasks.systems.github.editor import Editor

CHANGING = {"switch", "commit", "push", "tag", "reset", "update-ref"}


def deadly(left: list[int], real: Callable[..., Any], counts: Callable[..., bool]) -> Callable[..., Any]:
    """Return a function that does the same and counts it; at the end of the count everything is over."""

    def wrapper(*arguments: Any, **options: Any) -> Any:
        given = real(*arguments, **options)
        left[0] -= counts(*arguments)
        if left[0] == 0 and counts(*arguments):
            os._exit(137)
        return given

    return wrapper


def arm(after: int) -> None:
    """Let the n-th change be the last."""
    left = [after]
    for module in (clone, remote):
        module.run_within = deadly(left, module.run_within, lambda _s, argv, **_: argv[1] in CHANGING)  # type: ignore[attr-defined]
    files.write_bytes = deadly(left, files.write_bytes, lambda *_: True)
    uv.run = deadly(left, uv.run, lambda *_: True)  # type: ignore[attr-defined]
    Editor.write = deadly(left, Editor.write, lambda *_: True)  # type: ignore[method-assign]


if __name__ == "__main__":
    arm(int(sys.argv[1]))
    Program(name="inv", binary="inv", namespace=ns, version="0").run(["inv", *sys.argv[2:]])
