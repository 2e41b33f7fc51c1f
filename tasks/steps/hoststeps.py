"""Hosts, as the steps see them: whether they run a version, and whether they took it well."""

from collections.abc import Sequence

from ..checklists import Unready
from ..errors import Refused, Unreachable
from ..fleet import HostResult, across, order
from ..judging import asked
from ..rules.fleet import worst
from .world import World


def on_version(world: World, names: Sequence[str], version: str) -> str | None:
    """Return which hosts run a version, None when one does not; a host that cannot be asked is no answer.

    One that is still at work does not: what it runs is on trial there, and it may go back.
    """
    results = list(across(order(world.project, names, ""), lambda name: asked(world.project, name, "status")))
    world.running.update((result.name, _running(result)) for result in results)
    lost = [result for result in results if not result.answer]
    if lost:
        raise Unreachable("; ".join(f"{result.name}: {result.reason}" for result in lost))
    right = [result for result in results if _running(result) == version and not result.answer.get("work")]
    return f"{', '.join(sorted(one.name for one in right))}: {version}" if len(right) == len(results) else None


def _running(result: HostResult) -> str:
    """Return what a host said it runs."""
    if not result.answer:
        return f"unknown: {result.reason}"
    return str((result.answer.get("live") or {}).get("version", "nothing"))


def demand_well(results: Sequence[HostResult], remedy: str) -> None:
    """Refuse to go on when a host is not well."""
    bad = [f"{result.name} {result.outcome}: {result.reason}" for result in results if result.code]
    code = worst(result.code for result in results)
    if bad:
        kind = {Unreachable.exit_code: Unreachable, Refused.exit_code: Refused}.get(code, Unready)
        raise kind("; ".join(bad), expected="every host to be well", remedy=remedy)
