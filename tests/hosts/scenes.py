"""A scene: a project on the sandbox's services, whose hosts are real; commands are typed in it as a person does."""

from dataclasses import dataclass
from typing import Any

from ..releases import World
from ..running import Ended
from . import service
from .fault_host import SLOTS, record
from .machines import Machine
from .shell import PATIENCE


@dataclass
class Scene:
    """The world in which it happens, and the hosts."""

    made: World
    hosts: list[Machine]

    def inv(self, *words: str, code: int = 0) -> Ended:
        """Type `inv …`; it has to end with this exit code."""
        ended = self.made.inv(*words, seconds=2 * PATIENCE)
        assert ended.code == code, ended
        assert service.TOKEN not in ended.out + ended.err
        return ended

    def everything(self) -> tuple[Any, ...]:
        """Return all that a command could have changed: hosts, indexes, GitHub, remote, clone."""
        made = self.made
        refs = made.work.git("for-each-ref", "--format=%(refname) %(objectname)")
        clone = (made.work.head, made.work.git("symbolic-ref", "HEAD"), refs, made.work.snapshot())
        serials = made.index.serial, made.staging.serial
        return [host_of(host) for host in self.hosts], serials, made.writes(), made.bare.refs, clone

    def twice(self, *words: str) -> Ended:
        """Type `inv …` again: it ends well and changes nothing."""
        before = self.everything()
        ended = self.inv(*words)
        assert self.everything() == before
        return ended


def host_of(host: Machine) -> tuple[Any, ...]:
    """Return what a host has: what is live, which start of it, its environments, and what ever changed them."""
    link = host.as_user(f"readlink .local/bin/{service.NAME}")
    changed = [line["deploy"] for line in record(host) if line["state"] == "END" and line["changed"]]
    return link, start_of(host), host.as_user(f"ls {SLOTS}").split(), changed


def start_of(host: Machine) -> str:
    """Return which start of the service this is."""
    return host.as_user(f"systemctl --user show --property=InvocationID {service.UNIT}")


def version(host: Machine) -> str:
    """Return the version that answers on a host."""
    return host.as_user(f".local/bin/{service.NAME} --version").split()[-1]
