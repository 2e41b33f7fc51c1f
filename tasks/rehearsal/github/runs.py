"""Workflows and their runs, jobs, logs and artifacts."""

from typing import Any

from ..server import Answer
from .hub import Hub, node
from .objects import stamp
from .progress import Run, Workflow
from .records import Commit
from .repos import REPO, minimal
from .routing import Call, Problem, Routes, counted, found, plain

calls = Routes()
_FOLDER = ".github/workflows/"


def advance(hub: Hub) -> None:
    """Let the runs go on as far as they should be by now; what a run does happens when it completes."""
    for run in list(hub.runs.values()):
        status = run.due(hub.clock())
        if run.status in {status, "completed"}:
            continue
        run.status, run.updated = status, hub.clock()
        if status == "completed" and run.effect is not None:
            run.effect(run)


def watched(hub: Hub) -> list[Run]:
    """Return the runs, newest first, and count for each that it was read."""
    for run in hub.runs.values():
        run.polls += run.status != "completed"
    return sorted(hub.runs.values(), key=lambda one: one.id, reverse=True)


def workflow_file(hub: Hub, name: str) -> Workflow:
    """Return a workflow by its file's name; one that is unknown is made."""
    if name not in hub.workflows:
        hub.workflows[name] = Workflow(hub.id(), f"{_FOLDER}{name}", name.partition(".")[0], hub.clock())
    return hub.workflows[name]


def _workflow_view(hub: Hub, workflow: Workflow) -> dict[str, Any]:
    return {
        "id": workflow.id,
        "node_id": node("W", workflow.id),
        "name": workflow.name,
        "path": workflow.path,
        "state": workflow.state,
        "created_at": stamp(workflow.created),
        "updated_at": stamp(workflow.created),
        "url": f"{hub.api}/actions/workflows/{workflow.id}",
        "html_url": f"{hub.web}/blob/{hub.bare.default}/{workflow.path}",
        "badge_url": f"{hub.web}/workflows/{workflow.name}/badge.svg",
    }


def _commit_view(commit: Commit) -> dict[str, Any]:
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": commit.committer.date,
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def run_view(hub: Hub, run: Run) -> dict[str, Any]:
    """Return a run."""
    address, workflow = f"{hub.api}/actions/runs/{run.id}", workflow_file(hub, run.workflow)
    links = {f"{name}_url": f"{address}/{name}" for name in ("jobs", "logs", "cancel", "rerun", "artifacts")}
    done = run.status == "completed"
    return {
        **links,
        "id": run.id,
        "node_id": node("WFR", run.id),
        "name": workflow.name,
        "path": workflow.path,
        "display_title": run.title or hub.bare.commit(run.head_sha).subject,
        "run_number": run.number,
        "run_attempt": run.attempt,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion if done else None,
        "workflow_id": workflow.id,
        "head_branch": run.branch,
        "head_sha": run.head_sha,
        "url": address,
        "html_url": f"{hub.web}/actions/runs/{run.id}",
        "check_suite_id": run.id,
        "check_suite_url": f"{hub.api}/check-suites/{run.id}",
        "workflow_url": f"{hub.api}/actions/workflows/{workflow.id}",
        "previous_attempt_url": None,
        "pull_requests": [],
        "created_at": stamp(run.created),
        "run_started_at": stamp(run.created),
        "updated_at": stamp(run.updated or run.created),
        "head_commit": _commit_view(hub.bare.commit(run.head_sha)),
        "repository": minimal(hub),
        "head_repository": minimal(hub),
    }


@calls.on("GET", f"{REPO}/actions/workflows", "actions=read")
def workflows(call: Call) -> Answer:
    """List the workflows: those on the default branch, and those that ran."""
    hub = call.hub
    tree = hub.bare.entry(hub.bare.default, _FOLDER.rstrip("/")) if hub.branch(hub.bare.default) else None
    for kind, _, _, name in hub.bare.listing(tree[1]) if tree else ():
        if kind == "blob" and name.endswith((".yml", ".yaml")):
            workflow_file(hub, name)
    return counted(call, list(hub.workflows.values()), "workflows", lambda one: _workflow_view(hub, one))


def _named(call: Call) -> Workflow:
    name = call.values["workflow"]
    known = (one for one in call.hub.workflows.values() if name in {str(one.id), one.path.rpartition("/")[2]})
    return found(next(known, None))


@calls.on("GET", f"{REPO}/actions/workflows/{{workflow}}", "actions=read")
def workflow(call: Call) -> Answer:
    """Give a workflow."""
    return plain(_workflow_view(call.hub, _named(call)))


@calls.on("GET", f"{REPO}/actions/workflows/{{workflow}}/runs", "actions=read")
def runs_of(call: Call) -> Answer:
    """List a workflow's runs, newest first."""
    return _listed(call, _named(call).path)


@calls.on("GET", f"{REPO}/actions/runs", "actions=read")
def runs(call: Call) -> Answer:
    """List the runs, newest first."""
    return _listed(call, None)


def _listed(call: Call, path: str | None) -> Answer:
    hub = call.hub
    known = [run for run in watched(hub) if path is None or workflow_file(hub, run.workflow).path == path]
    return counted(call, [run for run in known if _wanted(call, run)], "workflow_runs", lambda run: run_view(hub, run))


def _wanted(call: Call, run: Run) -> bool:
    one = call.request.one
    states = {run.status, run.conclusion} if run.status == "completed" else {run.status}
    return (
        one("head_sha", run.head_sha) == run.head_sha
        and one("branch", run.branch) == run.branch
        and one("event", run.event) == run.event
        and (not one("status") or one("status") in states)
        and _within(one("created"), stamp(run.created))
    )


def _within(wanted: str, moment: str) -> bool:
    """Tell whether a moment is in a range as GitHub writes them: `>=2024-01-01`, `2024-01-01..2024-02-01`."""
    if ".." in wanted:
        first, last = wanted.split("..")
        return first in {"", "*"} or (first <= moment and (last in {"", "*"} or moment[: len(last)] <= last))
    for sign, holds in ((">=", moment.__ge__), ("<=", lambda end: moment[: len(end)] <= end)):
        if wanted.startswith(sign):
            return holds(wanted[2:])
    return moment.startswith(wanted)


def existing(call: Call) -> Run:
    """Return the run that a call names, and count that it was read."""
    number = call.number("id")
    return found(next((run for run in watched(call.hub) if run.id == number), None))


@calls.on("GET", f"{REPO}/actions/runs/{{id}}", "actions=read")
def run(call: Call) -> Answer:
    """Give a run."""
    return plain(run_view(call.hub, existing(call)))


@calls.on("POST", f"{REPO}/actions/runs/{{id}}/cancel", "actions=write")
def cancel(call: Call) -> Answer:
    """Cancel a run that is not done."""
    known = existing(call)
    if known.status == "completed":
        raise Problem(409, "Cannot cancel a workflow run that is completed.")
    known.status, known.conclusion, known.updated, known.held = "completed", "cancelled", call.hub.clock(), None
    for job in known.jobs:
        job.conclusion = "cancelled"
    return plain({}, 202)
