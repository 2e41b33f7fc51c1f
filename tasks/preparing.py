"""A release put into one commit: version, lock, changelog (workflow phases 3, 4 and 7).

Every step looks first at what is there, so a run that was interrupted anywhere is carried to its end by the next one.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.version import Version

from .branches import Branches, branches_of, check_caught_up, clone_of, remote_of
from .bumping import set_version
from .checking import check_one, load_changelog
from .checklists import Unready, demand, go_through, unready
from .drafting import draft
from .errors import Refused, WrongValue
from .history import decision, observe, today, version_at
from .ownfiles import check_alone, commit_own
from .project import Project, find_project
from .publication import check_unpublished
from .report import note
from .rules.bumps import Wish, target
from .rules.changelog import is_final
from .rules.drafts import last_drafted
from .rules.preparation import place_of, redated, release_message
from .rules.text import plural
from .rules.versions import check_step, read_version
from .systems.files import read_text, write_text
from .systems.git import Git
from .systems.uv import lock_file, locked_version

AGAIN = "inv release.prepare"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a release's commit is to be: its version, its branch and where that begins, what else its message says.

    `start` is nothing when the branch is checked out already. `begun`: the version is committed here; `done`: all is.
    """

    project: Project
    version: Version
    branch: str
    start: str = ""
    reasons: tuple[str, ...] = ()
    begun: bool = False
    done: bool = False

    @property
    def steps(self) -> list[str]:
        """Return what is going to be done, for people."""
        if self.done:
            return []
        branch = [f"check {self.branch} out, at {self.start[:8]}"] if self.start else []
        rest = "set the version, lock, write and date the changelog's section, check it"
        return [*branch, f"{rest}, and commit that on {self.branch}"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A release that is committed: by which commit, on which branch; `changed` are the files of this very run."""

    version: Version
    branch: str
    commit: str
    changed: tuple[str, ...] = ()


def plan_release(project: Project, version: str = "") -> Plan:
    """Return the plan for a version, by default the one that the votes give; refuse what cannot be released."""
    branches = branches_of(project)
    wanted = _wanted(project, version)
    begun = version_at(project.git, "HEAD") == str(wanted)
    place = place_of(branches.current, branches.stable, branches.development, wanted, begun=begun)
    check_unpublished(project, wanted)
    check_alone(project)
    _check_current(project, branches)
    start = "" if place == branches.current else _start(project, place)
    return Plan(project, wanted, place, start, begun=begun, done=not start and is_prepared(project, wanted))


def _wanted(project: Project, version: str) -> Version:
    set_now = project.version
    if set_now.pre and not set_now.is_devrelease:
        raise Refused(f"the candidate {set_now} is set", expected="no candidate: one is promoted instead",
                      remedy="inv staging.promote")  # fmt: skip
    unreleased = observe(project)
    wish = Wish(to=str(read_version(version, "--version")) if version else "")
    wanted = target(wish, decision(project, unreleased), unreleased.base, project.version)
    if not is_final(str(wanted)):
        raise WrongValue(f"{wanted} is no final version", expected="X.Y.Z", remedy="inv staging.enter, for a candidate")
    check_step(project.version, wanted, unreleased.versions)
    return wanted


def _check_current(project: Project, branches: Branches) -> None:
    ref = f"refs/heads/{branches.current}"
    check_caught_up(project, branches.current, remote_of(project).refs(ref).get(ref))


def _start(project: Project, branch: str) -> str:
    """Return the commit at which a branch is to be checked out: where it is already, here or there, else HEAD."""
    git, ref = project.git, f"refs/heads/{branch}"
    head, there = git.resolve("HEAD"), remote_of(project).refs(ref).get(ref)
    known = git.at(ref)
    if there and not (known and git.contains(there, known)):
        known = there
    if known and git.at(f"{known}^{{commit}}"):
        _check_holds(git, branch, known)
    return known or head


def _check_holds(git: Git, branch: str, commit: str) -> None:
    """Refuse a branch from an earlier run that lacks what was done since."""
    if not git.contains("HEAD", commit):
        raise Refused(
            f"{branch} exists, without what {git.branch()} has since", expected="a branch with all that is released",
            remedy=f"git switch {branch} && git merge {shlex.quote(git.branch())}, then {AGAIN}",
        )  # fmt: skip


def is_prepared(project: Project, version: Version) -> bool:
    """Tell whether a version is all there at HEAD: set, locked, and its section dated today and without a finding."""
    lock = lock_file(project.root)
    section = load_changelog(project).section(str(version))
    return (
        project.version == version
        and not project.git.changes()
        and (lock is None or locked_version(lock, project.package) in {"", str(version)})
        and section is not None
        and section.date == today()
        and not check_one(project).findings
    )


def carry_out(plan: Plan, *, skip: Sequence[str] = (), offline: bool = False, validate: bool = True) -> Prepared:
    """Do what a plan says as far as it is not done yet, and return what is there then."""
    if plan.done:
        return _prepared(plan, ())
    _check_out(plan)
    set_version(find_project(str(plan.project.root)), str(plan.version))
    project = find_project(str(plan.project.root))
    write_section(project, plan.version)
    findings = check_one(project).findings
    if findings:
        raise unready(findings, remedy=f"edit {project.settings.changelog.path}, then run this again")
    if validate:
        demand(go_through(project, skip=(*skip, "clean"), offline=offline), remedy="put that right, then run it again")
    return _prepared(plan, commit_own(project, release_message(plan.version, plan.reasons, begun=plan.begun)))


def _check_out(plan: Plan) -> None:
    if not plan.start:
        return
    clone, git = clone_of(plan.project), plan.project.git
    if git.at(f"{plan.start}^{{commit}}") is None:
        remote_of(plan.project).fetch(plan.branch)
        _check_holds(git, plan.branch, plan.start)
    known = git.at(f"refs/heads/{plan.branch}")
    if known is None:
        clone.create(plan.branch, plan.start)
        return
    clone.switch(plan.branch)
    if known != plan.start:
        clone.move(plan.branch, plan.start, known)


def write_section(project: Project, version: Version) -> None:
    """Give the changelog a section of this version, drafted as far as no person wrote it, and dated today."""
    before = load_changelog(project).section(str(version))
    if before is None or last_drafted(before):
        drafted = draft(project, str(version))
        for remark in drafted.remarks:
            note(f"note: {remark}")
        if drafted.after != drafted.before:
            write_text(project.changelog_path, drafted.after)
            note(f"{project.settings.changelog.path}: {plural(drafted.added, 'new entry')} for {version}")
    section = load_changelog(project).section(str(version))
    if section is None:
        heading = project.house.heading(str(version), today())
        raise Unready(f"the changelog has nothing on {version}", expected=f"{heading!r} and what there is to say",
                      remedy=f"write it into {project.settings.changelog.path}, then run this again")  # fmt: skip
    if section.date != today():
        text = redated(read_text(project.changelog_path), section, project.house.heading(str(version), today()))
        write_text(project.changelog_path, text)


def _prepared(plan: Plan, changed: Sequence[str]) -> Prepared:
    """Look again, and return the release as it is committed."""
    git = Git(plan.project.root)
    if git.branch() != plan.branch or git.changes():
        raise Unready(f"{plan.branch} is not as it should be after the commit", expected="nothing uncommitted on it",
                      remedy="git status, then run this again")  # fmt: skip
    return Prepared(plan.version, plan.branch, git.resolve("HEAD"), tuple(changed))
