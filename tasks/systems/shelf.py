"""The shelf: JSON documents kept beside a repository's git data, never in a work tree."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Refused, ReleaseError
from .files import write_text

FOLDER = "release-coordination"


@dataclass(frozen=True)
class Shelf:
    """The documents of a repository, whose git folder is `common`; all its work trees share them."""

    common: Path

    def path(self, name: str) -> Path:
        """Return where a document is, or would be."""
        return self.common / FOLDER / f"{name}.json"

    def read(self, name: str) -> dict[str, Any]:
        """Return a document; nothing when it is not there or was damaged."""
        try:
            document = json.loads(self.path(name).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    def write(self, name: str, document: Mapping[str, Any]) -> None:
        """Replace a document in one step; where nothing can be written, nothing is kept."""
        with suppress(OSError, ReleaseError):
            self.path(name).parent.mkdir(exist_ok=True)
            write_text(self.path(name), json.dumps(document, indent=1, sort_keys=True) + "\n")

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Keep other runs of the same kind out, in every work tree, until this one ends, however it does."""
        path = self.path(name).with_suffix(".lock")
        with ExitStack() as stack:
            try:
                path.parent.mkdir(exist_ok=True)
                lock = stack.enter_context(path.open("w"))
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(
                    f"another run is at work ({path})", expected="one at a time", remedy="run it again when that ended"
                ) from None
            except OSError as error:
                raise Refused(f"{path}: {error.strerror}", expected="a git folder that can be written") from None
            yield
