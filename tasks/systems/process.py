"""Programs: the one place that starts any, always from an argument list and never through a shell."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import Unreachable
from .programs import ProgramFailed, ProgramMissing, ProgramSlow, essence
from .surroundings import steadily

_GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.02
_PATIENCE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Output:
    """What a program that ended left behind."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Return standard output as text; bytes that are no UTF-8 become the replacement character."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def complaint(self) -> str:
        """Return standard error as text."""
        return self.stderr.decode("utf-8", "replace")

    @property
    def essence(self) -> str:
        """Return what matters of what it said, in a line."""
        return essence(self.complaint.strip() or self.text)


def find(name: str) -> str:
    """Return the path of a program: uv's own word for itself, then PATH, then beside this Python."""
    if name == "uv" and os.environ.get("UV"):
        return os.environ["UV"]
    beside = Path(sys.executable).parent / name
    found = shutil.which(name) or (str(beside) if beside.exists() else None)
    if found is None:
        raise ProgramMissing(name)
    return found


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str | None] | None = None,
    check: bool = True,
    seconds: float | None = None,
) -> Output:
    """Run a program to its end and return what it left; with `check` an exit code other than 0 is an error.

    One that takes longer than `seconds` is stopped.

    `env` is added to this process's environment; a variable that is None there is taken out of it.
    """
    if seconds is not None:
        output = run_within(seconds, argv, cwd=cwd, stdin=stdin, env=env)
    else:
        output = _run(argv, cwd=cwd, stdin=stdin, env=env)
    if check and output.code != 0:
        raise ProgramFailed(argv, output.code, output.complaint)
    return output


def _run(argv: Sequence[str], *, cwd: Path, stdin: bytes, env: Mapping[str, str | None] | None) -> Output:
    command = [find(argv[0]), *argv[1:]]
    try:
        done = subprocess.run(command, cwd=cwd, input=stdin, env=_environment(env), capture_output=True, check=False)
    except OSError as error:
        raise Unreachable(f"{argv[0]} could not be started: {error.strerror}") from error
    return Output(done.returncode, done.stdout, done.stderr)


def run_within(
    seconds: float, argv: Sequence[str], *, cwd: Path, stdin: bytes = b"", env: Mapping[str, str | None] | None = None
) -> Output:
    """Run a program for so many seconds at the most and return what it left; what still runs then is stopped.

    It has no terminal, so whatever would ask there for a password fails instead.
    """
    with started(argv, cwd=cwd, env=env, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        given: bytes | None = stdin
        until = time.monotonic() + seconds
        while True:
            try:
                stdout, stderr = child.communicate(given, timeout=_PATIENCE_SECONDS)
                return Output(child.returncode, stdout, stderr)
            except subprocess.TimeoutExpired as late:
                given, came = None, late
            if child.poll() is not None:  # what it left running holds its outputs open
                return Output(child.returncode, came.stdout or b"", came.stderr or b"")
            if time.monotonic() > until:
                raise ProgramSlow(argv, seconds)


def _environment(changes: Mapping[str, str | None] | None) -> dict[str, str]:
    environment = {**steadily(os.environ.copy), **(changes or {})}
    return {name: value for name, value in environment.items() if value is not None}


@contextmanager
def started(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str | None] | None = None, stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.STDOUT,
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """Start a program in a process group of its own; what still runs at the end is stopped."""
    try:
        child = subprocess.Popen(
            [find(argv[0]), *argv[1:]],
            cwd=cwd,
            env=_environment(env),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    except OSError as error:
        raise Unreachable(f"{argv[0]} could not be started: {error.strerror}") from error
    try:
        with child:
            try:
                yield child
            finally:
                stop(child)
    finally:
        stop(child)


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it left running in its group: first asking, then, after five seconds, without."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not _signal(child, number):
            return
        until = time.monotonic() + _GRACE_SECONDS
        while _signal(child, 0):
            if time.monotonic() > until:
                break
            time.sleep(_POLL_SECONDS)


def _signal(child: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to a program's group (0 sends none) and tell whether there was anyone left to take it."""
    child.poll()  # a program that ended stays in its group until it was waited for
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
