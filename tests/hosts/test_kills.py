"""Kills at random moments: whatever dies, the host comes to one version or the other by itself and records which.

Changes are sent to the agent as the client sends them. Killed are the agent's worker, its whole unit, the session that
asked, the SSH session, the user's manager, and the machine's power. Only what really killed something counts. It is
done in parts, so that workers can share them.
"""

import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from tasks.agent import COMMAND, LOADER, frame

from . import fault_host, service
from .fault_host import AGENT, found, problems, size
from .indexes import Indexes
from .lab import Lab
from .machines import Machine
from .reach import UID
from .roots import USER
from .shell import PATIENCE

KILLS = int(os.environ.get("KILLS", "200"))
SEED = int(os.environ.get("KILLS_SEED", "4711"))
PARTS = 10
MACHINES = 2  # a worker's
INSTALLS = 0.12  # the part of the changes that are installations; the rest go back to a version that is there
VERSIONS = ("0.36.0rc1", "0.36.0rc2")
WEIGHTS = {"worker": 50, "unit": 20, "session": 13, "sshd": 12, "manager": 2, "power": 3}
CONVERGES = 120.0  # seconds; a computer that has time needs two to five
_AS_USER = f"runuser -u {USER} -- env XDG_RUNTIME_DIR=/run/user/{UID} systemctl --user"
_COMMANDS = {
    "worker": f"pkill -KILL -c -u {USER} -f 'agent.py work'",
    "unit": f"pgrep -c -u {USER} -f 'agent.py work'; {_AS_USER} kill --signal=KILL {AGENT} 2>/dev/null",
    "session": f"pkill -KILL -c -u {USER} -f sys.stdin.buffer",
    "sshd": f"pkill -KILL -c -u {USER} sshd",
    "manager": f"systemctl restart user@{UID}.service; echo 1",
    "working": f"pgrep -c -u {USER} -f sys.stdin.buffer",
}


