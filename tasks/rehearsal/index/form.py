"""Forms as clients send them: multipart/form-data (RFC 7578) and application/x-www-form-urlencoded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from urllib.parse import parse_qs

from ..server import Request
from .refusal import Refused


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a form."""

    filename: str
    media: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each with all its values, and its files."""

    fields: Mapping[str, Sequence[str]]
    files: Mapping[str, Attached] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """Return the first value of a field, or nothing."""
        return self.fields.get(name, [""])[0]


def read(request: Request) -> Form:
    """Return the form that a request carries; refuse a body that is not what it says it is."""
    said = Message()
    said["Content-Type"] = request.headers.get("content-type", "")
    if said.get_content_type() != "multipart/form-data":
        return Form(parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    boundary = said.get_boundary()
    if not boundary:
        raise Refused("A multipart form has no boundary.")
    return _form(request.body, boundary.encode("latin-1"))


def _form(body: bytes, boundary: bytes) -> Form:
    fields: dict[str, list[str]] = {}
    files = {}
    for head, content in _parts(body, boundary):
        name = _parameter(head, "name")
        filename = _parameter(head, "filename")
        if filename:
            files[name] = Attached(filename, head.get_content_type(), content)  # uv names none
        else:
            fields.setdefault(name, []).append(content.decode("utf-8", "replace"))
    return Form(fields, files)


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[Message, bytes]]:
    """Yield head and content of each part; the line end before a boundary belongs to the boundary (RFC 2046)."""
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        if piece.startswith(b"--"):
            return
        head, found, content = piece.partition(b"\r\n\r\n")
        if not found:
            break
        yield BytesHeaderParser().parsebytes(head.lstrip()), content
    raise Refused("A multipart form ends before its last boundary.")


def _parameter(head: Message, name: str) -> str:
    value = head.get_param(name, "", "Content-Disposition")
    return value if isinstance(value, str) else ""
