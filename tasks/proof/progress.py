"""What is still awaited: a line that moves on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from ..report import note, waiting_for

_QUIET_SECONDS = 2.0
_EVERY_SECONDS = 15.0
_STEP_SECONDS = 0.2
_NAMED = 6


@dataclass
class Progress:
    """Tells of the checks that have no verdict yet while one of them is waited for."""

    awaited: Callable[[], list[str]]
    began: float = field(default_factory=time.monotonic)
    _said: float = field(default_factory=time.monotonic)

    def wait(self, future: "Future[Any]") -> None:
        """Wait for a verdict; tell what is awaited once that takes its time."""
        if self._done(future, _QUIET_SECONDS):
            return
        with waiting_for(self._text) as update:
            while not self._done(future, _STEP_SECONDS):
                update()
                if not sys.stderr.isatty() and time.monotonic() - self._said > _EVERY_SECONDS:
                    self._said = time.monotonic()
                    note(f"\n{self._text()}")

    def _done(self, future: "Future[Any]", seconds: float) -> bool:
        try:
            future.exception(seconds)
        except TimeoutError:
            return False
        return True

    def _text(self) -> str:
        names = self.awaited()
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return f"after {time.monotonic() - self.began:.0f} s still awaited: {', '.join(names[:_NAMED])}{more}"
