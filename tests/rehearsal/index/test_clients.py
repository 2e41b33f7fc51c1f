"""The sandbox's index is one to pip and uv: they install, skip and refuse as they do with PyPI."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Answer, Fault, Server

from .clients import Run, pip, uv

_REASON = 'loses <messages> & "quotes"'


def _add(index: SandboxIndex, version: str, requires_python: str = "") -> None:
    filename, content = wheel("acme-bot", version, requires_python=requires_python)
    index.add(content, filename)


def _installed(tool: str, server: Server, folder: Path, *words: str) -> Run:
    simple = f"{server.url}/simple/"
    if tool == "pip":
        return pip("--python", folder, "install", "--no-compile", "--index-url", simple, *words)
    return uv("pip", "install", "--python", folder, "--default-index", simple, *words)


def _resolved(tool: str, server: Server, requirement: str, folder: Path) -> tuple[str, str]:
    """Return the version that a tool picks, or nothing, and what it says."""
    simple = f"{server.url}/simple/"
    if tool == "pip":
        target = folder / re.sub(r"\W", "_", requirement)
        run = pip("download", "--index-url", simple, "--no-deps", "-d", target, requirement)
        return "".join(re.findall(r"Saved .*acme_bot-(.+?)-py3", run.stdout)), run.stderr
    (folder / "wanted.in").write_text(f"{requirement}\n", "utf-8")
    run = uv("pip", "compile", "--no-header", "--default-index", simple, folder / "wanted.in")
    return "".join(re.findall(r"^acme-bot==(.+)$", run.stdout, re.MULTILINE)), run.stderr


@pytest.mark.parametrize(("tool", "make"), [("pip", wheel), ("uv", wheel), ("uv", sdist)])
def test_a_project_is_installed_with_what_it_needs(
    tool: str,
    make: Callable[..., tuple[str, bytes]],
    index: SandboxIndex,
    server: Server,
    environment_for: Callable[[str], Path],
) -> None:
    for name, needs in (("acme-bot", ["acme.base>=1"]), ("acme-base", [])):
        module = name.replace("-", "_")
        filename, content = make(name, "1.2.3", dependencies=needs, scripts={name: f"{module}:main"})
        index.add(content, filename)
    folder = environment_for("environment")
    run = _installed(tool, server, folder, "Acme.Bot==1.2.3")
    assert run.returncode == 0, run.stderr
    commands = [folder / "bin" / "acme-bot", folder / "bin" / "acme-base"]
    said = [subprocess.run([command], check=True, capture_output=True, text=True).stdout for command in commands]
    assert said == ["acme-bot 1.2.3\n", "acme-base 1.2.3\n"]


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_a_yanked_version_is_only_for_who_names_it(
    tool: str, index: SandboxIndex, server: Server, tmp_path: Path
) -> None:
    _add(index, "1.0.0")
    _add(index, "1.1.0")
    index.yank("acme-bot", "1.1.0", _REASON)
    found = [_resolved(tool, server, f"acme-bot{which}", tmp_path) for which in (">=1.0", "==1.1.0")]
    assert [version for version, _ in found] == ["1.0.0", "1.1.0"]
    assert _REASON in found[1][1]
    index.unyank("acme-bot", "1.1.0")
    assert _resolved(tool, server, "acme-bot", tmp_path)[0] == "1.1.0"


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_a_version_for_another_python_is_skipped(
    tool: str, index: SandboxIndex, server: Server, tmp_path: Path
) -> None:
    _add(index, "1.0.0")
    _add(index, "2.0.0", requires_python=">=3.99")
    assert _resolved(tool, server, "acme-bot", tmp_path)[0] == "1.0.0"


def test_a_candidate_is_only_for_who_asks_for_it(index: SandboxIndex, server: Server, tmp_path: Path) -> None:
    _add(index, "1.0.0")
    _add(index, "1.1.0rc1")
    assert _resolved("uv", server, "acme-bot", tmp_path)[0] == "1.0.0"
    assert _resolved("uv", server, "acme-bot>=1.1.0rc1", tmp_path)[0] == "1.1.0rc1"


def test_metadata_beside_a_file_spare_a_resolver_the_file(index: SandboxIndex, server: Server, tmp_path: Path) -> None:
    _add(index, "1.0.0")
    assert _resolved("uv", server, "acme-bot", tmp_path)[0] == "1.0.0"
    assert server.asked("GET", r"\.whl\.metadata$")
    assert not server.asked("GET", r"\.whl$")


@pytest.mark.parametrize(("tool", "which"), [("pip", r"\.whl$"), ("uv", r"\.whl$"), ("uv", r"\.metadata$")])
def test_content_that_is_not_what_the_index_names_is_refused(
    tool: str, which: str, index: SandboxIndex, server: Server, environment_for: Callable[[str], Path]
) -> None:
    _add(index, "1.0.0")
    other = wheel("acme-bot", "1.0.0", description="another")[1] if "whl" in which else b"Metadata-Version: 2.1\n"
    server.fault(Fault(which, answer=Answer(200, other)))
    run = _installed(tool, server, environment_for("environment"), "acme-bot")
    assert run.returncode != 0
    assert re.search("hash", run.stderr, re.IGNORECASE)


def test_a_project_that_is_nowhere_is_not_found(server: Server, environment_for: Callable[[str], Path]) -> None:
    run = _installed("uv", server, environment_for("environment"), "acme-bot")
    assert run.returncode != 0
    assert "acme-bot was not found" in run.stderr
