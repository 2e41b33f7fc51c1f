"""A candidate put into one commit and pushed, from where CI publishes it to the staging index (workflow phase 6)."""

from collections.abc import Collection
from dataclasses import dataclass

from packaging.version import Version

from .branches import branches_of, check_caught_up, push_branch, remote_of
from .bumping import set_version
from .errors import Refused, Unreachable, WrongValue
from .history import Unreleased, decision, observe, version_at, version_setters
from .ownfiles import check_alone, commit_own
from .project import Project, find_project
from .publication import check_unpublished, staged_versions
from .report import progress
from .rules.bumps import NothingToRelease
from .rules.preparation import candidate_message, next_candidate, off_stable
from .rules.versions import final_of, read_version
from .systems.git import Git


@dataclass(frozen=True, slots=True)
class Entry:
    """A candidate that is to be there: set by the commit at HEAD of a branch, and that pushed."""

    project: Project
    version: Version
    branch: str
    committed: bool
    pushed: bool

    @property
    def steps(self) -> list[str]:
        """Return what is going to be done, for people."""
        commit = [] if self.committed else [f"set {self.version}, lock, and commit that on {self.branch}"]
        return [*commit, *([] if self.pushed else [f"push {self.branch}, from where CI publishes the candidate"])]


@dataclass(frozen=True, slots=True)
class Entered:
    """A candidate that is there; `pushed` and `changed` are what this very run did."""

    version: Version
    branch: str
    commit: str
    pushed: bool
    changed: tuple[str, ...] = ()


def plan_entry(project: Project, version: str = "") -> Entry:
    """Return the next candidate, or the one that an earlier run did not bring to its end."""
    branches, git = branches_of(project), project.git
    off_stable(branches.current, branches.stable, branches.development, "a candidate")
    check_alone(project, changelog=False)
    ref, stable = f"refs/heads/{branches.current}", f"refs/heads/{branches.stable}"
    refs = remote_of(project).refs(ref, stable)
    there = refs.get(ref)
    check_caught_up(project, branches.current, there)
    wanted = _wanted(project, observe(project), staged_versions(project), version)
    check_unpublished(project, final_of(wanted))
    if not version:
        _check_unmerged(project, branches.stable, refs.get(stable, ""), final_of(wanted))
    committed = version_at(git, "HEAD") == str(wanted) and not git.changes()
    return Entry(project, wanted, branches.current, committed, committed and there == git.resolve("HEAD"))


def _check_unmerged(project: Project, stable: str, head: str, final: Version) -> None:
    """Refuse the candidate of a version that is merged, and so on its way to be released."""
    if head and project.git.at(f"{head}^{{commit}}") and version_at(project.git, head) == str(final):
        raise Refused(
            f"{final} was merged to {stable} already, and is not tagged yet", expected="a release that is over",
            remedy="inv release.watch; or name the candidate that you mean: --version",
        )  # fmt: skip


def _wanted(project: Project, unreleased: Unreleased, staged: Collection[Version], version: str) -> Version:
    """Return the candidate that is meant: the one named, the one begun and not yet staged, else the next."""
    now, before = project.version, version_at(project.git, "HEAD")
    if version:
        return _named(version, staged, before)
    begun = _is_candidate(now) and str(now) != before and now not in staged
    if begun or (_is_candidate(now) and str(now) == before and set_last(project, unreleased, now)):
        return now
    decided = decision(project, unreleased)
    if decided.final is None:
        raise NothingToRelease(decided.notes[0], expected="a commit since the last release")
    return next_candidate(decided.final, {*staged, now, *([Version(before)] if before else [])})


def _named(text: str, staged: Collection[Version], before: str) -> Version:
    version = read_version(text, "--version")
    if not _is_candidate(version):
        raise WrongValue(f"{version} is no candidate", expected="a version such as 0.36.0rc1")
    if version in staged and str(version) != before:
        raise Refused(f"{version} is on the staging index already: its upload would be skipped in silence",
                      expected=f"{next_candidate(final_of(version), staged)}, the next one",
                      remedy="inv staging.enter")  # fmt: skip
    return version


def _is_candidate(version: Version) -> bool:
    return bool(version.pre) and version.pre is not None and version.pre[0] == "rc" and version.dev is None


def set_last(project: Project, unreleased: Unreleased, version: Version) -> bool:
    """Tell whether nothing came after the commit that set a version."""
    setters = version_setters(project.git, unreleased.point.commit, unreleased.head)
    return setters[:1] == [(unreleased.head, str(version))]


def carry_out(entry: Entry) -> Entered:
    """Commit and push the candidate as far as that is not done, and return it as it is there then."""
    changed: tuple[str, ...] = ()
    if not entry.committed:
        set_version(entry.project, str(entry.version))
        project = find_project(str(entry.project.root))
        changed = commit_own(project, candidate_message(entry.version), changelog=False)
    git = Git(entry.project.root)
    if version_at(git, "HEAD") != str(entry.version) or git.branch() != entry.branch:
        raise Unreachable(f"{entry.version} is not what {entry.branch} sets after the commit", remedy="git status")
    commit = git.resolve("HEAD")
    with progress(f"pushing {entry.branch}"):
        pushed = push_branch(entry.project, entry.branch, commit)
    return Entered(entry.version, entry.branch, commit, pushed, changed)
