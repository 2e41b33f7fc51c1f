"""The development branch brought back onto the stable one after a release (DESIGN.md section 8)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .branches import Branches, branches_of, clone_of, remote_of
from .errors import Refused, Unreachable
from .github import editing, github_of
from .history import observe
from .ownfiles import own_files
from .project import Project
from .report import progress
from .rules.syncing import Way, text, title, way
from .rules.text import plural
from .systems.github import Github, Pull
from .systems.remote import Behind, PushRejected
from .systems.web import OutcomeUnknown

_MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Move:
    """A branch that goes from where it was seen (nowhere: it is not there) to a commit; `dropped` stay behind."""

    way: Way = Way.NOTHING
    seen: str = ""
    to: str = ""
    dropped: tuple[str, ...] = ()

    def told(self, branch: str, where: str) -> list[str]:
        """Return what is going to be done, for people."""
        if self.way in {Way.NOTHING, Way.PULL}:
            return []
        begin = f"{self.way} {branch} {where}: {self.seen[:8] or 'not there'} -> {self.to[:8]}"
        more = len(self.dropped) - _MOST_SHOWN
        lines = [f"  leaves behind, all of it released: {line}" for line in self.dropped[:_MOST_SHOWN]]
        return [begin, *lines, *([f"  and {more} more"] if more > 0 else [])]


@dataclass(frozen=True, slots=True)
class Sync:
    """What brings the development branch back: on the remote, and here; or the pull request that is there for it."""

    project: Project
    branches: Branches
    there: Move = field(default_factory=Move)
    here: Move = field(default_factory=Move)
    pull: Pull | None = None

    @property
    def steps(self) -> list[str]:
        """Return what is going to be done, for people."""
        names = self.branches
        steps = self.there.told(names.development, "on the remote") + self.here.told(names.development, "here")
        if self.there.way is Way.PULL and self.pull is None:
            steps.append(f"open a pull request: {title(names.stable, names.development)}")
        return steps


def plan_sync(project: Project, *, by_pull: bool = False) -> Sync:
    """Return what brings the development branch back onto the stable one; nothing where there is no such branch."""
    branches = branches_of(project)
    plan = Sync(project, branches)
    if branches.development in {"", branches.stable}:
        return plan
    stable, there = _remote_heads(project, branches)
    move = _move(project, there, stable, by_pull=by_pull) if there else Move(Way.FORWARD, "", stable)
    if move.way is Way.PULL:
        return Sync(project, branches, move, pull=_open(github_of(project), branches))
    goal = there if move.way is Way.NOTHING else stable
    here = project.git.at(f"refs/heads/{branches.development}")
    local = _move(project, here, goal) if here and goal == stable else Move()
    return Sync(project, branches, move, local if local.way is not Way.PULL else Move())


def _remote_heads(project: Project, branches: Branches) -> tuple[str, str]:
    """Return where the two branches are on the remote, with what they have brought here."""
    refs = {name: f"refs/heads/{name}" for name in (branches.stable, branches.development)}
    found = remote_of(project).refs(*refs.values())
    heads = {name: found.get(ref, "") for name, ref in refs.items()}
    if not heads[branches.stable]:
        raise Refused(f"the remote has no branch {branches.stable}", expected="the branch that is released",
                      remedy="check stable-branch in the settings")  # fmt: skip
    with progress("git fetch"):
        remote_of(project).fetch(*(name for name, commit in heads.items() if commit))
    return heads[branches.stable], heads[branches.development]


def _move(project: Project, branch: str, onto: str, *, by_pull: bool = False) -> Move:
    """Return how one commit's branch gets onto another commit."""
    git = project.git
    has_it, is_in_it = git.contains(onto, branch), git.contains(branch, onto)
    nothing = not has_it and not is_in_it and _holds_nothing(project, branch, onto)
    chosen = way(has_it=has_it, is_in_it=is_in_it, holds_nothing=nothing, by_pull=by_pull)
    dropped = _dropped(project, onto, branch) if chosen is Way.RESET else ()
    return Move(chosen, branch, onto, dropped)


def _holds_nothing(project: Project, branch: str, onto: str) -> bool:
    """Tell whether all that was done on a branch is released: by the release point, or by what its files hold."""
    if project.git.holds_nothing(branch, onto, own_files(project)):
        return True
    unreleased = observe(project, until=branch)
    tag = unreleased.point.tag
    return not unreleased.changes and tag is not None and project.git.contains(tag.commit, onto)


def _dropped(project: Project, onto: str, branch: str) -> tuple[str, ...]:
    return tuple(f"{commit.id[:8]} {commit.subject}" for commit in project.git.commits(onto, branch))


def _open(github: Github, branches: Branches) -> Pull | None:
    """Return the pull request that is open for it."""
    return next(github.pulls(head=branches.stable, base=branches.development, most=1), None)


def carry_out(plan: Sync) -> Sync:
    """Do what a plan says as far as it is not done, and return it with the pull request where there is one."""
    branch, remote = plan.branches.development, remote_of(plan.project)
    if plan.there.way is Way.PULL:
        return Sync(plan.project, plan.branches, plan.there, pull=plan.pull or _asked_for(plan))
    if plan.there.way is not Way.NOTHING:
        _push(plan, f"refs/heads/{branch}")
    if plan.here.way is not Way.NOTHING:
        clone_of(plan.project).move(branch, plan.here.to, plan.here.seen)
    if not remote.refs(f"refs/heads/{branch}") and branch:
        raise Unreachable(f"{remote.name} has no branch {branch} after all", remedy="run it again")
    return plan


def _push(plan: Sync, ref: str) -> None:
    """Set the branch on the remote; a reset only if it is still where it was seen."""
    there, remote = plan.there, remote_of(plan.project)
    try:
        with progress(f"pushing {plan.branches.development}"):
            remote.push(there.to, ref, lease=there.seen if there.way is Way.RESET else None)
    except Behind:
        raise
    except PushRejected as rejected:
        remedy = "inv release.sync --pull, where rules forbid it"
        raise PushRejected(rejected.found, expected=rejected.expected, remedy=remedy) from None
    if remote.refs(ref).get(ref) != there.to:
        raise Unreachable(f"{ref} is not at {there.to[:8]} after the push", remedy="git fetch, and look")


def _asked_for(plan: Sync) -> Pull:
    names, github = plan.branches, github_of(plan.project)
    try:
        return editing(github).create_pull(
            names.stable, names.development, title(names.stable, names.development),
            text(names.stable, names.development),
        )  # fmt: skip
    except OutcomeUnknown:
        made = _open(github, names)
        if made is None:
            raise
        return made


def left_here(plan: Sync) -> str:
    """Return what is left to do by hand here, nothing where that is nothing."""
    names, git = plan.branches, plan.project.git
    here = git.at(f"refs/heads/{names.development}") if names.development else None
    if plan.there.way is Way.PULL or here is None or not plan.there.to or git.contains(plan.there.to, here):
        return ""
    own: Sequence[str] = git.descends(plan.there.to, here) or ()
    onto = f"{remote_of(plan.project).name}/{names.development} {plan.there.seen[:8]} {names.development}"
    return (
        f"{names.development} here has {plural(len(own), 'commit')} of its own: git rebase --onto {onto}" if own else ""
    )
