"""What an index holds: values that never change, so that any earlier state can be shown again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from hashlib import blake2b, md5, sha256
from typing import Any, Self

from packaging.metadata import Metadata
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version


@dataclass(frozen=True)
class File:
    """A file as it was uploaded; `metadata` is the METADATA of a wheel, `provenance` the document of PEP 740."""

    filename: str
    content: bytes = field(repr=False)
    uploaded: datetime
    metadata: bytes | None = field(default=None, repr=False)
    provenance: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def wheel(self) -> bool:
        """Tell whether it is a wheel; else it is a source distribution."""
        return self.filename.endswith(".whl")

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """Return the digests under the names that the index's JSON has for them."""
        return {
            "blake2b_256": blake2b(self.content, digest_size=32).hexdigest(),
            "md5": md5(self.content, usedforsecurity=False).hexdigest(),
            "sha256": sha256(self.content).hexdigest(),
        }

    @cached_property
    def metadata_digest(self) -> str:
        """Return the sha256 of the metadata."""
        return sha256(self.metadata or b"").hexdigest()

    @property
    def path(self) -> str:
        """Return its path on the file host: PyPI's, from a digest, so that no content ever replaces another."""
        digest = self.digests["blake2b_256"]
        return f"/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{self.filename}"


@dataclass(frozen=True, slots=True)
class Release:
    """A version and its files; what it says of itself is the metadata of the file that came first."""

    version: Version
    metadata: Metadata
    files: tuple[File, ...]
    yanked: bool = False
    reason: str = ""

    @property
    def created(self) -> datetime:
        """Return when the first of the files that are left was uploaded."""
        return min(file.uploaded for file in self.files)

    @property
    def mark(self) -> bool | str:
        """Return what the simple API says: not yanked, yanked, or why (PEP 592)."""
        return self.reason if self.yanked and self.reason else self.yanked


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it first spelled its name, and its releases, lowest version first."""

    name: str
    serial: int = 0
    releases: tuple[Release, ...] = ()

    @property
    def normalized(self) -> NormalizedName:
        """Return the name as addresses have it."""
        return canonicalize_name(self.name)

    def release(self, version: str | Version) -> Release | None:
        """Return a release, whose version may be written in any way that means the same."""
        try:
            wanted = Version(str(version))
        except InvalidVersion:
            return None
        return next((release for release in self.releases if release.version == wanted), None)

    def latest(self) -> Release | None:
        """Return the release that a page of the project is about: not yanked before final before new."""
        order = [(not r.yanked, not r.version.is_prerelease, r.version) for r in self.releases]
        return self.releases[order.index(max(order))] if order else None

    def put(self, release: Release) -> Self:
        """Return the project with this release in the place of the one of the same version, if any."""
        others = [other for other in self.releases if other.version != release.version]
        kept = [*others, release] if release.files else others
        return replace(self, releases=tuple(sorted(kept, key=lambda item: item.version)))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole index after so many changes."""

    serial: int = 0
    projects: Mapping[str, Project] = field(default_factory=dict)

    def project(self, name: str) -> Project | None:
        """Return a project by any spelling of its name."""
        return self.projects.get(canonicalize_name(name))

    def release(self, name: str, version: str | Version) -> Release | None:
        """Return a release of a project."""
        project = self.project(name)
        return project.release(version) if project else None

    def put(self, project: Project) -> Self:
        """Return the index after one more change, which is to this project."""
        serial = self.serial + 1
        changed = {**self.projects, project.normalized: replace(project, serial=serial)}
        return replace(self, serial=serial, projects=dict(sorted(changed.items())))
