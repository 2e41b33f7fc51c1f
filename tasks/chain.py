"""release: the whole way of a release, and its last stretch onto the hosts (DESIGN.md section 8)."""

from collections.abc import Sequence

from invoke.context import Context

from .command import JSON, PROJECT, command
from .orders import HOST, ONE_BY_ONE, PARALLEL, run, show_plan


@command(
    iterable=("host",), version="The final version; default: the one pyproject.toml sets.", host=HOST,
    canary="This host first and alone; default: the first staging host.", parallel=PARALLEL, one_by_one=ONE_BY_ONE,
    allow_downgrade="Allow a version lower than the one that runs.", dry_run="Show what would be done, and do nothing.",
    project=PROJECT, json=JSON,
)  # fmt: skip
def rollout(
    _c: Context,
    version: str = "",
    host: Sequence[str] | None = None,
    canary: str = "",
    parallel: int = 8,
    one_by_one: bool = False,
    allow_downgrade: bool = False,
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Put the released version onto every host, the canary first: the rest follow when it is well.

    A host that runs it already judges it again, and nothing is changed there. Developers' hosts are left alone.
    """
    from .orders import version_of
    from .project import find_project
    from .rollout import check_final, onto, plan

    found = find_project(project)
    wanted = version_of(version) if version else found.version
    check_final(wanted)
    planned = plan(found, host or (), canary=canary, parallel=parallel, one_by_one=one_by_one)
    if dry_run:
        first = f" (first {planned.names[0]} alone)" if len(planned.names) > 1 else ""
        show_plan(planned, f"put {found.package} {wanted} from the release index{first}", json=json)
        return
    run(planned, onto(found, wanted, allow_downgrade=allow_downgrade), json=json)
