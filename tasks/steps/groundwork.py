"""The steps before anything leaves this machine: audit, version, prepare, validate, integration."""

from collections.abc import Callable

from .. import preparing
from ..checklists import demand, go_through
from ..confirming import confirm
from ..errors import Refused, Unreachable
from ..filing import carry_out as file_issues
from ..filing import plan as plan_issues
from ..reading import answer_to
from ..rules.checks import Result
from ..rules.coverage import State, summary
from ..rules.text import plural
from ..tracing import watch as trace
from .step import Skip, Step
from .world import World

_UNSET = ("version", "changelog", "tag")  # checks of a version that is not set yet


def before_merge(done: Callable[[World], str | None]) -> Callable[[World], str | None]:
    """Return the same look, for a step that is over once the release is merged."""

    def look(world: World) -> str | None:
        lost = None
        try:
            if over := world.past_merge:
                raise Skip(over)
        except Unreachable as error:
            lost = error
        evidence = done(world)
        if evidence is None and lost:
            raise lost
        return evidence

    return look


def _audited(world: World) -> str | None:
    traced = trace(world.project, world.unreleased, offline=world.wishes.offline or world.lost)
    counts = summary(traced.coverages)
    if counts[State.UNCOVERED]:
        return None
    if counts[State.UNKNOWN] and not world.wishes.offline:
        raise traced.trouble or Unreachable("some commits could not be led back to issues")
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"{plural(len(traced.coverages), 'commit')}: {told or 'nothing to cover'}"


def _audit(world: World) -> str:
    planned = plan_issues(world.project, ())
    if planned.steps:
        confirm(planned.question, yes=world.wishes.yes)
        file_issues(world.project, planned)
    evidence = _audited(world.again())
    if evidence is None:
        raise Refused("commits are left that no issue covers", expected="an issue behind each",
                      remedy="inv audit.commits")  # fmt: skip
    return evidence


def _named(world: World) -> str:
    base = f"since {world.unreleased.base}" if world.unreleased.base else "the first release"
    return f"{world.version} ({world.part or 'as it is set'}, {base})"


def _decided(world: World) -> str | None:
    return _named(world) if world.begun else world.diary.said("version", str(world.version)) or None


def _decide(world: World) -> str:
    confirm(f"Release {world.project.package} {_named(world)}?", yes=world.wishes.yes)
    return _named(world)


def _prepared(world: World) -> str | None:
    if world.candidate:
        raise Skip(f"{world.candidate} is set: promote prepares {world.version}")
    if world.staged and not world.tried:
        raise Skip(f"a candidate goes first: promote prepares {world.version}")
    if world.branches.current == world.branches.stable or not preparing.is_prepared(world.project, world.version):
        return None
    return f"set, locked and dated on {world.branches.current} at {world.head[:8]}"


def _prepare(world: World) -> str:
    wishes, plan = world.wishes, preparing.plan_release(world.project, str(world.version))
    made = preparing.carry_out(plan, skip=wishes.skip, offline=wishes.offline, validate=False)
    return f"set, locked and dated on {made.branch} at {made.commit[:8]}"


def _validated(world: World) -> str | None:
    return world.diary.said("validate", world.head) or None


def _validate(world: World) -> str:
    left_out = [*world.wishes.skip, *(() if world.begun else _UNSET)]
    done = go_through(world.project, skip=left_out, offline=world.wishes.offline)
    demand(done, remedy="put that right, commit it, then run it again")
    passed = sum(item.outcome.result is Result.PASS for item in done)
    later = f"; {', '.join(left_out)} left out" if left_out else ""
    return f"{plural(passed, 'check')} passed at {world.head[:8]}{later}"


def _integrated(world: World) -> str | None:
    commit = str(world.diary.done("integration").get("commit", ""))
    return (world.diary.said("integration", commit) or None) if world.unchanged(commit) else None


def _integrate(world: World) -> str:
    """Take the word of whoever ran the tests; a task of its own will run them one day."""
    reason = world.wishes.integration or answer_to(
        f"The integration tests of {world.version}: how do you know that they passed?", flag="--integration-reason"
    )
    return f"confirmed: {reason}"


AUDIT = Step("audit", before_merge(_audited), _audit)
VERSION = Step("version", before_merge(_decided), _decide, lasting=False)
PREPARE = Step("prepare", before_merge(_prepared), _prepare)
VALIDATE = Step("validate", before_merge(_validated), _validate, lasting=False)
INTEGRATION = Step("integration", before_merge(_integrated), _integrate, lasting=False)
