"""The world as the steps of one release see it: each thing is looked at once, and anew after every step."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.version import Version

from ..branches import Branches, branches_of, remote_of
from ..errors import Unreachable
from ..github import github_of
from ..history import Unreleased, decision, observe, version_setters
from ..ownfiles import foreign_since
from ..pipeline import version_in
from ..project import Project, find_project
from ..report import note
from ..rules.steps import Advice, staging_advice
from ..rules.versions import Part, final_of, is_candidate
from ..systems.web import Web
from .diary import Diary
from .pulls import Pulls

if TYPE_CHECKING:
    from ..systems.github import Github, Pull

_LASTING = ("_past_merge", "tagged", "merged", "github")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever began the run said beforehand; `staging` is None when nothing was said of it."""

    yes: bool = False
    offline: bool = False
    skip: Sequence[str] = ()
    staging: bool | None = None
    integration: str = ""
    promotion: str = ""
    wait: float = 0.0


@dataclass
class World:
    """The world around one version of a project."""

    project: Project
    version: Version
    diary: Diary
    wishes: Wishes = field(default_factory=Wishes)
    patience: float = 300.0  # seconds that an answer of GitHub may take
    running: dict[str, str] = field(default_factory=dict)  # what each host was seen to run, as far as it was asked
    _trouble: Unreachable | None = None

    def again(self) -> "World":
        """Return the world as it is now."""
        project = find_project(str(self.project.root))
        made = World(project, self.version, self.diary, self.wishes, self.patience, self.running)
        if self.__dict__.get("_past_merge"):  # which stays so
            made.__dict__ |= {name: self.__dict__[name] for name in _LASTING if name in self.__dict__}
        return made

    @property
    def tag(self) -> str:
        """Return the name of the version's tag."""
        return f"{self.project.settings.tag_prefix}{self.version}"

    @cached_property
    def head(self) -> str:
        """Return the commit that we stand on."""
        return self.project.git.resolve("HEAD")

    @cached_property
    def branches(self) -> Branches:
        """Return the branches by name."""
        return branches_of(self.project)

    @cached_property
    def unreleased(self) -> Unreleased:
        """Return what is unreleased here."""
        return observe(self.project)

    @cached_property
    def part(self) -> Part | None:
        """Return what the release raises."""
        return decision(self.project, self.unreleased).part

    @cached_property
    def github(self) -> "Github":
        """Return the repository on GitHub."""
        return github_of(self.project, Web(note=note, patience=self.patience))

    @cached_property
    def tagged(self) -> str:
        """Return the commit of the version's tag on GitHub, or nothing."""
        tag = self.github.tag(self.tag)
        return tag.commit if tag else ""

    @property
    def _pulls(self) -> Pulls:
        return Pulls(self.github, self.version, self.branches)

    @cached_property
    def merged(self) -> "Pull | None":
        """Return the pull request of this release that was merged."""
        return self._pulls.merged()

    @cached_property
    def proposed(self) -> "Pull | None":
        """Return the pull request of this release that is open."""
        return self._pulls.proposed()

    @property
    def past_merge(self) -> str:
        """Return why everything before the merge is over, or nothing while it is not; what cannot be asked is once."""
        if self._trouble is not None:
            raise self._trouble
        try:
            return self._past_merge
        except Unreachable as error:
            self._trouble = error
            raise

    @cached_property
    def _past_merge(self) -> str:
        if self.tagged:
            return f"{self.tag} is there"
        if self.merged:
            self.__dict__.pop("tagged")  # it comes later
            return f"{self.version} was merged with #{self.merged.number}"
        content = self.github.content(f"{self.project.git.prefix}pyproject.toml", self.branches.stable)
        sets = version_in(content or b"") == str(self.version)
        return f"{self.branches.stable} sets {self.version}" if sets else ""

    @property
    def lost(self) -> bool:
        """Tell whether GitHub, or the remote, could not be asked."""
        return self._trouble is not None

    @property
    def candidate(self) -> Version | None:
        """Return the candidate of this version that is set."""
        now = self.project.version
        return now if is_candidate(now) and final_of(now) == self.version else None

    @property
    def begun(self) -> bool:
        """Tell whether this version, or a candidate of it, is set."""
        return final_of(self.project.version) == self.version

    @cached_property
    def tried(self) -> str:
        """Return the candidate that the final version, which is set, took the place of; nothing when there was none."""
        if self.project.version != self.version:
            return ""
        setters = version_setters(self.project.git, self.unreleased.point.commit, self.head)
        return next((text for _, text in setters if text.startswith(f"{self.version}rc")), "")

    @cached_property
    def pushed(self) -> bool:
        """Tell whether the branch that we stand on is on the remote as it is here."""
        ref = f"refs/heads/{self.branches.current}"
        return remote_of(self.project).refs(ref).get(ref) == self.head

    @property
    def staging_hosts(self) -> list[str]:
        """Return the hosts that candidates are tried on."""
        return [name for name, host in self.project.settings.hosts.items() if host.role == "staging"]

    @property
    def released_hosts(self) -> list[str]:
        """Return the hosts that run releases."""
        return [name for name, host in self.project.settings.hosts.items() if host.role != "dev"]

    @cached_property
    def staged(self) -> bool | None:
        """Tell whether a candidate goes first; None when somebody should be asked."""
        if self.candidate or self.tried:
            return True
        if self.wishes.staging is not None:
            return self.wishes.staging
        if not self.staging_hosts or self.project.version == self.version:
            return False
        chosen = self.diary.chosen()
        if chosen is not None:
            return chosen
        return True if staging_advice(self.part) is Advice.RECOMMENDED else None

    def unchanged(self, commit: str) -> bool:
        """Tell whether nothing but the release's own files changed since a commit."""
        return foreign_since(self.project, commit) == []
