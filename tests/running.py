"""Commands run as a person types them, and called in this process where many are."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from tasks import ns

from .repositories import CHECKOUT

INV = Path(sys.executable).with_name("inv")


@dataclass(frozen=True)
class Ended:
    """A command that ended: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the only document on standard output."""
        return json.loads(self.out)


Environment = Mapping[str, str | None]


def changed(env: Environment | None) -> dict[str, str]:
    """Return this process's environment with changes; None takes a variable out."""
    merged: dict[str, str | None] = {**os.environ, **(env or {})}
    return {name: value for name, value in merged.items() if value is not None}


def arguments(*words: str) -> list[str]:
    """Return the command line of `inv …`, finding this checkout's tasks from any folder."""
    return [str(INV), "--search-root", str(CHECKOUT), *words]


def run(*words: str, cwd: Path, env: Environment | None = None, seconds: float = 120) -> Ended:
    """Run `inv …` and return how it ended; whatever it was, there is no traceback and nothing a terminal could obey."""
    done = subprocess.run(
        arguments(*words), cwd=cwd, env=changed(env), capture_output=True, check=False, timeout=seconds
    )
    ended = Ended(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
    assert "Traceback" not in ended.err + ended.out, ended.err
    assert "\x1b" not in ended.out + ended.err, ended
    return ended


def called(name: str, *words: str, cwd: Path, env: Environment | None = None) -> Ended:
    """Call a task as `inv` would for a command line (values as `--flag=value`), in this process: ten times as fast."""
    flags: dict[str, Any] = {}
    for word in words:
        key, given, value = word.removeprefix("--").partition("=")
        key = {"from": "from_"}.get(key, key.replace("-", "_"))
        if key in ns[name].iterable:
            flags.setdefault(key, []).append(value)
        else:
            flags[key] = (int(value) if key in {"wait", "seconds"} else value) if given else True
    out, err, code = io.StringIO(), io.StringIO(), 0
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.chdir(cwd)
        for variable, text in (env or {}).items():
            patch.setenv(variable, text) if text is not None else patch.delenv(variable, raising=False)
        try:
            ns[name].body(Context(), **flags)
        except Exit as error:
            code = error.code
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    return Ended(code, out.getvalue(), err.getvalue())


def start(*words: str, cwd: Path, env: Environment | None = None) -> subprocess.Popen[bytes]:
    """Start `inv …` in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        arguments(*words),
        cwd=cwd,
        env=changed(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Whoever started pytest in the background made it ignore Ctrl-C, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads in the tests
    )


def wait_for(ready: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def interrupted(
    *words: str, cwd: Path, when: Callable[[], bool], env: Environment | None = None, number: int = signal.SIGINT,
    seconds: float = 20,
) -> Ended:  # fmt: skip
    """Run `inv …`, send its process group a signal (Ctrl-C) once something is so, and return how it ended."""
    child = start(*words, cwd=cwd, env=env)
    try:
        wait_for(lambda: when() or child.poll() is not None, "the moment to interrupt", seconds)
        assert child.poll() is None, child.communicate()
        os.killpg(child.pid, number)
        out, err = child.communicate(timeout=15)
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdout, child.stderr):
            assert pipe is not None
            pipe.close()
    ended = Ended(child.returncode, out.decode(), err.decode())
    assert "Traceback" not in ended.err
    return ended


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that waits to be reaped does not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def program(folder: Path, name: str, script: str) -> Path:
    """Write a shell script that stands in for a program and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return path
