"""Fixtures: a clean environment, commands as a person types them, the history of untether."""

import lzma
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs
import pytest

from .rehearsal.fixtures import emulate, github_sandbox, schemas
from .repositories import CHECKOUT, Repository, released, uv
from .running import INV

__all__ = ["emulate", "github_sandbox", "schemas"]  # fixtures for any test
HISTORY = CHECKOUT.parent / "shared" / "data" / "untether-history.fi.xz"
_FOREIGN = (
    "GIT_",
    "RELEASE_COORDINATION_",
    "INVOKE_",
    "GITHUB_",
    "UV_FROZEN",
    "VIRTUAL_ENV",
    "FORCE_COLOR",
    "NO_COLOR",
    "COLUMNS",
    "LINES",
    "PYTHONWARNINGS",
    "PYTHONIOENCODING",
    "TTY_",
)


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep whoever runs the tests out of them: their git, their settings of this project, their terminal."""
    home = tmp_path_factory.mktemp("home")
    folders = {
        name: subprocess.run([uv(), *words], check=True, capture_output=True, text=True).stdout.strip()
        for name, words in {"UV_CACHE_DIR": ["cache", "dir"], "UV_PYTHON_INSTALL_DIR": ["python", "dir"]}.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_FOREIGN):
                patch.delenv(name)
        clean = {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(platformdirs.user_cache_path()),  # the hosts' Debian root outlives a run
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PATH": f"{INV.parent}{os.pathsep}{os.environ['PATH']}",
        }
        for name, value in (folders | clean).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def sample_template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return released(tmp_path_factory.mktemp("templates") / "sample")


@pytest.fixture
def sample(sample_template: Repository, tmp_path: Path) -> Repository:
    """A project with one release, v1.0.0, and nothing since."""
    return Repository(tmp_path / "sample", sample_template)


@pytest.fixture(scope="session")
def untether(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real history of untether, a bare repository."""
    if not HISTORY.exists():
        pytest.skip(f"the untether history is not there: {HISTORY}")
    root = tmp_path_factory.mktemp("untether") / "untether.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(root)], check=True)
    stream = lzma.decompress(HISTORY.read_bytes())
    subprocess.run(["git", "-C", str(root), "fast-import", "--quiet"], input=stream, check=True)
    return root


@pytest.fixture(scope="session")
def branch_of_untether(untether: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that checks a branch of untether out, once."""
    root = tmp_path_factory.mktemp("branches")

    def checked_out(branch: str) -> Path:
        if not (root / branch).exists():
            subprocess.run(
                ["git", "-C", str(untether), "worktree", "add", "--quiet", "--force", str(root / branch), branch],
                check=True,
                capture_output=True,
            )
        return root / branch

    return checked_out
