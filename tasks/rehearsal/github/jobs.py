"""What is in a run: jobs with their logs, and artifacts."""

import hashlib
from typing import Any

from ..server import Answer
from .hub import Hub, node
from .objects import stamp
from .progress import Artifact, Job, Run
from .repos import REPO, minimal
from .routing import Call, NotFound, Problem, Routes, counted, found, redirect
from .runs import existing, workflow_file

calls = Routes()
_KEPT_FOR = 90 * 86400
_STEPS = {"queued", "in_progress", "completed"}  # a step knows no other status


def _state(run: Run, conclusion: str, *, step: bool = False) -> dict[str, Any]:
    done = run.status == "completed"
    return {
        "status": "queued" if step and run.status not in _STEPS else run.status,
        "conclusion": conclusion if done else None,
        "started_at": stamp(run.created),
        "completed_at": stamp(run.updated or run.created) if done else None,
    }


def job_view(hub: Hub, run: Run, job: Job) -> dict[str, Any]:
    """Return a job."""
    address, workflow = f"{hub.api}/actions/jobs/{job.id}", workflow_file(hub, run.workflow)
    return {
        "id": job.id,
        "node_id": node("CR", job.id),
        "run_id": run.id,
        "run_attempt": run.attempt,
        "run_url": f"{hub.api}/actions/runs/{run.id}",
        "workflow_name": workflow.name,
        "head_branch": run.branch,
        "head_sha": run.head_sha,
        "name": job.name,
        "url": address,
        "html_url": f"{hub.web}/actions/runs/{run.id}/job/{job.id}",
        "check_run_url": f"{hub.api}/check-runs/{job.id}",
        "created_at": stamp(run.created),
        **_state(run, job.conclusion),
        "steps": [
            {"name": step.name, "number": number, **_state(run, step.conclusion, step=True)}
            for number, step in enumerate(job.steps, 1)
        ],
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "GitHub Actions 1",
        "runner_group_id": 0,
        "runner_group_name": "GitHub Actions",
    }


@calls.on("GET", f"{REPO}/actions/runs/{{id}}/jobs", "actions=read")
def jobs(call: Call) -> Answer:
    """List a run's jobs."""
    known = existing(call)
    return counted(call, known.jobs, "jobs", lambda job: job_view(call.hub, known, job))


def _job(call: Call) -> tuple[Run, Job]:
    number = call.number("id")
    pairs = ((run, job) for run in call.hub.runs.values() for job in run.jobs)
    return found(next((pair for pair in pairs if pair[1].id == number), None))


@calls.on("GET", f"{REPO}/actions/jobs/{{id}}/logs", "actions=read")
def logs(call: Call) -> Answer:
    """Send the client to a job's log, which is there when the job is done."""
    run, job = _job(call)
    if run.status != "completed":
        raise NotFound
    return redirect(f"{call.hub.downloads or call.hub.url}/_logs/{job.id}?sig=once")


@calls.on("GET", "/_logs/{id}")
def log(call: Call) -> Answer:
    """Give a job's log."""
    return Answer(200, _job(call)[1].log.encode(), {"Content-Type": "text/plain; charset=utf-8"})


def _artifact_view(hub: Hub, run: Run, artifact: Artifact) -> dict[str, Any]:
    address = f"{hub.api}/actions/artifacts/{artifact.id}"
    return {
        "id": artifact.id,
        "node_id": node("MDg", artifact.id),
        "name": artifact.name,
        "size_in_bytes": len(artifact.content),
        "url": address,
        "archive_download_url": f"{address}/zip",
        "expired": artifact.expired,
        "digest": f"sha256:{hashlib.sha256(artifact.content).hexdigest()}",
        "created_at": stamp(artifact.created),
        "updated_at": stamp(artifact.created),
        "expires_at": stamp(artifact.created + _KEPT_FOR),
        "workflow_run": {
            "id": run.id,
            "repository_id": minimal(hub)["id"],
            "head_repository_id": minimal(hub)["id"],
            "head_branch": run.branch,
            "head_sha": run.head_sha,
        },
    }


@calls.on("GET", f"{REPO}/actions/runs/{{id}}/artifacts", "actions=read")
def artifacts(call: Call) -> Answer:
    """List what a run left behind."""
    known = existing(call)
    kept = known.artifacts if known.status == "completed" else []
    wanted = [one for one in kept if call.request.one("name", one.name) == one.name]
    return counted(call, wanted, "artifacts", lambda one: _artifact_view(call.hub, known, one))


def _artifact(call: Call) -> Artifact:
    number = call.number("id")
    every = (one for run in call.hub.runs.values() if run.status == "completed" for one in run.artifacts)
    return found(next((one for one in every if one.id == number), None))


@calls.on("GET", f"{REPO}/actions/artifacts/{{id}}/zip", "actions=read")
def archive(call: Call) -> Answer:
    """Send the client to an artifact's zip."""
    known = _artifact(call)
    if known.expired:
        raise Problem(410, "Artifact has expired")
    return redirect(f"{call.hub.downloads or call.hub.url}/_artifacts/{known.id}?sig=once")


@calls.on("GET", "/_artifacts/{id}")
def zipped(call: Call) -> Answer:
    """Give an artifact's zip."""
    return Answer(200, _artifact(call).content, {"Content-Type": "application/zip"})
