import os
import stat
from pathlib import Path

import pytest

from tasks.errors import Refused, WrongValue
from tasks.systems.files import check_writable, read_text, read_toml, restored, write_all, write_text


def test_text_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n\nd")
    assert read_text(tmp_path / "f") == "\ufeffa\r\nb\rc\n\nd"


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongValue, match=str(tmp_path)):
        read_text(tmp_path / name)


@pytest.mark.parametrize(("content", "value"), [(b"a = 1\r\n", {"a": 1}), (b"\xef\xbb\xbfa = 1", {"a": 1}), (b"", {})])
def test_toml(tmp_path: Path, content: bytes, value: dict[str, int]) -> None:
    (tmp_path / "f.toml").write_bytes(content)
    assert read_toml(tmp_path / "f.toml") == value
    assert read_toml(tmp_path / "missing.toml") == {}


def test_written_whole_with_the_same_permissions(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_text(path, "one\r\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o600)
    write_text(path, "two")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"two", 0o600)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_write_that_fails_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def fail(*_words: object) -> None:
        raise error

    path = tmp_path / "f"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(error):
        write_text(path, "new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o444, 0o400, 0o555])
def test_a_read_only_file_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(mode)
    with pytest.raises(Refused, match="f is read-only"):
        write_text(path, "new")
    assert path.read_bytes() == b"old"


def test_a_new_file_can_be_written(tmp_path: Path) -> None:
    assert check_writable(tmp_path / "new") == 0o644


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_files_are_put_back(tmp_path: Path, error: type[BaseException]) -> None:
    changed, kept, new, gone = (tmp_path / name for name in ("changed", "kept", "new", "gone"))
    for path in (changed, kept, gone):
        path.write_bytes(b"old\r\n")
    before = kept.stat().st_mtime_ns

    def spoil() -> None:
        with restored([changed, kept, new, gone]):
            changed.write_bytes(b"half")
            new.write_bytes(b"half")
            gone.unlink()
            raise error

    with pytest.raises(error):
        spoil()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(
        ("changed", "kept", "gone"), b"old\r\n"
    )
    assert kept.stat().st_mtime_ns == before


def test_files_stay_when_all_is_well(tmp_path: Path) -> None:
    with restored([tmp_path / "new"]):
        (tmp_path / "new").write_bytes(b"new")
    assert (tmp_path / "new").read_bytes() == b"new"


def test_all_files_are_written_with_their_folders(tmp_path: Path) -> None:
    write_all({tmp_path / "a" / "b" / "c": b"1", tmp_path / "d": b"2"})
    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"1"
    assert (tmp_path / "d").read_bytes() == b"2"


def test_or_none_is(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "file").write_bytes(b"")
    files = {tmp_path / "old": b"new", tmp_path / "a" / "b" / "c": b"1", tmp_path / "file" / "below": b"2"}
    with pytest.raises(Refused, match="file"):
        write_all(files)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"old": b"old", "file": b""}
