"""What judged a commit: check runs (the jobs of Actions) and commit statuses."""

from typing import Any

from ..server import Answer
from .history import resolved
from .hub import Hub, node
from .jobs import job_view
from .objects import Status, stamp
from .progress import Job, Run
from .repos import REPO, minimal
from .routing import Call, Routes, counted, plain
from .runs import watched

calls = Routes()
_WORST = ("failure", "error", "pending", "success")


def _check(hub: Hub, run: Run, job: Job) -> dict[str, Any]:
    known = job_view(hub, run, job)
    address = known["check_run_url"]
    kept = ("id", "node_id", "head_sha", "name", "status", "conclusion", "started_at", "completed_at", "html_url")
    return {
        **{name: known[name] for name in kept},
        "url": address,
        "details_url": known["html_url"],
        "external_id": str(job.id),
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{address}/annotations",
        },
        "check_suite": {"id": run.id},
        "app": _app(hub),
        "pull_requests": [],
    }


def _app(hub: Hub) -> dict[str, Any]:
    return {
        "id": 15368,
        "slug": "github-actions",
        "client_id": "Iv1.05c79e9ad1f6bdfa",
        "node_id": node("A", 15368),
        "owner": hub.person("github"),
        "name": "GitHub Actions",
        "description": "Automate your workflow from idea to production",
        "external_url": "https://help.github.com/en/actions",
        "html_url": "https://github.com/apps/github-actions",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2024-04-10T20:33:16Z",
        "permissions": {"actions": "write", "checks": "write", "contents": "write", "metadata": "read"},
        "events": [],
    }


@calls.on("GET", f"{REPO}/commits/{{ref*}}/check-runs", "checks=read")
def check_runs(call: Call) -> Answer:
    """List the check runs of a commit."""
    sha = resolved(call.hub, call.values["ref"])
    name = call.request.one("check_name")
    pairs = [(run, job) for run in watched(call.hub) if run.head_sha == sha for job in run.jobs]
    known = [pair for pair in pairs if not name or pair[1].name == name]
    return counted(call, known, "check_runs", lambda pair: _check(call.hub, *pair))


def _status(hub: Hub, sha: str, status: Status) -> dict[str, Any]:
    return {
        "id": status.id,
        "node_id": node("SC", status.id),
        "url": f"{hub.api}/statuses/{sha}",
        "avatar_url": None,
        "state": status.state,
        "description": status.description,
        "target_url": None,
        "context": status.context,
        "created_at": stamp(status.created),
        "updated_at": stamp(status.created),
    }


@calls.on("GET", f"{REPO}/commits/{{ref*}}/status", "statuses=read")
def status(call: Call) -> Answer:
    """Give all statuses of a commit in one: without any it reads pending."""
    hub, sha = call.hub, resolved(call.hub, call.values["ref"])
    newest = {one.context: one for one in hub.statuses.get(sha, [])}
    states = {one.state for one in newest.values()}
    worst = next((state for state in _WORST if state in states), "pending")
    address = f"{hub.api}/commits/{sha}"
    return plain(
        {
            "state": "failure" if worst == "error" else worst,
            "sha": sha,
            "total_count": len(newest),
            "statuses": [_status(hub, sha, one) for one in newest.values()],
            "repository": minimal(hub),
            "commit_url": address,
            "url": f"{address}/status",
        }
    )
