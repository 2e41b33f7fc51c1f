"""Several hosts: which ones are meant, in which order, and what their outcomes come to (DESIGN.md section 6)."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum

from ..errors import WrongValue

ALL = "all"


class HostOutcome(StrEnum):
    """How a change ended on a host; `UNTOUCHED`: nothing live was changed there."""

    OK = "OK"
    ROLLED_BACK = "ROLLED BACK"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    UNTOUCHED = "UNTOUCHED"


def chosen(roles: Mapping[str, str], names: Sequence[str], role: str, *, default_role: str) -> list[str]:
    """Return the hosts that are meant, each once, in the settings' order; `roles` are all hosts with their role.

    `all` means every host but those of developers; without names and role those of `default_role` are meant.
    """
    if not roles:
        raise WrongValue(
            "the settings have no hosts", expected="[tool.release-coordination.hosts.NAME]", remedy="docs/settings.md"
        )
    for name in names:
        if name != ALL and name not in roles:
            near = get_close_matches(name, [*roles, ALL], n=1)
            raise WrongValue(
                f"--host {name}: no such host in the settings",
                expected=near[0] if near else f"one of {', '.join([*roles, ALL])}",
            )
    known_roles = sorted(set(roles.values()))
    if role and role not in known_roles:
        raise WrongValue(f"--role {role}: no host has it", expected=f"one of {', '.join(known_roles)}")
    wanted = role or ("" if names else default_role)
    found = [
        name
        for name in roles
        if (not names or name in names or (ALL in names and roles[name] != "dev")) and wanted in {"", roles[name]}
    ]
    if not found:
        what = (
            f"no host of the settings has the role {wanted}"
            if wanted
            else "no host is left: every one is a developer's"
        )
        raise WrongValue(what, expected="--host NAME or --role ROLE")
    return found


def canary_first(names: Sequence[str], canary: str) -> list[str]:
    """Return the hosts with the canary in front; a canary that is not among them is refused."""
    if canary and canary not in names:
        raise WrongValue(f"--canary {canary}: not among the hosts meant", expected=f"one of {', '.join(names)}")
    return sorted(names, key=lambda name: name != canary)


def canary_of(roles: Mapping[str, str]) -> str:
    """Return the host that goes first when nobody names one: a staging host, else the first; roles by name."""
    return next((name for name, role in roles.items() if role == "staging"), next(iter(roles), ""))


def one_each(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return, for every host whose address another one before it has, the name of that one."""
    first: dict[str, str] = {}
    twins: dict[str, str] = {}
    for name, address in addresses.items():
        if address in first:
            twins[name] = first[address]
        first.setdefault(address, name)
    return twins


def worst(codes: Iterable[int]) -> int:
    """Return what several hosts come to: a failure before an unknown, that before a refusal or a wrong value."""
    seen = set(codes)
    return next((code for code in (1, 3, 4, 2) if code in seen), 0)
