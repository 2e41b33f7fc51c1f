"""The sandbox GitHub: every call answers as GitHub describes it, over real git data."""

from typing import Any

import pytest
import requests

from tasks.rehearsal.github import zipped

from .fixtures import Github


class Client:
    """A client that knows nothing but HTTP."""

    def __init__(self, github: Github) -> None:
        self.github = github
        self.session = requests.Session()

    def raw(self, method: str, path: str, sent: Any = None, **options: Any) -> requests.Response:
        address = path if path.startswith("http") else f"{self.github.api}{path}"
        return self.session.request(method, address, json=sent, timeout=10, **options)

    def get(self, path: str, status: int = 200, **options: Any) -> Any:
        answer = self.raw("GET", path, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    def send(self, method: str, path: str, sent: Any, status: int = 200) -> Any:
        answer = self.raw(method, path, sent)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def client(github_sandbox: Github) -> Client:
    return Client(github_sandbox)


def test_every_call_answers_as_described(client: Client) -> None:
    """The fixture holds every request and answer against the description."""
    github = client.github
    play = github.sandbox
    github.work.branch("dev")
    fix = github.work.commit("fix: mend it")
    github.work.tag("v1.1.0", annotated=True)
    github.push()
    issue = play.open_issue("it breaks", "badly", labels=["bug"], milestone="1.1.0")
    pull = play.add_pull("mend it", f"Fixes #{issue}", head="dev")
    done = play.add_pull("begin", merge_commit=github.work.git("rev-parse", "v1.0.0"))
    play.set_rules("main", [{"type": "deletion"}, {"type": "pull_request"}])
    play.require_checks("main", "build")
    play.protect("main", {"enforce_admins": {"url": f"{github.api}/x", "enabled": True}})
    play.add_status(fix, "ci/other")
    release = play.add_release("v1.0.0", {"sample.whl": b"wheel"}, body="notes")
    files = {"dist": zipped({"sample.whl": b"wheel"})}
    run = play.add_run("release.yml", fix, branch="dev", jobs=[play.job("build", "Test", log="ok")], artifacts=files)
    tag = github.work.git("rev-parse", "v1.1.0")
    paths = f"""
        {github.url}/user {github.url}/rate_limit  /labels /milestones /issues /issues?state=all&labels=bug&per_page=1
        /issues/{issue} /issues/{pull} /issues/{issue}/comments /pulls /pulls?state=all&head=owner:dev&base=main
        /pulls/{pull} /pulls/{done} /commits /commits/{fix} /commits/v1.0.0 /commits/dev/pulls
        /commits/{fix}/check-runs /commits/{fix}/status /compare/main...dev /compare/main...dev?per_page=1
        /contents/pyproject.toml /contents/?ref=dev /git/ref/tags/v1.0.0 /git/ref/heads%2Fmain
        /git/matching-refs/tags/v1 /git/tags/{tag} /branches/main /branches/dev /branches/main/protection
        /rules/branches/main /rules/branches/dev /releases /releases/latest /releases/tags/v1.0.0
        /releases/{release.id} /releases/{release.id}/assets /releases/assets/{release.assets[0].id}
        /actions/workflows /actions/workflows/release.yml /actions/workflows/release.yml/runs
        /actions/runs?head_sha={fix}&event=push&branch=dev&status=success /actions/runs/{run.id}
        /actions/runs/{run.id}/jobs /actions/runs/{run.id}/artifacts
    """.split()
    for path in ["", *paths]:
        client.get(path)
    assert github.validated.violations == []
