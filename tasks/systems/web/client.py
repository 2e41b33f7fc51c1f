"""The client: asks, waits as the services wish, and asks again where that does no harm."""

import json
import random
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from threading import Event

import requests

from ..tokens import Token
from . import files
from .answers import Answer
from .calls import Call
from .clock import Clock
from .gates import Gates
from .limits import asked_pause, is_refusal
from .memory import Flights, Memory, conditions, confirmed
from .patience import Patience
from .transport import Sink, Transport, session
from .troubles import Failing, Limited, Stopped, Trouble, WrongAnswer

_WORTH_TELLING_SECONDS = 2.0
_FILE = "application/octet-stream"
# A file's size and hash are those of its bytes, not of what a server makes of them on the way.
_UNCHANGED = {"Accept-Encoding": "identity"}


def _silent(_text: str) -> None:
    """Say nothing."""


@dataclass
class Web:
    """One polite client for every service: threads may share it, and should.

    `note` is told of every wait of more than two seconds; `patience` is how many seconds a call may wait in all before
    it is an error, and `retries` how often a failure is followed by another attempt. Once `called_off` is set, nothing
    is waited for.
    """

    session: requests.Session = field(default_factory=session)
    clock: Clock = field(default_factory=Clock)
    note: Callable[[str], None] = _silent
    patience: float = 300.0
    retries: int = 3
    most_at_once: int = 8
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    jitter: Callable[[], float] = random.random
    called_off: Event = field(default_factory=Event, repr=False)

    def __post_init__(self) -> None:
        self._memory = Memory()
        self._flights = Flights()
        self._gates = Gates(self.most_at_once)
        patience = (self.connect_seconds, self.read_seconds)
        self._transport = Transport(self.session, self._gates, self.clock.monotonic, patience)

    @property
    def sent(self) -> Counter[str]:
        """Return how many requests each host has had."""
        return Counter(self._gates.sent)

    def stop(self) -> None:
        """Call off every wait, now and later; for the thread that was interrupted to tell the others."""
        self.called_off.set()

    def get(
        self, url: str, *, accept: str = "application/json", token: Token | None = None,
        headers: Mapping[str, str] | None = None, deadline: float | None = None, elsewhere: bool = False,
    ) -> Answer:  # fmt: skip
        """Return what an address answers; one that is still true is not sent again, and one that is asked is shared.

        `deadline` is a moment of the clock's `monotonic`; `elsewhere` lets another host answer, without our token.
        """
        call = Call("GET", url, {"Accept": accept, **(headers or {})}, token, deadline=deadline, elsewhere=elsewhere)
        key = (url, accept, token and token.identity, elsewhere)
        return self._flights.share(key, lambda: self._remembered(key, call), url, lambda: self._left(deadline))

    def _remembered(self, key: Hashable, call: Call) -> Answer:
        kept = self._memory.get(key)
        answer = self._persist(replace(call, headers={**call.headers, **conditions(kept)}))
        if answer.status != HTTPStatus.NOT_MODIFIED:
            if answer.status == HTTPStatus.OK:
                self._memory.keep(key, answer)
            return answer
        if kept is None:
            raise WrongAnswer(call.url, "answered that nothing changed since never", expected="200", status=304)
        return confirmed(kept, answer)

    def send(
        self, method: str, url: str, content: object = None, *, accept: str = "application/json",
        token: Token | None = None, headers: Mapping[str, str] | None = None, deadline: float | None = None,
        safe: bool = False, refused: Callable[[Answer], bool] | None = None,
    ) -> Answer:  # fmt: skip
        """Return the answer to a request with a JSON document; unless it is `safe` it is repeated only when refused.

        `refused` recognises a refusal for asking too often that the answer's status does not show.
        """
        body = None if content is None else json.dumps(content).encode()
        named = {"Accept": accept, **({"Content-Type": "application/json"} if body else {}), **(headers or {})}
        return self._persist(Call(method, url, named, token, body, deadline, safe=safe, refused=refused))

    def download(
        self, url: str, *, name: str = "", size: int | None = None, sha256: str = "", accept: str = _FILE,
        token: Token | None = None, headers: Mapping[str, str] | None = None, deadline: float | None = None,
        elsewhere: bool = True,
    ) -> bytes:  # fmt: skip
        """Return a file once its size and hash are those it should have; a store elsewhere may serve it."""
        call = Call("GET", url, {"Accept": accept, **_UNCHANGED, **(headers or {})}, token, None, deadline, elsewhere)
        return files.to_bytes(call, name or files.name_of(url), size, sha256, self._persist)

    def save(
        self, url: str, path: Path, *, size: int | None = None, sha256: str = "", accept: str = _FILE,
        token: Token | None = None, headers: Mapping[str, str] | None = None, deadline: float | None = None,
        elsewhere: bool = True,
    ) -> Path:  # fmt: skip
        """Download a file to a path, which is there only once the file is complete and right."""
        call = Call("GET", url, {"Accept": accept, **_UNCHANGED, **(headers or {})}, token, None, deadline, elsewhere)
        return files.to_path(call, path, size, sha256, self._persist)

    def _persist(self, call: Call, sink: Sink | None = None) -> Answer:
        """Return the answer to a call, asked as often as it takes and as its patience allows."""
        patience = Patience(call, self.patience, self.retries, self.jitter)
        while True:
            try:
                self._pass(call)
                return self._judged(call, self._transport.exchange(call, sink))
            except Trouble as trouble:
                self.rest(patience.pause(trouble, self.clock.monotonic()), call.url, trouble.found)

    def _pass(self, call: Call) -> None:
        """Refuse a call to a service that has asked to be left alone."""
        seconds = self._gates.closed_for(call.lane, self.clock.monotonic())
        if seconds > 0:
            raise Limited(call.url, seconds, self.clock.time(), self.patience)

    def _judged(self, call: Call, answer: Answer) -> Answer:
        """Return an answer that is one; raise what asks to be repeated later."""
        pause = asked_pause(answer.headers, self.clock.time())
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Failing(call.url, answer.status, pause)
        refused = call.refused is not None and call.refused(answer)
        if refused or is_refusal(answer.status, answer.headers, answer.body):
            pause = self._gates.refuse(call.lane, self.clock.monotonic(), pause)
            raise Limited(call.url, pause, self.clock.time(), self.patience, answer.status)
        self._gates.welcome(call.lane)
        return answer

    def rest(self, seconds: float, url: str, why: str) -> None:
        """Wait, and say so when it takes long."""
        if seconds > _WORTH_TELLING_SECONDS:
            self.note(f"waiting {seconds:.0f} s: {why}")
        if seconds > 0 and not self.called_off.is_set():
            self.clock.sleep(seconds, self.called_off)
        if self.called_off.is_set():
            raise Stopped(url, "was not waited for any longer", remedy="run it again")

    def _left(self, deadline: float | None) -> float | None:
        return None if deadline is None else deadline - self.clock.monotonic()
