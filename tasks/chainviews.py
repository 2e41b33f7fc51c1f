"""Where a release stands, for people, for programs, and as a page."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import Refused
from .page import Bar, page, section, table, timeline
from .report import document, note, say
from .report import table as print_table
from .rules.steps import NAMES, Standing, current, next_command
from .rules.text import plural

if TYPE_CHECKING:
    from .steps.course import Course
    from .steps.world import World

_MINUTES = 120.0  # seconds from which on minutes are told


def tell(standing: Standing) -> None:
    """Say on standard error what became of a step."""
    note(f"{standing.state:8}{standing.name}: {standing.evidence}")


def following(version: object, standings: Sequence[Standing]) -> str:
    """Return what to do next; a hand-off is the evidence of the step that waits."""
    now = current(standings)
    return next_command(standings, str(version), now.evidence if now else "")


def contents(world: "World", standings: Sequence[Standing]) -> dict[str, Any]:
    """Return it as JSON has it."""
    steps = [
        {"name": one.name, "state": str(one.state), "meaning": one.meaning, "evidence": one.evidence,
         "at": one.at or None, "by": one.by or None, "seconds": one.seconds}
        for one in standings
    ]  # fmt: skip
    return {"package": world.project.package, "version": str(world.version), "steps": steps,
            "finished": current(standings) is None, "next": following(world.version, standings) or None}  # fmt: skip


def print_standings_json(world: "World", standings: Sequence[Standing]) -> None:
    """Print where each step stands as one document."""
    document(contents(world, standings))


def print_standings(world: "World", standings: Sequence[Standing]) -> None:
    """Print where each step stands, and what to type next."""
    over = sum(one.state.over for one in standings)
    say(f"{world.project.package} {world.version}: {over} of {plural(len(standings), 'step')} over")
    say()
    rows = [(one.state, one.name, _when(one), one.evidence or one.meaning) for one in standings]
    print_table(("state", "step", "when and by whom", "evidence"), rows, wide="evidence")
    say()
    say(f"next: {following(world.version, standings) or 'nothing, the release is finished'}")


def _when(standing: Standing) -> str:
    moment = standing.at[:16].replace("T", " ")
    return " ".join(part for part in (moment, standing.by) if part)


def print_ended(course: "Course") -> None:
    """Print how far a run came."""
    version = course.world.version
    if course.ended:
        last = course.past[-1]
        whole = last.name == NAMES[-1]
        say(f"{version} is released" if whole else f"{version} is through {last.name}")
        if not whole:
            say(f"next: inv release.run --version {version}")


def print_ended_json(course: "Course") -> None:
    """Print how far a run came as one document, also when it stopped."""
    trouble = course.trouble
    error = {"found": trouble.found, "expected": trouble.expected or None, "next": trouble.remedy or None,
             "code": trouble.exit_code} if trouble else None  # fmt: skip
    document({**contents(course.world, course.standings()), "error": error})


def write_page(path: str, world: "World", standings: Sequence[Standing]) -> None:
    """Write the report of a release as one page that needs nothing else."""
    package, hosts = world.project.package, world.project.settings.hosts
    rows = [(str(one.state), one.name, _when(one), took(one.seconds), one.evidence or one.meaning) for one in standings]
    ran = [(name, host.role, host.unit or f"{package}.service", world.running.get(name, "was not asked"))
           for name, host in hosts.items()]  # fmt: skip
    content = page(
        f"Release of {package} {world.version}",
        [("p", f"next: {following(world.version, standings) or 'nothing, the release is finished'}")],
        table(("state", "step", "when (UTC) and by whom", "took", "evidence"), rows),
        section("Timeline", timeline(_bars(standings))),
        *([section("Hosts", table(("host", "role", "unit", "runs"), ran))] if ran else []),
    )
    try:
        Path(path).write_text(content, encoding="utf-8", errors="replace")
    except OSError as error:
        raise Refused(f"--html {path}: {error.strerror}", expected="a file that can be written") from None


def _bars(standings: Sequence[Standing]) -> list[Bar]:
    """Return the steps whose time is known."""
    bars = []
    for one in standings:
        with suppress(ValueError):  # the journal is a file that anybody may have edited
            end = datetime.fromisoformat(one.at)
            bars.append(Bar(one.name, end if end.tzinfo else end.replace(tzinfo=UTC), max(one.seconds or 0.0, 0.0),
                            took(one.seconds)))  # fmt: skip
    return bars


def took(seconds: float | None) -> str:
    """Return how long something took, for people."""
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds < _MINUTES else f"{seconds / 60:.0f} min"
