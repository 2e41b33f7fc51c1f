"""A release that is as it should be, on sandbox services: what each test spoils in one place and has proved."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.rehearsal.github import Release, Run, SandboxGithub
from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Server, Service

from ..repositories import CHECKOUT, Repository, changelog, pyproject
from ..running import changed

VERSION = "1.0.0"
PROJECT = (
    "dependencies = [\"requests>=2; sys_platform == 'never'\"]\n"
    "optional-dependencies = { fast = [\"orjson; sys_platform == 'never'\"] }\n"
    'scripts = { sample = "sample:main" }\n'
)
BUILT: dict[str, Any] = {
    "requires_python": ">=3.9",
    "dependencies": ["requests>=2; sys_platform == 'never'"],
    "scripts": {"sample": "sample:main"},
    "description": "# Sample\n\nA sample.\n",
    "extra_metadata": "Provides-Extra: fast\nRequires-Dist: orjson; sys_platform == 'never' and extra == 'fast'\n",
}


@dataclass
class World:
    """The services and the repository of one release."""

    repository: Repository
    bare: Path
    github: SandboxGithub
    index: SandboxIndex
    github_server: Server
    index_server: Server
    token: str = "ghp_the-token-of-the-sandbox"
    files: dict[str, bytes] = field(default_factory=dict)
    release: Release | None = None
    run: Run | None = None

    def publish(self, version: str = VERSION, *, kinds: Sequence[str] = ("wheel", "sdist"), **other: Any) -> None:
        """Put a version's files on the index."""
        for kind, make in {"wheel": wheel, "sdist": sdist}.items():
            name, content = make("sample", version, **{**BUILT, **other})
            if kind in kinds:
                self.files[name] = content
                self.index.add(content, name)

    def push(self) -> None:
        """Push the branch and its tags."""
        self.repository.git("push", "--quiet", "--force", "origin", "main", "--tags")

    def show(self, **sent: Any) -> None:
        """Make the GitHub Release, and the workflow's run for the tag."""
        self.github.tick()
        self.release = self.github.add_release(f"v{VERSION}", self.files, **sent)
        self.run = self.github.add_run("release.yml", self.repository.git("rev-parse", f"v{VERSION}^{{commit}}"),
                                       branch=f"v{VERSION}", status="completed")  # fmt: skip

    def prove(self, *words: str, only: str = "index or github", env: dict[str, str | None] | None = None) -> "Proved":
        """Type `pytest verify/ --version 1.0.0` in the project; return what came of it."""
        report = self.repository.root.parent / "proof.json"
        report.unlink(missing_ok=True)
        argv = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            str(CHECKOUT / "verify"),
            "--json",
            str(report),
        ]
        argv += [*(["-m", only] if only else []), *([] if "--version" in words else ["--version", VERSION]), *words]
        token = {"GITHUB_TOKEN": self.token or None, "GH_TOKEN": None}
        done = subprocess.run(argv, cwd=self.repository.root, env=changed({**token, **(env or {})}),
                              capture_output=True, check=False, timeout=120, text=True)  # fmt: skip
        content = json.loads(report.read_text("utf-8")) if report.exists() else {}
        return Proved(done.returncode, done.stdout, done.stderr, content)


@dataclass(frozen=True)
class Proved:
    """How a proof ended."""

    code: int
    out: str
    err: str
    content: dict[str, Any]

    def of(self, *results: str) -> dict[str, str]:
        """Return the evidence of the checks with one of these results, by the test's name."""
        return {row["id"].rpartition("::test_")[2]: row["evidence"] for row in self.content["checks"]
                if row["result"] in results}  # fmt: skip

    @property
    def wrong(self) -> dict[str, str]:
        """Return the evidence of every check that did not pass and was not left out."""
        return self.of("FAIL", "MISSING", "UNKNOWN")


def settings(index: str, github: str) -> str:
    """Return the project's settings that lead to the sandbox."""
    return (
        f'repository = "owner/sample"\nstable-branch = "main"\n'
        f'[tool.release-coordination.index]\nsimple = "{index}/simple/"\njson = "{index}/pypi/"\n'
        f'[tool.release-coordination.staging-index]\nsimple = "{index}/simple/"\njson = "{index}/pypi/"\n'
        f'[tool.release-coordination.github]\napi = "{github}"\n'
    )


@contextmanager
def world(root: Path, *, delay: float = 0.0, around: Any = None) -> Iterator[World]:
    """Serve an empty index and a GitHub over a repository whose version 1.0.0 is set, written down and tagged."""
    index, bare = SandboxIndex(), root / "sample.git"
    repository = Repository(root / "sample")
    repository.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    github = SandboxGithub("owner/sample", bare)
    service: Service = around(github) if around else github
    with ExitStack() as stack:
        index_server = stack.enter_context(Server(index, delay=delay))
        github_server = stack.enter_context(Server(service, delay=delay))
        repository.commit("feat: begin (#1)", {
            "pyproject.toml": pyproject(VERSION, settings(index_server.url, github_server.url), PROJECT),
            "CHANGELOG.md": changelog((VERSION, "2024-01-01")),
        })  # fmt: skip
        repository.tag(f"v{VERSION}")
        repository.git("remote", "add", "origin", str(bare))
        made = World(repository, bare, github, index, github_server, index_server)
        made.push()
        github.open_issue("it is broken")
        github.close_issue(1)
        yield made


@contextmanager
def good(root: Path, **more: Any) -> Iterator[World]:
    """Serve a release that is as it should be."""
    with world(root, **more) as made:
        made.publish()
        made.show()
        yield made
