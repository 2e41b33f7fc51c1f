"""A commit of the stable branch taken back, by a commit on a topic branch and its pull request."""

from dataclasses import dataclass
from functools import cached_property

from .branches import branches_of, clone_of, remote_of
from .errors import Refused, Unreachable
from .github import editing, github_of
from .project import Project
from .report import waiting_for
from .rules.commits import Change, read
from .rules.lineage import withdrawn
from .rules.reversion import body_of, branch_of, message_of, takes_back, title_of
from .systems.aside import aside
from .systems.git import Git
from .systems.github import Github, Pull
from .systems.web import OutcomeUnknown


@dataclass(frozen=True)
class Plan:
    """What is to be taken back from where; `made` is the commit that does so already, `pushed` where the remote is."""

    project: Project
    github: Github
    change: Change
    base: str
    head: str
    made: str = ""
    pushed: str = ""
    pull: Pull | None = None
    withdrawn_by: str = ""

    @property
    def commit(self) -> str:
        """Return the id of the commit that is taken back."""
        return self.change.commit.id

    @property
    def branch(self) -> str:
        """Return the topic branch."""
        return branch_of(self.commit)

    @property
    def title(self) -> str:
        """Return the title of the commit and the pull request."""
        return title_of(self.change)

    @cached_property
    def steps(self) -> list[str]:
        """Return what is to be done, in order; nothing when all is."""
        if self.withdrawn_by or (self.pull and self.pull.merged):
            return []
        remote = remote_of(self.project).name
        made = [] if self.made else [f"commit {self.title!r} on {self.branch}, beside what is checked out here"]
        pushed = [] if self.made and self.pushed == self.made else [f"push {self.branch} to {remote}"]
        return [*made, *pushed, *([] if self.pull else [f"open a pull request into {self.base}"])]


@waiting_for(lambda: "asking GitHub and the remote")
def plan(project: Project, revision: str) -> Plan:
    """Return what is left to do to take a commit of the stable branch back."""
    stable, remote, git = branches_of(project).stable, remote_of(project), project.git
    remote.fetch(stable)
    head = git.resolve(f"refs/remotes/{remote.name}/{stable}")
    commit = git.resolve(revision)
    if not git.contains(commit, head):
        raise Refused(
            f"{commit[:8]} is not on {stable}", expected="a commit that was merged: others are not released from there",
            remedy=f"git log {remote.name}/{stable}",
        )  # fmt: skip
    change = read(git.commit(commit), own=project.repository)
    github = github_of(project)
    gone = _withdrawn(git, commit, head)
    if gone:
        return Plan(project, github, change, stable, head, withdrawn_by=gone)
    ours, theirs = _where(project, branch_of(commit))
    made = theirs or ours
    if made:
        _check_ours(git, commit, head, made)
    return Plan(project, github, change, stable, head, made, theirs, _pull(github, branch_of(commit), stable))


def _withdrawn(git: Git, commit: str, head: str) -> str:
    """Return the commit of the stable branch that takes a commit back already, or nothing."""
    since = git.commit(commit).parents
    changes = [read(one) for one in git.commits(since[0] if since else None, head)]
    return withdrawn(changes).get(commit, "")


def _where(project: Project, branch: str) -> tuple[str, str]:
    """Return where a branch is here and on the remote, brought here; nothing where it is not."""
    remote, ref = remote_of(project), f"refs/heads/{branch}"
    theirs = remote.refs(ref).get(ref, "")
    if theirs and project.git.at(f"{theirs}^{{commit}}") is None:
        remote.fetch(branch)
    return project.git.at(ref) or "", theirs


def _check_ours(git: Git, commit: str, head: str, made: str) -> None:
    """Refuse a branch that does something else than take the commit back."""
    if not any(takes_back(one.message, commit) for one in git.commits(head, made)):
        raise Refused(
            f"{branch_of(commit)} exists, and does not revert {commit[:8]}",
            expected=f"a commit on it that says: This reverts commit {commit}",
            remedy=f"look at it, then git branch --delete --force {branch_of(commit)}",
        )


def _pull(github: Github, branch: str, base: str) -> Pull | None:
    """Return the branch's pull request; refuse one that somebody closed without merging it."""
    pull = next(github.pulls(head=branch, base=base, state="all", most=1), None)
    if pull and pull.state != "open" and not pull.merged:
        raise Refused(
            f"#{pull.number}, the pull request of {branch}, was closed without being merged", expected="an open one",
            remedy=f"gh pr reopen {pull.number}, if it is wanted after all",
        )  # fmt: skip
    return pull


def carry_out(planned: Plan) -> Plan:
    """Do what is left of a plan, and return how it stands then."""
    editor = editing(planned.github)
    made = planned.made or _commit(planned)
    if planned.pushed != made:
        remote_of(planned.project).push(made, f"refs/heads/{planned.branch}")
    if planned.pull is None:
        try:
            body = body_of(planned.change, planned.base)
            editor.create_pull(planned.branch, planned.base, planned.title, body)
        except OutcomeUnknown:
            if _pull(planned.github, planned.branch, planned.base) is None:
                raise
    now = plan(planned.project, planned.commit)
    if now.steps:
        raise Unreachable(f"left undone: {'; '.join(now.steps)}", expected="nothing", remedy="run it again")
    return now


def _commit(planned: Plan) -> str:
    """Commit the revert on its branch, in a work tree aside, and return it; with conflicts nothing is left behind."""
    commit = planned.change.commit
    merge = len(commit.parents) > 1
    with aside(clone_of(planned.project), branch_of(commit.id).replace("/", "-"), planned.head) as tree:
        conflicts = tree.revert(commit.id, merge=merge)
        if conflicts:
            raise _conflict(planned, conflicts, merge=merge)
        if not Git(tree.root).changes():
            raise Refused(f"{planned.base} has nothing of {commit.id[:8]} any more", expected="something to take back")
        made = tree.commit_all(message_of(planned.change))
        tree.branch(planned.branch, made)
    return made


def _conflict(planned: Plan, conflicts: list[str], *, merge: bool) -> Refused:
    mainline = "-m 1 " if merge else ""
    start = f"{remote_of(planned.project).name}/{planned.base}"
    return Refused(
        f"{planned.commit[:8]} cannot be taken back by itself: later changes to {', '.join(conflicts[:3])} stand on it",
        expected="a revert without conflicts; nothing was changed here",
        remedy=f"git switch --no-track -c {planned.branch} {start} && git revert {mainline}{planned.commit}, solve "
        f"them, git revert --continue, then inv rollback.revert {planned.commit[:8]}",
    )
