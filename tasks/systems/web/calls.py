"""Calls: what is asked of a service, and by whom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from ...errors import WrongValue
from ..tokens import Token
from .answers import Answer
from .troubles import Strayed, host_of, shown

_REDIRECTIONS = {301, 302, 303, 307, 308}
_KEEPING_METHOD = {307, 308}
_REPEATABLE = {"GET", "HEAD"}
_OWN = {"localhost", "127.0.0.1", "::1"}
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """A request before it is sent.

    `safe`: it changes nothing; `elsewhere`: another host may answer; `bare`: the token stays at home.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    token: Token | None = None
    content: bytes | None = None
    deadline: float | None = None
    elsewhere: bool = False
    bare: bool = False
    safe: bool = False
    refused: Callable[[Answer], bool] | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(shown(self.url))
        if parts.scheme not in _PORTS or not parts.hostname:
            raise WrongValue(f"{shown(self.url)!r} is no address that can be asked", expected="https://…")
        if self.token and not self.bare and parts.scheme != "https" and parts.hostname not in _OWN:
            raise WrongValue(f"{shown(self.url)} would see the token in clear", expected="an https address")

    def __repr__(self) -> str:
        return f"<{self.method} {shown(self.url)}>"

    @property
    def repeatable(self) -> bool:
        """Tell whether asking twice does no harm."""
        return self.safe or self.method in _REPEATABLE

    @property
    def lane(self) -> str:
        """Return what the service counts this request by: GitHub has one limit for GraphQL and one for the rest."""
        who = self.token.identity if self.token else ""
        return f"{host_of(self.url)} {who} {urlsplit(self.url).path.endswith('/graphql')}"


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def following(call: Call, answer: Answer) -> Call | None:
    """Return the call that an answer redirects a call to, None when it does not; refuse one that is not to be made."""
    location = answer.headers.get("location", "")
    if answer.status not in _REDIRECTIONS or not location:
        return None
    if not call.repeatable and answer.status not in _KEEPING_METHOD:
        raise Strayed(call.url, "redirects a change elsewhere", expected="an answer", status=answer.status)
    target = _target(call, answer.status, location)
    same = origin(target)[1:] == origin(call.url)[1:]
    return replace(call, url=target, bare=call.bare or not same)


def _target(call: Call, status: int, location: str) -> str:
    url = call.url
    try:
        target = urljoin(url, location)
        old, new = origin(url), origin(target)
    except ValueError:
        raise Strayed(url, "redirects to an address that is none", status=status) from None
    if new[0] not in _PORTS or not new[1]:
        raise Strayed(url, "redirects to an address that is none", expected="https://…", status=status)
    if old[0] == "https" and new[0] != "https":
        raise Strayed(url, f"redirects to {shown(target)}, which is not encrypted", expected="https", status=status)
    upgraded = old[1] == new[1] and (old[0], old[2], new[0], new[2]) == ("http", 80, "https", 443)
    if new != old and not upgraded and not call.elsewhere:
        raise Strayed(
            url, f"redirects to another host, {host_of(target)}", status=status,
            expected=f"an answer from {host_of(url)}", remedy="check the address in the settings",
        )  # fmt: skip
    return target
