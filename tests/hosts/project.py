"""The project of the service: sources in git, from which the real uv builds what the workflows publish."""

import io
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from tasks.rehearsal import package
from tasks.rehearsal.github.steps import Files
from tasks.rehearsal.index import SandboxIndex

from ..repositories import uv
from . import service

_VERSION = "@VERSION@"  # in the sources; the build puts the version there
BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["build"]\n'
_BACKEND = f'''\
import tomllib
from pathlib import Path
from package import sdist, wheel


def made(make, folder):
    table = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    module = Path("acme_bot.py").read_text("utf-8").replace("{_VERSION}", table["version"])
    name, content = make(
        table["name"], table["version"], requires_python=table["requires-python"], scripts=table["scripts"],
        dependencies=table.get("dependencies", []), modules={{"acme_bot.py": module}}, description="# acme-bot\\n",
    )
    Path(folder, name).write_bytes(content)
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return made(wheel, wheel_directory)


def build_sdist(sdist_directory, config_settings=None):
    return made(sdist, sdist_directory)
'''


def sources(*requires: str) -> dict[str, str]:
    """Return the service's files beside pyproject.toml, and its build back end; with `requires` it uses its library."""
    program = service.Build(_VERSION, requires=requires).distribution.files["acme_bot.py"]
    own = Path(package.__file__).read_text("utf-8")
    return {"acme_bot.py": program, "build/backend.py": _BACKEND, "build/package.py": own}


@cache
def built(repository: Path, commit: str) -> Files:
    """Return the files that `uv build` makes of a commit."""
    archive = subprocess.run(["git", "archive", commit], cwd=repository, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(folder, filter="data")
        argv = [uv(), "build", "--quiet", "--no-create-gitignore", "--out-dir", "dist"]
        subprocess.run(argv, cwd=folder, check=True, capture_output=True)
        return {path.name: path.read_bytes() for path in Path(folder, "dist").iterdir()}


def upload(index: SandboxIndex, files: Files) -> None:
    """Put files onto an index."""
    for name, content in files.items():
        index.add(content, name)
