"""A local Bot API: answers `getMe` as the test wants it to and remembers who asked."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

from .front import listening

BOT = "acme_test_bot"
HANG = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to answer `getMe`."""

    status: int
    body: dict[str, Any]
    after: float = 0.0


def bot(name: str = BOT) -> Answer:
    """Return the answer of a bot that is alive."""
    return Answer(200, {"ok": True, "result": {"id": 7700112233, "is_bot": True, "username": name}})


GOOD = bot()
WRONG_BOT = bot("somebody_else_bot")
NOT_OK = Answer(200, {"ok": False, "description": "Bad Request"})
UNAUTHORIZED = Answer(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
TOO_MANY = Answer(429, {"ok": False, "error_code": 429, "description": "Retry", "parameters": {"retry_after": 30}})
UNAVAILABLE = Answer(502, {"ok": False, "error_code": 502, "description": "Bad Gateway"})
SILENT = Answer(200, {}, HANG)


@dataclass
class Telegram:
    """The Bot API; `answer` is what the next request gets, `requests` are the paths asked for, tokens and all."""

    host: str
    token: str
    port: int = 0
    answer: Answer = GOOD
    requests: list[str] = field(default_factory=list)
    closing: bool = False

    @property
    def api(self) -> str:
        """Return the base address."""
        return f"http://{self.host}:{self.port}"

    def reset(self) -> None:
        """Answer well again and forget the requests."""
        self.answer = GOOD
        self.requests.clear()

    def reply(self, path: str) -> Answer:
        """Return the answer to a request: 404 to another method, 401 to another token."""
        if path == f"/bot{self.token}/getMe":
            return self.answer
        known = path.startswith(f"/bot{self.token}/")
        return Answer(404, {"ok": False, "error_code": 404, "description": "Not Found"}) if known else UNAUTHORIZED


class _Api(BaseHTTPRequestHandler):
    def __init__(self, telegram: Telegram, *arguments: Any) -> None:
        self.telegram = telegram
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.telegram.requests.append(self.path)
        answer = self.telegram.reply(self.path)
        begin = time.monotonic()
        while time.monotonic() - begin < answer.after and not self.telegram.closing:
            time.sleep(0.05)
        with suppress(ConnectionError):
            self._write(answer)

    do_POST = do_GET  # noqa: N815

    def _write(self, answer: Answer) -> None:
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(host: str, token: str) -> Iterator[Telegram]:
    """Give a Bot API that knows one token."""
    telegram = Telegram(host, token)
    with listening(host, partial(_Api, telegram)) as port:
        telegram.port = port
        try:
            yield telegram
        finally:
            telegram.closing = True
