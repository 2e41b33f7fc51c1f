"""What is measured: each case a command, the baseline it is held against, and how far it may be from it."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from history import UNRELEASED, checked_project, long_history
from measure import Command

CHECKOUT = Path(__file__).resolve().parents[1]
SLEEPS = {"tests": 2.0, "lint": 1.5, "format": 1.0}  # seconds that the stand-ins for the checks take

_EVERY = ("audit.commits", "changelog.draft", "release.validate", "version.decide")  # one task of each collection


@dataclass(frozen=True, slots=True)
class Case:
    """A command (the first) and its baselines; `value` makes one number of a turn's seconds, to be `target` at most."""

    name: str
    baseline: str
    unit: str  # "x" for a ratio, "s" for a difference
    target: float
    commands: tuple[Command, ...]
    value: Callable[[Sequence[float]], float]
    runs: int
    megabytes: float | None = None


@dataclass(frozen=True)
class World:
    """A temporary folder with the projects that cases need, each made when it is first asked for."""

    folder: Path
    env: Mapping[str, str]

    @cached_property
    def empty(self) -> Path:
        """Return a folder with an empty tasks.py."""
        root = self.folder / "empty"
        root.mkdir()
        (root / "tasks.py").touch()
        return root

    @cached_property
    def ancestry(self) -> Path:
        """Return a long history whose tags are ancestors of its branch."""
        return long_history(self.folder / "ancestry", self.env, squashed=False)

    @cached_property
    def squashed(self) -> Path:
        """Return a long history whose releases were all squash-merged."""
        return long_history(self.folder / "squashed", self.env, squashed=True)

    @cached_property
    def checked(self) -> Path:
        """Return a small project whose checks sleep."""
        checks = {name: f"sleep {seconds}" for name, seconds in SLEEPS.items()}
        return checked_project(self.folder / "checked", self.env, checks)

    def start_up(self) -> Command:
        """Return Invoke with an empty tasks.py, of which it complains in the end."""
        return Command((*_inv(self.empty), "--list"), self.empty, expected=("No tasks found",), code=1)


def _inv(tasks: Path) -> tuple[str, ...]:
    return (str(Path(sys.executable).with_name("inv")), "--search-root", str(tasks))


def _ratio(seconds: Sequence[float]) -> float:
    return seconds[0] / seconds[1]


def _difference(seconds: Sequence[float]) -> float:
    return seconds[0] - seconds[1]


def _beside(seconds: Sequence[float]) -> float:
    """Return how many times as long as its slowest check a validation takes, start-up taken off."""
    return (seconds[0] - seconds[2]) / seconds[1]


def _list(world: World) -> Case:
    ours = Command((*_inv(CHECKOUT), "--list"), CHECKOUT, expected=_EVERY)
    return Case("list", "inv --list, empty tasks.py", "x", 1.25, (ours, world.start_up()), _ratio, runs=21)


def _history(name: str, project: Path, world: World, *arguments: str) -> Case:
    rule = "(ancestor:" if project.name == "ancestry" else "(equal tree:"
    told = {"audit.commits": f"{UNRELEASED} commits since", "version.decide": "next final"}[arguments[0]]
    # A branch that never had the newest releases makes git walk all of the history: no release point is near.
    passed, target = ("passed over", 1.0) if "maintenance" in arguments else ("", 0.25)
    ours = Command((*_inv(CHECKOUT), *arguments), project, expected=(rule, told, passed))
    commands = (ours, world.start_up())
    return Case(name, "inv --list, empty tasks.py", "s", target, commands, _difference, runs=11, megabytes=120)


def _validate(world: World) -> Case:
    ours = Command((*_inv(CHECKOUT), "release.validate"), world.checked, expected=("10 checks: 9 pass, 1 skipped",))
    slowest = Command(("sleep", str(max(SLEEPS.values()))), world.checked)
    listing = Command((*_inv(CHECKOUT), "--list"), world.checked, expected=_EVERY)
    return Case("validate", "its slowest check (plus inv --list)", "x", 1.1, (ours, slowest, listing), _beside, runs=5)


CASES: dict[str, Callable[[World], Case]] = {
    "list": _list,
    "decide-ancestor": lambda world: _history("decide-ancestor", world.ancestry, world, "version.decide"),
    "audit-ancestor": lambda world: _history("audit-ancestor", world.ancestry, world, "audit.commits"),
    "decide-equal-tree": lambda world: _history("decide-equal-tree", world.squashed, world, "version.decide"),
    "audit-equal-tree": lambda world: _history("audit-equal-tree", world.squashed, world, "audit.commits"),
    "decide-maintenance": lambda world: _history(
        "decide-maintenance", world.squashed, world, "version.decide", "--until", "maintenance"
    ),
    "validate": _validate,
}
