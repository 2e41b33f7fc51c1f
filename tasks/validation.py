"""The checklist before a release (workflow phase 4): each item a check, all of them side by side."""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .checking import check_one, load_changelog
from .commands import run_command, wants_network
from .errors import ReleaseError, WrongValue
from .history import Unreleased, observe
from .project import Project
from .report import note
from .rules.changelog import is_candidate
from .rules.checks import Outcome, Result, judged
from .rules.coverage import State, summary
from .rules.discipline import check_version
from .rules.findings import Finding
from .rules.text import plural
from .rules.toolchain import DEFAULTS
from .systems.process import ProgramFailed
from .systems.uv import lock_file
from .systems.wheel import built, entry_points

if TYPE_CHECKING:
    from .tracing import Traced

Run = Callable[[threading.Event], Outcome]


@dataclass(frozen=True, slots=True)
class Check:
    """A named item of the checklist; `run` is given the event that an interrupt sets.

    One that comes `first` ends before the others begin: tests and builds may leave files in the tree for a moment.
    `ready` is called beforehand and raises what makes the whole run senseless, such as a clone without its history.
    """

    name: str
    run: Run
    first: bool = False
    ready: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A check that ended, and the seconds it took."""

    name: str
    outcome: Outcome
    seconds: float


def checklist(project: Project, *, offline: bool) -> list[Check]:
    """Return the checks of a project: the built-in ones, changed by the settings, and the settings' own."""
    observed = _once(lambda: observe(project))
    built_in: dict[str, Run] = {
        "clean": lambda _stop: _clean(project),
        "version": lambda _stop: _version(project),
        "changelog": lambda _stop: _changelog(project, observed()),
        "tag": lambda _stop: _tag(project, observed()),
        "issues": lambda stop: _issues(project, observed(), stop, offline=offline),
        "lockfile": _command(project, DEFAULTS["lockfile"], frozen=False) if lock_file(project.root) else _not_locked,
        **{name: _command(project, DEFAULTS[name]) for name in ("lint", "format", "tests")},
        "entry-points": lambda _stop: _entry_points(project),
    }
    own = {name: _command(project, line) if line.strip() else _off for name, line in project.settings.checks.items()}
    history = {"changelog", "tag", "issues"} - own.keys()
    return [
        Check(name, run, first=name == "clean", ready=observed if name in history else None)
        for name, run in (built_in | own).items()
    ]


def _once(ask: Callable[[], Unreleased]) -> Callable[[], Unreleased]:
    """Return a function that asks when it is first called, by whichever check, and then remembers."""
    lock, known = threading.Lock(), list[Unreleased]()

    def answer() -> Unreleased:
        with lock:
            if not known:
                known.append(ask())
            return known[0]

    return answer


def _command(project: Project, line: str, *, frozen: bool = True) -> Run:
    return partial(run_command, project.root, line, frozen=frozen and lock_file(project.root) is not None)


def _off(_stop: threading.Event) -> Outcome:
    return Outcome(Result.SKIPPED, "switched off by the settings")


def _not_locked(_stop: threading.Event) -> Outcome:
    return Outcome(Result.SKIPPED, "the project has no uv.lock")


def chosen(checks: list[Check], only: Collection[str], skip: Collection[str]) -> list[Check]:
    """Return the checks that a person asked for; a name that is none of them is refused."""
    names = [check.name for check in checks]
    for name in (*only, *skip):
        if name not in names:
            raise WrongValue(f"{name!r} is no check", expected=f"one of {', '.join(names)}")
    left = [check for check in checks if (not only or check.name in only) and check.name not in skip]
    if not left:
        raise WrongValue("--only and --skip leave no check", expected="at least one check")
    for check in left:
        if check.ready:
            check.ready()
    return left


def run_all(checks: list[Check]) -> Iterator[Done]:
    """Run the checks side by side and yield each as it ends; leaving early stops those that still run."""
    stop = threading.Event()
    early = [_timed(check, stop) for check in checks if check.first]
    with ThreadPoolExecutor(max_workers=len(checks)) as pool:
        try:
            futures: list[Future[Done]] = [pool.submit(_timed, check, stop) for check in checks if not check.first]
            yield from early
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            stop.set()
            raise


