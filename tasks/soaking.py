"""What the hosts say of a candidate that runs there: the verdict that promotes it, and evidence for a release."""

from collections.abc import Sequence

import msgspec
from packaging.version import Version

from .fleet import HostResult, across, order
from .judging import asked
from .project import Project
from .rules.text import plural, printable

STAGING = "staging"


def thresholds(project: Project) -> dict[str, int]:
    """Return what a candidate must show, as the agent is told it."""
    soak = project.settings.soak
    given = {"days": soak.days, "max_errors": soak.max_errors, "max_restarts": soak.max_restarts}
    return {name: int(value) for name, value in msgspec.to_builtins(given).items()}


def staging_hosts(project: Project) -> list[str]:
    """Return the hosts that candidates are tried on."""
    return [name for name, host in project.settings.hosts.items() if host.role == STAGING]


def soaks(project: Project) -> list[HostResult]:
    """Return what every staging host says; none when there is no such host."""
    if not staging_hosts(project):
        return []
    plan, told = order(project, (), STAGING), thresholds(project)
    results = across(plan, lambda name: asked(project, name, "soak", **told))
    return sorted(results, key=lambda result: plan.names.index(result.name))


def line_of(result: HostResult) -> str:
    """Return what a host says, in a line."""
    answer = result.answer
    if "verdict" not in answer:
        return printable(f"{result.name}: {result.reason or 'could not be asked'}")
    days = (answer.get("seconds") or 0) / 86400
    errors = sum(group.get("count", 0) for group in answer.get("errors", ()))
    ran = f"{answer.get('version')} for {days:.1f} days, {plural(errors, 'error')}, {answer.get('restarts')} restarts"
    return printable(f"{result.name}: {answer['verdict']}, {ran}")


def is_lost(results: Sequence[HostResult]) -> bool:
    """Tell whether a host failed a candidate in what no more time will mend: its errors, its restarts."""
    checks = (check for result in results for check in result.answer.get("checks", ()))
    return any(check["result"] == "FAIL" and check["name"] != "time" for check in checks)


def shortfalls(results: Sequence[HostResult], version: Version) -> list[str]:
    """Return why the hosts do not let a candidate be promoted; nothing when each ran it to its satisfaction."""
    if not results:
        return ["no staging host is configured that could have tried it"]
    return [reason for reason in (_shortfall(result, version) for result in results) if reason]


def _shortfall(result: HostResult, version: Version) -> str:
    if "verdict" in result.answer and result.answer.get("version") != str(version):
        return printable(f"{result.name} runs {result.answer.get('version') or 'nothing'}, not {version}")
    if result.code:
        return printable(f"{result.name}: {result.reason or result.answer.get('verdict', 'unknown')}")
    return ""
