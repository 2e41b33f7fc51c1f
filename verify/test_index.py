"""The package index serves the release: whole, unharmed, and with what was tagged in it."""

from typing import Any

import pytest

pytestmark = pytest.mark.index


def test_listed(index: Any) -> str:
    names = ", ".join(file.filename for file in index.files())
    return f"{names} (serial {index.page().serial or 'unknown'})"


def test_present(index: Any, kind: str) -> str:
    return ", ".join(file.filename for file in index.present(kind))


def test_not_yanked(index: Any, kind: str) -> str:
    return ", ".join(f"{file.filename} is not yanked" for file in index.not_yanked(kind))


def test_content(index: Any, kind: str) -> str:
    # Each is refused when its size or sha256 is not the listed one.
    found = [(len(index.content(file)), file.sha256[:16]) for file in index.each(kind)]
    return "; ".join(f"{size:,} bytes, sha256 {digest}…, as listed" for size, digest in found)


def test_document(index: Any, kind: str) -> str:
    problem = index.document_differs(kind)
    assert not problem, problem
    return "the version's JSON document says the same"


def test_installers_choice(index: Any, release: Any, choice: Any) -> str:
    index.wanted()
    taken = choice()
    if release.candidate:
        assert taken != release.version, f"an installer asked for {release.package} takes the candidate {taken}"
    else:
        assert taken == release.version, f"an installer asked for {release.package} takes {taken or 'nothing'}"
    return f"an installer asked for {release.package} takes {taken or 'nothing'}"


def test_name(index: Any, kind: str) -> str:
    problem = index.name_differs(kind)
    assert not problem, problem
    return f"as in {index.source().place}"


def test_version(index: Any, kind: str) -> str:
    problem = index.version_differs(kind)
    assert not problem, problem
    return f"as in {index.source().place}"


def test_requires_python(index: Any, kind: str) -> str:
    problem = index.requires_python_differs(kind)
    assert not problem, problem
    return f"as in {index.source().place}"


def test_dependencies(index: Any, kind: str) -> str:
    problem = index.dependencies_differ(kind)
    assert not problem, problem
    return f"as in {index.source().place}"


def test_entry_points(index: Any) -> str:
    problem = index.entry_points_differ()
    assert not problem, problem
    return f"as in {index.source().place}"


def test_description(index: Any, kind: str) -> str:
    problem = index.description_problem(kind)
    assert not problem, problem
    return "renders"


def test_attestation(index: Any, kind: str) -> str:
    return f"published by {index.publisher(kind)}"
