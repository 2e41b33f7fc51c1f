"""Projects of other people, of different shape, as they come to `init`."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from .repositories import Repository

FOREIGN_CI = "name: CI\non: [push]\njobs:\n  ours:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"


def layered(root: Path) -> Repository:
    """A package in src, built with hatchling and locked by uv, released from master and developed on dev."""
    repository = Repository(root)
    repository.git("branch", "--move", "master")
    repository.commit(
        "feat: begin",
        {
            "pyproject.toml": '[project]\nname = "layered-bot"\nversion = "0.3.0"\nrequires-python = ">=3.12"\n'
            '[project.scripts]\nlayered-bot = "layered_bot:main"\n'
            '[dependency-groups]\ndev = ["pytest>=8", "ruff", "ty>=0.0.1"]\ndocs = ["mkdocs"]\n'
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[tool.uv]\n[tool.bandit]\nskips = ["B101"]\n',
            "uv.lock": "version = 1\n",
            "src/layered_bot/__init__.py": "def main() -> None: ...\n",
            "tests/test_layered.py": "",
            "mkdocs.yml": "site_name: layered\n",
        },
    )
    repository.git("branch", "dev")
    return repository


def flat(root: Path) -> Repository:
    """A package beside its setup, built with setuptools and installed with pip; an older Python, a half-set table."""
    repository = Repository(root)
    repository.commit(
        "feat: begin",
        {
            "pyproject.toml": '# kept as it is\r\n[project]\r\nname = "Flat.Tool"\r\nversion = "1.2"\r\n'
            'requires-python = ">=3.10,<3.14"\r\nclassifiers = ["Programming Language :: Python :: 3.12",'
            ' "Programming Language :: Python :: 3.13", "Programming Language :: Python :: 3.14"]\r\n'
            '[project.optional-dependencies]\r\ntest = ["PyTest", "mypy"]\r\n'
            '[build-system]\r\nrequires = ["setuptools"]\r\nbuild-backend = "setuptools.build_meta"\r\n',
            "flat_tool/__init__.py": "",
            "tests/test_flat.py": "",
            "CHANGELOG.md": "Our own history\n",
            ".github/PULL_REQUEST_TEMPLATE.md": "Be kind.\n",
        },
    )
    return repository


def member(root: Path) -> Repository:
    """A member of a uv workspace, whose repository has a CI of its own already."""
    repository = Repository(root)
    repository.commit(
        "feat: begin",
        {
            "pyproject.toml": '[project]\nname = "whole"\nversion = "1"\n'
            '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
            "uv.lock": "version = 1\n",
            ".github/workflows/ci.yml": FOREIGN_CI,
            "packages/part of it/pyproject.toml": '[project]\nname = "part"\nversion = "2.0.0rc1"\n'
            'requires-python = ">=3.11"\n[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
            '[tool.release-coordination]\nissues = false\ntag-prefix = "part-v"\n'
            "[tool.release-coordination.github.workflows]\n"
            'tag = "part-tag.yml"\nrelease = "part-release.yaml"\n'
            "[tool.release-coordination.checks]\n"
            'lint = "sh -c \'ruff check; echo $HOME\'"\n"odd: name" = "true"\n',
            "packages/part of it/src/part/__init__.py": "",
            "packages/part of it/tests/test_part.py": "import unittest\n",
        },
    )
    return repository


def poetical(root: Path) -> Repository:
    """A package that Poetry builds, with its tools in Poetry's own groups, from master; lines end as on Windows."""
    repository = Repository(root)
    repository.git("branch", "--move", "master")
    repository.commit(
        "feat: begin",
        {
            "pyproject.toml": '[project]\r\nname = "My.Poetical-Bot"\r\nversion = "0.3.0"\r\n'
            'requires-python = ">=3.13"\r\n[project.scripts]\r\nbot = "my_poetical_bot:main"\r\n'
            '[tool.poetry.group.dev.dependencies]\r\npytest = "^8"\r\npytest-asyncio = "*"\r\nruff = "*"\r\n'
            '[build-system]\r\nrequires = ["poetry-core>=2"]\r\nbuild-backend = "poetry.core.masonry.api"',
            "poetry.lock": "",
            "my_poetical_bot/__init__.py": "def main() -> None: ...\r\n",
            "tests/test_bot.py": "",
        },
    )
    return repository


MAKERS: dict[str, tuple[Callable[[Path], Repository], str]] = {
    "layered": (layered, "."),
    "flat": (flat, "."),
    "poetical": (poetical, "."),
    "member": (member, "packages/part of it"),
}


def with_remote(repository: Repository, bare: Path) -> Path:
    """Give a project a bare remote `origin` that has its branches, and return it."""
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    repository.git("remote", "add", "origin", str(bare))
    repository.git("push", "--quiet", "origin", "--all")
    repository.git("fetch", "--quiet", "origin")
    return bare
