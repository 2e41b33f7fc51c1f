"""A fresh environment: what it takes from the operator's own, and what an installer's failure means."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.version import Version

from tasks.errors import ReleaseError, Unreachable
from tasks.project import find_project
from tasks.proof import environment
from tasks.proof.environment import Environment
from tasks.proof.release import Release
from tasks.systems import resolver
from tasks.systems.index import IndexFile
from tasks.systems.process import Output, run
from tasks.systems.resolver import alone

from ..repositories import pyproject


@pytest.fixture
def sample(tmp_path: Path) -> Release:
    (tmp_path / "pyproject.toml").write_text(pyproject("1.1.0rc1"), encoding="utf-8")
    return Release(find_project(str(tmp_path)), Version("1.1.0rc1"))


@pytest.fixture
def made(sample: Release) -> Iterator[Callable[..., Environment]]:
    everything: list[Environment] = []

    def make(requires_python: str = "") -> Environment:
        file = IndexFile("sample-1.1.0rc1-py3-none-any.whl", sample.version, "https://x/y", "0" * 64, wheel=True,
                         requires_python=requires_python)  # fmt: skip
        everything.append(Environment(sample, "uv", lambda: file))
        return everything[-1]

    yield make
    for one in everything:
        one.folder.cleanup()


def test_nothing_of_the_operators_environment_changes_what_is_installed_or_is_shown_our_tokens() -> None:
    theirs = {"PIP_PRE": "1", "PIP_NO_DEPS": "1", "PIP_CONSTRAINT": "x", "UV_PRERELEASE": "allow", "UV_OVERRIDE": "x",
              "UV_INDEX": "https://evil.example", "UV_PUBLISH_TOKEN": "pypi-x", "GITHUB_TOKEN": "ghp_x", "PATH": "/bin",
              "PIP_CERT": "/ca.pem", "UV_CACHE_DIR": "/cache", "UV": "/bin/uv"}  # fmt: skip
    changes = alone(theirs)
    kept = {name for name in theirs if name not in changes}
    assert kept == {"PATH", "PIP_CERT", "UV_CACHE_DIR", "UV"}
    assert changes["UV_NO_CONFIG"] == "1"


@pytest.mark.parametrize("said", ["error: request failed: 401 Unauthorized", "error: invalid peer certificate", ""])
def test_that_an_index_could_not_be_asked_is_not_that_it_offers_nothing(
    made: Callable[..., Environment], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A candidate would be proved by an installer that never saw the index."""
    monkeypatch.setattr(resolver, "run", lambda *_, **__: Output(2, b"", said.encode()))
    monkeypatch.setattr(environment, "make_environment", lambda *_: None)
    with pytest.raises(Unreachable, match="uv could not ask"):
        made().choice()


def test_that_an_index_offers_nothing_is_an_answer(
    made: Callable[..., Environment], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = b"  x No solution found: sample was not found in the package registry, your requirements are unsatisfiable."
    monkeypatch.setattr(resolver, "run", lambda *_, **__: Output(1, b"", said))
    monkeypatch.setattr(environment, "make_environment", lambda *_: None)
    assert made().choice() is None


def test_the_index_names_no_program_that_we_run(made: Callable[..., Environment], tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="the index says requires-python"):
        made(str(tmp_path / "python")).choice()


def test_a_command_that_never_answers_is_wrong_and_ends(
    made: Callable[..., Environment], monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = made()
    command = proof.root / "bin" / "sample"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setattr(environment, "_COMMAND_SECONDS", 0.2)
    monkeypatch.setattr(Environment, "imported", lambda _: 1)
    with pytest.raises(ReleaseError, match="did not end within") as caught:
        proof.command_version()
    assert not isinstance(caught.value, Unreachable)


def test_the_time_a_program_gets_is_its_own_affair(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="`sleep 60` did not end within 0 s"):
        run(["sleep", "60"], cwd=tmp_path, seconds=0.1)
