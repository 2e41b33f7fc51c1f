"""Waiting done right: every check is tried side by side from the start, and what is asked is asked once for all."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from ..errors import ReleaseError, Unreachable
from ..systems.web import Insecure, Strayed

T = TypeVar("T")

_SHARED_SECONDS = 0.5  # an answer this young serves every check that asks
_PAUSES = ((30.0, 1.0), (120.0, 5.0))  # until this many seconds, wait so long between two tries
_LONG_PAUSE = 15.0
_WORTH_WAITING = {"MISSING", "UNKNOWN", "BLOCKED"}
_LASTING = (Insecure, Strayed)


class NotYet(ReleaseError):
    """What is looked for is not there yet: worth another look until the time is up."""

    exit_code = 1


class Blocked(ReleaseError):
    """Another check must pass first, and its own row says why it does not."""

    exit_code = 1

    def __init__(self, check: str, why: ReleaseError, *, final: bool) -> None:
        super().__init__(f"{check} must pass first: {why.found}")
        self.final = final


class LeftOut(Exception):
    """There is nothing to check: the reason is said in the summary."""


def needs(check: str, look: Callable[[], T]) -> T:
    """Return what to look at gives; when that fails, it is for the check of this name to say so."""
    try:
        return look()
    except Blocked:
        raise
    except (NotYet, Unreachable) as error:
        raise Blocked(check, error, final=_lasts(error)) from error
    except ReleaseError as error:
        raise Blocked(check, error, final=True) from error


class Clock(Protocol):
    """The time, and a way to let it pass."""

    def monotonic(self) -> float:
        """Return seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


@dataclass
class Observed(Generic[T]):
    """Something of the world that many checks look at: one look at a time, and a fresh one serves them all."""

    look: Callable[[], T]
    clock: Clock = time
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _at: float | None = None
    _value: T | None = None
    _error: Exception | None = None

    def now(self) -> T:
        """Return what is to be seen, or raise what looking raised."""
        with self._lock:
            if self._at is None or self.clock.monotonic() - self._at > _SHARED_SECONDS:
                self._look()
            if self._error is not None:
                raise self._error
            return self._value  # type: ignore[return-value] # there is no error, so this is what was seen

    def _look(self) -> None:
        self._value = self._error = None
        try:
            self._value = self.look()
        except Exception as error:  # noqa: BLE001 - whoever asks gets it
            self._error = error.with_traceback(None)
        self._at = self.clock.monotonic()


@dataclass
class Once(Generic[T]):
    """Something that is done once when it succeeds, whoever asks first; a failure is tried again by the next."""

    act: Callable[[], T]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: list[T] = field(default_factory=list)

    def now(self) -> T:
        """Return what it gave."""
        with self._lock:
            if not self._done:
                self._done.append(self.act())
            return self._done[0]


@dataclass(slots=True)
class Verdict:
    """What became of a check; verify/README.md says what each result means."""

    result: str
    evidence: str
    attempts: int = 1
    seconds: float = 0.0


@dataclass
class Trial:
    """One check, tried until it passes, is plainly wrong, or its time is up."""

    check: Callable[[], str | None]
    until: float  # monotonic
    clock: Clock = time
    attempts: int = 0
    waiting: str = ""  # why it is not there yet
    verdict: Verdict | None = None

    def run(self) -> Verdict:
        """Try, wait, try again; return the verdict."""
        began = self.clock.monotonic()
        while True:
            self.attempts += 1
            result, evidence = self._attempt()
            now = self.clock.monotonic()
            pause = _pause(now - began)
            if result not in _WORTH_WAITING or now >= self.until:
                self.verdict = Verdict(result, evidence, self.attempts, now - began)
                return self.verdict
            self.waiting = evidence
            self.clock.sleep(min(pause, max(0.0, self.until - now)))

    def _attempt(self) -> tuple[str, str]:
        try:
            return "PASS", self.check() or ""
        except NotYet as error:
            return "MISSING", error.line
        except Blocked as error:
            return "BLOCKED", self._last_word(error, final=error.final)
        except LeftOut as reason:
            return "LEFT OUT", str(reason)
        except Unreachable as error:
            return "UNKNOWN", self._last_word(error)
        except ReleaseError as error:
            return "FAIL", error.line
        except AssertionError as error:
            return "FAIL", str(error).split("\nassert ")[0]  # the rest is pytest's, which took the assertion apart
        except BaseException as error:  # noqa: BLE001 - a defect of a check is no proof, and must not end its thread
            return "FAIL", f"the check itself failed: {type(error).__name__}: {error}"

    def _last_word(self, error: ReleaseError, *, final: bool = False) -> str:
        """Return why there is no answer; waiting does not mend what another machine answers."""
        if final or _lasts(error):
            self.until = self.clock.monotonic()
        return error.line


def _lasts(error: ReleaseError) -> bool:
    return isinstance(error, _LASTING) or isinstance(error.__cause__, _LASTING)


def _pause(waited: float) -> float:
    return next((pause for until, pause in _PAUSES if waited < until), _LONG_PAUSE)
