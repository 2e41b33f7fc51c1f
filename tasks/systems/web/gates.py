"""Gates: how many requests a service gets from us at once, when it wants none, and how many it got."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from .limits import secondary_pause
from .troubles import TimeUp, host_of


class Gates:
    """One gate for each host; a lane is what a service counts by itself."""

    def __init__(self, most: int) -> None:
        self.sent: Counter[str] = Counter()
        self._lock = Lock()
        self._closed: dict[str, float] = {}
        self._refusals: Counter[str] = Counter()
        self._places: defaultdict[str, BoundedSemaphore] = defaultdict(lambda: BoundedSemaphore(most))

    @contextmanager
    def place(self, url: str, seconds: float | None) -> Iterator[None]:
        """Hold one of the places that a host has for us, waiting so many seconds for it, and count the request."""
        host = host_of(url)
        with self._lock:
            places = self._places[host]
        if not places.acquire(timeout=seconds):
            raise TimeUp(url, "was not asked in time: other requests are under way")
        try:
            with self._lock:
                self.sent[host] += 1
            yield
        finally:
            places.release()

    def refuse(self, lane: str, now: float, asked: float | None) -> float:
        """Close a lane because the service refused, and return for how many seconds: as asked, else ever longer."""
        with self._lock:
            if self._closed.get(lane, now) <= now:  # several refusals at once are one
                self._refusals[lane] += 1
            pause = secondary_pause(self._refusals[lane]) if asked is None else asked
            self._closed[lane] = max(now + pause, self._closed.get(lane, now))
        return pause

    def welcome(self, lane: str) -> None:
        """Forget the refusals of a lane, because the service answers again."""
        with self._lock:
            self._refusals.pop(lane, None)

    def closed_for(self, lane: str, now: float) -> float:
        """Return for how many seconds a lane stays closed."""
        with self._lock:
            return self._closed.get(lane, now) - now
