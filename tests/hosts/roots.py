"""Roots for machines: a Debian built once with mmdebstrap, layers on it, and overlays that are thrown away.

Built roots are kept in the user's cache folder under a digest of their recipe; a changed recipe makes a new one. The
packages come from the apt sources this computer has itself.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from .shell import sh

USER = "deploy"
_FORGET_AFTER = 14 * 86400  # seconds
PACKAGES = [
    *("systemd", "systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd", "openssh-server"),
    *("python3", "python3-venv", "python3-pip", "python3-wheel-whl", "pipx"),
    *("iproute2", "procps", "sudo", "ca-certificates", "less", "faketime"),
]

# Run in the new root. The user's manager starts at boot because of the file in linger; nothing that a machine of a test
# does not need is started; the host keys go because every machine gets its own.
SETUP = f"""
useradd --create-home --shell /bin/bash {USER}
install -d -m 755 /var/lib/systemd/linger
touch /var/lib/systemd/linger/{USER}
install -d -o {USER} -g {USER} -m 700 /home/{USER}/.ssh
echo '{USER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{USER}
printf 'PasswordAuthentication no\\nUseDNS no\\n' >/etc/ssh/sshd_config.d/tests.conf
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id /etc/resolv.conf
ln -sf /dev/null /etc/systemd/system/console-getty.service
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer; do
    ln -sf /dev/null /etc/systemd/system/$unit
done
"""


def cache() -> Path:
    """Return the folder for what outlives a run."""
    folder = platformdirs.user_cache_path("release-coordination-tests")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(*parts: str | bytes) -> str:
    """Return a short digest of a recipe."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.encode() if isinstance(part, str) else part)
        whole.update(b"\0")
    return whole.hexdigest()[:16]


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock of the cache folder, so that two runs or workers do not build the same thing at once."""
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def debian() -> Path:
    """Return the Debian root; the first call on a computer builds it (half a minute)."""
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    root = cache() / f"debian-{digest(suite, SETUP, *PACKAGES)}"
    with locked(root.name):
        if not root.exists():
            _build(suite, root)
    used(root)
    return root


def used(folder: Path) -> None:
    """Note that a folder of the cache is in use, and remove others of its kind that were not for two weeks."""
    os.utime(folder)
    for other in folder.parent.glob(f"{folder.name.partition('-')[0]}-*/"):
        if time.time() - other.stat().st_mtime > _FORGET_AFTER:
            discard(other)


def _build(suite: str, root: Path) -> None:
    unfinished = root.with_suffix(".unfinished")
    discard(unfinished)
    sources = [str(path) for path in _sources()]
    options = ["--variant=apt", f"--include={','.join(PACKAGES)}", '--aptopt=APT::Install-Recommends "false"']
    sh("mmdebstrap", *options, suite, str(unfinished), *sources, seconds=900)
    sh("chroot", str(unfinished), "sh", "-euc", SETUP)
    unfinished.rename(root)


def _sources() -> Sequence[Path]:
    """Return this machine's own apt sources: the distribution's file where there is one, else all of them."""
    folder = Path("/etc/apt/sources.list.d")
    own = [path for path in (folder / "debian.sources", folder / "ubuntu.sources") if path.exists()]
    everything = [Path("/etc/apt/sources.list"), *sorted(folder.glob("*.list")), *sorted(folder.glob("*.sources"))]
    return own or [path for path in everything if path.exists()]


class Overlay:
    """A root that can be written to, over layers that cannot; `fresh` throws away what was written.

    It is volatile: fsync inside costs nothing, and unmounting waits for no disk. A machine whose power is cut keeps
    what it wrote even so, as this computer's own power is not cut. It cannot be mounted twice with the same content.
    """

    def __init__(self, folder: Path, layers: Sequence[Path]) -> None:
        self.layers = tuple(layers)
        self.upper = folder / "upper"
        self.work = folder / "work"
        self.root = folder / "root"

    def mount(self) -> None:
        """Mount it, unless it is."""
        if os.path.ismount(self.root):
            return
        for part in (self.upper, self.work, self.root):
            part.mkdir(parents=True, exist_ok=True)
        lower = ":".join(str(layer) for layer in reversed(self.layers))
        options = f"lowerdir={lower},upperdir={self.upper},workdir={self.work},volatile"
        sh("mount", "-t", "overlay", "overlay", "-o", options, str(self.root))

    def unmount(self) -> None:
        """Unmount it, unless it is not mounted."""
        if os.path.ismount(self.root):
            sh("umount", "--lazy", str(self.root))

    def fresh(self) -> None:
        """Throw away everything that was written."""
        self.unmount()
        for part in (self.upper, self.work):
            discard(part)
        self.mount()


def discard(folder: Path) -> None:
    """Remove a folder with all that is in it, and never what is mounted below it."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines()]
    below = [mount for mount in mounts if Path(mount).is_relative_to(folder)]
    for mount in sorted(below, reverse=True):
        sh("umount", "--lazy", mount)
    if folder.exists():
        shutil.rmtree(folder)
