"""Wheels and source distributions written by the standard library: the same content gives the same bytes."""

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A package as it lies on an index: what its metadata says and the files in it."""

    name: str
    version: str
    files: Mapping[str, str]
    scripts: Mapping[str, str] = field(default_factory=dict)
    requires: Sequence[str] = ()
    requires_python: str = ">=3.9"
    metadata_version: str | None = None  # what METADATA claims, if it lies

    @property
    def module(self) -> str:
        """Return the name as file names spell it."""
        return self.name.replace("-", "_")

    @property
    def wheel_name(self) -> str:
        """Return the wheel's file name."""
        return f"{self.module}-{self.version}-py3-none-any.whl"

    @property
    def sdist_name(self) -> str:
        """Return the source distribution's file name."""
        return f"{self.module}-{self.version}.tar.gz"

    def metadata(self) -> str:
        """Return the core metadata."""
        version = self.metadata_version or self.version
        lines = ["Metadata-Version: 2.1", f"Name: {self.name}", f"Version: {version}"]
        lines += [f"Requires-Python: {self.requires_python}"]
        return "\n".join([*lines, *(f"Requires-Dist: {item}" for item in self.requires), ""])

    def wheel(self) -> bytes:
        """Return the wheel."""
        info = f"{self.module}-{self.version}.dist-info"
        entries = "".join(f"{name} = {target}\n" for name, target in self.scripts.items())
        files = {
            **self.files,
            f"{info}/METADATA": self.metadata(),
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": f"[console_scripts]\n{entries}",
        }
        files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
        return _zip(files)

    def sdist(self) -> bytes:
        """Return the source distribution; `files` must bring what builds it."""
        top = f"{self.module}-{self.version}"
        return _tar({f"{top}/{name}": text for name, text in {**self.files, "PKG-INFO": self.metadata()}.items()})


def _record(files: Mapping[str, str], own: str) -> str:
    lines = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(text.encode())}\n")
    return "".join([*lines, f"{own},,\n"])


def _zip(files: Mapping[str, str]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return whole.getvalue()


def _tar(files: Mapping[str, str]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(whole.getvalue(), mtime=0)
