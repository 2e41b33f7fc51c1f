"""Yanking a version, or taking that back: what the index shows, what installers take, and the page for a person.

An index has no other way to yank than its management page, on which a person signs in; we look before and afterwards.
"""

import platform
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from packaging.utils import canonicalize_name
from packaging.version import Version

from .errors import Refused
from .project import Project
from .report import note, waiting_for
from .rules.text import printable
from .rules.versions import read_version
from .rules.yanks import Aim, Row, Standing, newest_final, python_for, standing, taken_again, warnings
from .systems.index import Index, IndexFile, IndexUnreachable
from .systems.resolver import choice
from .systems.web import Web


@dataclass(frozen=True, slots=True)
class Seen:
    """What the release index showed of a package at one moment."""

    package: str
    simple: str
    files: Sequence[IndexFile]

    def newest(self) -> Version:
        """Return the newest final version, yanked or not."""
        newest = newest_final(self._rows())
        if newest is None:
            raise Refused(
                f"{self.package} has no final version on {self.simple}", expected="a released version",
                remedy="--version, for a candidate",
            )  # fmt: skip
        return newest

    def standing(self, version: Version) -> Standing:
        """Return how a version stands; it has to be there."""
        found = standing(self._rows(), version)
        if found is None:
            newest = max((file.version for file in self.files), default="none")
            raise Refused(
                f"{self.package} {version} is not on {self.simple}",
                expected=f"a version that was published; the newest there is {newest}",
            )
        return found

    def python(self, version: Version) -> str:
        """Return a Python that a version allows."""
        requires = {file.requires_python for file in self.files if file.version == version}
        return python_for(requires, platform.python_version())

    def _rows(self) -> list[Row]:
        return [(file.version, file.yanked, file.reason) for file in self.files]


@dataclass(frozen=True)
class Shelf:
    """The project's versions on the release index, and what installers take of them."""

    project: Project
    index: Index

    @classmethod
    def of(cls, project: Project) -> "Shelf":
        """Return a project's versions."""
        settings = project.settings.index
        return cls(project, Index(settings.simple, settings.json, Web(note=note)))

    def look(self, deadline: float | None = None) -> Seen:
        """Return what the index shows; asked again, only what changed is sent."""
        page = self.index.page(self.project.package, deadline=deadline)
        if page.stale:
            raise IndexUnreachable(f"{self.index.simple} shows an older page than before (serial {page.serial})")
        return Seen(self.project.package, self.index.simple, page.files)

    def taken(self, python: str, specifier: str = "") -> Version | None:
        """Return what an installer takes for a Python, with nothing cached."""
        requirement = f"{canonicalize_name(self.project.package)}{specifier}"
        return choice(self.index.simple, requirement, ("--python-version", python))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with a version; `before` and `after` are what installers take now and then."""

    shelf: Shelf
    aim: Aim
    version: Version
    standing: Standing
    python: str
    before: Version | None
    after: Version | None
    reason: str = ""

    @property
    def done(self) -> bool:
        """Tell whether the index shows it so already."""
        return self.standing.reached(self.aim)

    @property
    def again(self) -> str:
        """Return what to type to go on; the reason is pasted from it, so it is not lost on the way."""
        reason = f" --reason {shlex.quote(self.reason)}" if self.reason and not self.done else ""
        return f"inv rollback.{self.aim} --version {self.version}{reason}"

    @property
    def page(self) -> str:
        """Return the address of the page on which a person does it."""
        project = self.shelf.project
        base = project.settings.index.manage.rstrip("/")
        return f"{base}/{canonicalize_name(project.package)}/release/{quote(str(self.version))}/"

    @property
    def warnings(self) -> list[str]:
        """Return what a person should know beforehand."""
        return [] if self.done else warnings(self.aim, self.version, self.before, self.after)

    @property
    def question(self) -> str:
        """Return what a person is asked."""
        name = f"{self.shelf.project.package} {self.version}"
        return f"{self.aim.value.capitalize()} {name}? Installers then take {self.after or 'NOTHING'}."


@waiting_for(lambda: "asking the index, and an installer")
def plan(project: Project, aim: Aim, version: str = "", reason: str = "") -> Plan:
    """Return what is to be done: with a version, by default the newest final one on the index, yanked or not.

    Were a yanked one passed over, typing the command twice would yank two versions.
    """
    shelf = Shelf.of(project)
    seen = shelf.look()
    wanted = read_version(version, "--version") if version else seen.newest()
    found, python = seen.standing(wanted), seen.python(wanted)
    wanted = found.version  # as the index spells it: the page wants 1.0.0 for 1.0
    before = shelf.taken(python)
    after = before if found.reached(aim) else _after(shelf, aim, wanted, python, before)
    return Plan(shelf, aim, wanted, found, python, before, after, printable(reason).strip())


def _after(shelf: Shelf, aim: Aim, version: Version, python: str, before: Version | None) -> Version | None:
    """Return what installers will take: asked without the version, or for it by name, which takes a yanked one too."""
    if aim is Aim.YANK:
        return shelf.taken(python, f"!={version}")
    return taken_again(before, shelf.taken(python, f"=={version}"))
