"""Waiting for what must be so before a pull request may be merged: the checks on its commit, and no conflict."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .checklists import Unready
from .errors import WrongValue
from .project import Project
from .report import note, waiting_for
from .rules.gate import Gate, Judged, Standing, gates, told, verdict
from .rules.triggers import on_branch
from .systems.definitions import read_workflow
from .systems.github import Github, Job, Missing, Run

PAUSE_SECONDS = 10.0
_LOOKS = 5  # GitHub works out whether a pull request can be merged only when it is asked


@dataclass
class Watch:
    """The checks of one commit; what has ended is not asked again."""

    github: Github
    commit: str
    required: Sequence[str]
    awaited: str = ""
    _jobs: dict[tuple[int, int], list[Job]] = field(default_factory=dict)

    def look(self) -> list[Gate]:
        """Return how the checks stand now."""
        runs = newest(list(self.github.runs(head_sha=self.commit)))
        jobs = [job for run in runs for job in self._jobs_of(run)] if self.required else []
        jobs += [Judged(name, state) for name, state in self.github.statuses(self.commit).items()]
        begun = any(run.workflow == self.awaited for run in runs)
        return gates(self.required, jobs, [_ended(run.name, run.status, run.conclusion, run.url) for run in runs],
                     awaited="" if begun else self.awaited)  # fmt: skip

    def _jobs_of(self, run: Run) -> list[Judged]:
        """Return a run's jobs; one that ended badly before it had any stands for all of them."""
        key = (run.id, run.attempt)
        jobs = self._jobs.get(key) or self.github.jobs(run.id)
        if run.status == "completed":
            self._jobs[key] = jobs
            whole = _ended(run.name, run.status, run.conclusion, run.url)
            if not jobs and whole.standing is Standing.FAILED:
                return [replace(whole, name=name) for name in self.required]
        return [_ended(job.name, job.status, job.conclusion, job.url) for job in jobs]

    def wait(self, seconds: float) -> list[Gate]:
        """Return how the checks stand once all have ended, one has failed, or the time is up; tell what changes."""
        until, said = time.monotonic() + seconds, ""
        with waiting_for(lambda: said or "waiting for the checks") as update:
            while True:
                found = self.look()
                if told(found) != said:
                    said = told(found)
                    note(said)
                    update()
                if verdict(found) is not Standing.PENDING or time.monotonic() + PAUSE_SECONDS > until:
                    return found
                time.sleep(PAUSE_SECONDS)


def watch(project: Project, github: Github, branch: str, commit: str) -> Watch:
    """Return the checks that a commit needs to be merged into a branch: by the settings, else by its rules."""
    required = project.settings.github.required_checks or _required(github, branch)
    return Watch(github, commit, tuple(required), _awaited(project, branch, commit))


def _awaited(project: Project, base: str, commit: str) -> str:
    """Return the checking workflow's name where it is going to run: others may have ended before it even begins."""
    workflow = project.settings.github.workflows.ci
    content = project.git.contents([f"{commit}:.github/workflows/{workflow}"])[0]
    if content is None:
        return ""
    try:
        file = read_workflow(content, workflow)
    except WrongValue:  # GitHub says what is wrong with it by a run that failed
        return workflow
    changed = f"{project.git.prefix}pyproject.toml"
    pulled = on_branch(file, base, event="pull_request", path=changed)
    return "" if pulled and on_branch(file, project.git.branch(), path=changed) else workflow


def _required(github: Github, branch: str) -> list[str]:
    """Return the checks that a branch's rulesets and its classic protection demand."""
    try:
        demanded = [name for rule in github.rules(branch) for name in rule.checks]
    except Missing:  # a GitHub without rulesets
        demanded = []
    known = github.branch(branch)
    return list(dict.fromkeys([*demanded, *(known.checks if known else ())]))


def newest(runs: Sequence[Run]) -> list[Run]:
    """Return the newest run of each workflow and event."""
    found: dict[tuple[str, str], Run] = {}
    for run in sorted(runs, key=lambda run: run.id, reverse=True):
        found.setdefault((run.path, run.event), run)
    return list(found.values())


def _ended(name: str, status: str, conclusion: str, url: str) -> Judged:
    return Judged(name, (conclusion or "failure") if status == "completed" else "", url)


def check_mergeable(github: Github, number: int, base: str) -> None:
    """Refuse a draft, and a pull request that conflicts with its base: its checks would not even begin."""
    for _ in range(_LOOKS):
        now = github.pull(number)
        if now is not None and now.draft:
            raise Unready(
                f"#{number} is a draft", expected="a pull request that is ready for review",
                remedy=f"gh pr ready {number} --repo {github.repository}, then run it again",
            )  # fmt: skip
        if now is None or now.mergeable:
            return
        if now.mergeable is False:
            raise Unready(
                f"#{number} conflicts with {now.base}", expected="a merge without conflicts",
                remedy=f"git merge {base}, then run it again",
            )  # fmt: skip
        github.web.rest(1.0, github.api, "GitHub works out whether it can be merged")
