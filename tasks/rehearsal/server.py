"""A service in the process: it answers requests, remembers them, and fails the way services do when it is told to."""

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent; `path` is as sent, still quoted, without the query; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    def one(self, name: str, default: str = "") -> str:
        """Return a query parameter that is given at most once."""
        return self.query.get(name, [default])[0]

    def json(self) -> Any:
        """Return the body, which is JSON."""
        return json.loads(self.body)

    @property
    def address(self) -> str:
        """Return the path as the client sent it, with its query."""
        pairs = "&".join(f"{name}={value}" for name, values in self.query.items() for value in values)
        return f"{self.path}?{pairs}" if pairs else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, content: Any, status: int = 200, media: str = "application/json", **headers: str) -> Self:
        """Return a JSON document; an underscore in a header's name stands for a dash."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(content).encode(), {"Content-Type": media, **named})


@dataclass
class Fault:
    """What goes wrong with requests whose method and path match, `times` times (for ever: -1), after `skip` of them.

    `answer` takes the place of the service's own; `delay` is in seconds; `cut` leaves out that many bytes of the end
    of the body while the length still promises them; `hang_up` closes the connection without a word.
    """

    path: str = ""
    method: str = ""
    times: int = -1
    skip: int = 0
    answer: Answer | None = None
    delay: float = 0.0
    cut: int = 0
    hang_up: bool = False

    def takes(self, request: Request) -> bool:
        """Tell whether this request is hit, and count it."""
        if (self.method and self.method != request.method) or not re.search(self.path, request.address):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times == 0:
            return False
        self.times -= self.times > 0
        return True


Service = Callable[[Request], Answer]


class Server:
    """A service on a port of this machine, by default for this machine alone; use it in a `with`."""

    def __init__(
        self, service: Service, *, delay: float = 0.0, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.service = service
        self.delay = delay  # seconds before every answer
        self.seen: list[Request] = []
        self.faults: list[Fault] = []
        self._lock = threading.Lock()
        self._http = _Listener((host, 0), _handler(self))
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"http{'s' if tls else ''}://{host}:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def fault(self, fault: Fault) -> Fault:
        """Let something go wrong from now on."""
        self.faults.append(fault)
        return fault

    def asked(self, method: str = "", path: str = "") -> list[Request]:
        """Return the requests so far whose method is this one and whose path and query match this pattern."""
        with self._lock:
            return [
                request
                for request in self.seen
                if (not method or request.method == method) and re.search(path, request.address)
            ]

    def struck(self, request: Request) -> Fault | None:
        """Remember a request, and return the first fault that hits it."""
        with self._lock:
            self.seen.append(request)
            return next((fault for fault in self.faults if fault.takes(request)), None)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up or does not like a certificate is part of the play."""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 60

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing; `Server.seen` has it."""

        def answer(self) -> None:
            request = _request(self)
            fault = server.struck(request)
            time.sleep(server.delay + (fault.delay if fault else 0))
            if fault and fault.hang_up:
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            answer = fault.answer if fault and fault.answer else server.service(request)
            self.send(answer, fault.cut if fault else 0)

        def send(self, answer: Answer, cut: int) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            empty = answer.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
            if not empty:
                self.send_header("Content-Length", str(len(answer.body)))
            self.close_connection = self.close_connection or bool(cut)
            self.end_headers()
            if not empty and self.command != "HEAD":
                self.wfile.write(answer.body[: len(answer.body) - cut])

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names http.server asks

    return Handler


def _request(handler: BaseHTTPRequestHandler) -> Request:
    address = urlsplit(handler.path)
    headers = {name.lower(): value for name, value in handler.headers.items()}
    body = handler.rfile.read(int(headers.get("content-length", 0)))
    query = parse_qs(address.query, keep_blank_values=True)
    return Request(handler.command, address.path, query, headers, body)


def unquoted(path: str) -> list[str]:
    """Return the parts of a path, each unquoted on its own."""
    return [unquote(part) for part in path.strip("/").split("/")]
