"""One bridge for a run of tests, and a cable from it into the network namespace of every machine.

The addresses are from 198.18.0.0/15, which RFC 2544 sets aside for test benches: they are nobody's. A machine has no
default route, so it reaches this bridge and nothing else, and fails at once with everything else.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from .shell import Failed, sh

PREFIX = "rct"  # every name that this fixture gives an interface or a namespace begins with it
_NETWORKS = range(1, 255)


@dataclass(frozen=True, slots=True)
class Cable:
    """A pair of virtual Ethernet ends: one on the bridge, the other, `host0`, in the machine's namespace."""

    bridge: str
    number: int
    gateway: str

    @property
    def name(self) -> str:
        """Return the name of the namespace and of the end on the bridge."""
        return f"{self.bridge}-{self.number}"

    @property
    def address(self) -> str:
        """Return the machine's address."""
        return f"{self.gateway.rpartition('.')[0]}.{self.number}"

    @property
    def namespace(self) -> Path:
        """Return the file that holds the namespace."""
        return Path("/run/netns") / self.name

    def lay(self) -> None:
        """Make the namespace and both ends.

        The neighbour's hardware address is written down for good: a cable that is cut then swallows packets silently,
        as a dead link far away does, where an unanswered ARP request would say "no route to host" after three seconds.
        """
        mac = _mac(self.address)
        sh("ip", "netns", "add", self.name)
        sh("ip", "link", "add", self.name, "type", "veth", "peer", "host0", "address", mac, "netns", self.name)
        for command in (f"address add {self.address}/24 dev host0", "link set lo up", "link set host0 up"):
            sh("ip", "-n", self.name, *command.split())
        sh("ip", "link", "set", self.name, "master", self.bridge, "up")
        sh("ip", "neighbour", "replace", self.address, "lladdr", mac, "dev", self.bridge, "nud", "permanent")

    def cut(self) -> None:
        """Take the cable off the bridge; neither side is told."""
        sh("ip", "link", "set", self.name, "nomaster")

    def mend(self) -> None:
        """Put the cable back onto the bridge."""
        sh("ip", "link", "set", self.name, "master", self.bridge)

    def remove(self) -> None:
        """Remove the namespace and with it both ends."""
        remove_namespace(self.name)


@dataclass(frozen=True, slots=True)
class Network:
    """The bridge; this side of it has the address `gateway`."""

    bridge: str
    gateway: str

    def cable(self, number: int) -> Cable:
        """Return the cable of the machine with this number (10 to 250)."""
        return Cable(self.bridge, number, self.gateway)


def make_network(last: Path, note: Path) -> Network:
    """Make a bridge with the next free number; the kernel refuses a name that another run has taken.

    `last` remembers the number that was given last, so that one is not given again soon after its run is over: whoever
    looks for leavings would take the next run's bridge for one. `note` gets the name as soon as the bridge is there.
    """
    begin = int(last.read_text("ascii")) if last.exists() else 0
    for number in (*_NETWORKS[begin:], *_NETWORKS[:begin]):
        network = Network(f"{PREFIX}{number}", f"198.18.{number}.1")
        with contextlib.suppress(Failed):
            sh("ip", "link", "add", network.bridge, "address", _mac(network.gateway), "type", "bridge")
            note.write_text(network.bridge, "ascii")
            last.write_text(str(number), "ascii")
            _remove_namespaces(network.bridge)
            sh("ip", "address", "add", f"{network.gateway}/24", "dev", network.bridge)
            sh("ip", "link", "set", network.bridge, "up")
            return network
    raise AssertionError("no free network: `ip link show type bridge` lists those of other runs")


def _mac(address: str) -> str:
    """Return a hardware address made of an address; the bridge has one too, else it changes with every machine."""
    return f"02:00:{':'.join(f'{int(part):02x}' for part in address.split('.'))}"


def remove_namespace(name: str) -> None:
    """Remove a namespace and the cable into it; what is gone already is fine."""
    sh("ip", "link", "delete", name, check=False)
    sh("ip", "netns", "delete", name, check=False)


def remove_bridge(name: str) -> None:
    """Remove a bridge that an earlier run left, with all its namespaces."""
    _remove_namespaces(name)
    sh("ip", "link", "delete", name, check=False)


def _remove_namespaces(bridge: str) -> None:
    for namespace in sorted(Path("/run/netns").glob(f"{bridge}-*")):
        remove_namespace(namespace.name)
