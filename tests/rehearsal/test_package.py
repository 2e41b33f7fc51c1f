"""Packages written without a build back end: what reads, installs and builds them finds nothing amiss."""

import base64
import csv
import hashlib
import io
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata, parse_email
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from tasks.rehearsal.package import sdist, wheel

from ..repositories import uv

_DESCRIPTION = "# Ünïcode\n\nA README.\n"
_EXTRA = """Summary: says its name
Project-URL: Home, https://example.org
Provides-Extra: more
Requires-Dist: b; extra == "more"
"""


def _both(version: str = "1.0.0rc1") -> list[tuple[str, bytes]]:
    return [
        make(
            "Demo.App",
            version,
            requires_python=">=3.9",
            dependencies=['a>=1; python_version < "3"'],
            scripts={"demo-app": "demo_app:main"},
            description=_DESCRIPTION,
            extra_metadata=_EXTRA,
        )
        for make in (wheel, sdist)
    ]


def _inside(filename: str, content: bytes) -> dict[str, bytes]:
    if filename.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        files = {member.name: tar.extractfile(member) for member in tar}
        return {name: file.read() for name, file in files.items() if file is not None}


def test_the_names_are_those_of_the_standard() -> None:
    (built, _), (source, _) = _both()
    assert (built, source) == ("demo_app-1.0.0rc1-py3-none-any.whl", "demo_app-1.0.0rc1.tar.gz")
    assert parse_wheel_filename(built)[:2] == parse_sdist_filename(source)


def test_the_same_values_give_the_same_bytes() -> None:
    assert _both() == _both()
    assert _both() != _both("1.0.0")


@pytest.mark.parametrize(
    ("number", "name"), [(0, "demo_app-1.0.0rc1.dist-info/METADATA"), (1, "demo_app-1.0.0rc1/PKG-INFO")]
)
def test_the_metadata_is_valid_and_complete(number: int, name: str) -> None:
    content = _inside(*_both()[number])[name]
    assert parse_email(content)[1] == {}
    metadata = Metadata.from_email(content, validate=True)
    assert (metadata.name, str(metadata.version), str(metadata.requires_python)) == ("Demo.App", "1.0.0rc1", ">=3.9")
    assert [str(item) for item in metadata.requires_dist or []] == ['a>=1; python_version < "3"', 'b; extra == "more"']
    assert (metadata.summary, metadata.description) == ("says its name", _DESCRIPTION)


def test_the_record_names_every_file() -> None:
    files = _inside(*_both()[0])
    rows = list(csv.reader(io.StringIO(files["demo_app-1.0.0rc1.dist-info/RECORD"].decode())))
    assert [row[0] for row in rows] == list(files)
    for name, digest, size in rows[:-1]:
        own = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).decode().rstrip("=")
        assert (digest, size) == (f"sha256={own}", str(len(files[name])))


def test_the_source_distribution_says_the_same_twice() -> None:
    project = tomllib.loads(_inside(*_both()[1])["demo_app-1.0.0rc1/pyproject.toml"].decode())["project"]
    assert (project["name"], project["version"], project["requires-python"]) == ("Demo.App", "1.0.0rc1", ">=3.9")
    assert project["dependencies"] == ['a>=1; python_version < "3"']
    assert project["scripts"] == {"demo-app": "demo_app:main"}


def test_what_is_built_from_the_source_is_the_wheel(tmp_path: Path) -> None:
    (built, wanted), (source, content) = _both()
    (tmp_path / source).write_bytes(content)
    subprocess.run([uv(), "build", "--quiet", "--offline", "--wheel", "-o", tmp_path, tmp_path / source], check=True)
    assert (tmp_path / built).read_bytes() == wanted


def test_its_command_runs(tmp_path: Path) -> None:
    filename, content = wheel("demo-app", "1.0.0", requires_python="", scripts={"demo-app": "demo_app:main"})
    (tmp_path / filename).write_bytes(content)
    argv = [uv(), "tool", "run", "--offline", "--from", str(tmp_path / filename), "demo-app"]
    assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "demo-app 1.0.0\n"
