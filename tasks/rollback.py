"""rollback: the ways back from a bad release."""

from collections.abc import Sequence

from invoke.context import Context

from .command import JSON, PROJECT, command
from .orders import CANARY, HOST, ONE_BY_ONE, PARALLEL, TO, take_back


@command(
    iterable=("host",), host=HOST, role="The hosts of this role; default: all but those of developers.", to=TO,
    parallel=PARALLEL, one_by_one=ONE_BY_ONE, canary=CANARY, dry_run="Show what would be done, and do nothing.",
    project=PROJECT, json=JSON,
)  # fmt: skip
def hosts(
    _c: Context, to: str = "", host: Sequence[str] | None = None, role: str = "", parallel: int = 8,
    one_by_one: bool = False, canary: str = "", dry_run: bool = False, project: str = "", json: bool = False,
) -> None:  # fmt: skip
    """Take every host back to what ran before, or to a version that is still on it; needs no network there."""
    names = host or ([] if role else ["all"])
    take_back(project, names, role, to, parallel, one_by_one=one_by_one, canary=canary, dry_run=dry_run, json=json)
