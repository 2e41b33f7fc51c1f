"""The vigil: waiting until an index shows every file of a version yanked, or none, and a resolver agrees."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from packaging.version import Version

from .errors import ReleaseError, Unreachable
from .report import note, waiting_for
from .rules.text import printable
from .rules.yanks import Aim, Standing
from .yanking import Plan

_FIRST_PAUSE = 0.5  # seconds
_LONGEST_PAUSE = 15.0
_GROWTH = 1.3
_TELL_SECONDS = 60.0  # where nothing moves on a terminal


class NotSoYet(ReleaseError):
    """The index, or a resolver, does not show it yet."""

    exit_code: ClassVar[int] = 1


@dataclass
class Vigil:
    """A plan that a person carries out; `state` is what was seen last, `taken` what a resolver took."""

    plan: Plan
    sleep: Callable[[float], None] = time.sleep
    state: str = ""
    taken: Version | None = None
    trouble: Unreachable | None = None
    _said: float = 0.0

    def wait(self, seconds: float) -> Standing:
        """Return how the version stands once everything shows it; look so many seconds at the most, at least once."""
        began, pause = time.monotonic(), _FIRST_PAUSE
        with waiting_for(lambda: f"{self.state} ({time.monotonic() - began:.0f} s)") as update:
            while True:
                found = self._look(began + seconds)
                if found is not None:
                    return found
                update()
                if time.monotonic() - began + pause > seconds:
                    raise self._given_up(seconds)
                self._tell()
                self.sleep(pause)
                pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def _look(self, deadline: float) -> Standing | None:
        """Return how the version stands when that is how it should; else remember why not."""
        plan, self.trouble = self.plan, None
        try:
            found = plan.shelf.look(deadline if self.state else None).standing(plan.version)
            self.state = f"{plan.version}: {found}"
            if not found.reached(plan.aim):
                return None
            self.taken = plan.shelf.taken(plan.python)
        except Unreachable as trouble:
            self.trouble, self.state = trouble, printable(trouble.found)
            return None
        self.state = f"{plan.version}: {found}; but a resolver still takes {self.taken or 'nothing'}"
        return found if self._proven() else None

    def _proven(self) -> bool:
        plan = self.plan
        return self.taken != plan.version if plan.aim is Aim.YANK else self.taken == plan.after

    def _tell(self) -> None:
        """Say now and then what is waited for; on a terminal a line of its own shows it."""
        now = time.monotonic()
        if not sys.stderr.isatty() and (not self._said or now - self._said > _TELL_SECONDS):
            self._said = now
            note(f"waiting: {self.state}")

    def _given_up(self, seconds: float) -> ReleaseError:
        again = f"{self.plan.again} goes on waiting"
        if self.trouble:
            return Unreachable(
                f"not known to be {self.plan.aim.done}: {self.trouble.found}", expected=self.trouble.expected,
                remedy=again,
            )  # fmt: skip
        return NotSoYet(
            f"{self.state} after {seconds:.0f} s", expected=f"every file {self.plan.aim.done}; {self.plan.page}",
            remedy=again,
        )  # fmt: skip
