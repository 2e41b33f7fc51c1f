"""Wheels and source archives: what is inside them, whenever and wherever they were built."""

import hashlib
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import WrongValue

_DERIVED = (".dist-info/RECORD", ".dist-info/WHEEL")  # digests of the rest; the version of what built it


def content_digest(filename: str, content: bytes) -> str:
    """Return a digest of the names and contents in an archive; times, owners and compression do not count."""
    digest = hashlib.sha256()
    with _opening(filename):
        for name, member in sorted(_members(filename, content)):
            digest.update(f"{len(name.encode())}:{name}:{len(member)}:".encode())
            digest.update(member)
    return digest.hexdigest()


def metadata_file(filename: str, content: bytes, name: str) -> bytes | None:
    """Return a file of the wheel's .dist-info folder, or of the source archive's top folder; None when it has none."""
    with _opening(filename):
        return _in_wheel(content, name) if filename.endswith(".whl") else _in_sdist(content, name)


@contextmanager
def _opening(filename: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise WrongValue(f"{filename} cannot be opened: {error}", expected="a wheel or a .tar.gz") from None


def _in_wheel(content: bytes, name: str) -> bytes | None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.namelist():
            folder, _, rest = member.partition("/")
            if folder.endswith(".dist-info") and rest == name:
                return archive.read(member)
    return None


def _in_sdist(content: bytes, name: str) -> bytes | None:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            if member.name.partition("/")[2] == name and (found := archive.extractfile(member)):
                return found.read()
    return None


def _members(filename: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    if filename.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if not name.endswith(("/", *_DERIVED)):
                    yield name, archive.read(name)
        return
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            yield member.name, file.read() if file else member.linkname.encode()
