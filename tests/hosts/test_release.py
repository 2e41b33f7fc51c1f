"""A whole release through the one merge: `inv` as a process, real git, real hosts, and the real proof.

GitHub and both indexes are the sandbox's, which also does what the workflows would, and the approver is the test.
"""

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tasks.rehearsal.server import Answer, Request, Service
from tasks.systems.journal import Journal

from ..chains import is_published, play
from ..releases import TOKEN, World, world
from ..repositories import uv
from ..running import interrupted
from . import prepared, project, service
from .fault_host import record
from .lab import Fleet, Lab
from .maintainer import table
from .roots import USER
from .scenes import Scene, host_of, version
from .shell import PATIENCE, wait
from .telegram import Telegram

NAME = service.NAME
REASON = "both tiers passed on hetz"
AGAIN = ("release.run", "--yes")
COMMAND = f'scripts = {{ {NAME} = "acme_bot:main" }}\n'
MORE = f"""\
{project.BUILD}[tool.release-coordination.soak]
days = 0
[[tool.uv.index]]
url = "{{index}}/simple/"
default = true
"""


@dataclass
class Held:
    """The release index, which keeps uv waiting for the library until it is let go: web1 installs with it."""

    real: Service
    reached: Event = field(default_factory=Event)
    free: Event = field(default_factory=Event)

    def __call__(self, request: Request) -> Answer:
        agent = request.headers.get("user-agent", "")
        if request.path == f"/simple/{service.LIBRARY}/" and agent.startswith("uv/"):
            self.reached.set()
            assert self.free.wait(PATIENCE)
        return self.real(request)


@pytest.fixture
def scene(tmp_path: Path, lab: Lab, fleet: Fleet, telegram: Telegram) -> Iterator[Scene]:
    """Serve a project whose 1.0.0 runs on a staging and a production host, with a feature and a fix since then."""
    hosts = fleet(2)
    prepared.give_uv(hosts[1])
    with world(tmp_path, indexes=lab.network.gateway) as made:
        made.env["HOME"] = str(lab.home)
        found = Scene(made, hosts)
        begin(made, table(hosts[0], telegram, settle=1)
                    + table(hosts[1], telegram, settle=1, role="production", installer="uv"))  # fmt: skip
        found.inv("release.rollout", "--version=1.0.0")
        work_goes_on(made)
        made.github.gate.token = TOKEN
        play(made, lambda _version, commit: project.built(made.bare.root, commit))
        yield found


def begin(made: World, hosts: str) -> None:
    """Make 1.0.0 the release of a service with these hosts."""
    work, more = made.work, MORE.format(index=made.servers["index"].url)
    work.switch("main")
    text = work.read("pyproject.toml").decode().replace('name = "sample"\n', f'name = "{NAME}"\n{COMMAND}')
    work.write({"pyproject.toml": text + hosts + more, **project.sources()})
    locked(made)
    work.git("add", "--all")
    work.git("commit", "--quiet", "--amend", "--no-edit")
    work.git("tag", "--force", "v1.0.0")
    work.git("push", "--quiet", "--force", "origin", "main", "v1.0.0")
    for number, title in enumerate(("begin", "greet"), 1):
        assert made.github.open_issue(title) == number
    made.github.close_issue(1)
    files = project.built(made.bare.root, work.head)
    project.upload(made.index, {**files, service.GOOD_LIBRARY.wheel_name: service.GOOD_LIBRARY.wheel()})
    project.upload(made.staging, dict(service.traps()))
    made.github.tick()
    made.github.add_release("v1.0.0", files)


def work_goes_on(made: World) -> None:
    """Commit a feature that has an issue, and a fix that has none."""
    work, library = made.work, f"{service.LIBRARY}>=1.0"
    work.git("switch", "--quiet", "--force-create", "dev")
    text = work.read("pyproject.toml").decode().replace(COMMAND, f'{COMMAND}dependencies = ["{library}"]\n')
    work.write({"pyproject.toml": text, **project.sources(library)})
    locked(made)
    work.commit("feat: greet\n\nCloses #2", {})
    work.commit("fix: mend it")
    work.git("push", "--quiet", "--force", "origin", "dev")
    made.github.tick()


def locked(made: World) -> None:
    subprocess.run([uv(), "lock", "--quiet"], cwd=made.work.root, check=True)


