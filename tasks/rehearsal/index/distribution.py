"""What a wheel or a source distribution says it is, held against its file name."""

import gzip
import io
import tarfile
import zipfile
import zlib
from dataclasses import dataclass

from packaging.metadata import InvalidMetadata, Metadata
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from .refusal import Refused

_BROKEN = (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A file that can be published; `core` is the content of METADATA or PKG-INFO."""

    filename: str
    content: bytes
    metadata: Metadata
    core: bytes

    @property
    def wheel(self) -> bool:
        """Tell whether it is a wheel; else it is a source distribution."""
        return self.filename.endswith(".whl")

    @property
    def version(self) -> Version:
        """Return its version."""
        return self.metadata.version


def read(filename: str, content: bytes) -> Distribution:
    """Return what a file is; refuse one that is broken, or is not what its name says."""
    _named(filename)
    stem = "-".join(filename.removesuffix(".tar.gz").split("-")[:2])
    try:
        core = _wheel(filename, content, stem) if filename.endswith(".whl") else _sdist(content, stem)
    except _BROKEN as error:
        raise Refused(f"Invalid distribution file. {error}") from error
    metadata = _metadata(core)
    expect(filename, metadata.name, metadata.version)
    return Distribution(filename, content, metadata, core)


def expect(filename: str, name: str, version: Version) -> None:
    """Refuse a file whose name is not that of this project and version, spelled as the standards have it."""
    found, its_version = _named(filename)
    spelled = canonicalize_name(name).replace("-", "_")
    if found != canonicalize_name(name):
        raise Refused(f"Start filename for {name!r} with {spelled!r}.")
    if filename.endswith(".tar.gz") and filename != f"{spelled}-{version}.tar.gz":
        raise Refused(f"Filename {filename!r} is invalid, should be '{spelled}-{version}.tar.gz'.")
    if its_version != version:
        raise Refused(f"Version in filename should be '{version}' not '{its_version}'.")
    if not filename.startswith(f"{spelled}-"):
        said = filename.partition("-")[0]
        raise Refused(f"Filename {filename!r} should contain the normalized project name {spelled!r}, not {said!r}.")


def _named(filename: str) -> tuple[str, Version]:
    if "/" in filename or "\\" in filename:
        raise Refused("Cannot upload a file with '/' or '\\' in the name.")
    if not filename.endswith((".whl", ".tar.gz")):
        raise Refused(
            "Invalid file extension: Use .tar.gz, .whl or .zip extension."
            " See https://www.python.org/dev/peps/pep-0527 and https://peps.python.org/pep-0715/ for more information"
        )
    try:
        return parse_wheel_filename(filename)[:2] if filename.endswith(".whl") else parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise Refused(str(error)) from error


def _wheel(filename: str, content: bytes, stem: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if bad := archive.testzip():
            raise Refused(f"Invalid distribution file. {bad} is damaged")
        for needed in ("RECORD", "METADATA"):
            path = f"{stem}.dist-info/{needed}"
            if path not in archive.namelist():
                raise Refused(f"Wheel '{filename}' does not contain the required {needed} file: {path}")
        return archive.read(path)


def _sdist(content: bytes, stem: str) -> bytes:
    whole = gzip.decompress(content)  # all of it: tarfile would not miss an end that was cut off
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        names = archive.getnames()
        found = archive.extractfile(f"{stem}/PKG-INFO") if f"{stem}/PKG-INFO" in names else None
        if found is None:
            raise Refused(f"Invalid distribution file. PKG-INFO not found at {stem}/PKG-INFO")
        return found.read()


def _metadata(core: bytes) -> Metadata:
    try:
        return Metadata.from_email(core)
    except ExceptionGroup as errors:
        first = errors.exceptions[0]
        about = f"{first.field}: " if isinstance(first, InvalidMetadata) else ""
        raise Refused(f"Invalid distribution metadata. {about}{first}") from errors
