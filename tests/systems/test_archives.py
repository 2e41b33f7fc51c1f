import io
import tarfile
import zipfile
from collections.abc import Mapping

import pytest

from tasks.errors import WrongValue
from tasks.systems.archives import content_digest


def wheel(files: Mapping[str, str], year: int = 2000, method: int = zipfile.ZIP_STORED) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), text, method)
    return whole.getvalue()


def source(files: Mapping[str, str], moment: int = 0) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(text), moment
            archive.addfile(entry, io.BytesIO(text.encode()))
    return whole.getvalue()


def test_when_and_how_it_was_packed_does_not_count() -> None:
    files = {"a.py": "1", "b.py": "2"}
    backwards = dict(reversed(files.items()))
    assert content_digest("x.whl", wheel(files)) == content_digest(
        "x.whl", wheel(backwards, 2020, zipfile.ZIP_DEFLATED)
    )
    assert content_digest("x.tar.gz", source(files)) == content_digest("x.tar.gz", source(backwards, 1700000000))


def test_what_built_it_does_not_count() -> None:
    one, two = (
        {"a.py": "1", "a-1.dist-info/WHEEL": f"Generator: {tool}", "a-1.dist-info/RECORD": tool} for tool in ("x", "y")
    )
    assert content_digest("x.whl", wheel(one)) == content_digest("x.whl", wheel(two))


@pytest.mark.parametrize(
    "other",
    [
        {"a.py": "2"},
        {"b.py": "1"},
        {"a.py": "1", "b.py": ""},
        {},
        {"a.p": "y1"},
        {"a.py": "1", "a-1.dist-info/METADATA": ""},
    ],
)
def test_names_and_contents_count(other: dict[str, str]) -> None:
    assert content_digest("x.whl", wheel({"a.py": "1"})) != content_digest("x.whl", wheel(other))
    assert content_digest("x.tar.gz", source({"a.py": "1"})) != content_digest("x.tar.gz", source(other))


@pytest.mark.parametrize("name", ["x.whl", "x.tar.gz"])
def test_what_is_no_archive_is_named(name: str) -> None:
    with pytest.raises(WrongValue, match=f"{name} cannot be opened"):
        content_digest(name, b"nothing")
