"""What goes wrong on the way, on a real host: it ends on one version or the other, well, and the record says which."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from . import fault_host, service, telegram
from .fault_host import AGENT, HOME, LINK, SLOTS, STATE, Line, await_state, found, size, sound
from .indexes import Fault, Indexes
from .lab import Lab
from .machines import Machine
from .maintainer import Operator, Said, at_work
from .roots import USER
from .shell import PATIENCE, wait
from .telegram import Answer, Telegram

GOOD = ("0.36.0rc1", "0.36.0rc2")
_CLOCK = f"""[Service]
Environment=LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1
Environment=FAKETIME_TIMESTAMP_FILE={HOME}/clock FAKETIME_NO_CACHE=1
Environment=DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_FAKE_MONOTONIC=1
"""
# faketime 0.9.10 makes Python's sleep one that is too long, or an error (its issue 426); it leaves `select` alone.
_SLEEP = """import os, select, time
if "FAKETIME_TIMESTAMP_FILE" in os.environ:
    time.sleep = lambda seconds: select.select([], [], [], seconds)
"""


@dataclass
class Shared:
    """The machine of this file; a case that failed leaves it to be restored."""

    machine: Machine
    version: str = service.FIRST
    spoiled: bool = False

    def sound(self) -> str:
        """Return the version that runs, after making sure that the host is well: the next case may have it."""
        self.version = sound(self.machine)
        self.spoiled = False
        return self.version


@pytest.fixture(scope="module")
def shared(lab: Lab, prepared_layer: Path) -> Iterator[Shared]:
    with lab.fleet(1, prepared_layer) as [machine]:
        fault_host.prepare(machine)
        yield Shared(machine)


@dataclass(frozen=True)
class Scene:
    """A host, the operator at work on it, and what the host runs before anything goes wrong."""

    shared: Shared
    operator: Operator
    indexes: Indexes
    telegram: Telegram
    before: str
    offset: int

    @property
    def host(self) -> Machine:
        """Return the machine."""
        return self.shared.machine

    def now(self) -> "Scene":
        """Return the scene as it is now."""
        version = self.shared.sound()
        self.shared.spoiled = True
        return replace(self, before=version, offset=size(self.host))

    @property
    def other(self) -> str:
        """Return a good candidate that is not the one that runs."""
        return next(version for version in GOOD if version != self.before)

    def words(self, version: str, *more: str) -> tuple[str, ...]:
        """Return what is typed to install a version here."""
        return ("staging.install", f"--version={version}", "--allow-downgrade", f"--host={self.host.name}", *more)

    def install(self, version: str, *more: str) -> Said:
        """Type that."""
        return self.operator.inv(*self.words(version, *more))

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """Type something and return while it runs."""
        return self.operator.start(*words)

    def rollback(self, *more: str) -> Said:
        """Type a rollback of this host."""
        return self.operator.inv("staging.rollback", f"--host={self.host.name}", *more)

    @property
    def end(self) -> Line:
        """Return the end that the record has of what was done in this scene."""
        line = found(self.host, "END", self.offset)
        assert line is not None, "the record has no END"
        return line

    def ends(self, outcome: str, version: str) -> None:
        """Make sure that the host is well on this version and that its record says so."""
        assert self.shared.sound() == version
        assert (self.end["outcome"], self.end["live"]["version"]) == (outcome, version), json.dumps(self.end)


Play = Callable[..., Scene]


@pytest.fixture
def play(shared: Shared, tmp_path: Path, lab: Lab, indexes: Indexes, telegram: Telegram) -> Iterator[Play]:
    """Give a function: `play(settle=2)` is a scene on the host; after a failed one the host is restored."""
    host = shared.machine
    if shared.spoiled:
        host.restore()
        fault_host.prepare(host)
        shared.version = service.FIRST
    shared.spoiled = True

    def make(*, settle: int = 1, installer: str = "uv") -> Scene:
        operator = at_work(tmp_path, lab, indexes, telegram, [host], settle=settle, installer=installer)
        return Scene(shared, operator, indexes, telegram, shared.version, size(host))

    yield make
    host.link_up()


# -- the index, on the client's side: the host is not touched ------------------------------------------------------

WHEEL = "/resources/"
_INDEX_FAULTS = {
    "404": Fault("/simple/", status=404),
    "503": Fault("/simple/", status=503),
    "file 404": Fault(WHEEL, status=404),
    "file 503": Fault(WHEEL, status=503),
    "truncated": Fault(WHEEL, cut=0.5),
    "wrong hash": Fault(WHEEL, corrupt=True),
    "truncated page": Fault("/simple/", cut=0.5),
}


@pytest.mark.parametrize("kind", _INDEX_FAULTS)
def test_an_index_that_fails_leaves_the_host_alone(play: Play, kind: str) -> None:
    scene = play()
    with scene.indexes.staging.failing(_INDEX_FAULTS[kind]):
        said = scene.install(scene.other)
    assert said.code in {1, 3, 4}, said
    assert scene.shared.sound() == scene.before
    assert size(scene.host) == scene.offset


def test_a_slow_index_is_waited_for(play: Play) -> None:
    scene = play()
    with scene.indexes.staging.failing(Fault(WHEEL, slow=0.1)):
        assert scene.install(scene.other).code == 0
    scene.ends("OK", scene.other)


# -- versions that are not what they should be ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "settle", "outcome"),
    [
        ("crash-loop", 1, "ROLLED_BACK"),
        ("ready-then-loop", 1, "ROLLED_BACK"),
        ("crashes-late", 6, "ROLLED_BACK"),
        ("logs-error", 4, "ROLLED_BACK"),
        ("never-ready", 1, "ROLLED_BACK"),
        ("lies", 1, "UNTOUCHED"),
        ("mislabelled", 1, "UNTOUCHED"),
        ("missing-dependency", 1, "UNTOUCHED"),
    ],
)
def test_a_bad_version_does_not_stay(play: Play, kind: str, settle: int, outcome: str) -> None:
    scene = play(settle=settle)
    said = scene.install(service.CANDIDATES[kind].version)
    assert said.code == 1, said
    scene.ends(outcome, scene.before)
    assert scene.end["reason"]


def test_a_fix_that_is_installed_out_of_a_crash_loop_is_healthy(play: Play) -> None:
    scene = play()
    assert scene.install(service.CANDIDATES["ready-then-loop"].version, "--keep").code == 1
    restarts = "systemctl --user show --property=NRestarts --value acme-bot.service"
    wait("a crash loop", lambda: int(scene.host.as_user(restarts)) > 0)
    said = scene.install(scene.other)
    assert said.code == 0, said
    scene.ends("OK", scene.other)


# -- the Bot API ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code", "outcome"),
    [
        pytest.param(telegram.WRONG_BOT, 1, "ROLLED_BACK", id="wrong bot"),
        pytest.param(telegram.NOT_OK, 1, "ROLLED_BACK", id="not ok"),
        pytest.param(telegram.UNAUTHORIZED, 1, "ROLLED_BACK", id="401"),
        pytest.param(telegram.TOO_MANY, 3, "UNKNOWN", id="429"),
        pytest.param(telegram.UNAVAILABLE, 3, "UNKNOWN", id="502"),
        pytest.param(telegram.SILENT, 3, "UNKNOWN", id="silent"),
    ],
)
def test_what_the_bot_api_says_decides(play: Play, answer: Answer, code: int, outcome: str) -> None:
    scene = play()
    scene.telegram.answer = answer
    said = scene.install(scene.other)
    assert said.code == code, said
    scene.ends(outcome, scene.before if code == 1 else scene.other)


# -- in the middle of a change -------------------------------------------------------------------------------------


def _client_killed(scene: Scene, client: "subprocess.Popen[str]") -> None:
    client.kill()


def _sshd_killed(scene: Scene, client: "subprocess.Popen[str]") -> None:
    scene.host.run("pkill", "-KILL", "-u", USER, "sshd")


def _link_down_for_a_while(scene: Scene, client: "subprocess.Popen[str]") -> None:
    scene.host.link_down()
    time.sleep(1)
    scene.host.link_up()


def _link_down_for_good(scene: Scene, client: "subprocess.Popen[str]") -> None:
    scene.host.link_down()
    client.kill()


def _rebooted(scene: Scene, client: "subprocess.Popen[str]") -> None:
    scene.host.reboot()


def _power_cut(scene: Scene, client: "subprocess.Popen[str]") -> None:
    scene.host.kill()
    scene.host.start()


def _agent_killed(scene: Scene, client: "subprocess.Popen[str]") -> None:
    scene.host.kill_processes("agent.py work")


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ("STAGED", _client_killed),
        ("STAGED", _sshd_killed),
        ("RESTARTED", _sshd_killed),
        ("STAGED", _link_down_for_a_while),
        ("STAGED", _link_down_for_good),
        ("VERIFYING", _link_down_for_good),
        ("STAGED", _rebooted),
        ("VERIFYING", _rebooted),
        ("FLIPPED", _power_cut),
        ("INTENT", _agent_killed),
    ],
)
def test_a_change_that_is_disturbed_comes_to_its_end(
    play: Play, state: str, fault: Callable[[Scene, "subprocess.Popen[str]"], None]
) -> None:
    scene = play(settle=2)
    with scene.begin(*scene.words(scene.other)) as client:
        await_state(scene.host, state, scene.offset)
        fault(scene, client)
        await_state(scene.host, "END", scene.offset)
        left = (
            client.wait(PATIENCE)
            if client.poll() is None and fault not in {_client_killed, _link_down_for_good}
            else None
        )
        client.kill()
    scene.ends("UNKNOWN" if fault is _link_down_for_good else "OK", scene.other)
    assert left in {None, 0}


@pytest.mark.parametrize("jump", ["+40d", "-40d"])
def test_a_clock_that_jumps_changes_nothing(play: Play, jump: str) -> None:
    scene = play(settle=2)
    drop_in = f"{HOME}/.config/systemd/user/{AGENT}.d/clock.conf"
    scene.host.write_file(f"{HOME}/clock", "+0", owner=USER)
    scene.host.write_file(drop_in, _CLOCK, owner=USER)
    for python in scene.host.path("/usr/lib").glob("python3.*/"):
        scene.host.write_file(f"/usr/lib/{python.name}/sitecustomize.py", _SLEEP)
    with scene.begin(*scene.words(scene.other)) as client:
        await_state(scene.host, "FLIPPED", scene.offset)
        scene.host.path(f"{HOME}/clock").write_text(jump, "ascii")
        assert client.wait(PATIENCE) == 0
    scene.host.path(drop_in).unlink()
    scene.ends("OK", scene.other)
    jumped = abs(_seconds(scene.end) - _seconds(await_state(scene.host, "INTENT", scene.offset)))
    assert jumped > 30 * 86400, "the agent's clock did not jump"
    assert found(scene.host, "ERROR", scene.offset) is None


def _seconds(line: Line) -> float:
    from datetime import datetime

    return datetime.fromisoformat(line["at"]).timestamp()


def test_pipx_killed_leaves_the_live_version_alone(play: Play) -> None:
    scene = play(installer="pipx")
    with scene.begin(*scene.words(scene.other)) as client:
        await_state(scene.host, "STAGED", scene.offset)
        _kill_one(scene.host, "pipx")
        assert client.wait(PATIENCE) == 1
    scene.ends("UNTOUCHED", scene.before)


def _kill_one(host: Machine, pattern: str) -> None:
    wait(
        pattern, lambda: host.run("pkill", "-KILL", "-c", "-u", USER, "-f", f"{pattern} install", check=False) != "0\n"
    )


def _on_first(play: Play) -> Scene:
    """Return a scene on a host whose live version is not in a slot."""
    scene = play()
    if scene.before != service.FIRST:
        assert scene.rollback(f"--to={service.FIRST}").code == 0
    return scene.now()


def test_no_room_for_another_slot_is_refused(play: Play) -> None:
    scene = _on_first(play)
    with scene.host.small_disk(str(Path(SLOTS).parent), "8M"):
        said = scene.install(GOOD[0])
    assert said.code == 4, said
    assert "MiB free" in said.out + said.err
    assert scene.shared.sound() == service.FIRST
    assert size(scene.host) == scene.offset


def test_a_disk_that_fills_up_leaves_the_live_version_alone(play: Play) -> None:
    scene = _on_first(play)
    disk = str(Path(SLOTS).parent)
    staged = f"tail -c +{scene.offset + 1} {STATE}/record.jsonl | grep -q STAGED"
    fill = f"until {staged}; do :; done; head -c 90M /dev/zero >{disk}/full"
    slow = Fault(f"/simple/{service.LIBRARY}", delay=8)  # the disk is full before there is anything to unpack
    with scene.host.small_disk(disk, "70M"), scene.indexes.release.failing(slow):
        filling = subprocess.Popen(scene.host.command("sh", "-c", fill, user=USER), stderr=subprocess.DEVNULL)
        said = scene.install(service.CANDIDATES["with-dependency"].version)
        filling.wait(PATIENCE)
    assert said.code == 1, said
    assert "o space left" in said.out + said.err, said
    scene.ends("UNTOUCHED", service.FIRST)


def test_the_second_of_two_operators_is_refused_and_shown_who_is_at_work(play: Play) -> None:
    scene = play(settle=2)
    with scene.begin(*scene.words(scene.other)) as client:
        accepted = await_state(scene.host, "ACCEPTED", scene.offset)
        said = scene.rollback()
        assert said.code == 4, said
        assert f"{accepted['operator']}: install {scene.other}" in said.out + said.err
        assert client.wait(PATIENCE) == 0
    scene.ends("OK", scene.other)


# -- going back ----------------------------------------------------------------------------------------------------


def _two_slots(play: Play) -> Scene:
    """Return a scene on a host that has both candidates and runs the one of them."""
    scene = play()
    for _ in range(1 if scene.before in GOOD else 2):
        assert scene.install(scene.other).code == 0
        scene = scene.now()
    return scene


def test_a_rollback_needs_no_network(play: Play) -> None:
    scene = _two_slots(play)
    with scene.begin("staging.rollback", f"--host={scene.host.name}", f"--to={scene.other}") as client:
        await_state(scene.host, "ACCEPTED", scene.offset)
        scene.host.link_down()
        end = await_state(scene.host, "END", scene.offset)
        scene.host.link_up()
        assert client.wait(PATIENCE) == 0
    assert end["outcome"] == "OK"
    scene.ends("OK", scene.other)


def test_a_rollback_needs_no_index(play: Play) -> None:
    scene = _two_slots(play)
    down = Fault(status=503)
    with scene.indexes.release.failing(down), scene.indexes.staging.failing(down):
        assert scene.rollback(f"--to={scene.other}").code == 0
    scene.ends("OK", scene.other)


def test_a_previous_slot_that_somebody_removed_is_not_gone_back_to(play: Play) -> None:
    scene = _two_slots(play)
    link = scene.host.as_user(f"readlink {LINK}").strip()
    live = Path(link).relative_to(SLOTS).parts[0]
    for slot in scene.host.path(SLOTS).iterdir():
        if slot.name != live:
            scene.host.as_user(f"rm -rf {SLOTS}/{slot.name}")
    said = scene.rollback(f"--to={scene.other}")
    assert said.code == 4, said
    assert "not on this host any more" in said.out + said.err
    assert fault_host.look(scene.host)[2] == scene.before
    said = scene.install(service.CANDIDATES["crash-loop"].version)
    assert said.code == 1, said
    scene.ends("ROLLED_BACK", scene.before)


# -- what was done by hand -----------------------------------------------------------------------------------------


def test_a_link_that_somebody_changed_is_adopted(play: Play) -> None:
    scene = _two_slots(play)
    first = next(line["previous"]["target"] for line in fault_host.record(scene.host) if line["state"] == "INTENT")
    scene.host.as_user(f"ln -sfn {first} {LINK} && systemctl --user restart {service.UNIT}")
    status = scene.operator.ask("staging.status", f"--host={scene.host.name}").host(scene.host.name)["answer"]
    assert (status["live"]["version"], bool(status["drift"])) == (service.FIRST, True)
    said = scene.install(service.CANDIDATES["crash-loop"].version)
    assert said.code == 1, said
    assert found(scene.host, "ADOPTED", scene.offset) is not None
    scene.ends("ROLLED_BACK", service.FIRST)


def test_a_link_that_leads_nowhere_is_mended_by_an_installation(play: Play) -> None:
    scene = _two_slots(play)
    scene.host.as_user(f"ln -sfn {HOME}/nowhere/bin/{service.NAME} {LINK}")
    assert scene.install(scene.other).code == 0
    scene.ends("OK", scene.other)


def test_a_last_line_that_was_cut_off_is_skipped(play: Play) -> None:
    scene = _two_slots(play)
    record = scene.host.path(f"{STATE}/record.jsonl")
    with record.open("ab") as file:
        file.write(b'{"deploy": "20261123T0000-cut", "state": "FLIP')
    assert scene.rollback(f"--to={scene.other}").code == 0
    scene.ends("OK", scene.other)
