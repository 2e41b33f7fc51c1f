"""The sandbox's package index: a service for `Server`, and the same index in Python's hands.

index = SandboxIndex(token="pypi-secret")
with Server(index) as server:
    ...  # {server.url}/simple/, /pypi/NAME/VERSION/json, /legacy/ (upload), /manage/project/NAME/release/VERSION/
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..server import Answer, Request, unquoted
from . import manage, page, upload
from .archive import Snapshot
from .form import read
from .ledger import Ledger
from .reading import View
from .refusal import Refused

_PUBLISHER = {"kind": "GitHub", "repository": "rehearsal/demo", "workflow": "release.yml", "environment": None}
_FOR_EVER = {"Content-Type": "application/octet-stream", "Cache-Control": "max-age=365000000, immutable, public"}


@dataclass(eq=False)
class SandboxIndex:
    """An index that takes uploads with `token`, and shows changes `lag` seconds late, as a CDN may.

    `clock` gives seconds since the epoch. `publisher` is whom provenance names; without one, attestations are refused.
    `integrity` switched off hides all provenance. `scheme` is https behind TLS: pages name whole addresses.
    """

    token: str = "pypi-rehearsal"  # noqa: S105 - a sandbox's own
    lag: float = 0.0
    clock: Callable[[], float] = time.time
    publisher: Mapping[str, Any] | None = field(default_factory=lambda: dict(_PUBLISHER))
    integrity: bool = True
    scheme: str = "http"

    def __post_init__(self) -> None:
        self._ledger = Ledger(self.clock)
        self._pinned: Snapshot | None = None
        self._flash = ""

    @property
    def now(self) -> Snapshot:
        """Return what the index holds, whatever its pages show."""
        return self._ledger.now

    @property
    def shown(self) -> Snapshot:
        """Return what its pages show."""
        return self._pinned or (self._ledger.before(self.clock() - self.lag) if self.lag else self.now)

    @property
    def serial(self) -> int:
        """Return the number of changes so far."""
        return self.now.serial

    def add(
        self,
        content: bytes | Path,
        filename: str = "",
        *,
        uploaded: datetime | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> bool:
        """Publish a file, at a time of one's choice, and tell whether it is new; refuse what an upload would."""
        if isinstance(content, Path):
            filename, content = filename or content.name, content.read_bytes()
        return self._ledger.publish(filename, content, uploaded, provenance)

    def yank(self, name: str, version: str, reason: str = "") -> None:
        """Yank a release."""
        self._ledger.mark(name, version, yanked=True, reason=reason)

    def unyank(self, name: str, version: str) -> None:
        """Take a yank back."""
        self._ledger.mark(name, version, yanked=False, reason="")

    def remove(self, name: str, version: str, filename: str = "") -> None:
        """Delete a release, or one file of it; the names can never be used again."""
        self._ledger.remove(name, version, filename)

    @contextmanager
    def stale(self, serial: int) -> Iterator[None]:
        """Show the index as it was after so many changes, for the time of the block."""
        before, self._pinned = self._pinned, self._ledger.at(serial)
        try:
            yield
        finally:
            self._pinned = before

    def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        first, *parts = unquoted(request.path)
        try:
            if first == "legacy":
                return self._uploaded(request)
            if first == "manage":
                return self._managed(request, parts)
        except Refused as refusal:
            return page.refused(request, refusal.status, str(refusal))
        if request.method not in {"GET", "HEAD"}:
            return Answer(405, b"", {"Allow": "GET, HEAD"})
        return self._file(request.path) if first == "packages" else self._page(request)

    def _page(self, request: Request) -> Answer:
        snapshot = self.shown
        base = f"{self.scheme}://{request.headers.get('host', 'localhost')}"
        answer = View(snapshot, base, self.integrity).answer(request)
        return replace(answer, headers={**answer.headers, "X-Cache": "MISS" if snapshot is self.now else "HIT"})

    def _file(self, path: str) -> Answer:
        file = self._ledger.content(path.removesuffix(".metadata"))
        if file is None:
            return page.missing()
        content = file.metadata if path.endswith(".metadata") else file.content
        return page.missing() if content is None else Answer(200, content, _FOR_EVER)

    def _uploaded(self, request: Request) -> Answer:
        if request.path != "/legacy/":
            return Answer(308, b"", {"Location": "/legacy/"})
        if request.method != "POST":
            return Answer(405, b"", {"Allow": "POST"})
        upload.permitted(request, self.token)
        given = upload.received(request)
        self.add(given.content, given.filename, provenance=upload.provenance(given, self.publisher))
        return Answer(200, b"", {"Content-Type": "text/html; charset=UTF-8"})

    def _managed(self, request: Request, parts: list[str]) -> Answer:
        """Answer the maintainer's pages, which show the index as it is."""
        match parts:
            case ["project", name, "releases"]:
                version = ""
            case ["project", name, "release", version]:
                pass
            case _:
                return page.missing()
        project, release = self.now.project(name), self.now.release(name, version)
        if project is None or (version and release is None):
            return page.missing()
        flash, self._flash = self._flash, ""
        if release is None:
            return manage.releases(project, flash)
        if request.method != "POST":
            return manage.release(project, release, flash)
        action, reason, self._flash = manage.asked(read(request), release)
        if action:
            self._ledger.mark(name, version, yanked=action == "yank", reason=reason)
        where = f"/manage/project/{project.name}/" + ("releases/" if action else f"release/{release.version}/")
        return Answer(303, b"", {"Location": where})
