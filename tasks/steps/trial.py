"""The steps of a candidate: set and published, tried on the staging hosts, and promoted or not."""

from collections.abc import Callable

from packaging.version import Version

from .. import preparing, rollout
from ..awaiting import wait_for, whole
from ..checklists import Unready
from ..confirming import confirm
from ..entering import carry_out, plan_entry, set_last
from ..errors import Refused, Unreachable
from ..fleet import across, order
from ..history import decision
from ..promoting import plan_promotion
from ..publication import staged_versions
from ..report import note
from ..rules.preparation import next_candidate
from ..rules.text import plural
from ..soaking import is_lost, line_of, shortfalls, soaks
from ..systems.index import Index
from .groundwork import before_merge
from .hoststeps import demand_well, on_version
from .step import HandOff, Skip, Step
from .world import World

_PUBLISH_SECONDS = 1800.0


def staged(done: Callable[[World], str | None]) -> Callable[[World], str | None]:
    """Return the same look, for a step that is there only when a candidate goes first."""

    def look(world: World) -> str | None:
        if world.staged is False:
            raise Skip(_reason(world))
        if world.tried:
            return f"{world.tried} was tried, and {world.version} took its place"
        return done(world)

    return before_merge(look)


def _reason(world: World) -> str:
    if not world.staging_hosts:
        return "no host of the settings has the role staging"
    if world.project.version == world.version:
        return f"{world.version} is set without a candidate"
    return "no candidate is wanted"


def _entered(world: World) -> str | None:
    """Return the candidate that is published, and of what is here: what came since needs another."""
    candidate = world.candidate
    if candidate is None or not set_last(world.project, world.unreleased, candidate) or not world.pushed:
        return None
    files = Index(world.project.settings.staging_index.simple).version(world.project.package, candidate)
    return _published(candidate, world.head, len(files)) if whole(world.project, files) else None


def _published(candidate: Version, commit: str, files: int) -> str:
    return f"{candidate} at {commit[:8]}, {plural(files, 'file')} on the staging index"


def _enter(world: World) -> str:
    project, candidate = world.project, world.candidate
    named = ""  # the candidate that is set, or the next one
    if candidate is None and decision(project, world.unreleased).final != world.version:
        named = str(next_candidate(world.version, staged_versions(project)))
    entry = plan_entry(project, named)
    if entry.steps:
        confirm(f"Publish the candidate {entry.version} from {entry.branch}?", yes=world.wishes.yes)
    entered = carry_out(entry)
    files = wait_for(world.again().project, entered.version, _PUBLISH_SECONDS, note)
    return _published(entered.version, entered.commit, len(files))


def _installed(world: World) -> str | None:
    return on_version(world, world.staging_hosts, str(world.candidate)) if world.candidate else None


def _install(world: World) -> str:
    candidate = _candidate(world)
    plan, work = order(world.project, world.staging_hosts, ""), rollout.onto(world.project, candidate)
    demand_well(list(across(plan, work)), f"inv staging.install --version {candidate}")
    return f"{', '.join(plan.names)}: {candidate}"


def _soaked(world: World) -> str | None:
    if world.wishes.promotion:
        raise Skip(f"it is promoted before its time: {world.wishes.promotion}")
    if world.candidate is None:
        return None
    return _through(world, world.candidate)


def _through(world: World, candidate: Version) -> str:
    """Return what the hosts say of a candidate that is through its soak; refuse another, for now or for good."""
    results, again = soaks(world.project), f"inv release.run --version {world.version}"
    missing = "; ".join(shortfalls(results, candidate))
    if not missing:
        return "; ".join(map(line_of, results))
    if is_lost(results):
        raise Unready(
            f"{candidate} did not pass its soak: {missing}", expected="no more errors and restarts than allowed",
            remedy=f"commit what mends it, for the next candidate; or {again} --promote-reason TEXT",
        )  # fmt: skip
    if any(result.answer.get("verdict") not in {"PASS", "FAIL"} for result in results):
        raise Unreachable(missing)
    raise HandOff(f"{candidate} is on trial: {missing}", expected="a soak that passes",
                  remedy=f"{again} later, or with --promote-reason TEXT")  # fmt: skip


def _soak(world: World) -> str:
    """Leave it to time: nothing can be done but to wait, or to give a reason why not."""
    return _through(world, _candidate(world))


def _candidate(world: World) -> Version:
    if world.candidate is None:
        raise Refused(f"{world.project.version} is set, which is no candidate of {world.version}",
                      expected="a candidate", remedy="inv staging.enter")  # fmt: skip
    return world.candidate


def _promoted(_world: World) -> str | None:
    return None  # what was promoted was seen before: the final version is set


def _promote(world: World) -> str:
    candidate, wishes = _candidate(world), world.wishes
    plan = plan_promotion(world.project, wishes.promotion)
    made = preparing.carry_out(plan, skip=wishes.skip, offline=wishes.offline, validate=False)
    return f"{made.version} took the place of {candidate} at {made.commit[:8]}"


CANDIDATE = Step("candidate", staged(_entered), _enter)
STAGING = Step("staging", staged(_installed), _install)
SOAK = Step("soak", staged(_soaked), _soak)
PROMOTE = Step("promote", staged(_promoted), _promote)