def test_from_the_audit_to_the_proof(scene: Scene) -> None:
    """Killed on the way, and carried to the same end by typing it again."""
    up_to_the_merge(scene)
    the_approver_merges(scene)
    with_a_kill_while_a_host_installs(scene)
    to_the_end(scene)
    everything_is_there_once(scene)
    every_host_is_well(scene)
    the_proof_leaves_nothing_out(scene)
    nothing_is_left_to_do(scene)


def up_to_the_merge(scene: Scene) -> None:
    made = scene.made
    ended = scene.inv(*AGAIN, "--staging=yes", f"--integration-reason={REASON}", code=4)
    (pull,) = made.github.hub.pulls
    assert f"error: merge PR #{pull.number} when ready (approver: nathan)\n" in ended.err
    filed = made.github.hub.issues[3]
    assert (filed.title, filed.state) == ("mend it", "closed")
    assert REASON in str(pull.body)
    assert "Promoted from 1.1.0rc1 after its soak: hetz: PASS" in str(pull.body)
    assert [version(host) for host in scene.hosts] == ["1.1.0rc1", "1.0.0"]
    assert "refs/tags/v1.1.0" not in made.bare.refs


def the_approver_merges(scene: Scene) -> None:
    (pull,) = scene.made.github.hub.pulls
    scene.made.github.merge(pull.number)


def with_a_kill_while_a_host_installs(scene: Scene) -> None:
    """The host goes on alone; until it is done, the same again is refused and changes nothing."""
    made, server = scene.made, scene.made.servers["index"]
    server.service = held = Held(server.service)
    ended = interrupted(*AGAIN, cwd=made.work.root, env=made.env, when=held.reached.is_set, number=signal.SIGKILL,
                        seconds=PATIENCE)  # fmt: skip
    assert ended.code == -signal.SIGKILL
    assert {line["event"] for line in journal(made) if line["step"] == "rollout"} == {"begun"}
    assert [version(host) for host in scene.hosts] == ["1.1.0", "1.0.0"]
    before = scene.everything()
    assert "is at work here: install 1.1.0" in scene.inv(*AGAIN, code=4).err
    assert scene.everything() == before
    held.free.set()
    wait("the end of what web1 does", lambda: record(scene.hosts[1])[-1]["state"] == "END")


def journal(made: World) -> list[dict[str, Any]]:
    return Journal(made.work.root / ".git" / "release-coordination" / "journal.jsonl").lines()


def to_the_end(scene: Scene) -> None:
    ended = scene.inv(*AGAIN)
    assert ended.out == "1.1.0 is released\n"
    assert "done    rollout: hetz, web1: 1.1.0\n" in ended.err
    status = scene.inv("release.status", "--json").json
    assert (status["version"], status["finished"], status["next"]) == ("1.1.0", True, None)
    assert {step["state"] for step in status["steps"]} == {"done", "skipped"}


def everything_is_there_once(scene: Scene) -> None:
    is_published(scene.made, filed=3, before=["v1.0.0"])
    changes = [[deploy.split("-")[1] for deploy in host_of(host)[-1]] for host in scene.hosts]
    assert changes == [["1.0.0", "1.1.0rc1", "1.1.0"], ["1.0.0", "1.1.0"]]


def every_host_is_well(scene: Scene) -> None:
    assert [version(host) for host in scene.hosts] == ["1.1.0", "1.1.0"]
    scene.inv("staging.healthcheck", "--host=all", "--version=1.1.0")
    assert not any(host.path(f"/home/{USER}/{service.MARK}").exists() for host in scene.hosts)


def the_proof_leaves_nothing_out(scene: Scene) -> None:
    """All groups, each of the hosts, both installers; the sandbox alone attests nothing."""
    proof = scene.inv("release.verify", "--version=1.1.0", "--json").json
    passed = [row for row in proof["checks"] if row["result"] == "PASS"]
    assert {row["check"] for row in proof["checks"] if row not in passed} == {"attestation"}
    assert (proof["passed"], proof["left_out"]) == (True, [])
    assert {row["group"] for row in passed} == {"index", "github", "service", "install"}
    seen = {group: {row["subject"] for row in passed if row["group"] == group} for group in ("service", "install")}
    assert seen == {"service": {"hetz", "web1"}, "install": {"pip", "uv"}}
    done = [line["evidence"] for line in journal(scene.made) if (line["step"], line["event"]) == ("verify", "done")]
    assert done == [f"{len(passed)} checks passed"]


def nothing_is_left_to_do(scene: Scene) -> None:
    before = journal(scene.made)
    assert scene.twice(*AGAIN).out == "1.1.0 is released\n"
    assert journal(scene.made) == before
