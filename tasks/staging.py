"""staging: candidates onto hosts, judged there, and taken back (workflow phase 6)."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from invoke.context import Context

from .command import JSON, PROJECT, command, finish

if TYPE_CHECKING:
    from .fleet import HostResult, Order
    from .project import Project

HOST = "A host of the settings; may be repeated; `all`: every host but those of developers."
ROLE = "The hosts of this role: staging, production or dev; default: staging."
PARALLEL = "How many hosts at once."
ONE_BY_ONE = "One host after the other; the first that is not well stops the rest."
CANARY = "This host first and alone; the rest follow when it is well."
VERSION = "The version, such as 0.36.0rc1."
TO = "Go back to this version; default: what ran before."

_FLEET = {"host": HOST, "role": ROLE, "project": PROJECT, "json": JSON, "parallel": PARALLEL}
_CAREFUL = {**_FLEET, "one_by_one": ONE_BY_ONE, "canary": CANARY}


@command(
    iterable=("host",), **_CAREFUL, version=VERSION, keep="Leave a version that fails in place, to look into it.",
    allow_downgrade="Allow a version lower than the one that runs.", dry_run="Show what would be done, and do nothing.",
)  # fmt: skip
def install(
    _c: Context,
    version: str = "",
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    one_by_one: bool = False,
    canary: str = "",
    keep: bool = False,
    allow_downgrade: bool = False,
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Install a version on hosts; each judges it by itself and goes back when it is not healthy.

    Candidates come from the staging index, final versions from the release index, dependencies always from the
    release index. The live version is not touched before the new one stands beside it and answers.
    """
    from .installing import fetch
    from .installing import install as put

    found, plan = _plan(project, host, role, parallel, one_by_one=one_by_one, canary=canary)
    release = fetch(found, _version(version))
    if dry_run:
        _show_plan(plan, f"install {release.file.filename} from the {release.origin}", json=json)
        return
    _run(plan, lambda name: put(found, name, release, keep=keep, allow_downgrade=allow_downgrade), json=json)


@command(iterable=("host",), **_CAREFUL, to="The final version; default: the newest on the release index.",
         dry_run="Show what would be done, and do nothing.")  # fmt: skip
