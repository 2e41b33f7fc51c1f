"""Diagnosis: what an exception of the HTTP libraries means, told without the addresses and headers it holds."""

import ssl
from collections.abc import Iterator

import requests
from urllib3 import exceptions as urllib3

from .troubles import Broken, Insecure, NotReached, Trouble

_NETWORK = "check the network and the address"
_PROXY = "check HTTPS_PROXY and NO_PROXY"
# The first row of which an exception, or what caused it, is a kind. Only what surely comes before the request is sent
# may be NotReached: a change is repeated, or called unmade, on its word.
_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], type[Trouble], str, str], ...] = (
    ((requests.exceptions.ProxyError, urllib3.ProxyError), NotReached, "was not reached through the proxy", _PROXY),
    ((urllib3.NameResolutionError,), NotReached, "has a name that is not known (DNS)", _NETWORK),
    ((urllib3.NewConnectionError,), NotReached, "took no connection: {system}", _NETWORK),
    ((urllib3.ConnectTimeoutError,), NotReached, "took no connection in time", _NETWORK),
    ((ssl.SSLError, urllib3.SSLError), Broken, "does not speak TLS as it should", "check the address"),
    ((urllib3.ReadTimeoutError, TimeoutError), Broken, "said nothing in time", "try again later"),
    ((urllib3.DecodeError,), Broken, "answered with garbled compression", "try again later"),
    ((urllib3.IncompleteRead,), Broken, "ended its answer early", "try again later"),
    ((urllib3.HTTPError, OSError), Broken, "closed the connection", "try again later"),
)  # fmt: skip


def diagnosis(error: BaseException, url: str) -> Trouble:
    """Return what an exception means."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Insecure(
                url, f"cannot be trusted: {cause.verify_message}", expected="a certificate that this computer trusts",
                remedy="check the address; a certificate authority of your own goes into REQUESTS_CA_BUNDLE",
            )  # fmt: skip
    if isinstance(error, requests.exceptions.InvalidURL | urllib3.LocationParseError):
        return Trouble(url, "is no address that can be asked", expected="https://…")
    for kinds, trouble, reason, remedy in _MEANINGS:
        if any(isinstance(cause, kinds) for cause in causes):
            return trouble(url, reason.format(system=_system(causes)), remedy=remedy)
    return Trouble(
        url, f"could not be asked ({type(error).__name__})", remedy="report it with what `inv --debug` prints"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that it was made from, each once."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        others = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        waiting += [other for other in others if isinstance(other, BaseException)]


def _system(causes: list[BaseException]) -> str:
    """Return the operating system's words for what is wrong."""
    said = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return said[-1].lower() if said else "no reason given"
