"""One machine: a Debian with its own systemd, journal, sshd and network, booted by systemd-nspawn in about a second.

What was needed beyond root: `--register=no --keep-unit`, because nothing here answers for systemd-machined, and a
control group for each machine, because with `--keep-unit` they would otherwise all boot into one and the same.
"""

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from . import cgroups
from .network import Cable
from .reach import UID, Reach
from .roots import USER, Overlay
from .shell import PATIENCE, Failed, sh, wait

_PROPAGATE = Path("/run/systemd/nspawn/propagate")
_ENTER = 'for file in $GROUPS_TO_ENTER; do echo $$ >"$file"; done; exec "$@"'


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a machine this one: its name, its host key, who may sign in, and files it has from the beginning."""

    name: str
    host_key: Path
    client_key: Path
    files: Mapping[str, str] = field(default_factory=dict)


def forget(pattern: str) -> None:
    """Remove the folders that systemd-nspawn leaves of machines where /run is not a tmpfs."""
    for folder in _PROPAGATE.glob(pattern):
        shutil.rmtree(folder, ignore_errors=True)


def make_key(path: Path) -> Path:
    """Return a new key without a passphrase."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", str(path))
    return path


class Machine(Reach):
    """A host with an address of its own. `name` is also its alias in the ssh_config of the run."""

    def __init__(self, identity: Identity, cable: Cable, overlay: Overlay) -> None:
        self.identity = identity
        self.name = identity.name
        self.address = cable.address
        self.cable = cable
        self.overlay = overlay
        self.boot_seconds = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Boot, and return when sshd and the user's manager are up; `boot_seconds` says how long it took."""
        if self.running:
            return
        begin = time.monotonic()
        self.overlay.mount()
        self._identify()
        self._launch()
        wait(f"the boot of {self.name}", self._up)
        self.boot_seconds = time.monotonic() - begin

    def stop(self, seconds: float = 20) -> None:
        """Shut down in good order, or by force after `seconds`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """Take away the power: every process of the machine is gone at once."""
        if self._process is not None:
            cgroups.kill(self.cable.name)
            self._process.kill()
            self._process.wait()
            self._process = None
        cgroups.remove(self.cable.name)

    def reboot(self) -> None:
        """Restart in good order, and return when the machine is up again."""
        self.run("systemctl", "--no-block", "reboot")
        self.await_end()
        self.start()

    def await_end(self, seconds: float = PATIENCE) -> None:
        """Return when the machine has gone down by itself; a rebooting one does not come up again without `start`."""
        if self._process is not None:
            self._process.wait(seconds)
        self.kill()

    def restore(self) -> None:
        """Take away the power, forget everything that was written, and boot again."""
        self.kill()
        self.overlay.fresh()
        self.link_up()
        self.start()

    def remove(self) -> None:
        """Leave nothing of the machine but its console log."""
        self.kill()
        self.overlay.unmount()
        self.cable.remove()
        forget(self.cable.name)

    def change_host_key(self) -> None:
        """Give sshd another host key than the one that known_hosts has."""
        key = make_key(self.console.with_name(f"host_key-{uuid.uuid4().hex}"))
        self.write_file("/etc/ssh/ssh_host_ed25519_key", key.read_bytes(), mode=0o600)
        self.run("systemctl", "restart", "ssh.service")

    def link_down(self) -> None:
        """Cut the network: packets vanish and nobody is told."""
        self.cable.cut()

    def link_up(self) -> None:
        """Mend the network."""
        self.cable.mend()

    @property
    def running(self) -> bool:
        """Say whether the machine is on."""
        return self._process is not None and self._process.poll() is None

    @property
    def leader(self) -> int:
        """Return the id, on this side, of the machine's process 1."""
        if self._process is None:
            raise Failed(["leader", self.name], 1, "the machine is off")
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        if not children:
            raise Failed(["leader", self.name], 1, "no process 1")
        return int(children[0])

    @property
    def console(self) -> Path:
        """Return the file with all that the machine wrote to its console, of every boot."""
        return self.overlay.root.parent / "console.log"

    def _launch(self) -> None:
        groups = cgroups.make(self.cable.name)
        options = ["--quiet", "--boot", "--register=no", "--keep-unit", "--console=read-only", "--link-journal=no"]
        where = [f"--network-namespace-path={self.cable.namespace}", f"--directory={self.overlay.root}"]
        who = [f"--machine={self.cable.name}", f"--hostname={self.name}"]
        entry = " ".join(f"{group}/cgroup.procs" for group in groups)
        with self.console.open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", _ENTER, "sh", "systemd-nspawn", *options, *where, *who],
                env={**os.environ, "SYSTEMD_NSPAWN_LOCK": "0", "GROUPS_TO_ENTER": entry},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is for the tests; they shut the machine down
            )

    def _identify(self) -> None:
        if self.path("/etc/machine-id").exists():
            return
        self.write_file("/etc/machine-id", uuid.uuid4().hex + "\n")
        self.write_file("/etc/hostname", self.name + "\n")
        self.write_file("/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n")
        self.write_file("/etc/ssh/ssh_host_ed25519_key", self.identity.host_key.read_bytes(), mode=0o600)
        self.write_file(f"/home/{USER}/.ssh/authorized_keys", self.identity.client_key.read_bytes(), owner=USER)
        for path, text in self.identity.files.items():
            self.write_file(path, text)

    def _up(self) -> bool:
        """Say whether sshd and the user's manager are up."""
        if not self.running:
            raise AssertionError(f"{self.name} ended while it booted: {self.console.read_text('utf-8')[-1500:]}")
        with suppress(OSError, Failed):
            if not self.path(f"/var/lib/systemd/linger/{USER}").exists():
                return self.run("systemctl", "is-active", "ssh.service").strip() == "active"
            if Path(f"/proc/{self.leader}/root/run/user/{UID}/bus").is_socket():
                self.run("systemctl", "is-active", "ssh.service")
                return self.run("systemctl", "--user", "is-system-running", user=USER).strip() == "running"
        return False
