"""The scaffold of a project that is released with this program: which files it has, which it should have."""

from collections.abc import Sequence
from pathlib import Path

from .errors import Refused, WrongValue
from .filling import checks_of, values_of
from .project import Project
from .rules.credentials import publishing
from .rules.scaffold import Planned, State
from .rules.templates import Values, render
from .rules.toolchain import DEFAULTS
from .rules.triggers import on_tag
from .shape import Shape
from .systems.definitions import read_workflow
from .systems.files import read_text, write_all
from .table import has_table, with_table

_TEMPLATES = Path(__file__).with_name("templates")
_WORKFLOWS = ".github/workflows"
# GitHub takes the first of these that is there.
_PULL_REQUEST = tuple(
    f"{folder}{name}.md"
    for folder in (".github/", "", "docs/")
    for name in ("pull_request_template", "PULL_REQUEST_TEMPLATE")
)


def planned(project: Project, shape: Shape, only: Sequence[str]) -> list[Planned]:
    """Return every file of the scaffold beside what is there now, or those that `only` names."""
    top, below = project.git.top, f"{shape.folder}/" if shape.folder else ""
    values, names = values_of(project, shape), project.settings.github.workflows
    files = {
        "ci": (f"{_WORKFLOWS}/{names.ci}", "ci.yml"),
        "tag": (f"{_WORKFLOWS}/{names.tag}", "auto-tag.yml"),
        "release": (f"{_WORKFLOWS}/{names.release}", "release.yml"),
        **({"prerelease": (f"{_WORKFLOWS}/{names.prerelease}", "prerelease-deps.yml")} if values["tests"] else {}),
        "pull-request": (_pull_request(top), "pull_request_template.md"),
        "rules": (".claude/rules/release-discipline.md", "release-discipline.md"),
        "cliff": (f"{below}cliff.toml", "cliff.toml"),
        "changelog": (f"{below}{project.settings.changelog.path}", "changelog.md"),
    }
    _check_distinct([path for path, _ in files.values()])
    plan = [_planned(top, name, path, _filled(template, values)) for name, (path, template) in files.items()]
    plan.append(_planned_settings(project, shape, f"{below}pyproject.toml"))
    return _chosen(plan, only)


def rivals(project: Project, plan: Sequence[Planned]) -> list[str]:
    """Return the workflows beside ours that publish too when the version's tag is pushed."""
    top, tag = project.git.top, f"{project.settings.tag_prefix}{project.version}"
    ours = {item.path for item in plan}
    paths = sorted((top / _WORKFLOWS).glob("*.y*ml"))
    others = {path.relative_to(top).as_posix(): path.read_bytes() for path in paths}
    return [name for name, content in others.items() if name not in ours and _publishes(content, name, tag)]


def _publishes(content: bytes, where: str, tag: str) -> bool:
    try:
        definition = read_workflow(content, where)
    except WrongValue:  # nor can GitHub
        return False
    return publishing(definition) is not None and not on_tag(definition, tag)


def _filled(template: str, values: Values) -> str:
    return render(read_text(_TEMPLATES / template), values)


def _planned(top: Path, name: str, path: str, text: str) -> Planned:
    return Planned(name, path, _current(top / path), text, own=name == "changelog")


def _planned_settings(project: Project, shape: Shape, path: str) -> Planned:
    """Return the plan for pyproject.toml: a table at its end, if it has none."""
    text = read_text(project.pyproject_path)
    if has_table(project.pyproject):
        return Planned("settings", path, text, text, own=True)
    return Planned("settings", path, text, with_table(text, _found(project, shape)), own=True, complete=False)


def _found(project: Project, shape: Shape) -> dict[str, object]:
    """Return the settings that the project's shape gives and that differ from the defaults."""
    checks = checks_of(project.settings, shape)
    return {
        "stable-branch": shape.stable,
        **({"development-branch": shape.development} if shape.development else {}),
        "checks": {name: line for name, line in checks.items() if DEFAULTS.get(name) != line},
    }


def _pull_request(top: Path) -> str:
    return next((path for path in _PULL_REQUEST if (top / path).is_file()), _PULL_REQUEST[0])


def _current(path: Path) -> str | None:
    """Return what a file holds, whatever it is; what stands in its way is refused."""
    if path.is_file():
        return path.read_bytes().decode("utf-8", "replace")
    there = next(place for place in (path, *path.parents) if place.exists() or place.is_symlink())
    if there == path or not there.is_dir():
        kind = "file" if there == path else "folder"
        raise Refused(f"{there} is no {kind}", expected=f"a {kind}, or nothing", remedy="move it away")
    return None


def _check_distinct(paths: Sequence[str]) -> None:
    for path in paths:
        if paths.count(path) > 1:
            raise WrongValue(f"{path} would be written twice", expected="names that differ in the settings")


def _chosen(plan: list[Planned], only: Sequence[str]) -> list[Planned]:
    names = [item.name for item in plan]
    for name in only:
        if name not in names:
            raise WrongValue(f"{name!r} is no file of the scaffold", expected=f"one of {', '.join(names)}")
    return [item for item in plan if not only or item.name in only]


def write_missing(top: Path, plan: Sequence[Planned]) -> list[Planned]:
    """Write what is missing, all of it or nothing, and return it."""
    missing = [item for item in plan if item.state is State.MISSING]
    for item in missing:
        if _current(top / item.path) != item.before:
            raise Refused(f"{item.path} changed meanwhile", remedy="run init again")
    write_all({top / item.path: item.after.encode("utf-8") for item in missing})
    return missing
