"""A project on its way to a release: sandbox GitHub, both indexes, a bare remote; and commands that are cut short."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.rehearsal.github import SandboxGithub
from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Server, Service

from .rehearsal.validation import Schemas, Validated
from .repositories import CHECKOUT, Repository, changelog, pyproject, uv
from .running import Ended, called, changed, run

TOKEN = "ghp_0123456789abcdefSECRET"
CHECKS = 'checks = { tests = "true", lint = "true", format = "true" }\n'
NAMES = {
    f"GIT_{who}_{what}": f"{who.lower()}@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
KILLED = 137


class Bare(Repository):
    """A bare repository that is there."""

    def __init__(self, root: Path) -> None:
        self.root, self.count = root, 1

    @property
    def refs(self) -> dict[str, str]:
        """Return every reference and what it points to."""
        rows = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return {name: sha for name, _, sha in (row.partition(" ") for row in rows)}


@dataclass
class World:
    """The services around a project that stands in `work`, a clone of `bare`."""

    work: Repository
    bare: Bare
    github: SandboxGithub
    index: SandboxIndex
    staging: SandboxIndex
    servers: Mapping[str, Server]
    env: dict[str, str | None] = field(default_factory=dict)

    def call(
        self, name: str, *words: str, cwd: Path | None = None, env: Mapping[str, str | None] | None = None
    ) -> Ended:
        """Call a task in this process; the token is in the environment, and nowhere else afterwards."""
        ended = called(name, *words, cwd=cwd or self.work.root, env={**self.env, **(env or {})})
        assert TOKEN not in ended.out + ended.err
        assert "\x1b" not in ended.out + ended.err
        return ended

    def inv(self, *words: str, cwd: Path | None = None, seconds: float = 120) -> Ended:
        """Type `inv …`."""
        ended = run(*words, cwd=cwd or self.work.root, env=self.env, seconds=seconds)
        assert TOKEN not in ended.out + ended.err
        return ended

    def second(self) -> Repository:
        """Return another checkout of the remote, on the branch that is checked out in the first."""
        root = self.work.root.parent / "second"
        self.work.git("clone", "--quiet", str(self.bare.root), str(root))
        other = Repository(root)
        other.count = self.work.count
        other.git("switch", "--quiet", self.work.git("symbolic-ref", "--short", "HEAD"))
        return other

    def publish(self, version: str, index: SandboxIndex | None = None) -> dict[str, bytes]:
        """Put a version on an index, by default that of releases, and return its files."""
        files = dict(make("sample", version) for make in (wheel, sdist))
        for name, content in files.items():
            (index or self.index).add(content, name)
        return files

    def writes(self, method: str = "") -> list[str]:
        """Return the changes that GitHub was asked for, as `METHOD path`."""
        asked = self.servers["github"].asked(method)
        return [f"{one.method} {one.path}" for one in asked if one.method != "GET" and one.path != "/graphql"]

    def cut_short(self, after: int, *words: str) -> Ended:
        """Type `inv …` and kill it, as a power cut would, right after its so-many-th change of anything."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.killing", str(after), *words], cwd=self.work.root, capture_output=True,
            env=changed({**self.env, "PYTHONPATH": str(CHECKOUT)}), check=False, timeout=120, text=True,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)


def today() -> str:
    """Return the day in UTC."""
    return datetime.now(UTC).date().isoformat()


def settings(urls: Mapping[str, str]) -> str:
    """Return the settings that lead to the sandbox."""
    index, staging = urls["index"], urls["staging"]
    return (
        'repository = "owner/sample"\nstable-branch = "main"\ndevelopment-branch = "dev"\napprover = "nathan"\n'
        f'{CHECKS}[tool.release-coordination.index]\nsimple = "{index}/simple/"\njson = "{index}/pypi/"\n'
        f'[tool.release-coordination.staging-index]\nsimple = "{staging}/simple/"\njson = "{staging}/pypi/"\n'
        f'[tool.release-coordination.github]\napi = "{urls["github"]}"\n'
    )


@contextmanager
def world(root: Path, schemas: Schemas | None = None, indexes: str = "127.0.0.1") -> Iterator[World]:
    """Serve a project with its release 1.0.0 on main, and one feature since then on dev, which is checked out.

    With `schemas` every request to GitHub and every answer must be as GitHub describes them. Both `indexes` listen at
    that address.
    """
    index, staging, bare = SandboxIndex(), SandboxIndex(), root / "sample.git"
    repository = Repository(root / "work")
    repository.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    github = SandboxGithub("owner/sample", bare)
    with ExitStack() as stack:
        hub: Service = stack.enter_context(Validated(github, schemas)) if schemas else github
        services: dict[str, Service] = {"index": index, "staging": staging, "github": hub}
        hosts = {"github": "127.0.0.1"}
        servers = {name: stack.enter_context(Server(service, host=hosts.get(name, indexes)))
                   for name, service in services.items()}  # fmt: skip
        repository.commit("feat: begin (#1)", {
            "pyproject.toml": pyproject("1.0.0", settings({name: one.url for name, one in servers.items()})),
            "CHANGELOG.md": changelog(("1.0.0", "2024-01-01")),
            "cliff.toml": (CHECKOUT / "cliff.toml").read_text("utf-8"),
            "uv.lock": lock(),
        })  # fmt: skip
        repository.tag("v1.0.0")
        repository.git("remote", "add", "origin", str(bare))
        repository.branch("dev")
        repository.commit("feat: add it\n\nCloses #2")
        repository.git("push", "--quiet", "origin", "main", "dev", "--tags")
        made = World(repository, Bare(bare), github, index, staging, servers)
        made.env = {**NAMES, "GITHUB_TOKEN": TOKEN, "GH_TOKEN": None}
        made.publish("1.0.0")
        yield made


@cache
def lock() -> str:
    """Return the project's lock file, as the real uv makes it."""
    with TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(pyproject("1.0.0"), "utf-8")
        subprocess.run([uv(), "lock", "--quiet"], cwd=folder, check=True, capture_output=True)
        return Path(folder, "uv.lock").read_text("utf-8")
