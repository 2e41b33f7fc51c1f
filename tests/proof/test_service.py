"""What a host says, read by several checks; real hosts are in tests/hosts/test_proof.py."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from tasks.errors import ReleaseError, Unreachable
from tasks.layers import load
from tasks.project import Project
from tasks.proof import service
from tasks.proof.proof import hosts_of
from tasks.proof.release import Release
from tasks.proof.service import HostProof
from tasks.proof.waiting import Blocked, LeftOut

SETTINGS = {
    "hosts": {"hetz": {"role": "staging"}, "web1": {"role": "production"}, "laptop": {"role": "dev"}},
}


class Answering:
    """A host that answers always the same."""

    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.link = self

    def ask(self, action: str, *, version: str) -> Mapping[str, Any]:
        self.asked.append(f"{action} {version}")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        self.asked.append("closed")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    pyproject = {"project": {"name": "sample", "version": "1.0.0"}, "tool": {"release-coordination": SETTINGS}}
    return Project(tmp_path, pyproject, load(tmp_path, pyproject))


def proof(monkeypatch: pytest.MonkeyPatch, project: Project, name: str, answer: Any) -> tuple[HostProof, Answering]:
    answering = Answering(answer)
    monkeypatch.setattr(service, "host", lambda *_, **__: answering)
    return HostProof(Release(project, Version("1.0.0")), name), answering


def said(*checks: tuple[str, str, str], origin: str = "release index") -> dict[str, Any]:
    rows = [{"name": name, "result": result, "evidence": evidence} for name, result, evidence in checks]
    return {"checks": rows, "status": {"live": {"version": "1.0.0", "origin": origin}}}


@pytest.mark.parametrize(
    ("check", "answer", "error", "words"),
    [
        ("unit", said(("unit", "FAIL", "sample.service is failed")), ReleaseError, "sample.service is failed"),
        ("version", said(("version", "FAIL", "0.9.0 runs, expected 1.0.0")), ReleaseError, "0.9.0 runs"),
        ("steady", said(("steady", "FAIL", "another process")), ReleaseError, "another process"),
        ("journal", said(("journal", "UNKNOWN", "unreadable")), Unreachable, "hetz: unreadable"),
        ("version", said(("version", "SKIPPED", "it does not run")), Blocked, "unit[hetz] must pass first"),
        ("version", said(), Blocked, "unit[hetz] must pass first: the host did not say"),
        ("liveness", said(("unit", "PASS", "fine")), LeftOut, "hosts.hetz.liveness is not set"),
        ("unit", Unreachable("hetz cannot be reached"), Unreachable, "hetz cannot be reached"),
        ("version", Unreachable("hetz cannot be reached"), Blocked, "unit[hetz] must pass first: hetz cannot be"),
    ],
)
def test_a_host_that_is_not_well(
    monkeypatch: pytest.MonkeyPatch, project: Project, check: str, answer: Any, error: type[Exception], words: str
) -> None:
    host, _ = proof(monkeypatch, project, "hetz", answer)
    with pytest.raises(error) as caught:
        host.check(check)
    assert words in str(caught.value)


def test_a_host_is_asked_once_for_all_checks_and_let_go(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    names = ("unit", "steady", "version", "journal")
    host, answering = proof(monkeypatch, project, "hetz", said(*((name, "PASS", f"{name} is fine") for name in names)))
    assert [host.check(name) for name in names] == [f"{name} is fine" for name in names]
    assert host.origin() == "release index"
    assert answering.asked == ["healthcheck 1.0.0", "closed"]


def test_a_developers_host_is_judged_by_its_checkout(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    host, answering = proof(monkeypatch, project, "laptop", said(("unit", "PASS", "fine")))
    host.check("unit")
    assert host.dev
    assert answering.asked[0] == "healthcheck "


@pytest.mark.parametrize(
    ("version", "named", "hosts"),
    [
        ("1.0.0", [], ["hetz", "web1", "laptop"]),
        ("1.1.0rc1", [], ["hetz", "laptop"]),
        ("1.1.0rc1", ["web1"], ["web1"]),
        ("1.0.0", ["all"], ["hetz", "web1"]),
    ],
)
def test_a_candidate_is_not_looked_for_in_production(
    project: Project, version: str, named: list[str], hosts: list[str]
) -> None:
    assert hosts_of(project, Version(version), named) == hosts
