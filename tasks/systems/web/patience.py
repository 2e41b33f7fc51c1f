"""Patience: whether a call that failed is made again, and after how many seconds."""

from collections.abc import Callable
from dataclasses import dataclass

from .calls import Call
from .limits import backoff
from .troubles import Broken, Failing, Limited, OutcomeUnknown, Trouble


@dataclass
class Patience:
    """What a call has been through, and what it may still wait: `seconds` in all."""

    call: Call
    seconds: float
    retries: int
    jitter: Callable[[], float]
    failures: int = 0

    def pause(self, trouble: Trouble, now: float) -> float:
        """Return the seconds to wait before the next attempt; raise the trouble when there is to be none."""
        pause = trouble.pause if isinstance(trouble, Limited) else self._failed(trouble)
        trouble.hurried = self.call.deadline is not None and now + pause > self.call.deadline
        if trouble.hurried or pause > self.seconds:
            raise trouble
        self.seconds -= pause
        return pause

    def _failed(self, trouble: Trouble) -> float:
        if not self.call.repeatable and isinstance(trouble, Broken | Failing):
            raise OutcomeUnknown(
                self.call.url, f"{trouble.reason} after it was sent a change: whether it was made is not known",
                expected="an answer", remedy="look whether it was made, then run this again", status=trouble.status,
            ) from trouble  # fmt: skip
        self.failures += 1
        if not trouble.passing or not self.call.repeatable or self.failures > self.retries:
            raise trouble
        asked = trouble.pause if isinstance(trouble, Failing) and trouble.pause is not None else 0.0
        return max(asked, backoff(self.failures, self.jitter()))
