"""Candidates: whether one may be published to the staging index, or its version was not raised."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from packaging.version import Version

from .versions import final_of, is_candidate


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which of the built files to publish, and why; `wrong` says what forbids it."""

    publish: tuple[str, ...]
    reason: str
    wrong: str = ""


def judge(
    version: Version, built: Mapping[str, str], there: Mapping[str, str], published: Collection[Version]
) -> Judgement:
    """Hold a build against the index: `built` and `there` map the version's file names to what is inside them."""
    if not is_candidate(version):
        return Judgement((), f"{version} is no candidate: only candidates go to the staging index")
    if not there:
        higher = [other for other in published if final_of(other) == final_of(version) and other > version]
        wrong = f"{version} is lower than {max(higher)}, which is on the staging index" if higher else ""
        return Judgement(() if wrong else tuple(sorted(built)), f"{version} is not on the staging index yet", wrong)
    changed = [name for name in _compared(built, there) if built[name] != there[name]]
    if changed:
        return Judgement((), "", f"{version} is on the staging index with other content: {', '.join(changed)}")
    missing = tuple(sorted(built.keys() - there.keys()))
    reason = f"{version} is on the staging index with this very content"
    return Judgement(missing, f"{reason}, but not all of its files" if missing else reason)


def _compared(built: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Return the files to compare: the wheels, since hosts install them; the source archive where none is there."""
    both = sorted(built.keys() & there.keys())
    return [name for name in both if name.endswith(".whl")] or both
