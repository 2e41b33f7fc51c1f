"""What other people and machines do on GitHub, for tests and rehearsals to play."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .hub import Hub
from .issues import set_state
from .merges import heed, merged
from .objects import Asset, Issue, Milestone, Pull, Reason, Release, Status
from .progress import Artifact, Job, Pace, Run, Step
from .releases import released
from .runs import advance, workflow_file


class Plays:
    """The methods that play; numbers are given back so that a test can name what it made."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.base: str | None = None  # the server's address, where the Host header does not tell it (TLS, a proxy)
        hub.listeners.append(lambda push: heed(hub, push))

    def open_issue(
        self,
        title: str,
        body: str | None = None,
        *,
        labels: Sequence[str] = (),
        milestone: str | None = None,
        user: str = "reporter",
        number: int | None = None,
    ) -> int:
        """Open an issue and return its number."""
        now, hub = self.hub.clock(), self.hub
        issue = Issue(hub.id(), number or hub.number(), title, user, now, now, body)
        issue.labels = [hub.label(name).name for name in labels]
        issue.milestone = self.add_milestone(milestone) if milestone else None
        hub.issues[issue.number] = issue
        return issue.number

    def close_issue(self, number: int, reason: Reason = "completed", by: str = "maintainer") -> None:
        """Close an issue, or a pull request without merging it."""
        set_state(self.hub, self.hub.issues[number], "closed", reason, by)

    def reopen_issue(self, number: int, by: str = "maintainer") -> None:
        """Open an issue again."""
        set_state(self.hub, self.hub.issues[number], "open", None, by)

    def add_milestone(self, title: str, state: str = "open", due: float | None = None) -> int:
        """Make a milestone, unless it is there, and return its number."""
        for known in self.hub.milestones.values():
            if known.title == title:
                return known.number
        number = len(self.hub.milestones) + 1
        self.hub.milestones[number] = Milestone(self.hub.id(), number, title, self.hub.clock(), state, due)
        return number

    def add_pull(
        self,
        title: str,
        body: str | None = None,
        *,
        base: str | None = None,
        head: str = "topic",
        commits: Sequence[str] | None = None,
        merge_commit: str | None = None,
        closes: Sequence[int] | None = None,
        labels: Sequence[str] = (),
        user: str = "developer",
        number: int | None = None,
    ) -> int:
        """Add a pull request and return its number.

        With `merge_commit` it was merged before the play began, as that commit, and brought `commits` (none are
        needed for a squash). `closes` are issues that it closes whatever its body says.
        """
        hub, now = self.hub, self.hub.clock()
        pull = Pull(
            hub.id(), number or hub.number(), title, user, now, now, body, base=base or hub.bare.default, head=head
        )
        pull.labels = [hub.label(name).name for name in labels]
        pull.closes = None if closes is None else tuple(closes)
        pull.commits = None if commits is None else tuple(commits)
        pull.base_sha, pull.head_sha = hub.branch(pull.base) or "", hub.branch(head) or ""
        if merge_commit is not None:
            pull.commits = tuple(commits or ())
            pull.head_sha = pull.commits[-1] if pull.commits else merge_commit
            pull.state, pull.closed, pull.closed_by = "closed", now, user
            pull.merged, pull.merged_by, pull.merge_sha = now, user, merge_commit
            hub.issues[pull.number] = pull
        else:
            hub.open(pull)
        return pull.number

    def merge(
        self,
        number: int,
        method: str = "squash",
        by: str = "approver",
        title: str | None = None,
        body: str | None = None,
    ) -> str:
        """Merge a pull request as the approver does, and return the commit that the base is at then."""
        pull = self.hub.issues[number]
        if not isinstance(pull, Pull):
            raise TypeError(f"#{number} is an issue")
        self.hub.notice()
        sha = merged(self.hub, pull, method, by, title, body)
        advance(self.hub)
        return sha

    def set_rules(self, branch: str, rules: Sequence[Mapping[str, Any]]) -> None:
        """Set the rules of a branch: `{"type": "pull_request", "parameters": {…}}`."""
        self.hub.rules[branch] = [dict(rule) for rule in rules]

    def require_checks(self, branch: str, *names: str) -> None:
        """Let a branch demand these checks, by a rule."""
        demanded = {"strict_required_status_checks_policy": False}
        checks = {"required_status_checks": [{"context": name} for name in names]}
        rule = {"type": "required_status_checks", "parameters": {**demanded, **checks}}
        self.hub.rules.setdefault(branch, []).append(rule)

    def protect(self, branch: str, protection: Mapping[str, Any] | None) -> None:
        """Set the classic protection of a branch, or take it away."""
        self.hub.protection.pop(branch, None)
        if protection is not None:
            self.hub.protection[branch] = dict(protection)

    def add_status(self, sha: str, context: str, state: str = "success") -> None:
        """Set a commit status, as other services than Actions do."""
        status = Status(self.hub.id(), context, state, self.hub.clock())
        self.hub.statuses.setdefault(sha, []).append(status)

    def add_release(self, tag: str, assets: Mapping[str, bytes] | None = None, **sent: Any) -> Release:
        """Publish a release with its assets; other members as the API takes them (draft, prerelease, body …)."""
        release = released(self.hub, tag, sent, "github-actions[bot]")
        for name, content in (assets or {}).items():
            release.assets.append(self.asset(name, content))
        return release

    def asset(self, name: str, content: bytes, media: str = "application/octet-stream") -> Asset:
        """Return an asset, to be put into a release's list."""
        return Asset(self.hub.id(), name, content, media, self.hub.clock())

    def add_run(
        self,
        workflow: str,
        head_sha: str,
        *,
        event: str = "push",
        branch: str | None = None,
        status: str | None = None,
        conclusion: str = "success",
        jobs: Sequence[Job] = (),
        artifacts: Mapping[str, bytes] | None = None,
        pace: Pace | None = None,
        effect: Callable[[Run], None] | None = None,
    ) -> Run:
        """Let a workflow's file run for a commit; it stays at `status` if one is given, else goes on by its pace."""
        hub = self.hub
        number = 1 + sum(run.workflow == workflow for run in hub.runs.values())
        run = Run(
            hub.id(),
            number,
            workflow,
            head_sha,
            branch or hub.bare.default,
            event,
            hub.clock(),
            conclusion,
            effect=effect,
        )
        workflow_file(hub, workflow)
        run.pace, run.held = pace or Pace(), status
        run.jobs = list(jobs) or [self.job("build", conclusion=conclusion)]
        run.artifacts = [Artifact(hub.id(), name, file, hub.clock()) for name, file in (artifacts or {}).items()]
        hub.runs[run.id] = run
        advance(hub)
        return run

    def job(self, name: str, *steps: Step | str, log: str = "", conclusion: str = "success") -> Job:
        """Return a job for a run."""
        known = [step if isinstance(step, Step) else Step(step) for step in steps]
        return Job(self.hub.id(), name, known, log, conclusion)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as the zip of an artifact, the same bytes for the same files."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return whole.getvalue()
