"""Files: read as they are, written whole or not at all."""

import os
import stat
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import Refused, WrongValue


def read_text(path: Path) -> str:
    """Return a file's text with its newlines and byte order mark as they are."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise WrongValue(f"{path}: byte {error.start + 1} is not UTF-8", expected="a UTF-8 file") from None
    except OSError as error:
        raise WrongValue(f"{path}: {error.strerror}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file's content; nothing when the file is not there."""
    if not path.exists():
        return {}
    try:
        return tomllib.loads(read_text(path).removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise WrongValue(f"{path} is not TOML: {error}", expected="a valid TOML file") from None


def write_text(path: Path, text: str) -> None:
    """Replace a file's content in one step, keeping its permissions: a crash leaves the old or the new one, whole."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file's content in one step; a read-only file is left alone, also when one could."""
    target = path.resolve()
    mode = check_writable(target)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}", expected="a folder that can be written") from error
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(content)
            temporary.flush()
            os.fsync(temporary.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def check_writable(path: Path) -> int:
    """Return a file's permissions, or those of a new one; refuse a file without write permission."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0o644
    if not mode & 0o222 or not os.access(path, os.W_OK):
        raise Refused(
            f"{path.name} is read-only", expected="a file that can be written", remedy=f"chmod u+w {path.name}"
        )
    return mode


@contextmanager
def restored(paths: Sequence[Path]) -> Iterator[None]:
    """Put the files back as they were when what runs inside fails or is interrupted; a new file is removed."""
    before = {path: path.read_bytes() if path.exists() else None for path in paths}
    try:
        yield
    except BaseException:
        for path, content in before.items():
            _put_back(path, content)
        raise


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write all files or none; folders are made as needed, and taken away again when a file cannot be written."""
    made: list[Path] = []
    try:
        with restored(list(files)):
            for path, content in files.items():
                made += _make_folder(path.parent)
                write_bytes(path, content)
    except BaseException:
        for folder in reversed(made):
            with suppress(OSError):  # somebody else put something there meanwhile
                folder.rmdir()
        raise


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder with those above it and return the ones that were not there, outermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{folder}: {error.strerror}", expected="a folder") from error
    return missing[::-1]


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        with suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
    elif not path.exists() or path.read_bytes() != content:
        write_bytes(path, content)
