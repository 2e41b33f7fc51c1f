"""A step: what is so when it is done, how that is seen, and what makes it so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ..errors import ReleaseError, Unreachable
from ..rules.steps import MEANINGS, Standing, State
from ..systems.journal import hidden
from .world import World


class Skip(Exception):
    """A step is not meant to be done; the text says why."""


class HandOff(ReleaseError):
    """Somebody else, or time, has to come first: nothing is wrong, and nothing more can be done now."""

    exit_code: ClassVar[int] = 4


@dataclass(frozen=True, slots=True)
class Step:
    """A step by its name. `done` looks at the world and returns the evidence, None when it is to be done.

    `run` does it and returns the evidence. What is `lasting` must be seen by `done` afterwards.
    """

    name: str
    done: Callable[[World], str | None]
    run: Callable[[World], str]
    lasting: bool = True

    @property
    def meaning(self) -> str:
        """Return what is so when the step is done."""
        return MEANINGS[self.name]

    def look(self, world: World) -> Standing:
        """Return where the step stands; what cannot be asked is unknown, what refuses to be done is to do."""
        try:
            evidence = self.done(world)
        except Skip as reason:
            return Standing(self.name, State.SKIPPED, hidden(f"because {reason}"))
        except Unreachable as error:
            return Standing(self.name, State.UNKNOWN, hidden(error.found))
        except HandOff as error:
            return Standing(self.name, State.WAITING, hidden(error.found))
        except ReleaseError as error:
            return Standing(self.name, State.OPEN, hidden(error.found))
        return Standing(self.name, State.OPEN if evidence is None else State.DONE, hidden(evidence or ""))
