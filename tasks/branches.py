"""Branches: the stable one, the one where work is collected, the one we stand on, and where they are on the remote."""

import shlex
from dataclasses import dataclass

from .errors import Refused, WrongValue
from .project import Project
from .systems.clone import Clone
from .systems.remote import Remote


@dataclass(frozen=True, slots=True)
class Branches:
    """Names: of the branch we stand on (none when a single commit is checked out), the stable, the development one."""

    current: str
    stable: str
    development: str


def clone_of(project: Project) -> Clone:
    """Return the project's repository here, to be changed."""
    return Clone(project.root)


def remote_of(project: Project) -> Remote:
    """Return the repository that releases are pushed to."""
    return Remote(project.root)


def branches_of(project: Project) -> Branches:
    """Return the branches by name; the stable one is the remote's default unless the settings name another."""
    git, settings = project.git, project.settings
    git.prefix  # noqa: B018 - refuses first what is no repository, or a shallow one
    stable = settings.stable_branch or remote_of(project).default_branch()
    if not stable:
        raise WrongValue(
            "the stable branch is not known: the remote has no default branch",
            expected='stable-branch = "…" in [tool.release-coordination]',
        )
    return Branches(git.branch(), stable, settings.development_branch)


def check_caught_up(project: Project, branch: str, theirs: str | None) -> None:
    """Refuse to go on from a branch whose newest commits on the remote are not here."""
    if theirs and not project.git.contains(theirs, "HEAD"):
        raise Refused(
            f"{branch} on the remote has commits that are not here", expected="to go on from its newest",
            remedy=f"git pull --rebase {remote_of(project).name} {shlex.quote(branch)}",
        )  # fmt: skip


def push_branch(project: Project, branch: str, commit: str) -> bool:
    """Bring a branch on the remote forward to a commit, and see it there; tell whether it had to be pushed."""
    remote, ref = remote_of(project), f"refs/heads/{branch}"
    theirs = remote.refs(ref).get(ref)
    if theirs == commit:
        return False
    check_caught_up(project, branch, theirs)
    remote.push(commit, ref)
    if remote.refs(ref).get(ref) != commit:
        raise Refused(f"{branch} on the remote is not at {commit[:8]} after the push", remedy="git fetch, and look")
    return True
