"""What can be read from an index, by address; a pure function of one of its states."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..server import Answer, Request, unquoted
from . import document, page, simple
from .archive import Snapshot

_INTEGRITY = ("application/vnd.pypi.integrity.v1+json", "application/json")


@dataclass(frozen=True, slots=True)
class View:
    """A state of the index as one client gets it; `base` begins the addresses, `integrity` switches provenance on."""

    snapshot: Snapshot
    base: str
    integrity: bool = True

    def answer(self, request: Request) -> Answer:
        """Answer a request for a page."""
        first, *parts = unquoted(request.path)
        routes: dict[str, Callable[[Request, Sequence[str]], Answer]] = {
            "simple": self._simple,
            "pypi": self._json,
            "integrity": self._provenance,
        }
        return routes[first](request, parts) if first in routes else page.missing()

    def _simple(self, request: Request, parts: Sequence[str]) -> Answer:
        if not parts:
            return page.moved("/simple/") if request.path != "/simple/" else simple.root(request, self.snapshot)
        project = self.snapshot.project(parts[0])
        if project is None or parts[1:]:
            return page.missing()
        right = f"/simple/{project.normalized}/"
        return page.moved(right) if request.path != right else simple.project(request, project, self.base)

    def _json(self, request: Request, parts: Sequence[str]) -> Answer:
        match parts:
            case [name, "json"]:
                version = ""
            case [name, version, "json"]:
                pass
            case _:
                return page.missing()
        project = self.snapshot.project(name)
        if project is None:
            return page.missing("application/json")
        release = project.release(version) if version else project.latest()
        if release is None:
            return page.missing("application/json")
        if name != project.normalized:
            return page.moved("/".join(["/pypi", project.normalized, *parts[1:]]))
        return document.shown(request, project, release, self.base, whole=not version)

    def _provenance(self, request: Request, parts: Sequence[str]) -> Answer:
        match parts:
            case [name, version, filename, "provenance"]:
                release = self.snapshot.release(name, version)
            case _:
                return page.missing()
        file = next((file for file in release.files if file.filename == filename), None) if release else None
        if file is None:
            return page.missing()
        return self._statement(request, name, filename, file.provenance)

    def _statement(self, request: Request, name: str, filename: str, found: object) -> Answer:
        kind = page.preferred(request.headers.get("accept", ""), _INTEGRITY)
        if not kind:
            return Answer.json({"message": "Request not acceptable"}, 406)
        if not self.integrity:
            return Answer.json({"message": "Attestations temporarily disabled"}, 403)
        if not found:
            return Answer.json({"message": f"No provenance available for {filename}"}, 404)
        project = self.snapshot.project(name)
        return page.shown(request, page.dumped(found), kind, project.serial if project else 0, 600, Vary="Accept")
