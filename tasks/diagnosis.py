"""Diagnosis: why a stage of a release or a run of a workflow failed, read from its jobs and their logs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from .errors import Unreachable, WrongValue
from .pipeline import Pipeline, pipeline, work_of
from .project import Project
from .rules.explanations import GOOD, Explanation, explain, explained, skipped
from .rules.failures import AGAIN_BY_HAND, BY_HAND, BY_KEY, Stop
from .rules.logs import shown
from .rules.stage import Stage, State
from .rules.stages import AUTO_TAG, RELEASE_WORKFLOW
from .systems.github import Job, Run
from .systems.web import Web

_LOGS = 3  # of one run that are read to explain it
_WORST_FIRST = {"failure": 0, "timed_out": 1}
_UPLOADS = ("publish", "pypi", "upload")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A run and what is to be said of it."""

    run: Run
    explanations: tuple[Explanation, ...] = ()

    @property
    def ended(self) -> str:
        """Return how the run stands, in GitHub's words."""
        again = f" (attempt {self.run.attempt})" if self.run.attempt > 1 else ""
        return f"{self.run.conclusion or self.run.status.replace('_', ' ')}{again}"


def reasons(way: Pipeline, stage: Stage) -> list[Explanation]:
    """Return why a stage failed, or what holds it up."""
    workflows = way.project.settings.github.workflows
    names = _names(way, stage.run, workflows.tag if stage.name in {AUTO_TAG, "tag"} else workflows.release)
    known = explained(BY_KEY[stage.stop or Stop.UNKNOWN], names, stage.name, stage.url)
    by_log = stage.state is State.FAILED and stage.run and stage.name in {AUTO_TAG, RELEASE_WORKFLOW}
    return (_of_jobs(way, stage.run, names) if by_log else []) or [known]


def diagnosed(project: Project, run: int, web: Web | None = None) -> Diagnosis:
    """Return why a run failed; of one that went well, the uploads that were skipped."""
    way = pipeline(project, project.version, web)
    found = way.github.run(run)
    if found is None:
        raise WrongValue(
            f"--run {run}: {way.github.repository} has no such run",
            expected="the number in a run's address",
            remedy=f"gh run list --repo {way.github.repository}",
        )
    way.version = _version(found, way)
    names = _names(way, run, found.workflow)
    if found.status != "completed" or found.conclusion in GOOD:
        return Diagnosis(found, tuple(_left_out(way, run, names)))
    known = BY_KEY[Stop.STARTUP if found.conclusion == "startup_failure" else Stop.UNKNOWN]
    whole = [explained(known, names, shown(found.workflow), found.url)]
    return Diagnosis(found, tuple(_of_jobs(way, run, names) or whole))


def _version(run: Run, way: Pipeline) -> Version:
    """Return the version that a run is about: that of its tag, else the project's."""
    try:
        return Version(run.head_branch.removeprefix(way.project.settings.tag_prefix))
    except InvalidVersion:
        return way.version


def _of_jobs(way: Pipeline, run: int, names: Mapping[str, str]) -> list[Explanation]:
    """Return why a run's jobs failed, each reason once, as several often have the same; the worst first."""
    failed = [job for job in way.github.jobs(run) if work_of(job).failed]
    failed.sort(key=lambda job: _WORST_FIRST.get(job.conclusion, 2))
    found: dict[str, Explanation] = {}
    for job in failed[:_LOGS]:
        reason = explain(work_of(job), _log(way, job), names)
        found.setdefault(reason.key, reason)
    return list(found.values())


def _left_out(way: Pipeline, run: int, names: Mapping[str, str]) -> Iterator[Explanation]:
    """Yield the uploads that a run left out without failing."""
    for job in way.github.jobs(run):
        said = " ".join([job.name, *(step.name for step in job.steps)]).lower()
        found = skipped(_log(way, job) or "") if any(word in said for word in _UPLOADS) else ()
        if found:
            yield explained(BY_KEY["skipped"], names, shown(job.name), job.url, found)


def _log(way: Pipeline, job: Job) -> str | None:
    """Return a job's log; None when it has none, or none that we may read."""
    try:
        return way.github.log(job.id)
    except Unreachable:
        return None


def _names(way: Pipeline, run: int, workflow: str) -> dict[str, str]:
    """Return what the fixes of the failures name; what the release workflow is about has its tag already."""
    settings, repository = way.project.settings, way.github.repository
    by_hand = AGAIN_BY_HAND if workflow == settings.github.workflows.release else BY_HAND
    return {
        "version": str(way.version), "tag": way.tag, "run": str(run), "repository": repository,
        "branch": settings.stable_branch or "the stable branch", "workflow": workflow,
        "tagging": settings.github.workflows.tag, "package": way.project.package, "manage": settings.index.manage,
        "by_hand": by_hand.format(version=way.version), "web": f"{settings.github.web.rstrip('/')}/{repository}",
    }  # fmt: skip
