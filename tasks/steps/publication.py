"""The steps after the merge: watch, rollout, verify, sync."""

from collections.abc import Callable

from .. import rollout, syncing
from ..checklists import Unready
from ..confirming import confirm
from ..errors import ReleaseError, Unreachable
from ..fleet import across
from ..following import LATE, Followed
from ..pipeline import pipeline
from ..report import note
from ..rules.fleet import ALL
from ..rules.stages import stages, verdict
from ..rules.text import plural
from ..stageviews import print_explanation, watched
from ..verifying import prove, pytest_arguments
from .hoststeps import demand_well, on_version
from .step import HandOff, Skip, Step
from .world import World

_FOLLOW_SECONDS = 3600.0
_PROVE_SECONDS = 300.0


def after_merge(done: Callable[[World], str | None]) -> Callable[[World], str | None]:
    """Return the same look, for a step that nobody has to look at before the merge."""
    return lambda world: done(world) if world.past_merge else None


def _published(world: World) -> str | None:
    found = stages(pipeline(world.project, world.version).look())
    said = "; ".join(f"{stage.name}: {stage.evidence or stage.state}" for stage in found if stage.name != "merge")
    return said if verdict(found) == 0 else None


def _follow(world: World) -> str:
    followed = watched(pipeline(world.project, world.version), _FOLLOW_SECONDS)
    if followed.code:
        raise _stopped(followed)
    return "; ".join(f"{stage.name}: {stage.evidence or stage.state}" for stage in followed.stages)


def _stopped(followed: Followed) -> ReleaseError:
    """Return why a release does not go on, with the fix to type; the whole story was shown."""
    for reason in followed.explanations:
        print_explanation(reason)
    first = next(iter(followed.explanations), None)
    what = f"{first.name}: {first.cause}" if first else followed.trouble or "it is not there yet"
    kind = Unreachable if followed.code == LATE else Unready
    return kind(what, expected="tag, workflow, index and GitHub Release",
                remedy=first.fix if first else "inv doctor.release")  # fmt: skip


def _rolled_out(world: World) -> str | None:
    if not world.released_hosts:
        raise Skip("the settings have no hosts")
    return on_version(world, [ALL], str(world.version))


def _roll_out(world: World) -> str:
    plan, work = rollout.plan(world.project), rollout.onto(world.project, world.version)
    demand_well(list(across(plan, work)), f"inv release.rollout --version {world.version}")
    return f"{', '.join(sorted(plan.names))}: {world.version}"


def _proved(world: World) -> str | None:
    return world.diary.said("verify", world.tagged) or None


def _prove(world: World) -> str:
    words = pytest_arguments(world.project, str(world.version), wait=_PROVE_SECONDS, strict=False)
    code, content = prove(words, quiet=True)
    checks = content.get("checks", ())
    if code:
        bad = [f"{check['check']} {check['subject']}: {check['evidence']}" for check in checks
               if check["result"] not in {"PASS", "LEFT OUT"}]  # fmt: skip
        kind = Unreachable if code == Unreachable.exit_code else Unready
        raise kind(f"{world.version} is not proved: {'; '.join(bad[:3]) or 'nothing was checked'}",
                   expected="a proof", remedy=f"inv release.verify --version {world.version}")  # fmt: skip
    return f"{plural(sum(check['result'] == 'PASS' for check in checks), 'check')} passed"


WATCH = Step("watch", after_merge(_published), _follow)
ROLLOUT = Step("rollout", after_merge(_rolled_out), _roll_out)
VERIFY = Step("verify", after_merge(_proved), _prove, lasting=False)


def _synced(world: World) -> str | None:
    development = world.branches.development
    if development in {"", world.branches.stable}:
        raise Skip("the settings have no development branch")
    plan = syncing.plan_sync(world.project)
    if plan.pull is not None:
        raise HandOff(f"merge PR #{plan.pull.number}, which brings {development} back onto {world.branches.stable}")
    return None if plan.steps else f"{development} has all that {world.branches.stable} has"


def _sync(world: World) -> str:
    """Bring the development branch back, as a person agrees; a pull request is for others to merge."""
    plan = syncing.plan_sync(world.project)
    for line in plan.steps:
        note(f"- {line}")
    confirm(f"Bring {plan.branches.development} back onto {plan.branches.stable}?", yes=world.wishes.yes)
    done = syncing.carry_out(plan)
    if done.pull is not None:
        raise HandOff(f"merge PR #{done.pull.number}, which brings {done.branches.development} back",
                      remedy=f"inv release.run --version {world.version}, after that")  # fmt: skip
    return f"{done.branches.development} has all that {done.branches.stable} has"


SYNC = Step("sync", after_merge(_synced), _sync)
