"""Transport: one request on its way and its answer back, redirections followed by hand."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Protocol

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from ...errors import ReleaseError
from ..surroundings import steadily
from ..tokens import Token
from .answers import Answer
from .calls import Call, following
from .diagnosis import diagnosis
from .gates import Gates
from .troubles import Broken, Strayed, TimeUp, WrongAnswer

AGENT = "release-coordination (https://pypi.org/project/release-coordination/)"
MOST_BYTES = 64 * 1024 * 1024
_PIECE = 128 * 1024
_MOST_REDIRECTIONS = 5

# Its debug lines, which `inv --debug` would print, hold whole addresses, signed ones too.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


def session(most: int = 16) -> requests.Session:
    """Return a session that names the tool, keeps no cookies, and leaves trying again to us."""
    made = requests.Session()
    made.headers["User-Agent"] = AGENT
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        made.mount(scheme, HTTPAdapter(pool_connections=most, pool_maxsize=most, max_retries=0))
    return made


class Sink(Protocol):
    """Where a file goes while it is downloaded."""

    def restart(self) -> object:
        """Forget what came so far."""

    def write(self, piece: bytes) -> object:
        """Take the next piece."""


class _Auth(AuthBase):
    """The token as a header, or nothing; being there at all keeps requests from looking into ~/.netrc."""

    def __init__(self, token: Token | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.pop("Authorization", None)
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


@dataclass
class Transport:
    """The way to every service; `patience` are the seconds to connect and between two pieces of an answer."""

    session: requests.Session
    gates: Gates
    now: Callable[[], float]
    patience: tuple[float, float] = (10.0, 60.0)

    def exchange(self, call: Call, sink: Sink | None = None) -> Answer:
        """Return the answer to a call, wherever its redirections lead; a file's content goes into the sink."""
        here = call
        for _ in range(_MOST_REDIRECTIONS + 1):
            with self.gates.place(here.url, self._remaining(here)):
                answer = self._hop(here, sink)
            onward = following(here, answer)
            if onward is None:
                return answer
            here = onward
        raise Strayed(call.url, f"redirects more than {_MOST_REDIRECTIONS} times", expected="an answer")

    def _hop(self, call: Call, sink: Sink | None) -> Answer:
        """Send a request and read its answer.

        The libraries' exceptions go no further, nor do their frames: both hold whole addresses and headers.
        """
        trouble: BaseException
        try:
            with closing(self._open(call)) as response:
                return self._read(call, response, sink)
        except ReleaseError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told in our own words
            trouble = diagnosis(error, call.url)
        except BaseException as error:  # noqa: BLE001 - Ctrl-C, raised again below
            trouble = error.with_traceback(None)
            trouble.__context__ = None
        raise trouble

    def _open(self, call: Call) -> requests.Response:
        """Return the answer as far as its headers."""
        request = requests.Request(
            call.method,
            call.url,
            headers=dict(call.headers),
            data=call.content,
            auth=_Auth(None if call.bare else call.token),
        )
        prepared = self.session.prepare_request(request)
        url = prepared.url or call.url
        around = steadily(lambda: self.session.merge_environment_settings(url, {}, stream=True, verify=None, cert=None))
        seconds = self._remaining(call)
        connect, read = self.patience
        return self.session.get_adapter(url).send(
            prepared,
            timeout=(connect, read) if seconds is None else (min(connect, seconds), min(read, seconds)),
            stream=True,
            verify=around["verify"] or True,
            cert=around["cert"],
            proxies=around["proxies"],
        )

    def _read(self, call: Call, response: requests.Response, sink: Sink | None) -> Answer:
        headers = {name.lower(): _hidden(value, call.token) for name, value in response.headers.items()}
        answer = Answer(call.url, response.status_code, headers, token=call.token)
        if call.method == "HEAD" or response.status_code == HTTPStatus.NOT_MODIFIED:
            return answer
        if sink is not None and response.status_code == HTTPStatus.OK:
            sink.restart()
            for piece in self._pieces(call, response):
                sink.write(piece)
            return answer
        body = bytearray()
        for piece in self._pieces(call, response):
            body += piece
            if len(body) > MOST_BYTES:
                raise WrongAnswer(call.url, "answered without end", expected=f"at most {MOST_BYTES} bytes")
        return replace(answer, body=call.token.hide_bytes(bytes(body)) if call.token else bytes(body))

    def _pieces(self, call: Call, response: requests.Response) -> Iterator[bytes]:
        """Yield the content as it arrives, so that one that trickles is noticed when the time is up."""
        while piece := response.raw.read1(_PIECE, decode_content=True):
            if call.deadline is not None and self.now() > call.deadline:
                raise Broken(call.url, "was not done with its answer in time")
            yield piece

    def _remaining(self, call: Call) -> float | None:
        """Return the seconds left for a call; refuse when there are none."""
        if call.deadline is None:
            return None
        seconds = call.deadline - self.now()
        if seconds <= 0:
            raise TimeUp(call.url, "has not answered in time")
        return seconds


def _hidden(text: str, token: Token | None) -> str:
    return token.hide(text) if token else text
