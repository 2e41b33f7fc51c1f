"""staging: candidates onto hosts, judged there, and taken back (workflow phase 6)."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command
from .orders import CAREFUL, FLEET, TO, VERSION, ask, plan_of, run, show_plan, take_back, version_of

if TYPE_CHECKING:
    from .building import Compared
    from .systems.index import IndexFile


@command(
    iterable=("host",), **CAREFUL, version=VERSION, keep="Leave a version that fails in place, to look into it.",
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

    found, plan = plan_of(project, host, role, parallel, one_by_one=one_by_one, canary=canary)
    release = fetch(found, version_of(version))
    if dry_run:
        show_plan(plan, f"install {release.file.filename} from the {release.origin}", json=json)
        return
    run(plan, lambda name: put(found, name, release, keep=keep, allow_downgrade=allow_downgrade), json=json)


@command(iterable=("host",), **CAREFUL, to="The final version; default: the newest on the release index.",
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

    found, plan = plan_of(project, host, role, parallel, one_by_one=one_by_one, canary=canary)
    release = fetch(found, version_of(to) if to else newest_final(found))
    if dry_run:
        show_plan(plan, f"reset to {release.file.filename} from the {release.origin}", json=json)
        return
    run(plan, lambda name: put(found, name, release, action="reset", allow_downgrade=True), json=json)


@command(iterable=("host",), **CAREFUL, to=TO, dry_run="Show what would be done, and do nothing.")
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


@command(iterable=("host",), **CAREFUL, dry_run="Show what would be done, and do nothing.")
def restart(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    one_by_one: bool = False,
    canary: str = "",
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Restart the service and judge it."""
    from .installing import change

    found, plan = plan_of(project, host, role, parallel, one_by_one=one_by_one, canary=canary)
    if dry_run:
        show_plan(plan, "restart and judge the service", json=json)
        return
    run(plan, lambda name: change(found, name, "restart"), json=json)


@command(iterable=("host",), **FLEET, dry_run="Show what would be removed, and remove nothing.")
def prune(
    _c: Context,
    host: Sequence[str] | None = None,
    role: str = "",
    parallel: int = 8,
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Remove old slots, never the live one or the one before it."""
    found, plan = plan_of(project, host, role, parallel)
    ask(found, plan, "prune", json=json, dry_run=dry_run)


@command(version="The candidate; default: the one pyproject.toml sets.",
         seconds="Wait so many seconds at the most; default: 900.", project=PROJECT, json=JSON)  # fmt: skip
def wait(_c: Context, version: str = "", seconds: int = 900, project: str = "", json: bool = False) -> None:
    """Wait until every file of a candidate is on the staging index, and make sure that it is this build's.

    No file may be older than the commit that set the version, and where GitHub kept what the workflow built from that
    very commit, each file must be the same.
    """
    from .awaiting import wait_for
    from .building import compare
    from .project import find_project
    from .report import note

    found, until = find_project(project), time.monotonic() + seconds
    wanted = version_of(version) if version else found.version
    files = wait_for(found, wanted, seconds, note)
    _print_files(files, compare(found, wanted, files, until), json=json)


def _print_files(files: "Sequence[IndexFile]", compared: "Compared", *, json: bool) -> None:
    from .report import document, note, say

    if json:
        document([{"filename": file.filename, "sha256": file.sha256, "uploaded": file.uploaded,
                   "same_as": compared.same.get(file.filename), "not_compared": compared.reason or None}
                  for file in files])  # fmt: skip
        return
    for file in files:
        say(f"{file.filename}  sha256 {file.sha256}  uploaded {file.uploaded or 'at an unknown time'}")
    for filename, address in compared.same.items():
        say(f"{filename} is what {address} built")
    if compared.reason:
        note(f"not compared with what the workflow built: {compared.reason}")
