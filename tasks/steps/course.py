"""A course: the steps of a release gone through in their order, each looked at before it is done and after."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ..errors import ReleaseError, Unreachable
from ..report import note
from ..rules.steps import MERGED_BY, NAMES, Standing, State
from ..systems.journal import hidden
from .step import HandOff, Step
from .world import World


@dataclass
class Course:
    """A run through steps; `past` are those it went through, `trouble` is why it stopped."""

    world: World
    steps: Sequence[Step]
    tell: Callable[[Standing], None]
    past: list[Standing] = field(default_factory=list)
    trouble: ReleaseError | None = None

    def go(self) -> None:
        """Do every step that is not done yet."""
        for step in self.steps:
            try:
                self._pass(step)
            except HandOff as error:
                self._stop(Standing(step.name, State.WAITING, hidden(error.found)), error)
                raise
            except ReleaseError as error:
                self._stop(Standing(step.name, State.FAILED, hidden(error.found)), error)
                raise

    @property
    def ended(self) -> bool:
        """Tell whether all its steps are over."""
        return bool(self.past) and len(self.past) == len(self.steps) and self.trouble is None

    def _pass(self, step: Step) -> None:
        standing = self._seen(step)
        if standing.state.over:
            self.world.diary.remember(step.name, standing.state, standing.evidence)
        else:
            note(f"{step.name}: {step.meaning} …")
            standing = Standing(step.name, State.DONE, self._do(step))
            self.world = self.world.again()
        self.past.append(standing)
        self.tell(standing)

    def _seen(self, step: Step) -> Standing:
        """Return where a step stands; nothing is done blindly, so what cannot be asked stops the run."""
        standing = step.look(self.world)
        if standing.state is State.UNKNOWN:
            raise Unreachable(
                f"{step.name}: {standing.evidence}", expected="to see whether it is done", remedy=self._again
            )  # fmt: skip
        return standing

    @property
    def _again(self) -> str:
        return f"inv release.run --version {self.world.version}"

    def _do(self, step: Step) -> str:
        """Do a step, see that it is done, write down how it went, and return the evidence."""
        diary = self.world.diary
        diary.begin(step.name)
        try:
            evidence = hidden(step.run(self.world))
            after = self._settled(step)
            diary.write(step.name, "done", evidence, commit=_bound_to(step, after))
        except HandOff as error:
            diary.write(step.name, "waiting", error.found)
            raise
        except ReleaseError as error:
            diary.write(step.name, "failed", error.found)
            raise
        except KeyboardInterrupt:
            with suppress(ReleaseError):
                diary.write(step.name, "interrupted")
            note(f"{step.name} was interrupted; go on with: {self._again}")
            raise
        return evidence

    def _settled(self, step: Step) -> World:
        """Return the world after a step; it must show what the step did."""
        after = self.world.again()
        if step.lasting and not (seen := step.look(after)).state.over:
            raise Unreachable(
                f"{step.name} is not done after all: {seen.evidence or 'nothing is to be seen of it'}",
                expected=step.meaning, remedy=self._again,
            )  # fmt: skip
        return after

    def _stop(self, standing: Standing, error: ReleaseError) -> None:
        self.past.append(standing)
        self.trouble = error

    def standings(self) -> list[Standing]:
        """Return what the run knows of all its steps, without another look at the world."""
        known = {standing.name: standing for standing in self.past}
        return [dated(self.world, known.get(step.name, Standing(step.name, State.OPEN))) for step in self.steps]


def _bound_to(step: Step, world: World) -> str:
    """Return what the evidence of a step that the world does not show is bound to."""
    if step.name == "version":
        return str(world.version)
    return world.tagged if NAMES.index(step.name) > MERGED_BY else world.head


def standings(world: World, steps: Sequence[Step]) -> Iterator[Standing]:
    """Yield where each step stands, by the world."""
    return (dated(world, step.look(world)) for step in steps)


def dated(world: World, standing: Standing) -> Standing:
    """Return a standing with when, by whom and in what time the step was done, as far as the diary tells."""
    line = world.diary.ended(standing.name) if standing.state is State.DONE else {}
    seconds = line.get("seconds")
    return Standing(
        standing.name, standing.state, standing.evidence, str(line.get("at", "")), str(line.get("by", "")),
        seconds if isinstance(seconds, int | float) else None,
    )  # fmt: skip
