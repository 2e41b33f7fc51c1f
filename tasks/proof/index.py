"""The package index, as the proof of one release sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from packaging.metadata import RawMetadata, parse_email

from ..errors import ReleaseError
from ..rules import metadata
from ..systems.archives import metadata_file
from ..systems.index import Document, Index, IndexFile, NotOnIndex, ProjectPage, ProvenanceOff
from . import attestations, description
from .release import Release, Source
from .waiting import LeftOut, NotYet, Observed, Once, needs

T = TypeVar("T")


@dataclass
class IndexProof:
    """What the index shows of a release; `source` is what its files are held against."""

    release: Release
    index: Index
    source: Callable[[], Source]
    _page: Observed[ProjectPage] = field(init=False)
    _document: Observed[Document] = field(init=False)
    _contents: dict[IndexFile, Once[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        release = self.release
        self._page = Observed(lambda: self.index.page(release.package))
        self._document = Observed(lambda: self.index.document(release.package, release.version))

    def page(self) -> ProjectPage:
        """Return the project's page; that there is none yet is worth waiting for."""
        return self._there(self._page)

    def document(self) -> Document:
        """Return the version's JSON document."""
        return self._there(self._document)

    def _there(self, observed: Observed[T]) -> T:
        try:
            return observed.now()
        except NotOnIndex as error:
            raise NotYet(error.found, expected=f"{self.release.package} {self.release.version}") from None

    def files(self) -> list[IndexFile]:
        """Return the version's files, of which there is at least one."""
        page = self.page()
        files = [file for file in page.files if file.version == self.release.version]
        if not files:
            newest = max((file.version for file in page.files), default="none")
            raise NotYet(
                f"{self.release.version} is not on {self.index.simple} (serial {page.serial or 'unknown'})",
                expected=f"its files; the newest version there is {newest}",
            )
        return files

    def present(self, kind: str) -> list[IndexFile]:
        """Return the version's wheels or its sdist, at least one; for the check that it is there."""
        files = needs("listed", self.files)
        found = [file for file in files if file.wheel == (kind == "wheel")]
        if not found:
            names = ", ".join(file.filename for file in files)
            raise NotYet(f"there is no {kind} among {names}", expected=f"a {kind}")
        return found

    def names(self) -> set[str]:
        """Return the names of the version's files."""
        return {file.filename for file in needs("listed", self.files)}

    def each(self, kind: str) -> list[IndexFile]:
        """Return the version's wheels or its sdist."""
        return needs(f"present[{kind}]", lambda: self.present(kind))

    def file(self, kind: str) -> IndexFile:
        """Return the version's sdist, or a wheel of it."""
        return self.each(kind)[0]

    def content(self, file: IndexFile) -> bytes:
        """Return what is in a file, downloaded once and checked against its listing."""
        return self._contents.setdefault(file, Once(lambda: self.index.download(file))).now()

    def wanted(self) -> None:
        """Make sure that installers may choose the version: it is listed and not yanked."""
        for kind in self.release.project.kinds:
            needs(f"not_yanked[{kind}]", lambda kind=kind: self.not_yanked(kind))  # type: ignore[misc]

    def not_yanked(self, kind: str) -> list[IndexFile]:
        """Return the version's wheels or its sdist, none of which is yanked."""
        files = self.each(kind)
        yanked = [f"{file.filename} was yanked: {file.reason or 'no reason given'}" for file in files if file.yanked]
        if yanked:
            raise ReleaseError("; ".join(yanked))
        return files

    def _problems(self, kind: str, problem: Callable[[IndexFile], str]) -> str:
        """Return what is wrong with a file, by the file's name where there are several, or nothing."""
        files = self.each(kind)
        found = {file.filename: problem(file) for file in files}
        named = (f"{name}: {text}" if len(files) > 1 else text for name, text in found.items() if text)
        return "; ".join(named)

    def metadata(self, file: IndexFile) -> RawMetadata:
        """Return what a wheel or sdist says of itself."""
        name = "METADATA" if file.wheel else "PKG-INFO"
        found = self._member(file, name)
        if found is None:
            raise ReleaseError(f"{file.filename} has no {name}")
        return parse_email(found)[0]

    def entry_points(self, wheel: IndexFile) -> str:
        """Return a wheel's entry points file; empty when it has none."""
        return (self._member(wheel, "entry_points.txt") or b"").decode("utf-8")

    def document_differs(self, kind: str) -> str:
        """Return what the version's JSON document says otherwise of the files, or nothing."""
        return self._problems(kind, self._document_differs)

    def _document_differs(self, file: IndexFile) -> str:
        found = next((other for other in self.document().files if other.filename == file.filename), None)
        if found is None:
            raise NotYet(f"the version's JSON document does not list {file.filename} yet")
        if found.sha256 != file.sha256:
            return f"sha256 {found.sha256}, {file.sha256} on the project's page"
        return "" if found.yanked == file.yanked else f"yanked: {found.yanked}, {file.yanked} on the project's page"

    def name_differs(self, kind: str) -> str:
        """Return how the name in a file differs from pyproject.toml's, or nothing."""
        return self._problems(kind, lambda file: metadata.name_differs(self.metadata(file), self.source().table))

    def version_differs(self, kind: str) -> str:
        """Return how the version in a file differs from the release's, or nothing."""
        return self._problems(kind, lambda file: metadata.version_differs(self.metadata(file), self.release.version))

    def requires_python_differs(self, kind: str) -> str:
        """Return how a file's requires-python differs from pyproject.toml's, or nothing."""
        return self._problems(
            kind, lambda file: metadata.requires_python_differs(self.metadata(file), self._static("requires-python"))
        )

    def dependencies_differ(self, kind: str) -> str:
        """Return how a file's dependencies differ from pyproject.toml's, or nothing."""
        project = self._static("dependencies", "optional-dependencies")
        return self._problems(kind, lambda file: metadata.dependencies_differ(self.metadata(file), project))

    def entry_points_differ(self) -> str:
        """Return how the wheel's entry points differ from pyproject.toml's, or nothing."""
        project = self._static("scripts", "gui-scripts", "entry-points")
        return self._problems("wheel", lambda file: metadata.entry_points_differ(self.entry_points(file), project))

    def _static(self, *keys: str) -> Mapping[str, Any]:
        project = self.source().table
        if metadata.is_dynamic(project, *keys):
            raise LeftOut(f"pyproject.toml makes {' or '.join(keys)} dynamic: there is nothing to hold it against")
        return project

    def description_problem(self, kind: str) -> str:
        """Return why the long description does not render on the index, or nothing."""
        return self._problems(kind, self._description_problem)

    def _description_problem(self, file: IndexFile) -> str:
        said = self.metadata(file)
        return description.problem(said.get("description", ""), said.get("description_content_type", ""))

    def publisher(self, kind: str) -> str:
        """Return who published the files by their attestations, once those are verified (PEP 740)."""
        found, left_out = [], []
        for file in self.each(kind):
            try:
                found.append(self._publisher(file))
            except LeftOut as reason:
                left_out.append(str(reason))
        if left_out:
            raise LeftOut("; ".join(dict.fromkeys(left_out)))
        return "; ".join(dict.fromkeys(found))

    def _publisher(self, file: IndexFile) -> str:
        try:
            provenance = self.index.provenance(file)
        except ProvenanceOff as error:
            raise LeftOut(f"not configured: {error.found}") from None
        if provenance is None:
            raise LeftOut(f"not configured: the index serves no attestation of {file.filename}")
        settings = self.release.project
        workflow = settings.settings.github.workflows.release
        return attestations.publisher(provenance, file, self.content(file), settings.repository, workflow)

    def _member(self, file: IndexFile, name: str) -> bytes | None:
        content = needs(f"content[{'wheel' if file.wheel else 'sdist'}]", lambda: self.content(file))
        return metadata_file(file.filename, content, name)
