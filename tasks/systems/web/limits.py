"""Limits: whether an answer is a refusal for asking too often, and how long the service wants to be left alone."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

_SECONDARY_SECONDS = 60.0  # GitHub asks for at least a minute where no header says how long
_LEAST_SECONDS = 1.0
_SIGNS = ("rate limit", "abuse detection")


def is_refusal(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether an answer is a refusal for asking too often; a plain 403 is not."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if status != HTTPStatus.FORBIDDEN:
        return False
    text = body[:4096].decode("utf-8", "replace").lower()
    by_header = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    return by_header or any(sign in text for sign in _SIGNS)


def asked_pause(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that an answer's headers ask for; None when they ask for nothing.

    Moments are measured against the answer's own date, so that a computer whose clock is wrong waits as long.
    """
    theirs = _moment(headers.get("date", "")) or now
    after = headers.get("retry-after", "").strip()
    if after.isdecimal():
        return max(float(after), _LEAST_SECONDS)
    moment = _moment(after)
    if moment is None and headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        moment = float(reset) + 1 if reset.isdecimal() else None  # the second that the reset falls into is over
    return None if moment is None else max(moment - theirs, _LEAST_SECONDS)


def secondary_pause(refusals: int) -> float:
    """Return the seconds to wait after so many refusals in a row that did not say how long."""
    return _SECONDARY_SECONDS * float(2 ** (refusals - 1))


def backoff(failures: int, jitter: float) -> float:
    """Return the seconds to wait after so many failures in a row; `jitter`, from 0 to 1, spreads who asks together."""
    return 0.5 * float(2 ** (failures - 1)) * (0.5 + jitter / 2)


def _moment(text: str) -> float | None:
    """Return the moment that an HTTP date names, in seconds since 1970."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
