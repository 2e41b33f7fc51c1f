"""The sandbox GitHub, held against the published descriptions, and the emulator that is not ours; for any test."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tasks.rehearsal.github import SandboxGithub
from tasks.rehearsal.server import Server

from ..repositories import Repository
from . import schemas as published
from .emulate import Emulator, started
from .validation import Schemas, Validated


class Clock:
    """The time of day, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Let time pass without waiting for it."""
        self.ahead += seconds


@dataclass
class Github:
    """A sandbox GitHub on a port, for `owner/sample`; `work` is a clone of its repository, whose origin it is."""

    sandbox: SandboxGithub
    server: Server
    validated: Validated
    work: Repository
    bare: Path
    clock: Clock

    @property
    def url(self) -> str:
        """Return the address of the API; GraphQL is at `/graphql` below it."""
        return self.server.url

    @property
    def api(self) -> str:
        """Return the address that the repository's calls begin with."""
        return f"{self.url}/repos/owner/sample"

    def push(self, *refs: str) -> None:
        """Push refs of the clone, by default the branch that is checked out and all tags."""
        self.work.git("push", "--quiet", "--force", "origin", *(refs or ("HEAD", "--tags")))

    def ask(self, method: str, path: str, sent: Any = None, **options: Any) -> requests.Response:
        """Make a call below the repository, or of a whole address, as a client that knows nothing but HTTP."""
        address = path if path.startswith("http") else f"{self.api}{path}"
        return requests.request(method, address, json=sent, timeout=10, **options)

    def get(self, path: str, status: int = 200, **options: Any) -> Any:
        """Return the JSON that a GET gives."""
        return self.send("GET", path, None, status, **options)

    def send(self, method: str, path: str, sent: Any = None, status: int = 200, **options: Any) -> Any:
        """Return the JSON that a call gives."""
        answer = self.ask(method, path, sent, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def demand(*needed: Callable[[], Path]) -> None:
    """Skip the test with the reason where the descriptions are not there; in CI that is a failure."""
    reason = published.missing(*needed)
    if reason and os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    """GitHub's published descriptions."""
    demand(published.rest, published.graphql)
    return Schemas()


@pytest.fixture
def github_sandbox(schemas: Schemas, sample: Repository, tmp_path: Path) -> Iterator[Github]:
    """A sandbox GitHub whose every request and answer must be as GitHub describes them."""
    bare = tmp_path / "sample.git"
    sample.git("clone", "--quiet", "--bare", str(sample.root), str(bare))
    sample.git("remote", "add", "origin", str(bare))
    clock = Clock()
    sandbox = SandboxGithub("owner/sample", bare, clock)
    with Validated(sandbox, schemas) as validated, Server(validated) as server:
        yield Github(sandbox, server, validated, sample, bare, clock)


@pytest.fixture
def emulate(tmp_path: Path) -> Iterator[Emulator]:
    """Npm's `emulate` with one repository, `owner/sample`; it is not ours, so it may differ from the descriptions."""
    demand(published.emulate)
    with started(tmp_path) as emulator:
        yield emulator
