"""release: the whole way of a release, and its last stretch onto the hosts (DESIGN.md section 8)."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command
from .orders import HOST, ONE_BY_ONE, PARALLEL, show_plan

if TYPE_CHECKING:
    from .rules.steps import Standing
    from .steps.step import Step
    from .steps.world import World

VERSION = "The final version; default: the one that is on its way."


@command(
    iterable=("host",), version="The final version; default: the one pyproject.toml sets.", host=HOST,
    canary="This host first and alone; default: the first staging host, else the first host.", parallel=PARALLEL,
    one_by_one=ONE_BY_ONE, allow_downgrade="Allow a version lower than the one that runs.",
    dry_run="Show what would be done, and do nothing.", project=PROJECT, json=JSON,
)  # fmt: skip
def rollout(
    _c: Context,
    version: str = "",
    host: Sequence[str] | None = None,
    canary: str = "",
    parallel: int = 8,
    one_by_one: bool = False,
    allow_downgrade: bool = False,
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Put the released version onto every host, the canary first: the rest follow when it is well.

    A host that runs it already judges it again, and nothing is changed there. Developers' hosts are left alone.
    """
    from .orders import run as across_hosts
    from .orders import version_of
    from .project import find_project
    from .rollout import check_final, onto, plan

    found = find_project(project)
    wanted = version_of(version) if version else found.version
    check_final(wanted)
    planned = plan(found, host or (), canary=canary, parallel=parallel, one_by_one=one_by_one)
    if dry_run:
        first = f" (first {planned.names[0]} alone)" if len(planned.names) > 1 else ""
        show_plan(planned, f"put {found.package} {wanted} from the release index{first}", json=json)
        return
    across_hosts(planned, onto(found, wanted, allow_downgrade=allow_downgrade), json=json)


@command(
    iterable=("skip",), version=VERSION, until="Stop after this step; default: the last.",
    from_="Begin with this step; default: the first.",
    staging="Whether a candidate goes to the staging hosts first: yes or no; default: yes, a patch is asked about.",
    integration_reason="How you know that the integration tests passed; kept in the journal.",
    promote_reason="Promote the candidate before its time, for this reason.",
    wait="Wait so many seconds at the most for the merge; default: 0.",
    skip="Leave this check of the checklist out; may be repeated.",
    offline="Accept commits whose issues only GitHub could tell.",
    html="Write the report to this file, however it ends.",
    yes="Do not ask.", dry_run="Show what would be done, and do nothing.", project=PROJECT, json=JSON,
)  # fmt: skip
def run(
    _c: Context,
    version: str = "",
    from_: str = "",
    until: str = "",
    staging: str = "",
    integration_reason: str = "",
    promote_reason: str = "",
    wait: int = 0,
    skip: Sequence[str] | None = None,
    offline: bool = False,
    html: str = "",
    yes: bool = False,
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Release, from the audit to the proof: every step that the world does not show as done yet.

    It may be stopped at any moment, and run again here or in another checkout: nothing is done twice. It never
    merges: it hands the pull request over and waits, or goes on when it is run again after the merge.
    """
    from .checklists import check_names
    from .project import find_project
    from .rules.steps import read_wish, selection
    from .steps.way import steps_of, world_of
    from .steps.world import Wishes

    steps = steps_of(selection(from_, until))
    wishes = Wishes(yes, offline, skip or (), read_wish(staging), integration_reason, promote_reason, wait)
    found = find_project(project)
    check_names(found, wishes.skip)
    world = world_of(found, version, wishes)
    (show if dry_run else carry_through)(world, steps, html=html, json=json)


@command(version=VERSION, html="Write the report as one self-contained page to this file.", project=PROJECT, json=JSON)
def status(_c: Context, version: str = "", html: str = "", project: str = "", json: bool = False) -> None:
    """Show where a release is, by what the world shows, and what to type next.

    What cannot be asked is unknown, and the rest is shown all the same. Exits 0 whatever the state is.
    """
    from .project import find_project
    from .steps.way import STEPS, world_of

    show(world_of(find_project(project), version), STEPS, html=html, json=json)


def show(world: "World", steps: "Sequence[Step]", *, html: str, json: bool) -> None:
    """Show where the steps of a release stand."""
    from .chainviews import print_standings, print_standings_json, write_page
    from .report import waiting_for
    from .steps.course import standings

    found: list[Standing] = []
    with waiting_for(lambda: f"looking at {steps[len(found)].name}") as update:
        for standing in standings(world, steps):
            found.append(standing)
            if len(found) < len(steps):
                update()
    (print_standings_json if json else print_standings)(world, found)
    if html:
        write_page(html, world, found)


def settle(world: "World", steps: "Sequence[Step]") -> None:
    """Ask whether a candidate goes first where nothing tells, and remember what was said, for later runs."""
    from .reading import chooses

    wish = world.wishes.staging
    if wish is None and world.staged is None and _matters(world, steps):
        question = f"{world.version} is a {world.part or 'patch'}: try a candidate on the staging hosts first?"
        wish = not world.wishes.yes and chooses(question, default=False, flag="--staging")
        world.__dict__.pop("staged")
    if wish is not None and wish != world.diary.chosen():
        world.diary.choose(staging=wish)


def _matters(world: "World", steps: "Sequence[Step]") -> bool:
    """Tell whether a candidate may still go first: not after the merge, nor where the steps end before or begin after.

    What cannot be asked does not settle it.
    """
    from contextlib import suppress

    from .errors import Unreachable
    from .rules.steps import BY_CANDIDATE

    with suppress(Unreachable):
        return any(step.name in BY_CANDIDATE for step in steps) and not world.past_merge
    return True


def carry_through(world: "World", steps: "Sequence[Step]", *, html: str, json: bool) -> None:
    """Do the steps of a release, and tell how far it came, however it ended."""
    from contextlib import redirect_stdout

    from .chainviews import print_ended, print_ended_json, tell, write_page
    from .steps.course import Course

    course = Course(world, steps, tell)
    with world.diary.alone():
        settle(world, steps)
        try:
            with redirect_stdout(sys.stderr):  # what the steps say of their findings is not the result
                course.go()
        finally:
            (print_ended_json if json else print_ended)(course)
            if html:
                write_page(html, course.world, course.standings())
