"""The package index: which files a version has, what it says of them, and the files themselves (PEP 691, 700, 740)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote, urljoin

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from ..errors import ReleaseError, Unreachable
from .pages import Document, IndexFile, ProjectPage, document_of, page_of
from .web import Answer, Trouble, Web, WrongAnswer, WrongFile

__all__ = [
    "Document",
    "Index",
    "IndexFile",
    "IndexUnreachable",
    "NotOnIndex",
    "ProjectPage",
    "ProvenanceOff",
    "WrongFile",
]

_SIMPLE = "application/vnd.pypi.simple.v1+json"
_PROVENANCE = "application/vnd.pypi.integrity.v1+json"
T = TypeVar("T")


class IndexUnreachable(Unreachable):
    """An index did not answer, or not with what it should."""


class NotOnIndex(ReleaseError):
    """A package, a version or a file is not on the index (yet), or not for use."""

    exit_code: ClassVar[int] = 4


class ProvenanceOff(NotOnIndex):
    """The index serves no provenance at all."""


@dataclass
class Index:
    """An index, by the addresses of its simple API and of its JSON API; the latter is guessed from the former."""

    simple: str
    json: str = ""
    web: Web = field(default_factory=Web)

    def __post_init__(self) -> None:
        self.simple = self.simple.rstrip("/") + "/"
        self.json = (self.json or urljoin(self.simple, "../pypi/")).rstrip("/") + "/"
        self._pages: dict[str, tuple[bytes, ProjectPage]] = {}
        self._serials: dict[str, int] = {}

    def page(self, package: str, *, deadline: float | None = None) -> ProjectPage:
        """Return a project's page; asks again only for what changed since it asked last."""
        name = canonicalize_name(package)
        answer = self._get(f"{self.simple}{name}/", _SIMPLE, deadline)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise NotOnIndex(f"{package} is not on {self.simple}", expected="a published package")
        body, page = self._pages.get(name, (b"", None))
        if page is None or body is not answer.body:
            page = _read(answer, "a list of files", lambda document: page_of(document, answer.headers, answer.url))
            self._pages[name] = (answer.body, page)
        return replace(page, stale=self._outdated(name, page.serial))

    def document(self, package: str, version: Version, *, deadline: float | None = None) -> Document:
        """Return what the JSON API says of one version."""
        name = canonicalize_name(package)
        answer = self._get(f"{self.json}{name}/{version}/json", "application/json", deadline)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise NotOnIndex(f"{package} {version} is not on {self.json}", expected="a published version")
        document = _read(answer, "a version's metadata", lambda document: document_of(document, answer.headers))
        return replace(document, stale=self._outdated(name, document.serial))

    def provenance(self, file: IndexFile, package: str = "", *, deadline: float | None = None) -> dict[str, Any] | None:
        """Return a file's attestations (PEP 740), None when it has none; refuse when the index serves none at all."""
        name = canonicalize_name(package or _project(file.filename))
        route = f"integrity/{name}/{file.version}/{quote(file.filename)}/provenance"
        answer = self._get(file.provenance or urljoin(self.simple, f"../{route}"), _PROVENANCE, deadline)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status == HTTPStatus.FORBIDDEN:
            raise ProvenanceOff(f"{self.simple} serves no provenance", expected="an index with attestations")
        return _read(answer, "attestations", dict)

    def files(self, package: str, *, deadline: float | None = None) -> list[IndexFile]:
        """Return every file of a package."""
        return list(self.page(package, deadline=deadline).files)

    def version(self, package: str, version: Version, *, deadline: float | None = None) -> list[IndexFile]:
        """Return the files of one version; none when it is not there."""
        return [file for file in self.files(package, deadline=deadline) if file.version == version]

    def wheel(self, package: str, version: Version) -> IndexFile:
        """Return the wheel of a version that runs anywhere; refuse what is missing or yanked."""
        files = self.version(package, version)
        if not files:
            newest = max((file.version for file in self.files(package)), default=None)
            raise NotOnIndex(
                f"{package} {version} is not on {self.simple}",
                expected=f"a published version; the newest there is {newest}",
                remedy=f"inv staging.wait --version {version}",
            )
        yanked = [file for file in files if file.yanked]
        if yanked:
            raise NotOnIndex(f"{package} {version} was yanked: {yanked[0].reason or 'no reason given'}")
        wheels = [file for file in files if file.wheel and file.filename.endswith("-none-any.whl")]
        if not wheels:
            names = ", ".join(file.filename for file in files)
            raise NotOnIndex(f"{package} {version} has no wheel that runs anywhere: {names}", expected="*-none-any.whl")
        return wheels[0]

    def download(self, file: IndexFile, *, deadline: float | None = None) -> bytes:
        """Return a file's content once its size and sha256 are those the index names."""
        if not file.sha256:
            raise WrongFile(f"{file.filename} is listed without a sha256", expected="a hash to check it by")
        with _unreachable():
            return self.web.download(
                file.url, name=file.filename, size=file.size, sha256=file.sha256, deadline=deadline
            )

    def _get(self, url: str, accept: str, deadline: float | None) -> Answer:
        with _unreachable():
            return self.web.get(url, accept=accept, deadline=deadline)

    def _outdated(self, name: str, serial: int) -> bool:
        """Tell whether a serial is older than one that this index has shown for a project before."""
        newest = self._serials[name] = max(serial, self._serials.get(name, 0))
        return serial < newest


@contextmanager
def _unreachable() -> Iterator[None]:
    """Call whatever goes wrong on the way an index that was not reached."""
    try:
        yield
    except Trouble as trouble:
        raise IndexUnreachable(trouble.found, expected=trouble.expected, remedy=trouble.remedy) from trouble


def _read(answer: Answer, what: str, read: Callable[[dict[str, Any]], T]) -> T:
    """Return what an answer means; it is an error when it is not that."""
    with _unreachable():
        document = answer.mapping()
        try:
            if answer.ok:
                return read(document)
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        raise WrongAnswer(answer.url, f"answered {answer.status} without {what}", expected=what, status=answer.status)


def _project(filename: str) -> str:
    return parse_wheel_filename(filename)[0] if filename.endswith(".whl") else parse_sdist_filename(filename)[0]
