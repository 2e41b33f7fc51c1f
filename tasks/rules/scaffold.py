"""Scaffold: the files a project should have beside those it has."""

from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum


class State(StrEnum):
    """How a file stands to what would be written; `KEPT` is the project's own, so there is nothing to compare."""

    MISSING = "missing"
    SAME = "same"
    DIFFERS = "differs"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Planned:
    """A file of the scaffold: its name for --only, its path from the repository's top, its text now and as planned.

    `before` is None where nothing is. One that is `own` belongs to the project from its first day; `complete` says
    that it has what the scaffold would add, as a changelog has that is there at all.
    """

    name: str
    path: str
    before: str | None
    after: str
    own: bool = False
    complete: bool = True

    @property
    def state(self) -> State:
        """Return how the file stands."""
        if self.before is None or not self.complete:
            return State.MISSING
        if self.own:
            return State.KEPT
        same = self.before.splitlines() == self.after.splitlines()  # git may end lines as Windows does
        return State.SAME if same else State.DIFFERS

    @property
    def diff(self) -> list[str]:
        """Return the lines of the unified difference to what would be written; none for what is to be left alone."""
        if self.state in {State.SAME, State.KEPT}:
            return []
        old, new = (self.before or "").splitlines(), self.after.splitlines()
        before = f"a/{self.path}" if self.before is not None else "/dev/null"
        return list(unified_diff(old, new, before, f"b/{self.path}", lineterm=""))
