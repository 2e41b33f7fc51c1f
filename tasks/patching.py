"""The patch of a bad release begun: its issue, its branch, its version. Each is looked for before it is made."""

from dataclasses import dataclass, replace
from datetime import timedelta

from packaging.version import Version

from .branches import branches_of, clone_of, remote_of
from .bumping import set_version
from .errors import Refused, Unreachable
from .github import editing, github_of
from .history import version_at
from .ownfiles import check_alone, commit_own
from .project import Project, find_project
from .publication import check_unpublished
from .report import waiting_for
from .rules.patches import branch_of, is_about, issue_body, issue_title, message_of, patch_of
from .rules.versions import read_version
from .rules.yanks import Aim
from .systems.github import Issue
from .systems.web import OutcomeUnknown
from .yanking import Seen, Shelf

_LABEL = "bug"
_MARGIN = timedelta(days=1)  # the clocks of the index and of GitHub may differ
_MOST_ISSUES = 500


@dataclass(frozen=True)
class Plan:
    """A patch: what it mends and why, where it begins, and what of it is there: its issue, its branch, its version."""

    project: Project
    broken: Version
    reason: str
    yanked: bool
    start: str
    origin: str
    issue: Issue | None = None
    head: str = ""
    begun: bool = False

    @property
    def version(self) -> Version:
        """Return the patch's version."""
        return patch_of(self.broken)

    @property
    def branch(self) -> str:
        """Return the topic branch."""
        return branch_of(self.version)

    @property
    def steps(self) -> list[str]:
        """Return what is to be done, in order; nothing when all is."""
        settings, title = self.project.settings, issue_title(self.project.package, self.broken, self.reason)
        issue = [f"open an issue: {title}"] if settings.issues and self.issue is None else []
        begin = [f"make {self.branch} from {self.origin}"] if not self.head else []
        return [*issue, *begin, *([] if self.begun else [f"check it out and set {self.version} on it"])]


@waiting_for(lambda: "asking the index, GitHub and the remote")
def plan(project: Project, version: str = "", reason: str = "") -> Plan:
    """Return what is left to do to begin the patch of a version, by default of the newest final one on the index."""
    seen = Shelf.of(project).look()
    standing = seen.standing(read_version(version, "--version") if version else seen.newest())
    broken, patch = standing.version, patch_of(standing.version)
    check_unpublished(project, patch)
    start, origin = _start(project, broken)
    issue = _issue(project, seen, broken) if project.settings.issues else None
    yanked, why = standing.reached(Aim.YANK), reason or standing.reason
    bare = Plan(project, broken, why, yanked, start, origin, issue)
    head = _head(project, bare.branch)
    return replace(bare, head=head, begun=bool(head) and version_at(project.git, head) == str(patch))


def _start(project: Project, broken: Version) -> tuple[str, str]:
    """Return where the patch begins: the stable branch while it is at the broken version, else that one's tag."""
    git, remote, stable = project.git, remote_of(project), branches_of(project).stable
    remote.fetch(stable)
    head, tag = git.resolve(f"refs/remotes/{remote.name}/{stable}"), f"{project.settings.tag_prefix}{broken}"
    if version_at(git, head) == str(broken):
        return head, f"{remote.name}/{stable}"
    tagged = git.at(f"refs/tags/{tag}^{{commit}}")
    if tagged is None:
        raise Refused(
            f"{stable} is not at {broken}, and there is no tag {tag}", expected="the commit that was released",
            remedy=f"git fetch {remote.name} tag {tag}",
        )  # fmt: skip
    return tagged, f"{tag}, as {stable} is at another version: it needs a branch of its own to be merged into"


def _issue(project: Project, seen: Seen, broken: Version) -> Issue | None:
    """Return the issue that was opened for a version, whoever closed it since; not everybody may set its label."""
    uploads = [file.uploaded for file in seen.files if file.version == broken and file.uploaded]
    since = min(uploads) - _MARGIN if uploads else None
    found = github_of(project).issues(state="all", labels=[_LABEL], since=since, most=_MOST_ISSUES)
    return next((issue for issue in found if not issue.pull_request and is_about(issue.body, broken)), None)


def _head(project: Project, branch: str) -> str:
    """Return where the branch is: here, else on the remote and brought here; nothing where it is not."""
    git, remote, ref = project.git, remote_of(project), f"refs/heads/{branch}"
    ours, theirs = git.at(ref), remote.refs(ref).get(ref)
    if theirs and not ours:
        remote.fetch(branch)
    return ours or theirs or ""


def check_ready(planned: Plan) -> None:
    """Refuse to go to the patch's branch with work that is not committed."""
    git = planned.project.git
    if git.branch() == planned.branch:
        check_alone(planned.project)
    elif git.changes():
        raise Refused(
            f"not committed: {git.changes()[0][3:]}", expected=f"a clean work tree, to check {planned.branch} out",
            remedy="commit it, or git stash --include-untracked",
        )  # fmt: skip


def carry_out(planned: Plan) -> Plan:
    """Do what is left of a plan, and return how it stands then."""
    project = planned.project
    if not planned.begun:
        check_ready(planned)
    issue = planned.issue or (_opened(planned) if project.settings.issues else None)
    if not planned.begun:
        _check_out(planned)
        set_version(find_project(str(project.root)), str(planned.version))
        message = message_of(planned.version, planned.broken, issue.number if issue else None)
        commit_own(find_project(str(project.root)), message)
    head = _head(project, planned.branch)
    now = replace(planned, issue=issue, head=head, begun=version_at(project.git, head) == str(planned.version))
    if now.steps:
        raise Unreachable(f"left undone: {'; '.join(now.steps)}", expected="nothing", remedy="run it again")
    return now


def _opened(planned: Plan) -> Issue:
    """Open the issue; when the answer is lost, the next run finds it."""
    project, editor = planned.project, editing(github_of(planned.project))
    editor.ensure_label(_LABEL, color="d73a4a", description="Something isn't working")
    title = issue_title(project.package, planned.broken, planned.reason)
    body = issue_body(project.package, planned.broken, planned.reason, yanked=planned.yanked)
    try:
        return editor.create_issue(title, body, [_LABEL])
    except OutcomeUnknown:
        found = _issue(project, Shelf.of(project).look(), planned.broken)
        if found is None:
            raise
        return found


def _check_out(planned: Plan) -> None:
    clone, git = clone_of(planned.project), planned.project.git
    if git.at(f"refs/heads/{planned.branch}") is None:
        clone.create(planned.branch, planned.head or planned.start)
    elif git.branch() != planned.branch:
        clone.switch(planned.branch)
