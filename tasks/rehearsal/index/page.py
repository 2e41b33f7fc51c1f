"""Answers the way the index gives them: negotiated, cacheable, and with the serial of what they show."""

import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from ..server import Answer, Request

_SHARED = {  # what every page that a browser's script may read carries
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "X-PyPI-Last-Serial",
}


def preferred(accept: str, offers: Sequence[str]) -> str:
    """Return the offer that an Accept header likes best, the first of equals; nothing if it takes none (RFC 9110)."""
    wanted = dict(_range(item) for item in accept.split(",") if item.strip()) or {"*/*": 1.0}
    weights = [_weight(offer, wanted) for offer in offers]
    best = max(weights)
    return offers[weights.index(best)] if best > 0 else ""


def _range(item: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in item.split(";"))
    given = [part[2:] for part in parameters if part.startswith("q=")]
    try:
        return media, float(given[0]) if given else 1.0
    except ValueError:
        return media, 0.0


def _weight(offer: str, wanted: Mapping[str, float]) -> float:
    kind = offer.partition("/")[0]
    return next((wanted[name] for name in (offer, f"{kind}/*", "*/*") if name in wanted), 0.0)


def shown(request: Request, body: str, media: str, serial: int, seconds: int, **more: str) -> Answer:
    """Return a page that may be kept for so many seconds, or that the client's copy still is what it would get."""
    tag = f'"{hashlib.sha256(media.encode() + body.encode()).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"max-age={seconds}, public",
        "X-PyPI-Last-Serial": str(serial),
        **_SHARED,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    known = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Answer(304, b"", headers)
    return Answer(200, body.encode(), {"Content-Type": media, **headers})


def dumped(document: Any) -> str:
    """Return a document as JSON text."""
    return json.dumps(document, sort_keys=True) + "\n"


def moved(path: str) -> Answer:
    """Send a client to the address that is right, for good."""
    return Answer(301, b"", {"Location": path, **_SHARED})


def missing(kind: str = "text/html") -> Answer:
    """Return that there is no such thing, in HTML or in JSON."""
    if kind == "application/json":
        return Answer.json({"message": "Not Found"}, 404)
    return Answer(404, b"<!DOCTYPE html>\n<title>404 Not Found</title>\n", {"Content-Type": "text/html; charset=UTF-8"})


def refused(request: Request, status: int, message: str) -> Answer:
    """Return why an upload is refused, in the form the client reads, as PyPI's framework writes it."""
    phrase = HTTPStatus(status).phrase
    title = f"{status} {phrase}"
    kind = preferred(request.headers.get("accept", ""), ("text/html", "text/plain", "application/json"))
    if kind == "application/json":
        return Answer.json({"message": message, "code": f"{status} {message}", "title": phrase}, status)
    if kind == "text/html":
        body = f"<h1>{title}</h1>\n{html.escape(message)}\n"
        text = f"<html>\n<head><title>{title}</title></head>\n<body>\n{body}</body>\n</html>\n"
        return Answer(status, text.encode(), {"Content-Type": "text/html; charset=UTF-8"})
    return Answer(status, f"{title}\n\n{message}\n".encode(), {"Content-Type": "text/plain; charset=UTF-8"})
