"""The question before what cannot be undone."""

import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from tasks.confirming import confirm
from tasks.errors import Refused

from .repositories import CHECKOUT
from .running import changed

SCRIPT = """
from tasks.command import command
from tasks.confirming import confirm
from invoke.context import Context
from invoke.exceptions import Exit
import sys

@command()
def ask(_c: Context) -> None:
    confirm("Push \\x1b[31mv1.0.0?", yes=False)
    print("agreed")

try:
    ask.body(Context())
except Exit as ended:
    sys.exit(ended.code)
"""


def asked(answer: bytes, *, early: bytes = b"", number: int = 0) -> tuple[int, str]:
    """Ask on a terminal, answer there, and return the exit code and what is on the screen."""
    master, slave = pty.openpty()
    os.write(master, early)
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=CHECKOUT, env=changed(None), stdin=slave, stdout=slave, stderr=slave,
        start_new_session=True,
    ) as child:  # fmt: skip
        os.close(slave)
        said = b""
        while b"[y/N]" not in said:
            said += os.read(master, 65536)
        time.sleep(0.1)
        os.write(master, answer)
        if number:
            os.killpg(child.pid, number)
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # Linux's way of saying that the other end is closed
                break
            if not piece:
                break
            said += piece
    os.close(master)
    return child.returncode, said.decode()


def test_yes_beforehand_asks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    confirm("Push it?", yes=True)
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_it_refuses_and_says_what_to_add() -> None:
    with pytest.raises(Refused) as refused:
        confirm("Push v1.0.0 to origin?", yes=False)
    assert refused.value.exit_code == 4
    assert str(refused.value).splitlines() == [
        "Push v1.0.0 to origin? Nobody can be asked here", "expected: a terminal, or --yes", "next: add --yes",
    ]  # fmt: skip


@pytest.mark.parametrize("answer", ["y", "Y", "yes", " Yes "])
def test_agreed(answer: str) -> None:
    code, said = asked(f"{answer}\n".encode())
    assert code == 0
    assert "agreed" in said
    assert "\x1b" not in said
    assert r"Push \x1b[31mv1.0.0? [y/N]" in said


@pytest.mark.parametrize("answer", ["", "n", "no", "yep", "y?"])
def test_everything_else_is_no(answer: str) -> None:
    code, said = asked(f"{answer}\n".encode())
    assert (code, "agreed" in said) == (4, False)


def test_the_end_of_input_is_no() -> None:
    code, said = asked(b"\x04")
    assert (code, "agreed" in said) == (4, False)


def test_what_was_typed_before_the_question_does_not_answer_it() -> None:
    code, said = asked(b"\n", early=b"y\n")
    assert (code, "agreed" in said) == (4, False)


def test_ctrl_c_is_an_interrupt() -> None:
    code, said = asked(b"", number=signal.SIGINT)
    assert code == 130
    assert "[y/N] \r\ninterrupted\r\n" in said, "on a line of its own"
    assert "Traceback" not in said
