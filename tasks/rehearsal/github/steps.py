"""What a workflow does, step by step, up to the first that fails."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .progress import Job, Run, Step

Files = Mapping[str, bytes]


class StepFailed(Exception):
    """A step of a workflow fails, with this at the end of its job's log; `publish` may raise it."""


@dataclass
class Failure:
    """A step that fails, `times` times (for ever: -1)."""

    workflow: str
    step: str
    log: str
    times: int = 1


@dataclass
class Work:
    """What the steps of one run share."""

    sha: str
    ref: str
    version: str
    files: Files = field(default_factory=dict)
    log: list[str] = field(default_factory=list)


Doing = Callable[[Work], None]
Plan = Sequence[tuple[str, Sequence[tuple[str, Doing | None]]]]  # jobs, each with its steps


def carry_out(run: Run, plan: Plan, work: Work, failures: Iterable[Failure]) -> None:
    """Do a run's steps in their order up to the first that fails; what comes after it is skipped."""
    failed = False
    for job, (_, steps) in zip(run.jobs, plan, strict=True):
        work.log = []
        for step, (_, doing) in zip(job.steps, steps, strict=True):
            step.conclusion = "skipped" if failed else _done(run, step, doing, work, failures)
            failed = failed or step.conclusion == "failure"
        job.conclusion = _worst(job)
        job.log = "\n".join(work.log) + "\n"
    run.conclusion = "failure" if failed else "success"


def _done(run: Run, step: Step, doing: Doing | None, work: Work, failures: Iterable[Failure]) -> str:
    work.log.append(f"##[group]{step.name}")
    try:
        for failure in failures:
            if (failure.workflow, failure.step) == (run.workflow, step.name) and failure.times:
                failure.times -= failure.times > 0
                raise StepFailed(failure.log or f"{step.name} failed")
        if doing is not None:
            doing(work)
    except StepFailed as error:
        work.log += [str(error), "##[error]Process completed with exit code 1."]
        return "failure"
    finally:
        work.log.append("##[endgroup]")
    return "success"


def _worst(job: Job) -> str:
    found = {step.conclusion for step in job.steps}
    return "failure" if "failure" in found else "skipped" if found == {"skipped"} else "success"
