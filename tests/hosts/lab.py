"""The lab: a network, keys, an ssh_config and machines for one run of tests, and nothing of it left afterwards.

A run that was killed is cleaned up by the next one: its folder's lock is free then, and everything it made bears the
name of its bridge or lies in its folder.
"""

import contextlib
import fcntl
import os
import signal
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
from .shell import sh

NAMES = ("hetz", *(f"web{number}" for number in range(1, 64)))
_FIRST = 10
_WATCHERS = 8  # inotify instances of root that one machine uses, rounded up
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

    def ssh(self, host: str, *argv: str, seconds: float = 30, check: bool = True) -> str:
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
            _allow_inotify(len(self.machines))
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
        machine.remove()
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


def _allow_inotify(machines: int) -> None:
    """Raise the kernel's limit, which all machines share, where it is too low for so many systemds."""
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    if int(limit.read_text("ascii")) < machines * _WATCHERS:
        limit.write_text(str(machines * _WATCHERS), "ascii")


@contextmanager
def open_lab() -> Iterator[Lab]:
    """Give a lab of its own to this run, after removing what killed runs left."""
    with ExitStack() as stack:
        with roots.locked("runs"):
            clean()
            folder = Path(tempfile.mkdtemp(dir=_runs()))
            lock = stack.enter_context((folder / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            stack.callback(_clean, folder)
            network = make_network()
            (folder / "bridge").write_text(network.bridge, "ascii")
        yield Lab(folder, network)


def _runs() -> Path:
    folder = roots.cache() / "runs"
    folder.mkdir(exist_ok=True)
    return folder


def clean() -> None:
    """Remove what runs left that were killed: processes, mounts, interfaces, control groups, files."""
    for folder in sorted(_runs().glob("*/")):
        with contextlib.suppress(OSError), (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clean(folder)


def _clean(folder: Path) -> None:
    for process in _processes(folder):
        os.kill(process, signal.SIGKILL)
    bridge = folder / "bridge"
    if bridge.exists():
        name = bridge.read_text("ascii")
        cgroups.remove_all(f"{name}-")
        forget(f"{name}-*")
        remove_bridge(name)
    roots.discard(folder)


def _processes(folder: Path) -> list[int]:
    """Return process 1 of the machines booted from below this folder, and the systemd-nspawn above each."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            argv = (entry / "cmdline").read_bytes().split(b"\0")
            if b"systemd-nspawn" in argv[0] and any(str(folder).encode() + b"/" in part for part in argv):
                children = (entry / "task" / entry.name / "children").read_text("ascii").split()
                found += [int(child) for child in children] + [int(entry.name)]
    return found
