"""A release's tag, made by hand where the workflow did not: every guard first, and one reference pushed."""

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import Version

from .branches import Branches, branches_of, clone_of, remote_of
from .checking import check_one, load_changelog
from .errors import ReleaseError, Unreachable, WrongValue
from .history import today
from .project import Project
from .publication import check_on_index, tag_places
from .report import progress
from .rules.changelog import is_final
from .rules.checks import Outcome, Result, judged
from .rules.pushes import PERMIT
from .rules.text import plural
from .rules.triggers import on_tag
from .systems.definitions import read_workflow


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that must be so before a tag is pushed, and whether it is."""

    name: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Tagging:
    """The tag that is to be there, at a commit; `made` here, `pushed` there."""

    project: Project
    tag: str
    commit: str
    guards: tuple[Guard, ...]
    made: bool
    pushed: bool

    @property
    def version(self) -> Version:
        """Return the version that is tagged."""
        return self.project.version

    @property
    def problems(self) -> list[Guard]:
        """Return the guards that forbid it."""
        return [guard for guard in self.guards if guard.outcome.result is not Result.PASS]

    @property
    def steps(self) -> list[str]:
        """Return what is going to be done, for people."""
        make = [] if self.made else [f"make the tag {self.tag} at {self.commit[:8]}"]
        return [] if self.pushed else [*make, f"push refs/tags/{self.tag}, and nothing else: the release begins"]


def plan_tag(project: Project) -> Tagging:
    """Return the tag of the version that is set, with every guard looked at; when it is pushed nothing is left."""
    branches, commit = branches_of(project), project.git.resolve("HEAD")
    tag = f"{project.settings.tag_prefix}{project.version}"
    places = tag_places(project, tag)
    pushed = places.get("on the remote") == commit
    guards = () if pushed else tuple(_guards(project, branches, tag, commit, places))
    return Tagging(project, tag, commit, guards, places.get("here") == commit, pushed)


def _guards(project: Project, branches: Branches, tag: str, commit: str, places: dict[str, str]) -> Iterator[Guard]:
    stable = f"refs/heads/{branches.stable}"
    there = remote_of(project).refs(stable).get(stable)
    changes = project.git.changes()
    version = str(project.version)
    yield _guard("clean", not changes, "nothing uncommitted", f"{plural(len(changes), 'uncommitted change')}")
    yield _guard("branch here", project.git.at(stable) == commit, f"HEAD is {branches.stable}'s head",
                 f"HEAD is not the head of {branches.stable}: git switch {branches.stable}")  # fmt: skip
    yield _guard("branch there", there == commit, f"{branches.stable} on the remote is there, too",
                 f"{branches.stable} on the remote is at {(there or 'no commit')[:8]}: git pull --ff-only")  # fmt: skip
    yield _guard("version", is_final(version), f"{version} is final", f"{version} is no final version")
    yield Guard("changelog", _changelog(project, version))
    others = [where for where, at in places.items() if at != commit]
    yield _guard("tag", not others, f"{tag} is free", f"{tag} exists {' and '.join(others)} at another commit")
    yield Guard("index", _index(project))
    yield Guard("workflow", _workflow(project, tag, commit))


def _guard(name: str, so: bool, good: str, bad: str) -> Guard:
    return Guard(name, Outcome(Result.PASS, good) if so else Outcome(Result.FAIL, bad))


def _changelog(project: Project, version: str) -> Outcome:
    section = load_changelog(project).section(version)
    if section is None:
        return Outcome(Result.FAIL, f"no section for {version}")
    if section.date != today():
        return Outcome(Result.FAIL, f"dated {section.date or 'nowhere'}, but the tag would be of {today()} (UTC)")
    return judged(check_one(project).findings, f"section {version} is dated today and keeps every rule")


def _index(project: Project) -> Outcome:
    try:
        check_on_index(project, project.version)
    except Unreachable as error:
        return Outcome(Result.UNKNOWN, error.found)
    except ReleaseError as error:
        return Outcome(Result.FAIL, error.found)
    return Outcome(Result.PASS, f"the index has no file of {project.version}")


def _workflow(project: Project, tag: str, commit: str) -> Outcome:
    """Tell whether the release workflow is there at the tagged commit and starts when the tag is pushed."""
    path = f".github/workflows/{project.settings.github.workflows.release}"
    content = project.git.contents([f"{commit}:{path}"])[0]
    if content is None:
        return Outcome(Result.FAIL, f"there is no {path} at {commit[:8]}: nothing would publish the tag")
    try:
        why_not = on_tag(read_workflow(content, path), tag)
    except WrongValue as error:
        return Outcome(Result.FAIL, error.found)
    if why_not:
        return Outcome(Result.FAIL, f"{path} does not start when {tag} is pushed: {why_not}")
    return Outcome(Result.PASS, f"{path} starts when {tag} is pushed")


def carry_out(tagging: Tagging) -> bool:
    """Make the tag and push it as far as that is not done, and see it there; tell whether it was pushed now."""
    if tagging.pushed:
        return False
    project, ref = tagging.project, f"refs/tags/{tagging.tag}"
    if not tagging.made:
        clone_of(project).tag(tagging.tag, tagging.commit, f"{project.package} {tagging.version}\n")
    object_ = project.git.at(ref) or tagging.commit
    with progress(f"pushing {tagging.tag}"):
        remote_of(project).push(object_, ref, env={PERMIT: f"{ref} {object_}"})
    if tag_places(project, tagging.tag).get("on the remote") != tagging.commit:
        raise Unreachable(
            f"{tagging.tag} is not at {tagging.commit[:8]} on the remote after the push",
            expected="the tag that was pushed", remedy=f"git ls-remote --tags origin {tagging.tag}",
        )  # fmt: skip
    return True
