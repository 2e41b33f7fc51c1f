"""The journal: lines beside a repository's git data, appended and never changed; a crash costs the last one at most."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Refused
from ..rules.secrets import masked
from ..rules.text import printable

_LONGEST = 2000  # characters of a text
# What no text may bring in: tokens of GitHub, of an index, of a Telegram bot, and credentials in an address.


def hidden(text: str) -> str:
    """Return a text on one line, not too long, without what looks like a secret."""
    return masked(printable(text))[:_LONGEST]


@dataclass(frozen=True)
class Journal:
    """The lines in a file; what cannot be read counts as never written."""

    path: Path

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines, the oldest first; a damaged one is passed over."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Refused(f"{self.path}: {error.strerror}", expected="a file that can be read") from error
        return [line for line in map(_read, raw.split(b"\n")) if line is not None]

    def append(self, line: Mapping[str, str | float]) -> None:
        """Add a line, on the disk when this returns; it begins anew where the last one was cut off."""
        safe = {name: hidden(value) if isinstance(value, str) else value for name, value in line.items()}
        content = json.dumps(safe, sort_keys=True).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
                whole = file.read(1) in {b"", b"\n"}
                file.write(content if whole else b"\n" + content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Refused(f"{self.path}: {error.strerror}", expected="a file that can be written") from error


def _read(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None
