"""A control group for each machine, so that two of them never share one."""

from contextlib import suppress
from functools import partial
from pathlib import Path

from .shell import wait

_PARENT = "release-coordination-tests"


def make(name: str) -> list[Path]:
    """Make the groups of a machine and return them."""
    groups = [folder / name for folder in _parents()]
    for group in groups:
        group.mkdir(parents=True, exist_ok=True)
    return groups


def kill(name: str) -> None:
    """Kill every process in the groups of a machine at once."""
    for switch in [folder / name / "cgroup.kill" for folder in _parents()]:
        if switch.exists():  # version 1 has none
            switch.write_text("1", "ascii")


def remove(name: str) -> None:
    """Remove the groups of a machine whose processes are gone; the kernel may need a moment to see that they are."""
    for folder in _parents():
        wait(f"the end of {folder / name}", partial(_removed, folder / name))


def remove_all(prefix: str) -> None:
    """Remove the groups of every machine whose name begins so."""
    for name in {group.name for folder in _parents() for group in folder.glob(f"{prefix}*/")}:
        kill(name)
        remove(name)
    for folder in _parents():
        with suppress(OSError):  # another run's machines are in there
            folder.rmdir()


def _parents() -> list[Path]:
    """Return our folder in each hierarchy in which systemd keeps its books: version 2, and its own of version 1."""
    found = []
    for line in Path("/proc/self/mounts").read_text("utf-8").splitlines():
        _, folder, kind, options, *_ = line.split()
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            found.append(Path(folder) / _PARENT)
    return found


def _removed(group: Path) -> bool:
    """Remove a group with those in it, the innermost first; say whether it is gone."""
    try:
        for inner in sorted((path for path in group.rglob("*/")), reverse=True):
            inner.rmdir()
        if group.exists():
            group.rmdir()
    except OSError:
        return False
    return True
