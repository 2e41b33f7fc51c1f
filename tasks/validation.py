"""The checklist before a release (workflow phase 4): each item a check, all of them side by side."""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial

from . import readiness
from .commands import run_command
from .errors import ReleaseError, WrongValue
from .history import Unreleased, observe
from .project import Project
from .rules.checks import Outcome, Result
from .rules.toolchain import DEFAULTS
from .systems.uv import lock_file

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
        "clean": lambda _stop: readiness.clean(project),
        "version": lambda _stop: readiness.version(project),
        "changelog": lambda _stop: readiness.changelog(project, observed()),
        "tag": lambda _stop: readiness.tag(project, observed()),
        "issues": lambda stop: readiness.issues(project, observed(), stop, offline=offline),
        "lockfile": _command(project, DEFAULTS["lockfile"], frozen=False) if lock_file(project.root) else _not_locked,
        **{name: _command(project, DEFAULTS[name]) for name in ("lint", "format", "tests")},
        "entry-points": lambda _stop: readiness.entry_points(project),
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
