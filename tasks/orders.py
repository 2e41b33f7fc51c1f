"""What the tasks on hosts share: their flags, which hosts are meant, and how the outcomes are told."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .command import JSON, PROJECT, finish

if TYPE_CHECKING:
    from packaging.version import Version

    from .fleet import HostResult, Order
    from .project import Project

HOST = "A host of the settings; may be repeated; `all`: every host but those of developers."
ROLE = "The hosts of this role: staging, production or dev; default: staging."
PARALLEL = "How many hosts at once; default: 8."
ONE_BY_ONE = "One host after the other; the first that is not well stops the rest."
CANARY = "This host first and alone; the rest follow when it is well."
VERSION = "The version, such as 0.36.0rc1."
TO = "Go back to this version; default: what ran before."

FLEET = {"host": HOST, "role": ROLE, "project": PROJECT, "json": JSON, "parallel": PARALLEL}
CAREFUL = {**FLEET, "one_by_one": ONE_BY_ONE, "canary": CANARY}


def version_of(text: str) -> "Version":
    """Return the version that --version names; it must be there."""
    from .errors import WrongValue
    from .rules.versions import read_version

    if not text:
        raise WrongValue("--version is missing", expected="a version such as 0.36.0rc1")
    return read_version(text, "--version")


def plan_of(
    project: str, host: Sequence[str] | None, role: str, parallel: int, *, one_by_one: bool = False, canary: str = "",
    default_role: str = "staging",
) -> "tuple[Project, Order]":  # fmt: skip
    """Return the project, and the hosts that are meant in their order."""
    from .fleet import order
    from .project import find_project

    found = find_project(project)
    return found, order(
        found, host or (), role, default_role=default_role, canary=canary, parallel=parallel, one_by_one=one_by_one
    )


def show_plan(plan: "Order", what: str, *, json: bool) -> None:
    """Say what would be done."""
    from .report import document, say

    if json:
        document({"hosts": list(plan.names), "would": what})
    else:
        say(f"would {what} on {', '.join(plan.names)}; nothing was changed")


def ask(project: "Project", plan: "Order", action: str, *, json: bool, **fields: Any) -> None:
    """Ask every host something that changes nothing there, and tell the answers."""
    from .judging import asked

    run(plan, lambda name: asked(project, name, action, **fields), json=json, action=action)


def run(plan: "Order", work: "Callable[[str], HostResult]", *, json: bool, action: str = "change") -> None:
    """Do something on every host, tell the outcomes, and end with the worst of them."""
    from .fleet import across
    from .report import note

    try:
        results = sorted(across(plan, work), key=lambda result: plan.names.index(result.name))
    except KeyboardInterrupt:
        note("what was begun goes on: each host carries its change to the end; `inv staging.status` shows it")
        raise
    finish(report(results, action, json=json))


def report(results: "Sequence[HostResult]", action: str, *, json: bool, quiet: bool = False) -> int:
    """Print the outcomes and return the exit code; `quiet` says nothing when all is well."""
    from .hostviews import print_json, print_results
    from .rules.fleet import worst

    if json:
        print_json(results)
    elif not quiet or any(result.code for result in results):
        print_results(results, action)
    return worst(result.code for result in results)


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
    once: bool = False,
) -> None:
    """Roll hosts back; `once`: one that went back already stays where it is."""
    from .installing import change

    found, plan = plan_of(project, host, role, parallel, one_by_one=one_by_one, canary=canary)
    wanted = str(version_of(to)) if to else ""
    if dry_run:
        show_plan(plan, f"roll back to {wanted or 'what ran before'}", json=json)
        return
    run(plan, lambda name: change(found, name, "rollback", to=wanted, once=once), json=json)
