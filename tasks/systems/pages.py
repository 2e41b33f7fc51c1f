"""Pages of a package index: a project's list of files (PEP 691, 700, 792), and what is said of one version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urljoin

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from ..rules.versions import version_of


@dataclass(frozen=True, slots=True)
class IndexFile:
    """A file of a version as the index lists it; `size` in bytes and `uploaded` may be unknown.

    `provenance` is the address of its attestations, empty when the page names none; `packagetype` is `bdist_wheel` or
    `sdist`.
    """

    filename: str
    version: Version
    url: str
    sha256: str
    wheel: bool
    size: int | None = None
    requires_python: str = ""
    uploaded: datetime | None = None
    yanked: bool = False
    reason: str = ""
    provenance: str = ""

    @property
    def packagetype(self) -> str:
        """Return the kind of file in the JSON API's words."""
        return "bdist_wheel" if self.wheel else "sdist"


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """All files of a project. `serial` counts the index's changes, 0 when it does not say; `stale`: we saw a newer."""

    name: str
    files: tuple[IndexFile, ...]
    versions: tuple[Version, ...] = ()
    serial: int = 0
    status: str = "active"
    etag: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """What the JSON API says of one version: its metadata and its files."""

    name: str
    version: Version
    info: Mapping[str, Any] = field(repr=False)
    files: tuple[IndexFile, ...] = ()
    serial: int = 0
    yanked: bool = False
    reason: str = ""
    stale: bool = False


def page_of(page: Mapping[str, Any], headers: Mapping[str, str], base: str) -> ProjectPage:
    """Return a project's page; raises KeyError, TypeError or ValueError where it is none."""
    files = tuple(_files(page["files"], base))
    said = (version_of(str(text)) for text in page.get("versions", []))
    versions = {version for version in said if version} | {file.version for file in files}
    serial = page.get("meta", {}).get("_last-serial") or headers.get("x-pypi-last-serial") or 0
    status = page.get("project-status", {}).get("status") or "active"
    return ProjectPage(
        str(page["name"]), files, tuple(sorted(versions)), int(serial), str(status), headers.get("etag", "")
    )


def document_of(document: Mapping[str, Any], headers: Mapping[str, str]) -> Document:
    """Return what a version's JSON says; raises KeyError, TypeError or ValueError where it is none."""
    info = document["info"]
    serial = document.get("last_serial") or headers.get("x-pypi-last-serial") or 0
    return Document(
        str(info["name"]),
        Version(info["version"]),
        info,
        tuple(_urls(document["urls"])),
        int(serial),
        bool(info.get("yanked")),
        info.get("yanked_reason") or "",
    )


def _files(rows: list[Mapping[str, Any]], base: str) -> Iterator[IndexFile]:
    for row in rows:
        filename = PurePosixPath(row["filename"]).name
        version = version_in(filename)
        if version is None:
            continue
        yanked = row.get("yanked", False)
        yield IndexFile(
            filename,
            version,
            urljoin(base, row["url"]),
            row.get("hashes", {}).get("sha256", ""),
            filename.endswith(".whl"),
            row.get("size"),
            row.get("requires-python") or "",
            _moment(row.get("upload-time")),
            yanked is not False,
            yanked if isinstance(yanked, str) else "",
            urljoin(base, row.get("provenance") or "") if row.get("provenance") else "",
        )


def _urls(rows: list[Mapping[str, Any]]) -> Iterator[IndexFile]:
    for row in rows:
        filename = PurePosixPath(row["filename"]).name
        version = version_in(filename)
        if version is not None:
            yield IndexFile(
                filename,
                version,
                row["url"],
                row.get("digests", {}).get("sha256", ""),
                row.get("packagetype", "bdist_wheel" if filename.endswith(".whl") else "") == "bdist_wheel",
                row.get("size"),
                row.get("requires_python") or "",
                _moment(row.get("upload_time_iso_8601")),
                bool(row.get("yanked")),
                row.get("yanked_reason") or "",
            )


def version_in(filename: str) -> Version | None:
    """Return the version in a file's name; files that are neither wheel nor sdist have none."""
    try:
        return parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
