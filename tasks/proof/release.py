"""The release that is to be proved: its version and tag, and what the settings say of it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from packaging.version import Version

from ..project import Project
from ..rules.versions import is_candidate, same_version
from .waiting import LeftOut


@dataclass(frozen=True)
class Release:
    """A version of a project; a candidate lives on the staging index and is never tagged."""

    project: Project
    version: Version

    @property
    def package(self) -> str:
        """Return the distribution's name."""
        return self.project.package

    @property
    def command(self) -> str:
        """Return the console script that answers --version."""
        return self.project.settings.command or self.package

    @cached_property
    def candidate(self) -> bool:
        """Tell whether it is a pre-release."""
        return is_candidate(self.version)

    @property
    def tag(self) -> str:
        """Return the name of its tag."""
        return f"{self.project.settings.tag_prefix}{self.version}"

    @property
    def origin(self) -> str:
        """Return where hosts must have it from, in the agent's words."""
        return "staging index" if self.candidate else "release index"

    @property
    def simple(self) -> str:
        """Return the address of the simple API it is published on."""
        settings = self.project.settings
        return settings.staging_index.simple if self.candidate else settings.index.simple

    @property
    def json(self) -> str:
        """Return the address of the JSON API it is published on."""
        settings = self.project.settings
        return settings.staging_index.json if self.candidate else settings.index.json


@dataclass(frozen=True, slots=True)
class Source:
    """The [project] table that the published files are held against, and where it was read."""

    table: Mapping[str, Any]
    place: str


def source_at_hand(release: Release) -> Source:
    """Return the source of a release without GitHub: the tag in this clone, else the work tree at that version."""
    project = release.project
    tagged = project.git.content(f"refs/tags/{release.tag}", "pyproject.toml")
    if tagged is not None:
        return Source(table_of(tomllib.loads(tagged.decode("utf-8-sig"))), f"pyproject.toml at {release.tag}")
    if same_version(str(project.metadata.get("version")), release.version):
        return Source(project.metadata, "pyproject.toml in the work tree")
    raise LeftOut(f"there is no tag {release.tag} here, and the work tree is at {project.metadata.get('version')}")


def table_of(pyproject: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the [project] table of a pyproject.toml."""
    found = pyproject.get("project", {})
    return found if isinstance(found, dict) else {}
