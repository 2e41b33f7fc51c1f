"""Files: what is downloaded, held against the size and the hash it should have while it comes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import IO
from urllib.parse import urlsplit

from .answers import Answer
from .calls import Call
from .transport import Sink
from .troubles import WrongAnswer, WrongFile

MOST_BYTES = 1024 * 1024 * 1024


@dataclass
class Checked:
    """A file on its way; `size` in bytes and `sha256` are what it should have, where that is known."""

    name: str
    to: IO[bytes]
    size: int | None = None
    sha256: str = ""
    came: int = 0
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256, repr=False)

    def restart(self) -> None:
        """Forget what came so far."""
        self.to.seek(0)
        self.to.truncate()
        self.came, self._hash = 0, hashlib.sha256()

    def write(self, piece: bytes) -> None:
        """Take the next piece; refuse more than there should be."""
        self.came += len(piece)
        if self.came > (MOST_BYTES if self.size is None else self.size):
            raise WrongFile(f"{self.name} is larger than it should be", expected=f"{self.size or MOST_BYTES} bytes")
        self._hash.update(piece)
        self.to.write(piece)

    def check(self) -> None:
        """Refuse a file that is not what it should be."""
        if self.size not in {None, self.came}:
            raise WrongFile(f"{self.name} has {self.came} bytes", expected=f"{self.size}, as listed")
        digest = self._hash.hexdigest()
        if self.sha256 and digest != self.sha256:
            raise WrongFile(f"{self.name} has sha256 {digest[:16]}…", expected=f"{self.sha256[:16]}…, as listed")


def name_of(url: str) -> str:
    """Return the name of the file that an address leads to."""
    return PurePosixPath(urlsplit(url).path).name or "the file"


def fetch(call: Call, file: Checked, ask: Callable[[Call, Sink], Answer]) -> None:
    """Download a file into its place and check it."""
    answer = ask(call, file)
    if answer.status != HTTPStatus.OK:
        raise WrongAnswer(call.url, f"answered {answer.status}", expected="the file", status=answer.status)
    file.check()


def to_bytes(call: Call, name: str, size: int | None, sha256: str, ask: Callable[[Call, Sink], Answer]) -> bytes:
    """Return a file's content."""
    place = BytesIO()
    fetch(call, Checked(name, place, size, sha256), ask)
    return place.getvalue()


def to_path(call: Call, path: Path, size: int | None, sha256: str, ask: Callable[[Call, Sink], Answer]) -> Path:
    """Download a file beside its place, and put it there once it is complete and right."""
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as place:
        hidden = Path(place.name)
        try:
            fetch(call, Checked(path.name, place, size, sha256), ask)
            place.flush()
            hidden.replace(path)
        finally:
            hidden.unlink(missing_ok=True)
    return path
