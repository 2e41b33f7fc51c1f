"""The lab: a network, keys, an ssh_config and machines for one run of tests, and nothing of it left afterwards.

A run that was killed is cleaned up by its janitor, a process that waits for its end, and failing that by the next run:
its folder's lock is free then, and everything it made bears the name of its bridge, or its folder. Every worker of a
run has a lab of its own.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from . import cgroups, roots
from .machines import Identity, Machine, forget, make_key
from .network import Network, make_network, remove_bridge
from .roots import USER, Overlay
from .shell import PATIENCE, sh

NAMES = ("hetz", *(f"web{number}" for number in range(1, 64)))
_FIRST = 10
_LIMITS = {"fs/inotify/max_user_instances": 4096, "kernel/keys/maxkeys": 4096, "kernel/keys/maxbytes": 4096 * 128}
_CONFIG = """Host *
    User {user}
    IdentityFile {home}/.ssh/id_ed25519
    IdentitiesOnly yes
    UserKnownHostsFile {home}/.ssh/known_hosts
    StrictHostKeyChecking yes
    LogLevel ERROR
"""


class Fleet(Protocol):
    """What the fixture `fleet` is: a function that boots machines for one test."""

    def __call__(self, size: int, *, bare: bool = False) -> list[Machine]:
        """Boot them with the service, or bare."""


@dataclass
class Lab:
    """One run's machines; `home` is the operator's home with .ssh/config, .ssh/known_hosts and .ssh/id_ed25519."""

    folder: Path
    network: Network
    janitor: int  # the id of the process that cleans up after a lab whose process was killed
    files: dict[str, str] = field(default_factory=dict)  # written to every machine before its first boot
    machines: list[Machine] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """Return the home folder of the operator."""
        return self.folder / "home"

    @property
    def ssh_config(self) -> Path:
        """Return the ssh_config that knows every machine by its name."""
        return self.home / ".ssh" / "config"

    @property
    def known_hosts(self) -> Path:
        """Return the file with the machines' host keys."""
        return self.home / ".ssh" / "known_hosts"

    def ssh(self, host: str, *argv: str, seconds: float = PATIENCE, check: bool = True) -> str:
        """Return what a command wrote, run by OpenSSH over the network."""
        return sh("ssh", "-F", str(self.ssh_config), "-o", "BatchMode=yes", host, *argv, seconds=seconds, check=check)

    @contextmanager
    def fleet(self, size: int, *layers: Path) -> Iterator[list[Machine]]:
        """Give that many machines, booted side by side from the Debian root and these layers on it."""
        machines: list[Machine] = []
        try:
            for name in self._free_names(size):
                machines.append(self._machine(name, layers))
                self.machines.append(machines[-1])
            self._write_ssh()
            _allow()
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(Machine.start, machines))
            yield machines
        finally:
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(self._retire, machines))
            self._write_ssh()

    def _free_names(self, size: int) -> list[str]:
        taken = {machine.name for machine in self.machines}
        return [name for name in NAMES if name not in taken][:size]

    def _machine(self, name: str, layers: Sequence[Path]) -> Machine:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        identity = Identity(name, make_key(folder / "host_key"), self._key().with_suffix(".pub"), self.files)
        cable = self.network.cable(_FIRST + NAMES.index(name))
        cable.lay()
        return Machine(identity, cable, Overlay(folder, [roots.debian(), *layers]))

    def _retire(self, machine: Machine) -> None:
        try:
            machine.remove()
        finally:
            self.machines.remove(machine)
        roots.discard(machine.overlay.upper)
        roots.discard(machine.overlay.work)

    def _key(self) -> Path:
        key = self.home / ".ssh" / "id_ed25519"
        return key if key.exists() else make_key(key)

    def _write_ssh(self) -> None:
        config = [f"Host {machine.name}\n    HostName {machine.address}\n" for machine in self.machines]
        self.ssh_config.write_text("".join(config) + _CONFIG.format(user=USER, home=self.home), "utf-8")
        keys = [(machine, machine.identity.host_key.with_suffix(".pub")) for machine in self.machines]
        lines = [f"{machine.address},{machine.name} {key.read_text('ascii')}" for machine, key in keys]
        self.known_hosts.write_text("".join(lines), "ascii")


def _allow() -> None:
    """Raise the kernel's limits for one user: root and the user who deploys are the same two on all machines."""
    for name, needed in _LIMITS.items():
        limit = Path("/proc/sys", name)
        if int(limit.read_text("ascii")) < needed:
            limit.write_text(str(needed), "ascii")


@contextmanager
def open_lab() -> Iterator[Lab]:
    """Give a lab of its own to this process, after removing what killed runs left."""
    with ExitStack() as stack:
        with roots.locked("runs"):
            _clean_all()
            folder = Path(tempfile.mkdtemp(dir=_runs()))
            (folder / "lock").touch()
            janitor = stack.enter_context(_watched_over(folder))
            lock = stack.enter_context((folder / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            stack.callback(_clean, folder)
            network = make_network(roots.cache() / "last-network", folder / "bridge")
        yield Lab(folder, network, janitor)


@contextmanager
def _watched_over(folder: Path) -> Iterator[int]:
    """Let a process of its own wait for the end of this one, however that comes, and clean up; return its id."""
    janitor = subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,  # nobody writes to it any more once this process is gone
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert janitor.stdin is not None
    janitor.stdin.write(f"{folder}\n".encode())
    janitor.stdin.flush()
    try:
        yield janitor.pid
    finally:
        janitor.stdin.close()
        janitor.wait()


def _watch_over() -> None:
    """Be that process: the end of standard input is the end of the other."""
    folder = Path(sys.stdin.readline().rstrip("\n"))
    sys.stdin.read()
    with contextlib.suppress(FileNotFoundError), (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _clean(folder)


def _runs() -> Path:
    folder = roots.cache() / "runs"
    folder.mkdir(exist_ok=True)
    return folder


def clean() -> None:
    """Remove what runs left that were killed: processes, mounts, interfaces, control groups, files."""
    with roots.locked("runs"):
        _clean_all()


def _clean_all() -> None:
    for folder in sorted(_runs().glob("*/")):
        with contextlib.suppress(OSError), (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clean(folder)


def _clean(folder: Path) -> None:
    for process in _processes(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    bridge = folder / "bridge"
    if bridge.exists():
        name = bridge.read_text("ascii")
        cgroups.remove_all(f"{name}-")
        forget(f"{name}-*")
        remove_bridge(name)
    roots.discard(folder)


def _processes(folder: Path) -> list[int]:
    """Return the processes that were started with a file of this folder: systemd-nspawn (and process 1 of its machine,
    without which the others of the machine cannot be), ssh, and what an operator typed, whose home is there.
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            argv, settings = ((entry / name).read_bytes() for name in ("cmdline", "environ"))
            if f"{folder}/".encode() in argv + settings and int(entry.name) != os.getpid():
                children = (entry / "task" / entry.name / "children").read_text("ascii").split()
                found += [int(child) for child in children] if b"systemd-nspawn" in argv else []
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    _watch_over()
