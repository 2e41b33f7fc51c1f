"""People: one who sits at a terminal and types, and one who goes to the index's page and yanks."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import requests

from .running import arguments, changed, program

_MANAGE = """\
import sys, urllib.parse, urllib.request
page = sys.argv[-1]
version = page.rstrip("/").rpartition("/")[2]
form = {fields!r} | {{"confirm_{action}_version": version}}
urllib.request.urlopen(page, urllib.parse.urlencode(form).encode(), timeout=10).read()
"""


def go_to(page: str, action: str, version: str, reason: str = "") -> None:
    """Fill in the form of the index's page and send it."""
    form = {f"confirm_{action}_version": version, "yanked_reason": reason}
    assert requests.post(page, form, timeout=10).ok


def browser(folder: Path, action: str, reason: str = "") -> str:
    """Return the path of a browser in which somebody carries out on the page what they are asked for."""
    script = folder / "manage.py"
    folder.mkdir(parents=True, exist_ok=True)
    script.write_text(_MANAGE.format(action=action, fields={"yanked_reason": reason}), "utf-8")
    return str(program(folder, "browser", f'exec {sys.executable} {script} "$@"'))


def typed(*words: str, cwd: Path, answer: str, env: Mapping[str, str | None]) -> tuple[int, str]:
    """Type `inv …` at a terminal, answer its question, and return the exit code and what is on the screen."""
    return talked(*words, cwd=cwd, answers=[("[y/N]", f"{answer}\n")], env=env)


def talked(
    *words: str, cwd: Path, answers: Sequence[tuple[str, str]], env: Mapping[str, str | None], seconds: float = 60
) -> tuple[int, str]:
    """Type `inv …` at a terminal, type each answer once its question is there, and return exit code and screen.

    Keys such as Ctrl-C (\\x03) and Ctrl-D (\\x04) do there what they always do.
    """
    master, slave = pty.openpty()
    with subprocess.Popen(
        arguments(*words), cwd=cwd, env=changed({"TERM": "dumb", **env}), stdin=slave, stdout=slave, stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads in the tests
    ) as child:  # fmt: skip
        os.close(slave)
        screen, end, left, seen = b"", time.monotonic() + seconds, list(answers), 0
        while time.monotonic() < end:
            piece = _read(master)
            if piece is None:
                break
            screen += piece
            if left and left[0][0].encode() in screen[seen:]:
                seen = len(screen)
                time.sleep(0.1)  # what is typed before the question is there is dropped
                os.write(master, left.pop(0)[1].encode())
        else:
            child.kill()
        os.close(master)
        return child.wait(10), screen.decode("utf-8", "replace").replace("\r\n", "\n")


def _read(master: int) -> bytes | None:
    """Return what has come on the screen by now, None once the other end is closed."""
    if not select.select([master], [], [], 0.2)[0]:
        return b""
    try:
        return os.read(master, 65536) or None
    except OSError:  # Linux's way of saying that the other end is closed
        return None
