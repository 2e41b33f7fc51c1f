"""The subjects of a proof: made once for all checks, and what there is nothing to check of."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from tasks.project import find_project
from tasks.proof import proof
from tasks.proof.index import IndexProof
from tasks.proof.proof import Proof, hosts_of
from tasks.proof.release import Release
from tasks.proof.waiting import LeftOut
from tasks.systems.index import Index, IndexFile, ProjectPage, ProvenanceOff

from ..repositories import pyproject


@pytest.fixture
def release(tmp_path: Path) -> Callable[..., Release]:
    def make(version: str = "1.0.0", settings: str = "") -> Release:
        (tmp_path / "pyproject.toml").write_text(pyproject(version, settings), encoding="utf-8")
        return Release(find_project(str(tmp_path)), Version(version))

    return make


def test_checks_that_start_side_by_side_share_their_subjects(
    release: Callable[..., Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.12 took the lock out of `cached_property`: each check would have an index of its own."""
    made = []

    def make(*_: object) -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    monkeypatch.setattr(proof, "IndexProof", make)
    subjects = Proof(release(), [])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: subjects.subject("index"), range(8)))
    assert len(made) == 1


def test_a_candidate_of_a_project_with_production_hosts_alone_says_so(release: Callable[..., Release]) -> None:
    found = release("1.1.0rc1", '[tool.release-coordination.hosts.web]\naddress = "web"\nunit = "a.service"\n')
    assert "production" in {host.role for host in found.project.settings.hosts.values()}
    hosts = hosts_of(found.project, found.version, ())
    assert Proof(found, hosts).left_out()["service"].startswith("service: a candidate runs on no production host")


def test_an_index_that_serves_no_provenance_at_all_is_left_out(
    release: Callable[..., Release], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = IndexFile("sample-1.0.0.tar.gz", Version("1.0.0"), "https://x/y", "0" * 64, wheel=False)

    def off(*_: Any) -> None:
        raise ProvenanceOff("https://x serves no provenance")

    monkeypatch.setattr(Index, "page", lambda *_: ProjectPage("sample", (file,)))
    monkeypatch.setattr(Index, "provenance", off)
    subject = IndexProof(release(), Index("https://x/simple/"), lambda: pytest.fail("not asked"))
    with pytest.raises(LeftOut, match="not configured: https://x serves no provenance"):
        subject.publisher("sdist")
