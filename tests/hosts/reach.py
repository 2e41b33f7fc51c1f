"""Ways into a machine that do not use its network: commands by its namespaces, files by its disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .roots import USER, Overlay
from .shell import PATIENCE, sh

UID = 1000
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Reach:
    """The inside of a machine, seen from this side; `leader` is the id its process 1 has here."""

    overlay: Overlay

    @property
    def leader(self) -> int:
        """Return the id, on this side, of the machine's process 1."""
        raise NotImplementedError

    def command(self, *argv: str, user: str = "root") -> list[str]:
        """Return the command of this side that runs `argv` on the machine."""
        entry = ["nsenter", "--target", str(self.leader), "--all", "--wd=/"]
        if user == "root":
            return [*entry, "env", "-i", _PATH, "HOME=/root", *argv]
        home = [f"HOME=/home/{user}", f"USER={user}", f"XDG_RUNTIME_DIR=/run/user/{UID}"]
        settings = ["--ignore-environment", f"--chdir=/home/{user}", f"{_PATH}:/home/{user}/.local/bin", *home]
        return [*entry, "runuser", "-u", user, "--", "env", *settings, *argv]

    def run(self, *argv: str, user: str = "root", data: str = "", seconds: float = PATIENCE, check: bool = True) -> str:
        """Return what a command wrote to standard output; with `check` an exit code other than 0 is an error."""
        return sh(*self.command(*argv, user=user), data=data, seconds=seconds, check=check)

    def as_user(self, line: str, seconds: float = PATIENCE) -> str:
        """Return what a shell line wrote, run as the user who deploys."""
        return self.run("sh", "-euc", line, user=USER, seconds=seconds)

    def journal(self, unit: str) -> str:
        """Return what the user's journal has of a unit."""
        return self.run("journalctl", "--user", "--no-pager", "--output=cat", f"--unit={unit}", user=USER)

    def kill_processes(self, pattern: str, user: str = USER) -> None:
        """Kill those processes of a user whose command line matches; none is fine."""
        self.run("pkill", "-KILL", "-u", user, "-f", pattern, check=False)

    @contextmanager
    def small_disk(self, path: str, size: str = "8M") -> Iterator[None]:
        """Put a small empty disk at `path` for a while."""
        self.run("mkdir", "-p", path, user=USER)
        self.run("mount", "-t", "tmpfs", "-o", f"size={size},uid={UID},gid={UID},mode=755", "small", path)
        try:
            yield
        finally:
            self.run("umount", "--lazy", path)

    def path(self, path: str) -> Path:
        """Return where a file of the machine's disk is on this side; /run, /tmp and /proc are not on its disk."""
        return self.overlay.root / path.lstrip("/")

    def write_file(self, path: str, content: str | bytes, *, owner: str = "root", mode: int = 0o644) -> None:
        """Write a file, and the folders above it, whether the machine is on or off."""
        number = 0 if owner == "root" else UID
        target = self.path(path)
        for folder in [folder for folder in reversed(target.parents) if not folder.exists()]:
            folder.mkdir()
            os.chown(folder, number, number)
        target.unlink(missing_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        target.chmod(mode)
        os.chown(target, number, number)

    def read_file(self, path: str) -> str:
        """Return a file's text, whether the machine is on or off."""
        return self.path(path).read_text("utf-8")
