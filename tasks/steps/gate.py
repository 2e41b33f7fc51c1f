"""The single gate: the release is proposed, and the approver merges it."""

import time

from .. import proposing
from ..confirming import confirm
from ..errors import Refused
from ..gates import watch
from ..report import note, waiting_for
from ..rules.gate import Standing, verdict
from ..rules.text import plural
from ..systems.github import Pull
from .groundwork import before_merge
from .step import HandOff, Step
from .world import World

_PAUSE_SECONDS = 10.0
_CHECK_SECONDS = 1800.0


def _proposed(world: World) -> str | None:
    pull = world.proposed
    if pull is None or pull.head_commit != world.head or world.project.version != world.version:
        return None
    gates = watch(world.project, world.github, pull.base, pull.head_commit).look()
    return _told(pull, len(gates)) if verdict(gates) is Standing.PASSED else None


def _told(pull: Pull, checks: int) -> str:
    return f"#{pull.number} from {pull.head} to {pull.base}, {plural(checks, 'check')} passed: {pull.url}"


def _propose(world: World) -> str:
    plan = proposing.plan_proposal(world.project, skip=world.wishes.skip, offline=world.wishes.offline)
    if plan.steps:
        confirm(f"Propose {plan.version} from {plan.branch} to {plan.base}?", yes=world.wishes.yes)
    pull = proposing.carry_out(plan)
    note(f"pull request #{pull.number}: {pull.url}")
    return _told(pull, len(proposing.wait_for_checks(plan, pull, _CHECK_SECONDS)))


def _merged(world: World) -> str | None:
    if world.past_merge:
        return world.past_merge + (f" at {world.merged.merged_at:%Y-%m-%d %H:%M} UTC" if world.merged
                                   and world.merged.merged_at else "")  # fmt: skip
    if world.proposed:
        raise HandOff(proposing.hand_off(world.project, world.proposed))
    return None


def _await_merge(world: World) -> str:
    """Wait for the approver as long as was wished, then hand off: nothing here ever merges."""
    pull = world.proposed
    if pull is None:
        raise Refused(f"{world.version} is not proposed", expected="an open pull request",
                      remedy="inv release.run --from propose")  # fmt: skip
    line = proposing.hand_off(world.project, pull)
    note(line)
    until = time.monotonic() + world.wishes.wait
    with waiting_for(lambda: line):
        while not _is_merged(world, pull.number):
            if time.monotonic() + _PAUSE_SECONDS > until:
                raise HandOff(line, remedy=f"inv release.run --version {world.version}, after the merge")
            time.sleep(_PAUSE_SECONDS)
    return f"#{pull.number} was merged"


def _is_merged(world: World, number: int) -> bool:
    pull = world.github.pull(number)
    if pull is None or (pull.state != "open" and not pull.merged):
        raise Refused(f"#{number} was closed without a merge", expected="a release that is merged",
                      remedy="open it again, or inv release.run --from propose")  # fmt: skip
    return pull.merged


PROPOSE = Step("propose", before_merge(_proposed), _propose)
MERGE = Step("merge", _merged, _await_merge)
