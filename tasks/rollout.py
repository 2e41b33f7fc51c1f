"""A rollout: the released version onto every host, the canary alone and first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .errors import WrongValue
from .fleet import HostResult, Order, order
from .installing import fetch, install
from .project import Project
from .rules.fleet import ALL, canary_of
from .rules.versions import is_candidate

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.version import Version


def check_final(version: "Version") -> None:
    """Refuse a candidate, which goes to the staging hosts alone."""
    if is_candidate(version):
        raise WrongValue(
            f"{version} is a candidate: it never goes to every host", expected="a final version",
            remedy=f"inv staging.install --version {version}",
        )  # fmt: skip


def plan(
    project: Project, names: Sequence[str] = (), *, canary: str = "", parallel: int = 8, one_by_one: bool = False
) -> Order:
    """Return the hosts, by default every one that is no developer's, the canary in front: a staging host by default."""
    meant = order(project, names or (ALL,), "", parallel=parallel).names
    roles = {name: project.settings.hosts[name].role for name in meant}
    first = canary or canary_of(roles)
    return order(project, meant, "", canary=first, parallel=parallel, one_by_one=one_by_one)


def onto(project: Project, version: "Version", *, allow_downgrade: bool = False) -> "Callable[[str], HostResult]":
    """Return what puts a version onto a host; the host judges a version that it runs already, and changes nothing."""
    release = fetch(project, version)
    return lambda name: install(project, name, release, allow_downgrade=allow_downgrade)
