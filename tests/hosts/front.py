"""The server in front of a package index: passes requests on, adds PyPI's JSON, and does harm on demand."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from .indexes import Index

_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with every request whose path contains `path`, while it lasts."""

    path: str = ""
    status: int = 0  # answer this instead
    delay: float = 0.0  # seconds before the answer begins
    slow: float = 0.0  # seconds before each piece of 256 bytes
    cut: float = 1.0  # the connection ends after this part of the content
    corrupt: bool = False  # the last byte is another one


class Front(BaseHTTPRequestHandler):
    """Answers the JSON API, passes the rest on, and applies the faults."""

    protocol_version = "HTTP/1.1"

    def __init__(self, index: "Index", *arguments: Any) -> None:
        self.index = index
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.index.requests.append(self.path)
        faults = [fault for fault in self.index.faults if fault.path in self.path]
        fault = faults[-1] if faults else Fault()
        time.sleep(fault.delay)
        if fault.status:
            self._answer(fault.status, {}, f"{fault.status}\n".encode(), Fault())
        elif self.path.startswith("/pypi/"):
            self._version(fault)
        else:
            self._pass_on(fault)

    do_HEAD = do_GET  # noqa: N815

    def _version(self, fault: Fault) -> None:
        parts = self.path.split("?")[0].strip("/").split("/")[1:-1]
        page = self.index.version_page(canonicalize_name(parts[0]), parts[1] if parts[1:] else None) if parts else None
        body = json.dumps(page or {"message": "Not Found"}).encode()
        self._answer(200 if page else 404, {"Content-Type": "application/json"}, body, fault)

    def _pass_on(self, fault: Fault) -> None:
        wanted = {key: self.headers[key] for key in ("Accept", "If-None-Match") if key in self.headers}
        status, headers, body = ask(self.index.upstream, self.path, wanted)
        kept = {key: value for key, value in headers.items() if key.lower() in ("content-type", "etag", "location")}
        self._answer(status, kept, body, fault)

    def _answer(self, status: int, headers: dict[str, str], body: bytes, fault: Fault) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD" or not body:
            return
        sent = body[: int(len(body) * fault.cut)]
        sent = sent[:-1] + bytes([sent[-1] ^ 1]) if fault.corrupt else sent
        with suppress(ConnectionError):
            self._send(sent, fault.slow)
        self.close_connection = self.close_connection or fault.cut < 1

    def _send(self, body: bytes, pause: float) -> None:
        for start in range(0, len(body), _CHUNK) if pause else ():
            time.sleep(pause)
            self.wfile.write(body[start : start + _CHUNK])
            self.wfile.flush()
        if not pause:
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing; `Index.requests` has it."""


def ask(server: str, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer; redirections are not followed."""
    with closing(http.client.HTTPConnection(server, timeout=30)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@contextmanager
def listening(host: str, handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[int]:
    """Give the port of an HTTP server that answers in a thread of its own."""
    server = ThreadingHTTPServer((host, 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
