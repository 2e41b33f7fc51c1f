"""The index's books: what was published, yanked and deleted, in order, and what each state of it looked like."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from .archive import File, Project, Release, Snapshot
from .distribution import Distribution, read
from .refusal import Refused

_OPEN = timedelta(days=14)  # for so long after its first file does a release take more
_REUSE = "See https://pypi.org/help/#file-name-reuse for more information."


class Ledger:
    """Every state of an index, the newest last; `clock` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._history = [(float("-inf"), Snapshot())]
        self._content: dict[str, File] = {}  # by path; a file host forgets nothing, so an old page's links work
        self._spent: set[str] = set()

    @property
    def now(self) -> Snapshot:
        """Return the newest state."""
        return self._history[-1][1]

    def before(self, moment: float) -> Snapshot:
        """Return the newest state that is at least as old as this moment."""
        return next(snapshot for since, snapshot in reversed(self._history) if since <= moment)

    def at(self, serial: int) -> Snapshot:
        """Return the state after so many changes."""
        return self._history[serial][1]

    def content(self, path: str) -> File | None:
        """Return a file by its path on the file host."""
        return self._content.get(path)

    def publish(
        self,
        filename: str,
        content: bytes,
        uploaded: datetime | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> bool:
        """Take a file in, and tell whether it is new; refuse what the index refuses."""
        with self._lock:
            if self._known(filename, content):
                return False
            self._unspent(filename)
            given = read(filename, content)
            release = self.now.release(given.metadata.name, given.version)
            when = (uploaded or datetime.fromtimestamp(self.clock(), UTC)).astimezone(UTC)
            self._open(given, release, when)
            file = File(filename, content, when, given.core if given.wheel else None, provenance)
            self._content[file.path] = file
            self._spent.add(filename)
            self._enter(given, release, file)
            return True

    def mark(self, name: str, version: str, *, yanked: bool, reason: str) -> None:
        """Yank a release, or take that back."""
        with self._lock:
            project, release = self._found(name, version)
            self._put(project.put(replace(release, yanked=yanked, reason=reason)))

    def remove(self, name: str, version: str, filename: str = "") -> None:
        """Delete a release, or one file of it; the names are spent all the same."""
        with self._lock:
            project, release = self._found(name, version)
            left = tuple(file for file in release.files if filename and file.filename != filename)
            if len(left) == len(release.files):
                raise LookupError(f"{name} {version} has no file {filename}")
            self._put(project.put(replace(release, files=left)))

    def _found(self, name: str, version: str) -> tuple[Project, Release]:
        project = self.now.project(name)
        release = project.release(version) if project else None
        if project is None or release is None:
            raise LookupError(f"{name} {version} is not on the index")
        return project, release

    def _known(self, filename: str, content: bytes) -> bool:
        releases = [release for project in self.now.projects.values() for release in project.releases]
        same = next((file for release in releases for file in release.files if file.filename == filename), None)
        if same is None:
            return False
        if same.content == content:
            return True
        digest = File(filename, content, same.uploaded).digests["blake2b_256"]
        raise Refused(f"File already exists ({filename!r}, with blake2_256 hash {digest!r}). {_REUSE}")

    def _unspent(self, filename: str) -> None:
        if filename in self._spent:
            raise Refused(
                "This filename was previously used by a file that has since been deleted."
                f" Use a different version. {_REUSE}"
            )

    def _open(self, given: Distribution, release: Release | None, when: datetime) -> None:
        if release and when - release.created > _OPEN:
            raise Refused(f"Uploading new files to releases older than {_OPEN.days} days is not allowed.")
        if release and not given.wheel and not all(file.wheel for file in release.files):
            raise Refused("Only one sdist may be uploaded per release.")

    def _enter(self, given: Distribution, release: Release | None, file: File) -> None:
        project = self.now.project(given.metadata.name) or Project(given.metadata.name)
        release = release or Release(given.version, given.metadata, ())
        self._put(project.put(replace(release, files=(*release.files, file))))

    def _put(self, project: Project) -> None:
        self._history.append((self.clock(), self.now.put(project)))