def _timed(check: Check, stop: threading.Event) -> Done:
    began = time.monotonic()
    try:
        outcome = check.run(stop)
    except ReleaseError as error:
        wrong = Result.FAIL if isinstance(error, WrongValue) else Result.UNKNOWN
        outcome = Outcome(wrong, error.line)
    return Done(check.name, outcome, time.monotonic() - began)


def _clean(project: Project) -> Outcome:
    changes = project.git.changes()
    findings = [
        Finding("clean", f"{change[:2].strip()} {change[3:]} is not committed", change[3:]) for change in changes
    ]
    return judged(findings, "nothing uncommitted")


def _version(project: Project) -> Outcome:
    version = str(project.version)
    if is_candidate(version):
        return Outcome(Result.SKIPPED, f"{version} is a candidate, which has no section")
    return judged(check_version(load_changelog(project), version, project.house), f"{version} in both")


def _changelog(project: Project, unreleased: Unreleased) -> Outcome:
    checked = check_one(project, "", unreleased)
    if checked.skipped:
        return Outcome(Result.SKIPPED, f"{checked.version} is a candidate, which has no section")
    return judged(checked.findings, f"section {checked.version} keeps every rule")


def _tag(project: Project, unreleased: Unreleased) -> Outcome:
    name = f"{project.settings.tag_prefix}{project.version}"
    if project.version in unreleased.versions:
        return Outcome(Result.FAIL, f"tag {name} exists: {project.version} was released")
    return Outcome(Result.PASS, f"tag {name} is free here")


def _issues(project: Project, unreleased: Unreleased, stop: threading.Event, *, offline: bool) -> Outcome:
    traced = _traced(project, unreleased, stop, offline=offline)
    counts = summary(traced.coverages)
    findings = [
        Finding("issues", f"{item.change.commit.id[:8]} {item.change.commit.subject}: {item.reason}")
        for item in traced.coverages
        if item.state is State.UNCOVERED
    ]
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    counted = plural(len(traced.coverages), "commit")
    evidence = f"{counted} since {_point_name(unreleased)}" + (f": {told}" if told else "")
    if traced.trouble:
        evidence += f"; GitHub was not asked to the end: {traced.trouble.found}"
    if findings or not counts[State.UNKNOWN]:
        return judged(findings, evidence)
    if offline:
        return Outcome(Result.PASS, f"{evidence}; unknown ones accepted (--offline)")
    return Outcome(Result.UNKNOWN, f"{evidence}; accept unknown ones with --offline")


def _traced(project: Project, unreleased: Unreleased, stop: threading.Event, *, offline: bool) -> "Traced":
    """Return what covers each commit; a wait that GitHub asks for ends when the checks are called off."""
    from .systems.web import Web
    from .tracing import trace

    return trace(project, unreleased, offline=offline, web=Web(note=note, called_off=stop))


def _point_name(unreleased: Unreleased) -> str:
    point = unreleased.point
    return point.tag.name if point.tag else "the first commit"


def _entry_points(project: Project) -> Outcome:
    """Load every entry point of the wheel as it would be installed."""
    tables = ("scripts", "gui-scripts", "entry-points")
    if not any(project.metadata.get(table) for table in tables):
        return Outcome(Result.PASS, "none declared")
    try:
        with built(project.root, project.git.files()) as wheel:
            points = entry_points(
                wheel, str(project.metadata["name"]), str(project.metadata.get("requires-python", "")),
                project.settings.index.simple,
            )  # fmt: skip
    except ProgramFailed as error:
        result = Result.UNKNOWN if wants_network(error.stderr) else Result.FAIL
        return Outcome(result, str(error), output=error.stderr[-4000:])
    findings = [
        Finding("entry-points", f"{point.group} {point.name} = {point.value}: {point.error}", "pyproject.toml")
        for point in points
        if point.error
    ]
    return judged(findings, f"{plural(len(points), 'entry point')} of the wheel resolve")
