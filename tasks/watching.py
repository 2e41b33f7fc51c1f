"""staging: what runs on the hosts, and how it is (workflow phase 6)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from invoke.context import Context

from .command import PROJECT, command, finish
from .orders import FLEET, HOST, ROLE, ask, plan_of, report, version_of

if TYPE_CHECKING:
    from .fleet import HostResult
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


@command(
    iterable=("host",),
    **{
        **FLEET,
        "role": "The hosts of this role: staging, production or dev; default: every host.",
        "parallel": "How many hosts at once; default: 16.",
    },
)
def status(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 16,
    project: str = "",
    json: bool = False,
) -> None:
    """Show each host's version, where it came from, since when, its unit, its restarts, and who is at work on it."""
    found, plan = plan_of(project, host, role, parallel, default_role="")
    ask(found, plan, "status", json=json)


@command(
    iterable=("host",), **FLEET, file_issues="File an issue for each error that has none yet.",
    yes="Do not ask before issues are filed.",
)  # fmt: skip
def soak(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    file_issues: bool = False,
    yes: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Tell whether the candidate has earned promotion: time, restarts, and errors by signature with their counts."""
    from .fleet import across
    from .judging import asked
    from .soaking import thresholds

    found, plan = plan_of(project, host, role, parallel)
    told = thresholds(found)
    done = across(plan, lambda name: asked(found, name, "soak", **told))
    results = sorted(done, key=lambda result: plan.names.index(result.name))
    code = report(results, "soak", json=json)
    if file_issues:
        _file(found, results, yes=yes)
    finish(code)


def _file(project: "Project", results: "Sequence[HostResult]", *, yes: bool) -> None:
    """File the issues that are missing, and say on standard error where each error's is."""
    from .confirming import confirm
    from .report import note
    from .rules.text import plural
    from .sighting import file_reports, plan_reports

    reports = plan_reports(project, results)
    missing = [item for item in reports if item.issue is None]
    for item in missing:
        note(f"- file: {item.sighting.title}")
    if missing:
        confirm(f"File {plural(len(missing), 'issue')} in {project.repository}?", yes=yes)
        reports = file_reports(project, reports)
    for item in reports:
        if item.issue:
            note(f"#{item.issue.number} ({'new' if item.new else item.issue.state}): {item.sighting.title}")


@command(iterable=("host",), follow="Go on with what is logged from now on, until Ctrl-C.",
         lines="How many lines of the past; default: 100.", host=HOST, role=ROLE, project=PROJECT)  # fmt: skip
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
