"""Documents beside the git data: whole or not at all, and one run at a time."""

from pathlib import Path

import pytest

from tasks.errors import Refused
from tasks.systems.shelf import Shelf


def test_kept_and_read_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.read("x") == {}
    shelf.write("x", {"a": 1})
    assert (shelf.read("x"), shelf.path("x")) == ({"a": 1}, tmp_path / "release-coordination" / "x.json")
    assert [path.name for path in shelf.path("x").parent.iterdir()] == ["x.json"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_damaged_is_nothing(tmp_path: Path, damage: bytes) -> None:
    shelf = Shelf(tmp_path)
    shelf.write("x", {})
    shelf.path("x").write_bytes(damage)
    assert shelf.read("x") == {}


def test_one_at_a_time(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with shelf.alone("x"):
        with shelf.alone("y"):
            pass
        with pytest.raises(Refused, match="another run is at work"), shelf.alone("x"):
            pass
    with shelf.alone("x"):
        pass


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "release-coordination").write_text("in the way")
    shelf = Shelf(tmp_path)
    shelf.write("x", {"a": 1})
    assert shelf.read("x") == {}
    with pytest.raises(Refused), shelf.alone("x"):
        pass
