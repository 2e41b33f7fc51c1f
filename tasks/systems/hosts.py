"""Hosts: one connection each, over which the agent is sent, asked and, after a drop, found again."""

import json
import random
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..agent import COMMAND, RECORD_SEPARATOR, frame
from ..errors import ReleaseError, Unreachable
from .ssh import HostUnreachable, connect, started

if TYPE_CHECKING:
    from fabric import Connection
    from paramiko import Channel

SILENCE_SECONDS = 30.0  # the agent speaks every five: longer silence is a dead link
_CHUNK = 32 * 1024
_CONNECT_TRIES = 4
_TRYING_SECONDS = 5.0  # after that a drop is no accident

Event = dict[str, Any]
Watch = Callable[[Event], None]


class ConnectionLost(Unreachable):
    """The connection broke while the agent was at work: what happened on the host is unknown."""


class HostRefused(ReleaseError):
    """The agent refused or could not do what was asked; it says so itself, with the exit code that goes with it."""

    def __init__(self, host: str, event: Event) -> None:
        found, holder = str(event.get("found", "")), event.get("holder")
        at_work = f" ({holder['operator'] or 'somebody'}: {holder['action']} {holder['version']})" if holder else ""
        super().__init__(
            f"{host}: {found}{at_work}", expected=str(event.get("expected", "")), remedy=str(event.get("remedy", ""))
        )
        self.kind = str(event.get("kind", ""))
        self.code = int(event.get("code", 3))


class Link(Protocol):
    """A way to run the agent on a host."""

    def talk(self, data: bytes) -> Iterator[bytes]:
        """Start the agent, send it `data`, and yield what it writes, in pieces."""

    def close(self) -> None:
        """Let go of the host; what runs there goes on."""


@dataclass
class SshLink:
    """A host behind SSH; the connection is made when it is first needed, and once."""

    address: str
    _connection: "Connection | None" = None

    def talk(self, data: bytes) -> Iterator[bytes]:
        """Start the agent on a channel of the connection."""
        channel = self._channel()
        try:
            _send(channel, data)
            while piece := channel.recv(_CHUNK):
                yield piece
        except (TimeoutError, OSError, EOFError) as error:
            raise ConnectionLost(f"{self.address}: the connection was lost: {error or type(error).__name__}") from None
        finally:
            with suppress(Exception):
                channel.close()

    def _channel(self) -> "Channel":
        from paramiko import SSHException

        if self._connection is None or not self._connection.is_connected:
            self._connection = _connected(self.address)
        try:
            channel = started(self._connection, COMMAND)
        except (SSHException, OSError, EOFError) as error:
            self.close()
            raise HostUnreachable(f"{self.address}: no command could be started: {error}") from None
        channel.settimeout(SILENCE_SECONDS)
        return channel

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
        self._connection = None


def _send(channel: "Channel", data: bytes) -> None:
    view = memoryview(data)
    for start in range(0, len(view), _CHUNK):
        channel.sendall(bytes(view[start : start + _CHUNK]))
    channel.shutdown_write()


def _connected(address: str) -> "Connection":
    """Connect; sshd drops connections beyond its MaxStartups at random, so a few tries apart are worth it."""
    until = time.monotonic() + _TRYING_SECONDS
    for attempt in range(1, _CONNECT_TRIES):
        try:
            return connect(address)
        except HostUnreachable as error:
            dropped = any(word in str(error).lower() for word in ("reset", "banner", "eof"))
            if not dropped or time.monotonic() > until:
                raise
            time.sleep(attempt * random.uniform(0.2, 0.6))  # noqa: S311 - spreads hosts, guards nothing
    return connect(address)


@dataclass
class LocalLink:
    """The machine this runs on, without SSH."""

    def talk(self, data: bytes) -> Iterator[bytes]:
        """Start the agent as a process that the terminal's Ctrl-C does not reach."""
        child = subprocess.Popen(
            shlex.split(COMMAND), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        with child:
            assert child.stdin is not None  # noqa: S101 - asked for above
            assert child.stdout is not None  # noqa: S101
            with suppress(BrokenPipeError):
                child.stdin.write(data)
                child.stdin.close()
            while piece := child.stdout.read1(_CHUNK):  # type: ignore[attr-defined] # a pipe is buffered
                yield piece

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class Host:
    """A host by its name in the settings, and the agent's parameters for it."""

    name: str
    link: Link
    parameters: Mapping[str, Any]
    watch: Watch = field(default=lambda _event: None)

    _ENDS: ClassVar[frozenset[str]] = frozenset({"result", "error"})

    def ask(self, action: str, payload: bytes = b"", **fields: Any) -> Event:
        """Ask the agent once and return its result; its refusals are raised."""
        request = {**self.parameters, "action": action, **fields}
        for event in self._events(frame(request, payload)):
            if event["event"] == "error":
                raise HostRefused(self.name, event)
            if event["event"] == "result":
                return event
            self.watch(event)
        raise ConnectionLost(f"{self.name}: the agent ended without a word", remedy="inv staging.status shows what is")

    def change(self, action: str, deploy: str, deadline: float, payload: bytes = b"", **fields: Any) -> Event:
        """Ask for a change and see it to its end, attaching again when the connection drops; `deadline` monotonic.

        The change goes on without this: the host carries it to its end. Sending it again under the same `deploy`
        attaches to it, so nothing is done twice.
        """
        offset = 0

        def remember(event: Event) -> None:
            nonlocal offset
            offset = event.get("offset", offset)
            seen(event)

        seen, self.watch = self.watch, remember
        try:
            return self._until_done(action, deploy, deadline, payload, fields, lambda: offset)
        finally:
            self.watch = seen

    def _until_done(
        self, action: str, deploy: str, deadline: float, payload: bytes, fields: Mapping[str, Any],
        offset: Callable[[], int],
    ) -> Event:  # fmt: skip
        pause = 1.0
        accepted = False
        while True:
            try:
                if accepted:
                    return self.ask("follow", deploy=deploy, offset=offset())
                return self.ask(action, payload, deploy=deploy, **fields)
            except (ConnectionLost, HostUnreachable) as error:
                self.link.close()
                accepted = accepted or offset() > 0
                if isinstance(error, HostUnreachable) and not accepted and pause == 1.0:
                    raise
                if time.monotonic() + pause > deadline:
                    raise ConnectionLost(
                        f"{self.name}: the connection was lost and did not come back: {error.found}",
                        expected="the host carries the change to its end by itself",
                        remedy=f"inv staging.status --host {self.name}",
                    ) from None
                self.watch({"event": "lost", "text": f"connection lost, trying again in {pause:.0f} s"})
                time.sleep(pause)
                pause = min(pause * 2, 15.0)

    def _events(self, data: bytes) -> Iterator[Event]:
        for line in _lines(self.link.talk(data)):
            _, mark, text = line.partition(RECORD_SEPARATOR.encode())
            if not mark:
                continue  # a login banner, a dotfile that prints
            try:
                event = json.loads(text)
            except ValueError:
                continue
            if isinstance(event, dict) and "event" in event:
                yield event


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest
