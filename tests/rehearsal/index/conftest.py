"""Fixtures: a package index of the sandbox, and environments that are installed into."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.server import Server

from ...repositories import uv
from .clients import TOKEN


@pytest.fixture
def index() -> SandboxIndex:
    """An empty index."""
    return SandboxIndex(token=TOKEN)


@pytest.fixture
def server(index: SandboxIndex) -> Iterator[Server]:
    """The index, on a port."""
    with Server(index) as server:
        yield server


@pytest.fixture
def environment_for(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that makes an empty environment and returns its folder."""

    def made(name: str) -> Path:
        folder = tmp_path / name
        subprocess.run([uv(), "venv", "--quiet", "--no-config", folder], check=True)
        return folder

    return made
