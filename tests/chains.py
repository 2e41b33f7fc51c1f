"""A whole release on the sandbox: workflows are played, hosts at their seam, and the approver by the test."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tasks import awaiting, following, gates
from tasks.rehearsal.github import Pace, Workflows
from tasks.rehearsal.github.steps import Files
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Answer, Request
from tasks.steps import publication, trial
from tasks.systems.github import editor

from .fleets import FakeFleet, FakeHost
from .releases import TOKEN, World, world
from .repositories import Repository
from .running import Ended

HOSTS = {"web1": "production", "hetz": "staging", "desk": "dev"}
WORDS = ("--yes", "--integration-reason=tiers 1 and 7 passed")
VERSION = "1.1.0"


def hosts() -> str:
    """Return the hosts as settings; they lead nowhere."""
    tables = (
        f'[tool.release-coordination.hosts.{name}]\naddress = "{name}.invalid"\nrole = "{role}"\n'
        for name, role in HOSTS.items()
    )
    return "".join(tables)


@dataclass
class Chain:
    """A release on its way, and what it did to the world."""

    made: World
    fleet: FakeFleet
    workflows: Workflows
    proofs: list[Sequence[str]] = field(default_factory=list)

    def run(self, *words: str, cwd: Path | None = None) -> Ended:
        """Type `inv release.run`."""
        return self.made.call("release.run", *WORDS, *words, cwd=cwd)

    def status(self, *words: str, cwd: Path | None = None) -> Any:
        """Return what `inv release.status --json` says."""
        ended = self.made.call("release.status", "--json", *words, cwd=cwd)
        assert ended.code == 0, ended
        return ended.json

    def states(self, **where: Any) -> dict[str, str]:
        """Return the state of every step."""
        return {step["name"]: step["state"] for step in self.status(**where)["steps"]}

    @property
    def body(self) -> str:
        """Return the text of the pull request."""
        (pull,) = self.made.github.hub.pulls
        return pull.body or ""

    def integration(self) -> list[str]:
        """Return what the pull request says of the integration tests."""
        return self.body.partition("### Integration\n\n")[2].partition("\n\n")[0].splitlines()

    def merge(self) -> None:
        """Do what the approver does, once."""
        for pull in self.made.github.hub.pulls:
            if pull.state == "open":
                self.made.github.merge(pull.number)

    def whole(self, *words: str, cwd: Path | None = None) -> Ended:
        """Release from wherever it is: up to the merge, the merge, and the rest."""
        first = self.run(*words, cwd=cwd)
        if first.code == 4:
            self.merge()
            return self.run(*words, cwd=cwd)
        return first

    def is_released(self, *, candidates: Sequence[str] = (), filed: int = 1, tags: Sequence[str] = ()) -> None:
        """Hold the end against what it must be, whatever the way there was: everything once."""
        is_published(self.made, filed, tags)
        assert {name: host.changes for name, host in self.fleet.hosts.items()} == {
            "web1": [VERSION], "hetz": [*candidates, VERSION], "desk": [],
        }  # fmt: skip
        assert self.proofs

    @property
    def journal(self) -> Path:
        """Return where the journal is."""
        return self.made.work.root / ".git" / "release-coordination" / "journal.jsonl"

    def second(self, name: str = "second") -> Repository:
        """Return another checkout, on the development branch, without a journal."""
        root = self.made.work.root.parent / name
        self.made.work.git("clone", "--quiet", "--branch", "dev", str(self.made.bare.root), str(root))
        return Repository(root)


def is_published(made: World, filed: int, tags: Sequence[str] = (), before: Sequence[str] = ()) -> None:
    """Hold git and GitHub against what they must be at the end: everything once, and the releases `before`."""
    github = made.github.hub
    found = {name.removeprefix("refs/tags/") for name in made.bare.refs if name.startswith("refs/tags/")}
    assert found == {"v1.0.0", "v1.1.0", *tags}
    assert [(pull.state, bool(pull.merged)) for pull in github.pulls] == [("closed", True)]
    assert [release.tag for release in github.releases.values()] == [*before, "v1.1.0"]
    issues = [issue for issue in github.issues.values() if issue not in github.pulls]
    assert len(issues) == filed, [issue.title for issue in issues]
    assert made.bare.refs["refs/heads/dev"] == made.bare.refs["refs/heads/main"]
    log = made.bare.git("log", "--format=%s", "main").splitlines()
    assert len([line for line in log if "release 1.1.0" in line]) == 1, log


@contextmanager
def chain(root: Path, patch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """Serve a project with a feature that has an issue and a fix that has none, and everything a release needs."""
    for module, name, value in (
        (editor, "_BETWEEN_SECONDS", 0.0), (following, "_FIRST", 0.01), (awaiting, "_PAUSE_SECONDS", 0.01),
        (gates, "PAUSE_SECONDS", 0.05), (trial, "_PUBLISH_SECONDS", 5.0), (publication, "_FOLLOW_SECONDS", 5.0),
    ):  # fmt: skip
        patch.setattr(module, name, value)
    with world(root) as made:
        made.github.gate.token = TOKEN
        text = made.work.read("pyproject.toml").decode()
        made.work.commit("fix: mend it", {"pyproject.toml": f"{text}{hosts()}"})
        made.work.git("push", "--quiet", "origin", "dev")
        fleet = FakeFleet({name: FakeHost() for name in HOSTS})
        fleet.install(patch)
        made.github.tick()
        found = Chain(made, fleet, play(made))
        patch.setattr(publication, "prove", lambda words, **_: proved(found, words))
        yield found


def play(made: World, build: Callable[[str, str], Files] | None = None) -> Workflows:
    """Let the workflows work, also while nobody asks GitHub: what they publish is on the indexes."""
    served = made.servers["staging"].service

    def noticed(request: Request) -> Answer:
        made.github.tick()
        return served(request)

    made.servers["staging"].service = noticed

    def publish(where: str, files: Files) -> None:
        index = made.index if where == "release" else made.staging
        for name, content in files.items():
            index.add(content, name)

    workflows = Workflows(made.github, stable="main", development="dev", build=build or built, publish=publish)
    workflows.paces["release.yml"] = Pace(1, 5)
    return workflows


def built(version: str, _sha: str) -> Files:
    """Return the files of a version."""
    return dict(make("sample", version) for make in (wheel, sdist))


def proved(found: Chain, words: Sequence[str]) -> tuple[int, dict[str, Any]]:
    """Stand in for the suite, which has tests of its own."""
    found.proofs.append(words)
    return 0, {"checks": [{"check": "files", "subject": "", "result": "PASS", "evidence": "2 files"}]}
