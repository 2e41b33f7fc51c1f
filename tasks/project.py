"""The project a command works on: its folder, its pyproject.toml, its settings."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import WrongValue
from .layers import load
from .rules.discipline import House
from .rules.distributions import kinds
from .rules.settings import repository_of
from .rules.versions import read_version
from .settings import Settings
from .systems.files import read_toml
from .systems.git import Git

if TYPE_CHECKING:
    from packaging.version import Version


@dataclass(frozen=True)
class Project:
    """A Python project in a git repository."""

    root: Path
    pyproject: dict[str, Any]
    settings: Settings

    @cached_property
    def git(self) -> Git:
        """Return the repository the project lies in."""
        return Git(self.root)

    @property
    def pyproject_path(self) -> Path:
        """Return the path of pyproject.toml."""
        return self.root / "pyproject.toml"

    @property
    def changelog_path(self) -> Path:
        """Return the path of the changelog."""
        return self.root / self.settings.changelog.path

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the [project] table."""
        table = self.pyproject.get("project")
        if not isinstance(table, dict):
            raise WrongValue(f"{self.pyproject_path} has no [project] table", expected="name and version in [project]")
        return table

    @cached_property
    def version(self) -> "Version":
        """Return the version that pyproject.toml sets."""
        version = self.metadata.get("version")
        if isinstance(version, str):
            return read_version(version, "project.version in pyproject.toml")
        dynamic = self.metadata.get("dynamic", [])
        if isinstance(dynamic, list) and "version" in dynamic:
            raise WrongValue(
                "pyproject.toml makes the version dynamic",
                expected='a version that is written there: project.version = "1.2.3"',
                remedy='take "version" out of project.dynamic and set project.version',
            )
        raise WrongValue("pyproject.toml sets no project.version", expected='project.version = "1.2.3"')

    @property
    def package(self) -> str:
        """Return the distribution's name."""
        return self.settings.package or str(self.metadata.get("name", ""))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of file that a version is published as."""
        return kinds(sdist=self.settings.sdist)

    @cached_property
    def repository(self) -> str:
        """Return `owner/name` on GitHub: from the settings, project.urls or the origin remote; else nothing."""
        urls = self.metadata.get("urls", {})
        urls = urls if isinstance(urls, dict) else {}
        return self.settings.repository or repository_of(urls, self.git.origin(), self.settings.github.web)

    @property
    def house(self) -> House:
        """Return what the changelog's rules need to know of the project."""
        changelog = self.settings.changelog
        return House(
            changelog.path,
            self.settings.tag_prefix,
            changelog.sections,
            self.settings.issues,
            self.repository,
            self.settings.github.web,
        )


def find_project(given: str = "") -> Project:
    """Return the project at `given` (a folder or its pyproject.toml), else the one the current folder lies in."""
    root = _root(given)
    pyproject = read_toml(root / "pyproject.toml")
    return Project(root, pyproject, load(root, pyproject))


def _root(given: str) -> Path:
    if given:
        path = Path(given).expanduser().resolve()
        root = path.parent if path.name == "pyproject.toml" else path
        if not (root / "pyproject.toml").is_file():
            raise WrongValue(f"--project {given}: no pyproject.toml there", expected="a project's folder")
        return root
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    raise WrongValue(
        f"no pyproject.toml in {here} or above it", expected="a Python project", remedy="cd to it, or --project PATH"
    )
