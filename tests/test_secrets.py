"""The token through a whole release, as real processes: nobody but GitHub is shown it, and nothing keeps it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.server import Answer, Request, Server, Service

from .chains import play
from .releases import World, world
from .repositories import uv
from .running import Ended, arguments, changed, program

SECRET = "0c1d2e3f4a5b60c1d2e3f4a5b60c1d2e3f4a5b6d"  # a token of old, which nothing but its value tells
WORDS = ("release.run", "--yes", "--staging=no", "--integration-reason=they passed")


@dataclass
class Watched:
    """A release whose every program is watched: what it was started with, and what is in its environment."""

    made: World
    folder: Path
    said: list[str] = field(default_factory=list)

    def watch(self, name: str, path: str) -> None:
        """Let a program be started through one that writes down how."""
        log = self.folder / name
        snapshot = f"\nps -eo args >>'{log}.ps'" if name != "git" else ""  # which is started very often
        script = f"""printf '%s\\n' "$@" >>'{log}.argv'\nenv >>'{log}.env'{snapshot}\nexec '{path}' "$@\""""
        program(self.folder / "bin", name, script)

    def inv(self, *words: str) -> Ended:
        """Type `inv --debug …`, and remember what it said."""
        env = changed({**self.made.env, "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "UV": None})
        done = subprocess.run(
            arguments("--debug", *words), cwd=self.made.work.root, env=env, capture_output=True, check=False,
            timeout=120, text=True,
        )  # fmt: skip
        self.said += [done.stdout, done.stderr]
        return Ended(done.returncode, done.stdout, done.stderr)

    def seen(self, kind: str) -> dict[str, str]:
        """Return what was seen of each program."""
        return {path.stem: path.read_text("utf-8", "replace") for path in self.folder.glob(f"*.{kind}")}

    def kept(self) -> Iterator[tuple[Path, bytes]]:
        """Yield every file that a release can have written."""
        for path in self.folder.parent.rglob("*"):
            if path.is_file() and path.suffix != ".env":
                yield path, path.read_bytes()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with world(tmp_path) as made:
        made.github.gate.token = SECRET
        made.env["GITHUB_TOKEN"] = SECRET
        made.work.git("push", "--quiet", "origin", "dev")
        made.github.tick()
        play(made)
        found = Watched(made, tmp_path / "watch")
        for name, path in (("git", shutil.which("git")), ("uv", uv()), ("git-cliff", shutil.which("git-cliff"))):
            assert path
            found.watch(name, path)
        yield found


def echoed(service: Service, method: str, path: str, answer: Answer) -> Service:
    """Return the service, which answers one kind of request with what it was shown; `*` stands for that."""

    def served(request: Request) -> Answer:
        if request.method != method or path not in request.path:
            return service(request)
        shown = request.headers["authorization"].removeprefix("Bearer ")
        headers = {name: value.replace("*", shown) for name, value in answer.headers.items()}
        return Answer(answer.status, answer.body.replace(b"*", shown.encode()), headers)

    return served


@contextmanager
def echo(watched: Watched, method: str, path: str, answer: Answer) -> Iterator[None]:
    """Let GitHub answer one kind of request with the token it was shown."""
    github = watched.made.servers["github"]
    real, github.service = github.service, echoed(github.service, method, path, answer)
    yield
    github.service = real


def shown_in_errors(watched: Watched, other: Server) -> None:
    """Let everybody say the token who is told it: GitHub in an answer and in an address, a check, a hook."""
    with echo(watched, "POST", "/pulls", Answer(422, b'{"message": "no *"}', {"Content-Type": "application/json"})):
        ended = watched.inv(*WORDS)
    assert (ended.code, "answered 422: no ***" in ended.err, "Traceback" in ended.err) == (3, True, True)
    for words, code in ((("release.status",), 0), (WORDS, 3), ((*WORDS, "--json"), 3)):
        with echo(watched, "GET", "/pulls", Answer(302, b"*", {"Location": f"{other.url}/x?as=*#*"})):
            ended = watched.inv(*words)
        assert (ended.code, "another host" in ended.out + ended.err) == (code, True)
    script = program(watched.folder, "talkative", "env | grep TOKEN\nenv | grep TOKEN >&2\nexit 1")
    hook = program(watched.made.work.root / ".git" / "hooks", "pre-push", f"exec {script}")
    assert watched.inv(*WORDS).code == 4
    hook.unlink()
    watched.made.env["RELEASE_COORDINATION_CHECKS"] = f'{{tests="true", lint="{script}", format="true"}}'
    journal = watched.made.work.root / ".git" / "release-coordination" / "journal.jsonl"
    journal.unlink()  # or it would know that the checklist passed
    assert watched.inv(*WORDS).code == 1
    assert "GITHUB_TOKEN=***" in watched.said[-2] + watched.said[-1]
    watched.made.env["RELEASE_COORDINATION_CHECKS"] = None


def test_the_token_through_a_whole_release(watched: Watched, tmp_path: Path) -> None:
    with Server(SandboxIndex()) as other:
        shown_in_errors(watched, other)
        assert other.asked() == []
    assert watched.inv(*WORDS).code == 4
    watched.made.github.merge(1)
    page = tmp_path / "report.html"
    watched.inv(*WORDS, f"--html={page}")
    assert "done    watch" in watched.said[-1]
    assert watched.inv(*WORDS, "--from=sync").code == 0
    assert watched.inv("release.status", "--json", "--html=status.html").code == 0
    assert not [text for text in watched.said if SECRET in text]
    assert not [path for path, content in watched.kept() if SECRET.encode() in content]
    assert page.exists()
    told, environments = watched.seen("argv"), watched.seen("env")
    assert {name for name, text in environments.items() if SECRET in text} == {"git", "uv"}  # both may have to sign in
    assert told.keys() == environments.keys() == {"git", "uv", "git-cliff"}
