"""What goes wrong between us and a service, in words that hold no secret: never a query, never a credential."""

from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlsplit

from ...errors import ReleaseError, Unreachable

_PASSING = {500, 502, 503, 504}
_LONGEST = 160  # characters of an address that are shown


def shown(url: str) -> str:
    """Return an address without the query and the credentials that may stand in it."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that is none"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{port}{parts.path}"[:_LONGEST]


def host_of(url: str) -> str:
    """Return the host, and the port where one is given, of an address."""
    return urlsplit(shown(url)).netloc


class Trouble(Unreachable):
    """A service could not be asked, or gave no answer that can be used.

    `passing`: asking again may help; `hurried`: it was not asked again because the caller had no time.
    """

    passing: bool = False
    hurried: bool = False

    def __init__(self, url: str, reason: str, *, expected: str = "", remedy: str = "", status: int = 0) -> None:
        super().__init__(f"{shown(url)} {reason}", expected=expected, remedy=remedy)
        self.host = host_of(url)
        self.reason = reason
        self.status = status


class NotReached(Trouble):
    """The service was not reached; nothing was sent."""

    passing = True


class Insecure(NotReached):
    """The service could not prove that it is the one we asked for; nothing was sent."""

    passing = False


class Broken(Trouble):
    """The connection broke, or fell silent, before the answer was complete."""

    passing = True


class Failing(Trouble):
    """The service answered that it failed; `pause` is how many seconds it asks for, if it does."""

    def __init__(self, url: str, status: int, pause: float | None = None) -> None:
        super().__init__(url, f"answered {status}", expected="an answer", remedy="try again later", status=status)
        self.pause = pause
        self.passing = status in _PASSING


class Limited(Trouble):
    """The service has had too many requests from us; it wants to be left alone until `until`."""

    passing = True

    def __init__(self, url: str, pause: float, now: float, patience: float, status: int = 429) -> None:
        self.pause = pause
        self.until = datetime.fromtimestamp(now + pause, UTC)
        super().__init__(
            url,
            f"has had too many requests and wants none before {self.until:%Y-%m-%d %H:%M:%S} UTC",
            expected=f"a wait of at most {patience:.0f} s",
            remedy="run it again after that time",
            status=status,
        )


class WrongAnswer(Trouble):
    """The service answered, but not with what it should."""


class Strayed(Trouble):
    """The service sends us to an address that we do not go to."""


class OutcomeUnknown(Trouble):
    """A change was sent, and no answer tells whether it was made."""


class TimeUp(Trouble):
    """The time that was given has passed."""

    hurried = True


class Stopped(Trouble):
    """Waiting was called off."""


class WrongFile(ReleaseError):
    """A downloaded file is not what it should be."""

    exit_code: ClassVar[int] = 1
