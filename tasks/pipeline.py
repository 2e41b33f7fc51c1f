"""The pipeline: what GitHub and the index show of a release after its merge; nothing is kept, so any look is enough."""

import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from packaging.version import InvalidVersion, Version

from .errors import WrongValue
from .github import github_of
from .project import Project
from .rules.explanations import Work
from .rules.sightings import RELEASE, TAG, Ran, Seen, Shown
from .rules.versions import final_of, is_candidate, read_version
from .systems.github import Github, Job, Missing, Run
from .systems.index import Index, NotOnIndex
from .systems.web import Web

_RUNS = 5  # the newest of a workflow that are looked through


@dataclass
class Pipeline:
    """The way of one version of a project; `deadline`, a moment of the web's clock, ends every question."""

    project: Project
    version: Version
    github: Github
    index: Index
    deadline: float | None = None
    _branch: str = ""
    _versions: dict[str, str] = field(default_factory=dict)  # by commit, which never changes
    _settled: Run | None = None  # a tagging run that ended well, and its tag

    @property
    def tag(self) -> str:
        """Return the name of the version's tag."""
        return f"{self.project.settings.tag_prefix}{self.version}"

    def branch(self) -> str:
        """Return the name of the stable branch."""
        self._branch = self._branch or self.project.settings.stable_branch or self.github.facts().default_branch
        return self._branch

    def until(self, deadline: float) -> None:
        """Ask nothing any more after a moment of the web's clock."""
        self.deadline, self.github = deadline, self.github.within(deadline)

    def unhurried(self) -> None:
        """Ask on without regard to a deadline: what failed is to be explained also when the time is up."""
        self.deadline, self.github = None, self.github.within(None)

    def look(self, began: datetime | None = None) -> Seen:
        """Return what there is of the release now, asking only what is not settled."""
        workflows = self.project.settings.github.workflows
        tag, branch = self.github.tag(self.tag), self.branch()
        head = "" if tag else self._head(branch)
        tagging = self._tagging(branch, tag.commit if tag else "")
        releasing = self._run(workflows.release, tag.commit, self.tag) if tag else None
        page = self.github.release(self.tag) if tag else None
        merged = bool(head) and self._set_at(head) == str(self.version)
        due = ((TAG, workflows.tag, tagging, merged), (RELEASE, workflows.release, releasing, tag is not None))
        return Seen(
            version=str(self.version), tag=self.tag, branch=branch, now=self.now(), began=began, head=head,
            set=self._set_at(head) if head else "", tagging=self._ran(tagging, jobs=False),
            tagged=tag.commit if tag else "", tagged_at=tag.date if tag else None,
            releasing=self._ran(releasing, jobs=True), files=self._files(), kinds=self.project.kinds,
            shown=Shown(page.draft, page.url, page.published, tuple((one.name, one.state) for one in page.assets))
            if page else None,
            switched_off=tuple(name for name, file, run, now in due if now and run is None and self._is_off(file)),
        )  # fmt: skip

    def _head(self, branch: str) -> str:
        """Return where the stable branch is; where nothing is to be seen, waiting for something would be in vain."""
        head = self.github.branch_head(branch)
        if head is None:
            self.github.facts()  # tells whether the repository is there, and the token may see it
            raise WrongValue(
                f"{self.github.repository} has no branch {branch}", expected="the branch that is released",
                remedy="check stable-branch in the settings",
            )  # fmt: skip
        return head

    def now(self) -> datetime:
        """Return the time by the clock that all waiting goes by."""
        return datetime.fromtimestamp(self.github.web.clock.time(), UTC)

    def _tagging(self, branch: str, tagged: str) -> Run | None:
        """Return the newest run of the tagging workflow for a commit that sets this version."""
        if tagged and self._settled and self._settled.head_sha == tagged:
            return self._settled
        workflow = self.project.settings.github.workflows.tag
        which = {"head_sha": tagged} if tagged else {"branch": branch}
        run = next(self._runs(workflow, **which), None)
        if run is None or (not tagged and self._set_at(run.head_sha) != str(self.version)):
            return None
        self._settled = run if tagged and run.conclusion == "success" else None
        return run

    def _run(self, workflow: str, commit: str, tag: str) -> Run | None:
        """Return the newest run of a workflow for a tag."""
        return next((run for run in self._runs(workflow, head_sha=commit) if run.head_branch == tag), None)

    def _runs(self, workflow: str, **which: str) -> Iterator[Run]:
        """Return runs, the newest first; none where the workflow never ran."""
        with suppress(Missing):
            yield from self.github.runs(workflow=workflow, most=_RUNS, **which)

    def _set_at(self, commit: str) -> str:
        """Return the version that pyproject.toml sets at a commit; nothing when it sets none."""
        if commit not in self._versions:
            content = self.github.content(f"{self.project.git.prefix}pyproject.toml", commit) or b""
            self._versions[commit] = version_in(content)
        return self._versions[commit]

    def _is_off(self, workflow: str) -> bool:
        found = self.github.workflow(workflow)
        return found is not None and found.state.startswith("disabled")

    def _files(self) -> tuple[str, ...]:
        try:
            files = self.index.files(self.project.package, deadline=self.deadline)
        except NotOnIndex:
            return ()
        return tuple(file.filename for file in files if file.version == self.version)

    def _ran(self, run: Run | None, *, jobs: bool) -> Ran | None:
        """Return a run in the rules' words, with its jobs while it is under way."""
        if run is None:
            return None
        asked = jobs and run.status not in {"completed", "queued"}
        works = tuple(work_of(job) for job in self.github.jobs(run.id)) if asked else ()
        return Ran(run.id, run.status, run.conclusion, run.url, run.attempt, run.created, run.updated, works)


def pipeline(project: Project, version: Version, web: Web | None = None) -> Pipeline:
    """Return the pipeline of a project's version, with one client for all services."""
    github = github_of(project, web)
    index = project.settings.index
    return Pipeline(project, version, github, Index(index.simple, index.json, github.web))


def released_version(project: Project, given: str = "") -> Version:
    """Return the final version that is meant: the given one, else the project's."""
    version = read_version(given, "--version") if given else project.version
    if is_candidate(version):
        raise WrongValue(
            f"{version} is a candidate: it is never tagged and never released",
            expected=f"a final version such as {final_of(version)}",
            remedy=f"inv staging.wait --version {version}",
        )
    return version


def work_of(job: Job) -> Work:
    """Return a job in the rules' words."""
    steps = tuple((step.name, step.status, step.conclusion) for step in job.steps)
    return Work(job.name, job.status, job.conclusion, steps, job.url)


def version_in(content: bytes) -> str:
    """Return the version that a pyproject.toml sets, as it is written in files' names; nothing when it sets none."""
    try:
        found = tomllib.loads(content.decode("utf-8-sig", "replace")).get("project", {}).get("version", "")
        return str(Version(found))
    except (tomllib.TOMLDecodeError, InvalidVersion, AttributeError, TypeError):
        return ""
