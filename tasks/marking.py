"""Marking: the GitHub release of a yanked version says so, and another one is called the latest."""

from dataclasses import dataclass

from packaging.version import Version

from .errors import ReleaseError
from .github import editing, github_of
from .project import Project
from .rules.notices import with_notice, without_notice
from .rules.yanks import Aim
from .systems.github import Github, Release


@dataclass(frozen=True, slots=True)
class Marked:
    """What became of a version's GitHub release; `trouble` is why it is not as it should be."""

    state: str
    url: str = ""
    latest: str = ""
    trouble: ReleaseError | None = None


def mark(project: Project, aim: Aim, version: Version, reason: str, taken: Version | None) -> Marked:
    """Make a version's GitHub release say what became of it; what is so already is left alone.

    The version is yanked, or back, whatever comes of this: so trouble is told and not raised.
    """
    if not project.repository:
        return Marked("no repository on GitHub is configured")
    try:
        return _mark(project, github_of(project), aim, version, reason, taken)
    except ReleaseError as trouble:
        return Marked("not marked", trouble=trouble)


def _mark(
    project: Project, github: Github, aim: Aim, version: Version, reason: str, taken: Version | None
) -> Marked:  # fmt: skip
    prefix = project.settings.tag_prefix
    release = github.release(f"{prefix}{version}")
    if release is None:
        return Marked("there is none")
    body = with_notice(release.body, version, reason, taken) if aim is Aim.YANK else without_notice(release.body)
    changed = body != release.body
    if changed:
        editing(github).update_release(release.id, body=body)
    latest = _latest(github, aim, release, f"{prefix}{taken}" if taken and not taken.is_prerelease else "")
    return Marked("marked" if changed or latest else "as it should be", release.url, latest)


def _latest(github: Github, aim: Aim, release: Release, wanted: str) -> str:
    """Call the release of what installers take the latest one, where a yank or its end changed that."""
    latest = github.latest_release()
    turn = wanted != release.tag if aim is Aim.YANK else wanted == release.tag
    if not wanted or not turn or latest is None or latest.tag == wanted:
        return ""
    if aim is Aim.YANK and latest.tag != release.tag:
        return ""  # a person, or a later release, has seen to it
    other = github.release(wanted)
    if other is None or other.draft or other.prerelease:
        return ""
    editing(github).update_release(other.id, latest="true")
    return wanted