class Hand:
    """A root shell on a machine that is already there when something has to be killed."""

    def __init__(self, machine: Machine) -> None:
        self.shell = subprocess.Popen(machine.command("sh"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def count(self, what: str) -> int:
        """Run one of the commands and return the number it says first."""
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(f"{_COMMANDS[what]}\necho .\n")
        self.shell.stdin.flush()
        said = []
        while (line := self.shell.stdout.readline().strip()) not in {".", ""}:
            said.append(line)
        return int(said[0]) if said else 0

    def close(self) -> None:
        """Let go."""
        self.shell.kill()
        self.shell.communicate()


@dataclass
class Tally:
    """What all threads have done."""

    kills: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0
    lock: Lock = field(default_factory=Lock)

    @property
    def done(self) -> bool:
        """Say whether that was enough."""
        return self.kills.total() >= KILLS / PARTS or len(self.wrong) > 10


@dataclass(frozen=True)
class Run:
    """One change and how it is to be killed."""

    name: str
    action: str
    before: str
    wanted: str
    how: str
    delay: float
    offset: int


class Victim:
    """One machine with two versions between which it is sent, and killed on the way."""

    def __init__(self, lab: Lab, machine: Machine, indexes: Indexes) -> None:
        self.lab, self.machine, self.indexes = lab, machine, indexes
        self.count = 0
        self.lengths: dict[str, float] = {}
        self.begin()

    def begin(self) -> None:
        """Put both versions onto the machine, undisturbed, and measure how long a change takes."""
        fault_host.prepare(self.machine)
        self.hand = Hand(self.machine)
        self.lengths["install"] = max(self.undisturbed("install", version) for version in VERSIONS)
        self.lengths["rollback"] = self.undisturbed("rollback", VERSIONS[0])
        self.live = VERSIONS[0]

    def undisturbed(self, action: str, version: str) -> float:
        """Make a change that nobody disturbs and return its seconds."""
        self.count += 1
        begin = time.monotonic()
        session = self.send(f"calm-{self.count}", action, version, by_ssh=False)
        code = session.wait(PATIENCE)
        end = found(self.machine, "END", 0, f"calm-{self.count}")
        assert (code, end and end["outcome"]) == (0, "OK"), end
        return time.monotonic() - begin

    def send(self, deploy: str, action: str, version: str, *, by_ssh: bool) -> "subprocess.Popen[bytes]":
        """Ask for a change and return the session, which follows it."""
        request: dict[str, Any] = {
            "action": action, "deploy": deploy, "package": service.NAME, "unit": service.UNIT, "role": "staging",
            "settle": 0 if self.count % 4 else 1, "operator": "tests", "to": version,
        }  # fmt: skip
        payload = b""
        if action == "install":
            build = next(build for build in service.CANDIDATES.values() if build.version == version)
            name = build.distribution.wheel_name
            payload = (self.indexes.staging.folder / service.NAME / name).read_bytes()
            request |= {
                "version": version, "wheel": name, "sha256": _sha256(payload), "installer": "uv", "to": "",
                "index": self.indexes.release.simple, "allow_downgrade": True, "origin": "staging index",
            }  # fmt: skip
        ssh = ["ssh", "-F", str(self.lab.ssh_config), "-o", "BatchMode=yes", self.machine.name, COMMAND]
        argv = ssh if by_ssh else self.machine.command("python3", "-I", "-c", LOADER, user=USER)
        session = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert session.stdin is not None
        session.stdin.write(frame(request, payload))
        session.stdin.close()
        return session

    def once(self) -> None:
        """Make one change, kill at a random moment, and look at what became of it."""
        self.count += 1
        how = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        action = "install" if self.dice.random() < INSTALLS else "rollback"
        delay = self.dice.uniform(0, 1.1 * self.lengths[action])
        wanted = next(version for version in VERSIONS if version != self.live)
        run = Run(f"kill-{self.count}-{how}", action, self.live, wanted, how, delay, size(self.machine))
        session = self.send(run.name, action, wanted, by_ssh=how == "sshd")
        try:
            kills = self.strike(run, session)
            began = time.monotonic()
            outcome, wrong = self.outcome(run)
            self.book(run, kills, outcome, wrong, time.monotonic() - began)
            if wrong:
                self.again()
        finally:
            session.kill()
            session.wait()

    def strike(self, run: Run, session: "subprocess.Popen[bytes]") -> int:
        """Kill, not before its moment and as soon as there is something to kill; return whether something was."""
        time.sleep(run.delay)
        if run.how == "power":
            self.hand.close()
            self.machine.kill()
            self.machine.start()
            self.hand = Hand(self.machine)
            return 1
        while not self.hand.count(run.how):
            if session.poll() is not None:
                return 0
            time.sleep(0.01)
        return 1

    def outcome(self, run: Run) -> tuple[str, list[str]]:
        """Wait for the end of a change and return its outcome and what is not as it must be."""
        deadline = time.monotonic() + CONVERGES
        while (end := found(self.machine, "END", run.offset, run.name)) is None:
            accepted = found(self.machine, "ACCEPTED", run.offset, run.name)
            if not accepted and not self.hand.count("working") and not found(self.machine, "ACCEPTED", run.offset):
                return "NEVER BEGUN", self.untouched(run)
            if time.monotonic() > deadline:
                return "NO END", [f"no END within {CONVERGES:g} s"]
            time.sleep(0.05)
        version, wrong = problems(self.machine)
        wrong += [] if version in {run.before, run.wanted} else [f"{version} answers"]
        wrong += [] if end["outcome"] in {"OK", "ROLLED_BACK", "UNTOUCHED"} else [f"{end['outcome']}: {end['reason']}"]
        self.live = version
        return end["outcome"], wrong

    def untouched(self, run: Run) -> list[str]:
        """Return what is wrong after a request that died before it was accepted; its files may still lie there."""
        state, _, version = fault_host.look(self.machine)
        return [] if (state, version) == ("active", run.before) else [f"{version} is {state} though nothing was begun"]

    def book(self, run: Run, kills: int, outcome: str, wrong: list[str], seconds: float) -> None:
        """Count."""
        with self.tally.lock:
            self.tally.kills[run.how] += kills
            self.tally.outcomes[outcome] += kills
            self.tally.slowest = max(self.tally.slowest, seconds)
            if wrong:
                states = [line["state"] for line in fault_host.record(self.machine, run.offset)]
                what = (
                    f"{self.machine.name} {run.name} {run.action} {run.before} -> {run.wanted} after {run.delay:.3f} s"
                )
                self.tally.wrong.append(f"{what}: {wrong}; {outcome}; {' '.join(states)}")

    def again(self) -> None:
        """Begin with a fresh machine."""
        self.hand.close()
        self.machine.restore()
        self.begin()

    def torture(self, tally: Tally, seed: str) -> None:
        """Kill until it is enough; a last change that nobody disturbs must leave nothing behind."""
        self.tally = tally
        self.dice = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        while not self.tally.done:
            self.once()
        self.undisturbed("install", next(version for version in VERSIONS if version != self.live))
        self.live, wrong = problems(self.machine)
        with self.tally.lock:
            self.tally.wrong += [f"{self.machine.name} in the end: {what}" for what in wrong]


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def victims(lab: Lab, prepared_layer: Path, published: Indexes) -> Iterator[list[Victim]]:
    """Give the machines of all parts that this worker does; each part leaves them well."""
    with lab.fleet(MACHINES, prepared_layer) as machines, ThreadPoolExecutor(MACHINES) as pool:
        all_of_them = list(pool.map(lambda machine: Victim(lab, machine, published), machines))
        yield all_of_them
        for victim in all_of_them:
            victim.hand.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_is_killed_whenever_the_host_comes_to_one_version_or_the_other(
    victims: list[Victim], indexes: Indexes, part: int, record_property: Callable[[str, object], None]
) -> None:
    tally, began = Tally(), time.monotonic()
    with ThreadPoolExecutor(MACHINES) as pool:
        tortures = [
            pool.submit(victim.torture, tally, f"{SEED}-{part}-{number}") for number, victim in enumerate(victims)
        ]
        for torture in tortures:
            torture.result()
    seconds = time.monotonic() - began
    record_property(
        "note",
        f"{tally.kills.total()} kills in {seconds:.0f} s (seed {SEED}, part {part}): {json.dumps(tally.kills)},"
        f" {json.dumps(tally.outcomes)}; slowest to converge: {tally.slowest:.1f} s",
    )
    assert tally.wrong == []
    assert tally.kills.total() >= KILLS / PARTS
