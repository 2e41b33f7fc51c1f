"""The package index: which files a version has, and the files themselves (PEP 691, 700)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, ClassVar
from urllib.parse import urljoin

import requests
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from ..errors import ReleaseError, Unreachable

_JSON = "application/vnd.pypi.simple.v1+json"
_TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two pieces of an answer
_AGENT = "release-coordination (https://pypi.org/project/release-coordination/)"
_RETRIED = (429, 500, 502, 503, 504)


class IndexUnreachable(Unreachable):
    """An index did not answer, or not with what it should."""


class NotOnIndex(ReleaseError):
    """A package, a version or a file is not on the index (yet), or not for use."""

    exit_code: ClassVar[int] = 4


class WrongFile(ReleaseError):
    """A downloaded file is not what the index says it is."""

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class IndexFile:
    """A file of a version as the index lists it; `size` in bytes and `uploaded` may be unknown."""

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


def session(retries: int = 3) -> requests.Session:
    """Return a session that names the tool, and that tries again as the service's own headers ask."""
    made = requests.Session()
    made.headers["User-Agent"] = _AGENT
    policy = Retry(retries, backoff_factor=0.5, status_forcelist=_RETRIED, allowed_methods=("GET", "HEAD"),
                   respect_retry_after_header=True, raise_on_status=False)  # fmt: skip
    for scheme in ("https://", "http://"):
        made.mount(scheme, HTTPAdapter(max_retries=policy))
    return made


@dataclass
class Index:
    """An index, by the address of its simple API."""

    simple: str
    http: requests.Session = field(default_factory=session)
    _seen: dict[str, tuple[str, list[IndexFile]]] = field(default_factory=dict)

    def files(self, package: str) -> list[IndexFile]:
        """Return every file of a package; asks again only for what changed since it asked last."""
        name = canonicalize_name(package)
        url = urljoin(self.simple.rstrip("/") + "/", f"{name}/")
        tag, known = self._seen.get(name, ("", []))
        answer = self._get(url, {"Accept": _JSON, **({"If-None-Match": tag} if tag else {})})
        if answer.status_code == requests.codes.not_modified:
            return known
        if answer.status_code == requests.codes.not_found:
            raise NotOnIndex(f"{package} is not on {self.simple}", expected="a published package")
        found = list(_files(_document(answer), answer.url))
        self._seen[name] = (answer.headers.get("ETag", ""), found)
        return found

    def version(self, package: str, version: Version) -> list[IndexFile]:
        """Return the files of one version; none when it is not there."""
        return [file for file in self.files(package) if file.version == version]

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

    def download(self, file: IndexFile) -> bytes:
        """Return a file's content once its size and sha256 are those the index names."""
        answer = self._get(file.url, {})
        if answer.status_code != requests.codes.ok:
            raise IndexUnreachable(f"{file.url} answered {answer.status_code}", expected="200")
        content = answer.content
        digest = hashlib.sha256(content).hexdigest()
        if digest != file.sha256:
            raise WrongFile(f"{file.filename} has sha256 {digest[:16]}…", expected=f"{file.sha256[:16]}…, as listed")
        return content

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        try:
            answer = self.http.get(url, headers=headers, timeout=_TIMEOUT)
            answer.content  # noqa: B018 - a connection that breaks in the middle is an answer that was not had
        except requests.RequestException as error:
            raise IndexUnreachable(f"{url} could not be read: {type(error).__name__}") from error
        if answer.status_code in _RETRIED:
            raise IndexUnreachable(f"{url} answered {answer.status_code}", expected="200")
        return answer


def _document(answer: requests.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except requests.JSONDecodeError as error:
        raise IndexUnreachable(f"{answer.url} answered no JSON", expected=_JSON) from error
    if answer.status_code != requests.codes.ok or not isinstance(document, dict) or "files" not in document:
        raise IndexUnreachable(f"{answer.url} answered {answer.status_code} without a list of files", expected=_JSON)
    return document


def _files(document: dict[str, Any], base: str) -> Iterator[IndexFile]:
    for row in document["files"]:
        filename = PurePosixPath(row["filename"]).name
        version = _version(filename)
        if version is None:
            continue
        yanked = row.get("yanked", False)
        uploaded = row.get("upload-time")
        yield IndexFile(
            filename,
            version,
            urljoin(base, row["url"]),
            row.get("hashes", {}).get("sha256", ""),
            filename.endswith(".whl"),
            row.get("size"),
            row.get("requires-python") or "",
            datetime.fromisoformat(uploaded) if uploaded else None,
            yanked is not False,
            yanked if isinstance(yanked, str) else "",
        )


def _version(filename: str) -> Version | None:
    """Return the version in a file's name; files that are neither wheel nor sdist have none."""
    try:
        return parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
