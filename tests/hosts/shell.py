"""Programs of this side of the fixture: run to the end, loud when they fail."""

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence

# Seconds for what takes one when the computer has time: a limit is for what hangs, not for what is slow.
PATIENCE = 240.0


class Failed(AssertionError):
    """A program of the fixture ended with an exit code other than 0."""

    def __init__(self, argv: Sequence[str], code: int, output: str) -> None:
        super().__init__(f"`{shlex.join(argv)}` ended with {code}: {output.strip()[-2000:]}")
        self.code = code
        self.output = output


class Late(AssertionError):
    """Something did not happen in time."""


def sh(*argv: str, data: str = "", seconds: float = PATIENCE, check: bool = True) -> str:
    """Return what a program wrote to standard output; with `check` an exit code other than 0 is an error."""
    done = subprocess.run(argv, input=data.encode(), capture_output=True, timeout=seconds, check=False)
    said = done.stdout.decode("utf-8", "replace")
    if check and done.returncode:
        raise Failed(argv, done.returncode, said + done.stderr.decode("utf-8", "replace"))
    return said


def find_uv() -> str | None:
    """Return the path of uv: its own word for itself under `uv run`, else the one on PATH."""
    return os.environ.get("UV") or shutil.which("uv")


def wait(what: str, ready: Callable[[], bool], seconds: float = PATIENCE, pause: float = 0.02) -> float:
    """Return how many seconds it took until `ready` said yes."""
    begin = time.monotonic()
    while not ready():
        if time.monotonic() - begin > seconds:
            raise Late(f"{what}: not within {seconds:g} s")
        time.sleep(pause)
    return time.monotonic() - begin
