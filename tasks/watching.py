"""staging: what runs on the hosts, and how it is (workflow phase 6)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from invoke.context import Context

from .command import PROJECT, command, finish
from .orders import FLEET, HOST, ROLE, ask, plan_of, report, version_of

if TYPE_CHECKING:
    from .project import Project


@command(iterable=("host",), **FLEET, version="The version that must run; default: what the host's record says.")
def healthcheck(
    _c: Context,
    version: str = "",
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    project: str = "",
    json: bool = False,
) -> None:
    """Judge the service on hosts: named checks, each PASS, FAIL or UNKNOWN with its evidence."""
    found, plan = plan_of(project, host, role, parallel)
    wanted = str(version_of(version)) if version else ""
    ask(found, plan, "healthcheck", json=json, version=wanted)


@command(iterable=("host",), **FLEET)
def status(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 16,
    project: str = "",
    json: bool = False,
) -> None:
    """Show each host's version, where it came from, since when, its unit, and who is at work on it."""
    found, plan = plan_of(project, host, role, parallel, default_role="")
    ask(found, plan, "status", json=json)


@command(iterable=("host",), **FLEET)
def soak(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    project: str = "",
    json: bool = False,
) -> None:
    """Tell whether the candidate has earned promotion: time, restarts, and errors by signature with their counts."""
    import msgspec

    found, plan = plan_of(project, host, role, parallel)
    ask(found, plan, "soak", json=json, **msgspec.to_builtins(_underscored(found)))


def _underscored(project: "Project") -> dict[str, int]:
    soaking = project.settings.soak
    return {"days": soaking.days, "max_errors": soaking.max_errors, "max_restarts": soaking.max_restarts}


@command(iterable=("host",), follow="Go on with what is logged from now on, until Ctrl-C.",
         lines="How many lines of the past.", host=HOST, role=ROLE, project=PROJECT)  # fmt: skip
def logs(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    lines: int = 100,
    follow: bool = False,
    project: str = "",
) -> None:
    """Show the service's journal, of several hosts at once."""
    from .fleet import across
    from .judging import logged

    found, plan = plan_of(project, host, role, 16)
    results = list(across(plan, lambda name: logged(found, name, lines, follow=follow)))
    finish(report(results, "logs", json=False, quiet=True))
