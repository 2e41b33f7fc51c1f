"""Wheels and source distributions written by the standard library alone: the same content gives the same bytes.

A source distribution carries this module as its build back end, so it can be installed where nothing else can be had.
"""

import base64
import gzip
import hashlib
import io
import re
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from email.parser import BytesParser
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip file can name
_BACKEND = "build/package.py"


def wheel(
    name: str,
    version: str,
    *,
    requires_python: str = ">=3.11",
    dependencies: Sequence[str] = (),
    scripts: Mapping[str, str] | None = None,
    modules: Mapping[str, str] | None = None,
    description: str = "",
    extra_metadata: str = "",
) -> tuple[str, bytes]:
    """Return a wheel's file name and content.

    `version` is written as PEP 440 normalizes it; `scripts` are commands and their targets (`{"demo": "demo:main"}`),
    `modules` paths in the wheel and their text: without them one package, named like the project, whose `main` prints
    name and version. `description` is the README, `extra_metadata` whole lines of core metadata.
    """
    metadata = _metadata(name, version, requires_python, dependencies, description, extra_metadata)
    return _wheel(name, version, metadata, scripts or {}, _modules(name, version) if modules is None else modules)


def sdist(
    name: str,
    version: str,
    *,
    requires_python: str = ">=3.11",
    dependencies: Sequence[str] = (),
    scripts: Mapping[str, str] | None = None,
    modules: Mapping[str, str] | None = None,
    description: str = "",
    extra_metadata: str = "",
) -> tuple[str, bytes]:
    """Return a source distribution's file name and content; what is built from it is `wheel` of the same values."""
    top = f"{_spelled(name)}-{version}"
    files = {
        "PKG-INFO": _metadata(name, version, requires_python, dependencies, description, extra_metadata),
        "README.md": description,
        "pyproject.toml": _pyproject(name, version, requires_python, dependencies, scripts or {}),
        _BACKEND: Path(__file__).read_text("utf-8"),
    }
    modules = _modules(name, version) if modules is None else modules
    files |= {f"src/{path}": text for path, text in modules.items()}
    return f"{top}.tar.gz", tarred({f"{top}/{path}": text for path, text in files.items()})


def build_wheel(
    wheel_directory: str,
    config_settings: object = None,  # noqa: ARG001 - PEP 517 gives it
    metadata_directory: object = None,  # noqa: ARG001
) -> str:
    """Build the wheel of the unpacked source distribution we stand in, and return its name (PEP 517)."""
    metadata = Path("PKG-INFO").read_bytes()
    headers = BytesParser().parsebytes(metadata, headersonly=True)
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    source = Path("src")
    modules = {
        path.relative_to(source).as_posix(): path.read_text("utf-8")
        for path in sorted(source.rglob("*"))
        if path.is_file()
    }
    filename, content = _wheel(headers["Name"], headers["Version"], metadata.decode(), project["scripts"], modules)
    (Path(wheel_directory) / filename).write_bytes(content)
    return filename


def _spelled(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _modules(name: str, version: str) -> Mapping[str, str]:
    text = f'__version__ = "{version}"\n\n\ndef main() -> None:\n    print("{name}", __version__)\n'
    return {f"{_spelled(name)}/__init__.py": text}


def _metadata(
    name: str, version: str, requires_python: str, dependencies: Sequence[str], description: str, extra: str
) -> str:
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {item}" for item in dependencies]
    lines += extra.strip().splitlines()
    lines += ["Description-Content-Type: text/markdown"] if description else []
    return "\n".join([*lines, "", description])


def _pyproject(
    name: str, version: str, requires_python: str, dependencies: Sequence[str], scripts: Mapping[str, str]
) -> str:
    folder, _, module = _BACKEND.removesuffix(".py").rpartition("/")
    lines = ["[build-system]", "requires = []", f'build-backend = "{module}"', f'backend-path = ["{folder}"]']
    lines += ["", "[project]", f'name = "{name}"', f'version = "{version}"', 'readme = "README.md"']
    lines += [f'requires-python = "{requires_python}"'] if requires_python else []
    lines += ["dependencies = [", *(f"    {_quoted(item)}," for item in dependencies), "]"]
    lines += ["", "[project.scripts]", *(f"{_quoted(key)} = {_quoted(target)}" for key, target in scripts.items())]
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _wheel(
    name: str, version: str, metadata: str, scripts: Mapping[str, str], modules: Mapping[str, str]
) -> tuple[str, bytes]:
    top = f"{_spelled(name)}-{version}"
    info = f"{top}.dist-info"
    files = {
        **modules,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: rehearsal\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if scripts:
        targets = [f"{command} = {target}\n" for command, target in scripts.items()]
        files[f"{info}/entry_points.txt"] = "".join(["[console_scripts]\n", *targets])
    files[f"{info}/RECORD"] = record(files, f"{info}/RECORD")
    return f"{top}-py3-none-any.whl", zipped(files)


def record(files: Mapping[str, str], own: str) -> str:
    """Return a wheel's RECORD of its other files; `own` is its path."""
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text.encode())}\n")
    return "".join([*lines, f"{own},,\n"])


def zipped(files: Mapping[str, str]) -> bytes:
    """Return a zip file of these paths and texts."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.create_system = 3  # Unix: the same bytes whoever writes them
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return whole.getvalue()


def tarred(files: Mapping[str, str]) -> bytes:
    """Return a .tar.gz file of these paths and texts."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(whole.getvalue(), mtime=0)
