"""Programs that are missing, that fail, and that do not end: what is to be said of them."""

import shlex
from collections.abc import Sequence

from ..errors import Unreachable

_REMEDIES = {
    "git": "install git",
    # Not pip: a system's own Python refuses it (PEP 668).
    "uv": "pipx install uv",
    "git-cliff": "pipx install git-cliff",
}


class ProgramMissing(Unreachable):
    """A program that is needed is not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was not found",
            expected=f"{name} on PATH",
            remedy=_REMEDIES.get(name, f"install {name}, or correct the command in the settings"),
        )
        self.name = name


class ProgramFailed(Unreachable):
    """A program ended with an exit code other than 0; `stderr` is the end of what it said."""

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        super().__init__(f"`{shlex.join(argv[:6])}` failed (exit {code}): {essence(stderr)}")
        self.argv = tuple(argv)
        self.code = code
        self.stderr = stderr


class ProgramSlow(Unreachable):
    """A program was stopped because it took too long."""

    def __init__(self, argv: Sequence[str], seconds: float) -> None:
        super().__init__(
            f"`{shlex.join(argv[:6])}` did not end within {seconds:.0f} s and was stopped",
            expected="an end by itself",
            remedy="type it by hand to see what it waits for",
        )
        self.argv = tuple(argv)


def essence(stderr: str) -> str:
    """Return what matters of an error output: the line that calls itself the error, and the last one, its cause."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    named = [line for line in lines if line.lower().startswith(("error", "fatal"))]
    return "; ".join(dict.fromkeys([*named[:1], *lines[-1:]])) or "it said nothing"
