"""A hold: one run at a time in a repository, whichever work tree it began in; who is refused learns who has it."""

import fcntl
import getpass
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..errors import Refused
from ..rules.text import printable


@contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Keep others out until this ends, however it does: the kernel lets go of what a killed process held."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Refused(f"{what} is under way: {_holder(file.read())}", expected="one run at a time in a repository",
                          remedy="wait for it, or end it with Ctrl-C; it can be continued") from None  # fmt: skip
        file.truncate(0)
        file.write(json.dumps({"by": operator(), "pid": os.getpid(), "since": now()}))
        file.flush()
        yield
        file.truncate(0)


def _holder(text: str) -> str:
    try:
        found = json.loads(text)
        return printable(f"{found['by']}, process {found['pid']}, since {found['since']}")
    except (ValueError, KeyError, TypeError):
        return "by somebody who did not say"


def operator() -> str:
    """Return who is at work, and where."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def now() -> str:
    """Return the time, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
