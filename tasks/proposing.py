"""The pull request of a release: opened once, kept up to date, waited for, and never merged by us."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from .branches import Branches, branches_of, check_caught_up, push_branch, remote_of
from .checking import load_changelog
from .checklists import Unready, demand, go_through
from .errors import Refused, Unreachable
from .evidence import facts_of, staging_evidence
from .gates import check_mergeable, watch
from .github import editing, github_of
from .history import observe, today
from .project import Project
from .publication import check_unpublished
from .report import progress
from .rules.changelog import is_final
from .rules.gate import Gate, Standing, told, verdict
from .rules.preparation import off_stable
from .rules.summary import placed, summarized, summary, title
from .systems.github import Github, Pull
from .systems.web import OutcomeUnknown

_MOST_PULLS = 30  # of one branch: what is older has nothing to do with this release


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be proposed: a commit of a branch into another, with a text; and the pull request that is there."""

    project: Project
    github: Github
    version: Version
    branch: str
    base: str
    commit: str
    body: str
    pull: Pull | None = None
    pushed: bool = False

    @property
    def title(self) -> str:
        """Return the title: a person's own stays."""
        ours = self.pull is None or self.pull.title.startswith(title(""))
        return title(str(self.version)) if self.pull is None or ours else self.pull.title

    @property
    def deed(self) -> str:
        """Return what is to be done about the pull request."""
        if self.pull is None:
            return "open"
        same = self.pull.body.replace("\r\n", "\n") == self.body and self.pull.title == self.title
        return "leave" if same or self.pull.merged else "update"

    @property
    def steps(self) -> list[str]:
        """Return what is going to be done, for people."""
        push = [] if self.pushed else [f"push {self.branch} at {self.commit[:8]}"]
        words = {"open": f"open a pull request into {self.base}: {self.title}",
                 "update": f"update pull request #{self.pull.number if self.pull else ''}"}  # fmt: skip
        return [*push, *([words[self.deed]] if self.deed in words else [])]


def plan_proposal(project: Project, *, skip: Sequence[str] = (), offline: bool = False) -> Proposal:
    """Return the proposal for the version that is set on the branch we stand on; refuse what must not be released."""
    branches, version = branches_of(project), project.version
    off_stable(branches.current, branches.stable, branches.development, "a release that is proposed")
    github, commit = github_of(project), project.git.resolve("HEAD")
    ref = f"refs/heads/{branches.current}"
    bare = Proposal(project, github, version, branches.current, branches.stable, commit, "")
    merged = _merged(github, bare)
    if merged is not None:
        return replace(bare, pull=merged, body=merged.body, pushed=True)
    check_dated(project, version)
    check_unpublished(project, version)
    there = remote_of(project).refs(ref, f"refs/heads/{branches.stable}")
    check_caught_up(project, branches.current, there.get(ref))
    _check_ahead(project, branches, there.get(f"refs/heads/{branches.stable}"))
    block = _block(project, skip, offline=offline)
    pull = _open(github, bare)
    body = placed(pull.body if pull else "", block)
    return replace(bare, pull=pull, body=body, pushed=there.get(ref) == commit)


def _merged(github: Github, bare: Proposal) -> Pull | None:
    """Return the pull request of this release that was merged already."""
    pulls = github.pulls(head=bare.branch, base=bare.base, state="closed", most=_MOST_PULLS)
    ours = (pull for pull in pulls if pull.merged and summarized(pull.body) == str(bare.version))
    return next((pull for pull in ours if pull.head_commit == bare.commit), None)


def _open(github: Github, bare: Proposal) -> Pull | None:
    """Return the pull request that is open; there is one at the most for two branches."""
    return next(github.pulls(head=bare.branch, base=bare.base, most=1), None)


