"""The clock that waiting goes by."""

import time
from threading import Event


class Clock:
    """The computer's clock; tests put one of their own in its place."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()

    def time(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float, stop: Event) -> None:
        """Wait so long, or until `stop` is set."""
        stop.wait(seconds)
