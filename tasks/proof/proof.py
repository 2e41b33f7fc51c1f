"""The proof: the subjects that the checks look at, and what of them the settings configure."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from ..project import Project
from ..rules.fleet import chosen
from ..systems.index import Index
from ..systems.web import Web
from .environment import Environment
from .index import IndexProof
from .release import Release, Source, source_at_hand
from .service import HostProof

if TYPE_CHECKING:
    from .github import GithubProof

INSTALLERS = ("pip", "uv")


@dataclass
class Proof:
    """Everything that is looked at for one release; the tests' fixtures are made of it."""

    release: Release
    hosts: Sequence[str]
    web: Web = field(default_factory=Web)
    _making: Any = field(default_factory=threading.RLock)  # checks start side by side, and share their subjects

    def subject(self, name: str, parameter: str = "") -> Any:
        """Return what a check's argument stands for."""
        made: dict[str, Callable[[], Any]] = {
            "release": lambda: self.release,
            "index": lambda: self.index,
            "github": lambda: self.github,
            "host": lambda: self._hosts[parameter],
            "environment": lambda: self._environments[parameter],
            "choice": lambda: self.choice,
        }
        with self._making:
            return made[name]()

    @cached_property
    def index(self) -> IndexProof:
        """Return the index."""
        index = Index(self.release.simple, self.release.json, web=self.web)
        return IndexProof(self.release, index, self._source)

    @cached_property
    def github(self) -> "GithubProof":
        """Return GitHub."""
        from ..github import github_of
        from .github import GithubProof

        return GithubProof(self.release, github_of(self.release.project, self.web))

    @cached_property
    def _hosts(self) -> Mapping[str, HostProof]:
        return {name: HostProof(self.release, name) for name in self.hosts}

    @cached_property
    def _environments(self) -> Mapping[str, Environment]:
        return {
            name: Environment(self.release, name, lambda: self.subject("index").file("wheel")) for name in INSTALLERS
        }

    def choice(self) -> Version | None:
        """Return the version that an installer takes when it is asked for the package without one."""
        environment: Environment = self.subject("environment", "uv")
        return environment.choice()

    def _source(self) -> Source:
        if self.release.project.repository and not self.release.candidate:
            return Source(self.subject("github").project_table(), f"pyproject.toml at {self.release.tag}")
        return source_at_hand(self.release)

    def left_out(self) -> Mapping[str, str]:
        """Return the groups of checks that cannot run, with the reason."""
        reasons = {}
        if not self.release.project.repository:
            reasons["github"] = "not configured: github (no repository in the settings, project.urls or origin)"
        elif self.release.candidate:
            reasons["github"] = "github: a candidate is never tagged, so there is nothing to see"
        if not self.hosts and self.release.project.settings.hosts:
            reasons["service"] = "service: a candidate runs on no production host, and the settings have no other"
        elif not self.hosts:
            reasons["service"] = "not configured: service (no hosts in the settings)"
        return reasons


def hosts_of(project: Project, version: Version, named: Sequence[str]) -> list[str]:
    """Return the hosts that must run the release: those named, else all; a candidate's are staging and developers'."""
    roles = {name: host.role for name, host in project.settings.hosts.items()}
    if named:
        return chosen(roles, named, "", default_role="")
    if not roles:
        return []
    release = Release(project, version)
    return [name for name, role in roles.items() if not release.candidate or role != "production"]
