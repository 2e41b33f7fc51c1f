"""The hosts of a project, asked side by side: a bounded pool, the canary first, nothing waits for ever."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Queue
from threading import Thread
from typing import Any

import msgspec

from .errors import ReleaseError
from .project import Project
from .report import note
from .rules.fleet import HostOutcome, canary_first, chosen, one_each
from .settings import HostSettings
from .systems.hosts import Event, Host, HostRefused, Link, LocalLink, SshLink
from .systems.ssh import HostUnreachable, same_machine

LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Order:
    """How the hosts are gone through: `parallel` at once; the canary alone first; the first failure stops the rest."""

    names: Sequence[str]
    parallel: int = 8
    one_by_one: bool = False
    careful: bool = False  # the first host goes alone, and the rest follow only when it is well


@dataclass(frozen=True, slots=True)
class HostResult:
    """What became of one host: outcome, exit code, the agent's answer, and why it is not OK."""

    name: str
    outcome: HostOutcome
    code: int
    answer: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    seconds: float = 0.0


def order(
    project: Project, names: Sequence[str], role: str, *, default_role: str = "staging", canary: str = "",
    parallel: int = 8, one_by_one: bool = False,
) -> Order:  # fmt: skip
    """Return the hosts that are meant, in their order; two names of one machine are one host."""
    hosts = project.settings.hosts
    meant = chosen({name: host.role for name, host in hosts.items()}, names, role, default_role=default_role)
    addresses = {name: hosts[name].address or name for name in meant}
    several = len(meant) > 1  # looking into ssh_config costs an import
    twins = one_each({name: _machine(address) for name, address in addresses.items()}) if several else {}
    for name, other in twins.items():
        note(f"{name} is the same machine as {other}: done once")
    left = canary_first([name for name in meant if name not in twins], canary)
    return Order(left, max(1, parallel), one_by_one, bool(canary))


def _machine(address: str) -> str:
    return LOCAL if address == LOCAL else same_machine(address)


def host(project: Project, name: str, *, quiet: bool = False, **more: Any) -> Host:
    """Return a host with what the agent must know of it; nothing is connected yet."""
    settings = project.settings.hosts[name]
    address = settings.address or name
    link: Link = LocalLink() if address == LOCAL else SshLink(address)
    made = Host(name, link, {**parameters(project, settings), **more})
    if not quiet:
        made.watch = lambda event: _tell(name, event)
    return made


def parameters(project: Project, settings: HostSettings) -> dict[str, Any]:
    """Return what every request tells the agent: the package, its unit, and how it is judged."""
    return {
        "package": project.package,
        "command": project.settings.command or project.package,
        "unit": settings.unit or f"{project.package}.service",
        "error_pattern": settings.error_pattern,
        "settle": settings.settle,
        "liveness": msgspec.to_builtins(settings.liveness) if settings.liveness else None,
        "role": settings.role,
    }


def _tell(name: str, event: Event) -> None:
    """Say on standard error what a host does."""
    if event["event"] == "record":
        line = event["line"]
        words = " ".join(str(line[key]) for key in ("outcome", "version", "reason", "text") if line.get(key))
        note(f"{name}: {line['state']} {words}".rstrip())
    elif event["event"] in {"progress", "lost"}:
        note(f"{name}: {event.get('text', '')}")


def across(plan: Order, work: Callable[[str], HostResult]) -> Iterator[HostResult]:
    """Do something on every host and yield each result as it comes; hosts not reached any more are UNTOUCHED.

    The threads are daemons: after Ctrl-C nothing is waited for, as a host carries its change to the end by itself.
    """
    waiting, running = list(plan.names), 0
    alone = plan.one_by_one or plan.careful
    results: Queue[HostResult] = Queue()
    while waiting or running:
        while waiting and running < (1 if alone else plan.parallel):
            Thread(target=_put, args=(results, waiting.pop(0), work), daemon=True).start()
            running += 1
        result = results.get()
        running -= 1
        yield result
        if result.code and alone:
            yield from (_left_out(name, result.name) for name in waiting)
            waiting = []
        alone = plan.one_by_one


def _put(results: "Queue[HostResult]", name: str, work: Callable[[str], HostResult]) -> None:
    try:
        results.put(_timed(name, work))
    except BaseException as error:  # noqa: BLE001 - a thread that died would be waited for until the end of days
        results.put(HostResult(name, HostOutcome.UNKNOWN, 3, reason=f"{type(error).__name__}: {error}"))


def _left_out(name: str, failed: str) -> HostResult:
    return HostResult(name, HostOutcome.UNTOUCHED, 4, reason=f"not begun, as {failed} was not well")


def _timed(name: str, work: Callable[[str], HostResult]) -> HostResult:
    began = time.monotonic()
    try:
        result = work(name)
    except HostRefused as error:
        outcome = HostOutcome.UNKNOWN if error.code == 3 else HostOutcome.UNTOUCHED  # noqa: PLR2004 - exit code
        result = HostResult(name, outcome, error.code, {"kind": error.kind}, error.line)
    except HostUnreachable as error:
        result = HostResult(name, HostOutcome.FAILED, error.exit_code, {}, error.line)
    except ReleaseError as error:
        outcome = HostOutcome.UNKNOWN if error.exit_code == 3 else HostOutcome.UNTOUCHED  # noqa: PLR2004
        result = HostResult(name, outcome, error.exit_code, {}, error.line)
    return HostResult(result.name, result.outcome, result.code, result.answer, result.reason, time.monotonic() - began)