def check_dated(project: Project, version: Version) -> None:
    """Refuse what is not prepared: no final version, something uncommitted, no section or one of another day."""
    if not is_final(str(version)):
        raise Refused(f"{version} is set, which is no final version", expected="X.Y.Z",
                      remedy="inv staging.promote" if version.pre else "inv release.prepare")  # fmt: skip
    changes = project.git.changes()
    if changes:
        raise Refused(f"not committed: {changes[0][3:]}" + (f" and {len(changes) - 1} more" if changes[1:] else ""),
                      expected="a clean work tree", remedy="commit it, or git stash --include-untracked")  # fmt: skip
    section = load_changelog(project).section(str(version))
    if section is None or section.date != today():
        what = f"is dated {section.date or 'nowhere'}" if section else "has no section"
        raise Refused(
            f"{version} {what} in {project.settings.changelog.path}", expected=f"a section of today, {today()} (UTC)",
            remedy="inv release.prepare, which dates it anew",
        )  # fmt: skip


def _check_ahead(project: Project, branches: Branches, stable: str | None) -> None:
    if stable is None:
        raise Refused(f"the remote has no branch {branches.stable}", expected="the branch that is released",
                      remedy="check stable-branch in the settings")  # fmt: skip
    if project.git.at(f"{stable}^{{commit}}") and project.git.contains("HEAD", stable):
        raise Refused(f"{branches.stable} has all that {branches.current} has", expected="something to merge",
                      remedy="inv release.verify, if it was merged already")  # fmt: skip


def _block(project: Project, skip: Sequence[str], *, offline: bool) -> str:
    """Return the summary, once the checklist lets the release pass."""
    done = go_through(project, skip=skip, offline=offline)
    demand(done, remedy="put that right, commit it, then run it again")
    unreleased = observe(project)
    return summary(facts_of(project, unreleased, done, staging_evidence(project, unreleased), offline=offline))


def carry_out(proposal: Proposal) -> Pull:
    """Push the branch and open or update its pull request, as far as that is not done, and return it as it is then."""
    if proposal.pull and proposal.pull.merged:
        return proposal.pull
    with progress(f"pushing {proposal.branch}"):
        push_branch(proposal.project, proposal.branch, proposal.commit)
    pull = _asked_for(proposal) if proposal.deed != "leave" else proposal.pull
    now = proposal.github.pull(pull.number) if pull else None
    if now is None or now.state != "open":
        raise Unreachable("the pull request is not open after all", expected="an open one", remedy="run it again")
    return now


def _asked_for(proposal: Proposal) -> Pull:
    editor = editing(proposal.github)
    if proposal.pull is not None:
        return editor.update_pull(proposal.pull.number, title=proposal.title, body=proposal.body)
    try:
        return editor.create_pull(proposal.branch, proposal.base, proposal.title, proposal.body)
    except OutcomeUnknown:
        made = _open(proposal.github, proposal)
        if made is None:
            raise
        return made


def wait_for_checks(proposal: Proposal, pull: Pull, seconds: float) -> list[Gate]:
    """Return the checks once they let the pull request be merged; refuse one that fails or does not end in time."""
    check_mergeable(proposal.github, pull.number, f"{remote_of(proposal.project).name}/{proposal.base}")
    found = watch(proposal.project, proposal.github, proposal.base, proposal.commit).wait(seconds)
    standing = verdict(found)
    if standing is Standing.FAILED:
        failed = [gate for gate in found if gate.standing is Standing.FAILED]
        named = ", ".join(f"{gate.name}: {gate.said}" for gate in failed)
        raise Unready(
            f"#{pull.number} cannot be merged: {named}", expected="checks that pass",
            remedy=f"look at {failed[0].url or pull.url}, put it right, then run it again",
        )  # fmt: skip
    if standing is not Standing.PASSED:
        raise Unreachable(
            f"#{pull.number}: after {seconds:.0f} s {told(found)}", expected="checks that have passed",
            remedy=f"look at {pull.url}, then run it again",
        )  # fmt: skip
    return found


def hand_off(project: Project, pull: Pull) -> str:
    """Return the line that hands the release over to whoever merges it."""
    approver = project.settings.approver
    return f"merge PR #{pull.number} when ready" + (f" (approver: {approver})" if approver else "")
