"""Wheels and source archives: what is inside them, whenever and wherever they were built."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator

from ..errors import WrongValue

_DERIVED = (".dist-info/RECORD", ".dist-info/WHEEL")  # digests of the rest; the version of what built it


def content_digest(filename: str, content: bytes) -> str:
    """Return a digest of the names and contents in an archive; times, owners and compression do not count."""
    digest = hashlib.sha256()
    try:
        for name, member in sorted(_members(filename, content)):
            digest.update(f"{len(name.encode())}:{name}:{len(member)}:".encode())
            digest.update(member)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
        raise WrongValue(f"{filename} cannot be read: {error}", expected="a wheel or a .tar.gz") from None
    return digest.hexdigest()


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
