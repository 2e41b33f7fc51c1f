"""init: what a repository needs to be released with this program, written where it is missing."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .project import Project
    from .rules.scaffold import Planned
    from .shape import Shape


@command(
    iterable=("only",),
    only="Write this file alone; may be repeated. The first column of --dry-run names them.",
    dry_run="Show what would be written, and change nothing.",
    yes="Write without asking.",
    project=PROJECT,
    json=JSON,
)
def init(
    _c: Context,
    only: "Sequence[str] | None" = None,
    dry_run: bool = False,
    yes: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Write workflows, templates, rules and settings that are missing; change nothing that is there.

    For a file that is there and differs, the difference to what would be written is shown. The settings come as a
    table of comments at the end of pyproject.toml.
    """
    from .confirming import confirm
    from .project import find_project
    from .rules.scaffold import State
    from .rules.text import plural
    from .scaffolding import planned, rivals, write_missing
    from .shape import shape_of

    found = find_project(project)
    _check_version(found)
    shape = shape_of(found)
    plan = planned(found, shape, only or ())
    missing = [item for item in plan if item.state is State.MISSING]
    _warn_of(rivals(found, planned(found, shape, ())))
    if not json:
        _print(shape, plan)
    written: list[Planned] = []
    if missing and not dry_run:
        confirm(f"write {plural(len(missing), 'file')}?", yes=yes)
        written = write_missing(found.git.top, plan)
        _check_written(find_project(project), only or ())
    (_print_json if json else _print_outcome)(shape, plan, written)


def _check_version(project: "Project") -> None:
    """Refuse a project whose version is not written in pyproject.toml: each of the workflows reads it there."""
    _ = project.version


def _warn_of(rivals: "Sequence[str]") -> None:
    from .report import note

    for path in rivals:
        note(f"warning: {path} publishes too when a version's tag is pushed: keep one of the two")


def _check_written(project: "Project", only: "Sequence[str]") -> None:
    """Refuse to call done what a second look finds undone: the settings that were written must be read, too."""
    from .errors import Refused
    from .rules.scaffold import State
    from .scaffolding import planned
    from .shape import shape_of

    for item in planned(project, shape_of(project), only):
        if item.state is State.MISSING:
            raise Refused(f"{item.path} is still missing", remedy="run init again")


def _print(shape: "Shape", plan: "Sequence[Planned]") -> None:
    from .report import diff, say, table

    told = shape.document()
    pythons, tools = ", ".join(shape.pythons), ", ".join(told["tools"])
    say(f"{shape.package}: {told['layout']} layout, {shape.backend}, {told['manager']}, Python {pythons}")
    say(f"checked with {tools or 'nothing that is known here'}; released from {shape.stable}"
        + (f", developed on {shape.development}" if shape.development else ""))  # fmt: skip
    say()
    table(("file", "state", "path"), [(item.name, item.state, item.path) for item in plan], wide="path")
    for item in plan:
        if item.diff and item.before is not None:
            say()
            diff(item.diff)


def _print_outcome(_shape: "Shape", plan: "Sequence[Planned]", written: "Sequence[Planned]") -> None:
    from .report import say
    from .rules.scaffold import State
    from .rules.text import plural

    left = [item for item in plan if item.state is State.DIFFERS]
    missing = [item for item in plan if item.state is State.MISSING]
    say()
    if written:
        say(f"wrote {plural(len(written), 'file')}; docs/workflows.md says which secrets and publishers they need")
    else:
        say(f"would write {plural(len(missing), 'file')}; nothing was changed" if missing else "nothing is missing")
    if left:
        say(f"left alone although they differ: {', '.join(item.path for item in left)}")


def _print_json(shape: "Shape", plan: "Sequence[Planned]", written: "Sequence[Planned]") -> None:
    from .report import document

    files = [
        {"name": item.name, "path": item.path, "state": str(item.state), "diff": item.diff, "written": item in written}
        for item in plan
    ]
    document({"project": shape.document(), "files": files})