def reset(
    _c: Context,
    to: str = "",
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    one_by_one: bool = False,
    canary: str = "",
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Put hosts on the released version, from the release index."""
    from .installing import fetch, newest_final
    from .installing import install as put

    found, plan = _plan(project, host, role, parallel, one_by_one=one_by_one, canary=canary)
    release = fetch(found, _version(to) if to else newest_final(found))
    if dry_run:
        _show_plan(plan, f"reset to {release.file.filename} from the {release.origin}", json=json)
        return
    _run(plan, lambda name: put(found, name, release, action="reset", allow_downgrade=True), json=json)


@command(iterable=("host",), **_CAREFUL, to=TO, dry_run="Show what would be done, and do nothing.")
def rollback(
    _c: Context,
    to: str = "",
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    one_by_one: bool = False,
    canary: str = "",
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Go back to what ran before, or to a version that is still on the host; needs no network there."""
    take_back(project, host, role, to, parallel, one_by_one=one_by_one, canary=canary, dry_run=dry_run, json=json)


def take_back(
    project: str,
    host: Sequence[str] | None,
    role: str,
    to: str,
    parallel: int,
    *,
    one_by_one: bool,
    canary: str,
    dry_run: bool,
    json: bool,
) -> None:
    """Roll hosts back."""
    from .installing import change

    found, plan = _plan(project, host, role, parallel, one_by_one=one_by_one, canary=canary)
    wanted = str(_version(to)) if to else ""
    if dry_run:
        _show_plan(plan, f"roll back to {wanted or 'what ran before'}", json=json)
        return
    _run(plan, lambda name: change(found, name, "rollback", to=wanted), json=json)


@command(iterable=("host",), **_CAREFUL)
def restart(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    one_by_one: bool = False,
    canary: str = "",
    project: str = "",
    json: bool = False,
) -> None:
    """Restart the service and judge it."""
    from .installing import change

    found, plan = _plan(project, host, role, parallel, one_by_one=one_by_one, canary=canary)
    _run(plan, lambda name: change(found, name, "restart"), json=json)


@command(iterable=("host",), **_FLEET, version="The version that must run; default: what the host's record says.")
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
    found, plan = _plan(project, host, role, parallel)
    wanted = str(_version(version)) if version else ""
    _ask(found, plan, "healthcheck", json=json, version=wanted)


@command(iterable=("host",), **_FLEET)
def status(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 16,
    project: str = "",
    json: bool = False,
) -> None:
    """Show each host's version, where it came from, since when, its unit, and who is at work on it."""
    found, plan = _plan(project, host, role, parallel, default_role="")
    _ask(found, plan, "status", json=json)


@command(iterable=("host",), **_FLEET)
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

    found, plan = _plan(project, host, role, parallel)
    _ask(found, plan, "soak", json=json, **msgspec.to_builtins(_underscored(found)))


def _underscored(project: "Project") -> dict[str, int]:
    soaking = project.settings.soak
    return {"days": soaking.days, "max_errors": soaking.max_errors, "max_restarts": soaking.max_restarts}


@command(iterable=("host",), **_FLEET)
def prune(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    project: str = "",
    json: bool = False,
) -> None:
    """Remove old slots, never the live one or the one before it."""
    found, plan = _plan(project, host, role, parallel)
    _ask(found, plan, "prune", json=json)


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

    found, plan = _plan(project, host, role, 16)
    results = list(across(plan, lambda name: logged(found, name, lines, follow=follow)))
    finish(_report(results, "logs", json=False, quiet=True))


@command(version=VERSION, seconds="How long to wait at the most.", project=PROJECT, json=JSON)
def wait(_c: Context, version: str = "", seconds: int = 900, project: str = "", json: bool = False) -> None:
    """Wait until every file of a candidate is on the staging index, and make sure that it is this build's."""
    from .awaiting import wait_for
    from .project import find_project
    from .report import document, note, say

    found = find_project(project)
    wanted = _version(version) if version else found.version
    files = wait_for(found, wanted, seconds, note)
    if json:
        document([{"filename": file.filename, "sha256": file.sha256, "uploaded": file.uploaded} for file in files])
        return
    for file in files:
        say(f"{file.filename}  sha256 {file.sha256}  uploaded {file.uploaded or 'at an unknown time'}")


def _version(text: str) -> Any:
    from .errors import WrongValue
    from .rules.versions import read_version

    if not text:
        raise WrongValue("--version is missing", expected="a version such as 0.36.0rc1")
    return read_version(text, "--version")


def _plan(
    project: str, host: Sequence[str] | None, role: str, parallel: int, *, one_by_one: bool = False, canary: str = "",
    default_role: str = "staging",
) -> "tuple[Project, Order]":  # fmt: skip
    from .fleet import order
    from .project import find_project

    found = find_project(project)
    return found, order(
        found, host or (), role, default_role=default_role, canary=canary, parallel=parallel, one_by_one=one_by_one
    )


def _show_plan(plan: "Order", what: str, *, json: bool) -> None:
    from .report import document, say

    if json:
        document({"hosts": list(plan.names), "would": what})
    else:
        say(f"would {what} on {', '.join(plan.names)}; nothing was changed")


def _ask(project: "Project", plan: "Order", action: str, *, json: bool, **fields: Any) -> None:
    from .judging import asked

    _run(plan, lambda name: asked(project, name, action, **fields), json=json, action=action)


def _run(plan: "Order", work: "Callable[[str], HostResult]", *, json: bool, action: str = "change") -> None:
    from .fleet import across
    from .report import note

    try:
        results = sorted(across(plan, work), key=lambda result: plan.names.index(result.name))
    except KeyboardInterrupt:
        note("what was begun goes on: each host carries its change to the end; `inv staging.status` shows it")
        raise
    finish(_report(results, action, json=json))


def _report(results: "Sequence[HostResult]", action: str, *, json: bool, quiet: bool = False) -> int:
    from .hostviews import print_json, print_results
    from .rules.fleet import worst

    if json:
        print_json(results)
    elif not quiet or any(result.code for result in results):
        print_results(results, action)
    return worst(result.code for result in results)
