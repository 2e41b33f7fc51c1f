"""Which issues stand behind a commit, as its pull requests on GitHub tell (DESIGN.md section 5)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from .references import Reference, about
from .summary import summarized
from .text import without_comments
from .titles import read_title

CLOSED = "CLOSED"
MERGED = "MERGED"
_MOST_MENTIONED = 20  # references of one pull request; more of them are a list of everything


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request; `state` is OPEN, CLOSED (without having been merged) or MERGED, `closes` as GitHub knows it."""

    number: int
    state: str
    title: str
    body: str = ""
    closes: tuple[Reference, ...] = ()

    @property
    def gathers(self) -> bool:
        """Tell whether it is a release, by its title or by its summary: it names the issues of all that it brings."""
        return read_title(self.title).kind == "release" or bool(summarized(self.body))


@dataclass(frozen=True, slots=True)
class Told:
    """What GitHub told of a commit: its issues, or why there are none; `lasting`: that will not change."""

    reason: str
    issues: tuple[Reference, ...] = ()
    pull: int | None = None
    lasting: bool = False


def mentioned(pull: Pull, repository: str) -> tuple[Reference, ...]:
    """Return what a pull request's own words refer to, numbers of pull requests among it; `repository` is its own."""
    found = (one.within(repository) for one in about(pull.title, without_comments(pull.body)))
    return tuple(one for one in dict.fromkeys(found) if one != Reference(pull.number))[:_MOST_MENTIONED]


def told(own: int | None, pulls: Sequence[Pull], repository: str, issues: Collection[int]) -> Told:
    """Return what the pull requests of a commit tell of it.

    `own` is the one that the commit itself names, which alone counts when it is there; `issues` are those of the
    mentioned numbers that are issues. One that was closed without being merged, or is a release, covers nothing.
    """
    counted = _counted(own, pulls)
    for pull in counted:
        named = pull.closes or tuple(
            one for one in mentioned(pull, repository) if one.repository or one.number in issues
        )
        if named:
            return Told(f"pull request #{pull.number} names it", named, pull.number, pull.state == MERGED)
    return Told(_why(own, pulls, counted), pull=counted[0].number if counted else None)


def _counted(own: int | None, pulls: Iterable[Pull]) -> list[Pull]:
    """Return the pull requests that may cover a commit, those that were merged first."""
    counted = [pull for pull in pulls if pull.state != CLOSED and not pull.gathers]
    counted.sort(key=lambda pull: pull.state != MERGED)
    return [pull for pull in counted if pull.number == own] or counted


def _why(own: int | None, pulls: Iterable[Pull], counted: Sequence[Pull]) -> str:
    mine = next((pull for pull in pulls if pull.number == own), None)
    if counted:
        return f"pull request #{counted[0].number} names no issue either"
    if mine is not None and mine.state == CLOSED:
        return f"pull request #{own} was closed without being merged"
    return "names no issue, and no pull request of its own does"
