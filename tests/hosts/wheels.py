"""Wheels and source distributions for hosts to install: some whose metadata lies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.rehearsal.package import record, tarred, zipped


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
        files[f"{info}/RECORD"] = record(files, f"{info}/RECORD")
        return zipped(files)

    def sdist(self) -> bytes:
        """Return the source distribution; `files` must bring what builds it."""
        top = f"{self.module}-{self.version}"
        return tarred({f"{top}/{name}": text for name, text in {**self.files, "PKG-INFO": self.metadata()}.items()})
