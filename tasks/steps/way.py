"""The way of a release: which version is on it, and the one list of its steps."""

from collections.abc import Sequence

from packaging.version import Version

from ..errors import WrongValue
from ..history import decision, observe
from ..project import Project
from ..rules.changelog import is_final
from ..rules.steps import NAMES
from ..rules.versions import final_of, read_version
from . import gate, groundwork, publication, trial
from .diary import Diary
from .step import Step
from .world import Wishes, World

STEPS: tuple[Step, ...] = (
    groundwork.AUDIT,
    groundwork.VERSION,
    groundwork.PREPARE,
    groundwork.VALIDATE,
    groundwork.INTEGRATION,
    trial.CANDIDATE,
    trial.STAGING,
    trial.SOAK,
    trial.PROMOTE,
    gate.PROPOSE,
    gate.MERGE,
    publication.WATCH,
    publication.ROLLOUT,
    publication.VERIFY,
    publication.SYNC,
)


def steps_of(names: Sequence[str] = NAMES) -> list[Step]:
    """Return the steps with these names, in their order."""
    return [step for step in STEPS if step.name in names]


def world_of(project: Project, version: str = "", wishes: Wishes | None = None) -> World:
    """Return the world around a version, by default the one that is on its way, else the one that was released last.

    A project without a repository on GitHub is refused.
    """
    wanted = read_version(version, "--version") if version else _on_its_way(project)
    if not is_final(str(wanted)):
        raise WrongValue(f"{wanted} is no final version", expected="X.Y.Z, also while a candidate of it is tried")
    made = World(project, wanted, Diary.of(project, str(wanted)), wishes or Wishes())
    _ = made.github  # without a repository each step would only say so again
    return made


def _on_its_way(project: Project) -> Version:
    """Return the final version that is set ahead of the last release, else the one that the commits ask for."""
    unreleased, now = observe(project), project.version
    if unreleased.base is None or final_of(now) > unreleased.base:
        return final_of(now)
    return decision(project, unreleased).final or now
