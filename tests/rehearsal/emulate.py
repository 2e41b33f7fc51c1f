"""Npm's `emulate`: a GitHub that nobody here wrote. facts/github.md says what it lacks."""

import json
import socket
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from ..running import wait_for
from . import schemas as published

TOKEN = "emulated-token"
_SEED = {
    "tokens": {TOKEN: {"login": "owner", "scopes": ["repo"]}},
    "github": {
        "users": [{"login": "owner"}],
        "repos": [{"owner": "owner", "name": "sample", "auto_init": True, "default_branch": "main"}],
    },
}


@dataclass(frozen=True)
class Emulator:
    """The emulator on a port, with the repository `owner/sample`, whose branch `main` has one commit."""

    url: str
    token: str = TOKEN

    @property
    def api(self) -> str:
        """Return the address that the repository's calls begin with."""
        return f"{self.url}/repos/owner/sample"

    def call(self, method: str, path: str, sent: Any = None) -> Any:
        """Make a call below the repository, and return what came back."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"}
        answer = requests.request(method, f"{self.api}{path}", json=sent, headers=headers, timeout=10)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def commit(self, branch: str, path: str, content: str, message: str) -> str:
        """Commit a file to a branch, which is made from `main` where it is missing, and return the commit's id."""
        with suppress(AssertionError):
            head = self.call("GET", "/git/ref/heads/main")["object"]["sha"]
            self.call("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": head})
        sent = {"message": message, "content": b64encode(content.encode()).decode(), "branch": branch}
        return str(self.call("PUT", f"/contents/{path}", sent)["commit"]["sha"])

    def seed(self) -> None:
        """Make an open issue (1), a closed one (2), and a pull request (3) of `dev` that closes the first."""
        self.call("POST", "/issues", {"title": "it breaks", "body": "badly"})
        self.call("POST", "/issues", {"title": "it broke"})
        self.call("PATCH", "/issues/2", {"state": "closed", "state_reason": "completed"})
        self.commit("dev", "work.txt", "1\n", "fix: mend it")
        pull = {"title": "mend it", "body": "Fixes #1", "head": "dev", "base": "main"}
        self.call("POST", "/pulls", pull)


@contextmanager
def started(folder: Path) -> Iterator[Emulator]:
    """Run the emulator, its seed and its log in a folder."""
    seed = folder / "emulate.json"
    seed.write_text(json.dumps(_SEED), "utf-8")
    port = _free_port()
    words = ["start", "--service", "github", "--port", str(port), "--seed", str(seed)]
    with (folder / "emulate.log").open("wb") as log:
        child = subprocess.Popen(
            [published.node(), published.emulate(), *words],
            cwd=folder,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    emulator = Emulator(f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: _answers(port, child), "emulate to answer")
        yield emulator
    finally:
        child.terminate()
        child.wait()


def _answers(port: int, child: "subprocess.Popen[bytes]") -> bool:
    assert child.poll() is None, "emulate ended; emulate.log in the test's folder says why"
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
