"""Tracing: commits led back to their issues, by what GitHub knows of them and by what was remembered of that."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import Unreachable
from .history import Unreleased, coverage
from .memory import Memory
from .project import Project
from .report import waiting_for
from .rules.coverage import Coverage, State
from .rules.pulls import Told
from .rules.text import plural

if TYPE_CHECKING:
    from .systems.web import Web

LEFT = {State.UNCOVERED, State.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Traced:
    """Each change with its coverage; `trouble` is why GitHub was not asked, or not to the end."""

    coverages: list[Coverage]
    trouble: Unreachable | None = None


def watch(project: Project, unreleased: Unreleased, *, offline: bool, filed: bool = True) -> Traced:
    """Return what covers each change, and show on a terminal how far the questions are."""
    asked = [0]
    words = plural(len(unreleased.changes), "commit")
    with waiting_for(lambda: f"tracing {words}, {asked[0]} asked of GitHub so far") as update:

        def tell(count: int) -> None:
            asked[0] = count
            update()

        return trace(project, unreleased, offline=offline, filed=filed, tell=tell)


def trace(
    project: Project, unreleased: Unreleased, *, offline: bool, filed: bool = True, web: "Web | None" = None,
    tell: Callable[[int], None] = lambda _asked: None,
) -> Traced:  # fmt: skip
    """Return what covers each change, asking GitHub about those that nothing known covers.

    What it says of merged pull requests is remembered and not asked again. With `filed`, the issues that
    `audit.file` made count, too. `tell` hears how many commits were asked about so far.
    """
    memory = Memory.of(project)
    known, told = memory.read(), dict[str, Told]()
    items = coverage(project, unreleased.changes, known)
    left = [item for item in items if item.state in LEFT]
    if offline or not left:
        return Traced(items)
    from .inquiry import inquire

    trouble = None
    try:
        inquire(project, unreleased, left, told, filed=filed, web=web, tell=tell)
    except Unreachable as error:
        trouble = error
    finally:
        memory.keep(told)
    return Traced(coverage(project, unreleased.changes, known | told), trouble)
