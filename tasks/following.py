"""Following a release after its merge: looking again and again, politely, until it is there or has failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from .diagnosis import reasons
from .errors import Unreachable
from .pipeline import Pipeline
from .rules.explanations import Explanation
from .rules.stage import Stage, State
from .rules.stages import stages, verdict
from .systems.web import Trouble

_FIRST, _LONGEST, _GROWTH = 2.0, 30.0, 1.5  # seconds between two looks, from the last that showed something new
_ANONYMOUS = 120.0  # without a token GitHub answers sixty questions an hour
_ONE_LOOK = 60.0  # seconds that a look may take also when there is no time to wait
LATE = 3

Tell = Callable[[Sequence[Stage], str], None]


@dataclass(frozen=True, slots=True)
class Followed:
    """Where a release stands, the exit code that comes to, and why it does not go on; `trouble`: of the last look."""

    stages: tuple[Stage, ...]
    code: int
    explanations: tuple[Explanation, ...] = ()
    trouble: str = ""


def follow(way: Pipeline, seconds: float, tell: Tell = lambda _stages, _trouble: None) -> Followed:
    """Follow a release to its end, for so many seconds at the most; `tell` is told after every look.

    Nothing is kept: whoever is interrupted follows it again from wherever it is by then.
    """
    clock = way.github.web.clock
    until, began, pause = clock.monotonic() + seconds, way.now(), _FIRST
    way.until(max(until, clock.monotonic() + _ONE_LOOK))
    found: tuple[Stage, ...] = ()
    while True:
        before, trouble = found, ""
        try:
            found = stages(way.look(began))
        except Unreachable as error:
            trouble = _passing(error, hurried=clock.monotonic() >= until)
        tell(found, trouble)
        code = None if trouble else verdict(found)
        pause = _FIRST if found != before else min(pause * _GROWTH, _LONGEST)
        wait = pause if way.github.token else _ANONYMOUS
        if code is None and clock.monotonic() + wait > until:
            code = LATE
        if code is not None:
            return Followed(found, code, _reasons(way, found), trouble)
        clock.sleep(wait, Event())


def observed(way: Pipeline) -> Followed:
    """Look at a release once; what has not come by now counts as not coming. The code is 0 while nothing failed."""
    found = stages(way.look())
    return Followed(found, verdict(found) or 0, _reasons(way, found))


def _passing(error: Unreachable, *, hurried: bool) -> str:
    """Return the words of a trouble that passes by itself; raise any other."""
    cause = error if isinstance(error, Trouble) else error.__cause__
    if isinstance(cause, Trouble) and (cause.passing or cause.hurried or hurried):
        return error.found
    raise error


def _reasons(way: Pipeline, found: Sequence[Stage]) -> tuple[Explanation, ...]:
    """Return why the first stage that failed did, or what holds one up."""
    stopped = next((stage for stage in found if stage.state is State.FAILED), None)
    held = stopped or next((stage for stage in found if stage.stop), None)
    if held is None:
        return ()
    way.unhurried()
    return tuple(reasons(way, held))
