"""Answers true to what GitHub documents, and a client that asks for them."""

from collections.abc import Callable, Mapping
from typing import Any

from tasks.rehearsal.server import Answer, Request, Server
from tasks.systems.github import Github

from .leaks import TOKEN
from .webs import FakeClock, client

SHA = "5d6f0c2b7c7a4d86a7b1a0f8f2d3b5c4e6a79801"
BASE = "0123456789abcdef0123456789abcdef01234567"
WHEN = "2026-03-01T12:00:00Z"
AT = "/repos/octo/sample"

Reply = Answer | Callable[[Request], Answer] | dict[str, Any] | list[Any]


class Hub:
    """A repository: what it answers at each address below it, 404 at others."""

    def __init__(self) -> None:
        self.routes: dict[str, Reply] = {}

    def __call__(self, request: Request) -> Answer:
        named = (f"{request.method} {request.path}", request.path.removeprefix(AT))
        reply = next((self.routes[name] for name in named if name in self.routes), None)
        if reply is None:
            return Answer.json({"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}, 404)
        if isinstance(reply, Answer):
            return reply
        return Answer.json(reply) if isinstance(reply, dict | list) else reply(request)


def github(server: Server, clock: FakeClock | None = None, **fields: Any) -> Github:
    """Return a client of the repository octo/sample with a token."""
    return Github(server.url, "octo/sample", fields.pop("token", TOKEN), client(clock, **fields))


def asset(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "id": number, "name": "sample-1.0.tar.gz", "size": 7, "digest": "sha256:" + "a" * 64, "state": "uploaded",
        "url": f"https://api.github.com{AT}/releases/assets/{number}",
        "browser_download_url": "https://github.com/octo/sample/releases/download/v1.0/sample-1.0.tar.gz",
        "content_type": "application/gzip", "created_at": WHEN, "updated_at": WHEN, **fields,
    }  # fmt: skip


def release(tag: str = "v1.0", **fields: Any) -> dict[str, Any]:
    return {
        "id": 11, "tag_name": tag, "name": tag, "body": "notes", "draft": False, "prerelease": False,
        "immutable": False, "html_url": f"https://github.com/octo/sample/releases/tag/{tag}", "created_at": WHEN,
        "published_at": WHEN, "target_commitish": "main", "assets": [asset()], **fields,
    }  # fmt: skip


def issue(number: int = 3, **fields: Any) -> dict[str, Any]:
    return {
        "id": 300 + number, "number": number, "title": "It breaks", "state": "closed", "state_reason": "completed",
        "labels": [{"id": 1, "name": "bug", "color": "ededed"}, "p1"], "milestone": {"number": 4, "title": "v1.0"},
        "html_url": f"https://github.com/octo/sample/issues/{number}", "body": "text", "created_at": WHEN,
        "closed_at": WHEN, "updated_at": WHEN, "comments": 0, **fields,
    }  # fmt: skip


def pull(number: int = 8, **fields: Any) -> dict[str, Any]:
    return {
        "id": 800 + number, "number": number, "title": "Mend it", "state": "closed", "merged": True, "draft": False,
        "merged_at": WHEN, "merge_commit_sha": SHA, "head": {"ref": "topic/x", "sha": SHA, "label": "octo:topic/x"},
        "base": {"ref": "main", "sha": BASE}, "mergeable": None, "labels": [], "body": None,
        "html_url": f"https://github.com/octo/sample/pull/{number}", **fields,
    }  # fmt: skip


def run(number: int = 5, **fields: Any) -> dict[str, Any]:
    return {
        "id": number, "name": "Release", "path": ".github/workflows/release.yml@refs/tags/v1.0", "event": "push",
        "head_sha": SHA, "head_branch": "v1.0", "status": "completed", "conclusion": "success", "run_attempt": 1,
        "html_url": f"https://github.com/octo/sample/actions/runs/{number}", "created_at": WHEN, "updated_at": WHEN,
        **fields,
    }  # fmt: skip


def job(number: int = 6, **fields: Any) -> dict[str, Any]:
    steps = [
        {"number": 1, "name": "Build", "status": "completed", "conclusion": "success"},
        {"number": 2, "name": "Publish", "status": "completed", "conclusion": "failure"},
    ]
    return {
        "id": number, "run_id": 5, "name": "publish", "status": "completed", "conclusion": "failure", "steps": steps,
        "html_url": f"https://github.com/octo/sample/actions/runs/5/job/{number}", "started_at": WHEN,
        "completed_at": WHEN, **fields,
    }  # fmt: skip


def ref(kind: str = "commit", sha: str = SHA) -> dict[str, Any]:
    return {"ref": "refs/x", "node_id": "n", "url": "https://x", "object": {"type": kind, "sha": sha, "url": "y"}}


def compare(status: str, ahead: int, behind: int) -> Mapping[str, Any]:
    return {
        "status": status, "ahead_by": ahead, "behind_by": behind, "total_commits": ahead, "commits": [],
        "merge_base_commit": {"sha": BASE}, "base_commit": {"sha": BASE},
    }  # fmt: skip
