"""What is unreleased: the repository asked, the rules applied."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from packaging.version import Version

from .project import Project
from .rules.commits import Change, read
from .rules.coverage import Coverage, cover
from .rules.pulls import Told
from .rules.releases import (
    ReleasePoint,
    Tag,
    final_tags,
    given_point,
    near_point,
    release_point,
    unreleased,
    versions_of,
)
from .rules.titles import KINDS
from .rules.votes import Decision, decide
from .systems.git import Git

_NEAR = 1000  # commits: enough to find nearly every release point, and read in 10 ms whatever the history's size


@dataclass(frozen=True, slots=True)
class Unreleased:
    """The release point of a revision, the changes since (newest first), and the tags: of final releases, of all."""

    head: str
    point: ReleasePoint
    changes: list[Change]
    tags: list[Tag]
    versions: list[Version]

    @property
    def base(self) -> Version | None:
        """Return the version that was released last."""
        return self.point.tag.version if self.point.tag else None

    def tag_of(self, version: Version) -> Tag | None:
        """Return the tag of a version."""
        return next((tag for tag in self.tags if tag.version == version), None)


def observe(project: Project, since: str = "", until: str = "") -> Unreleased:
    """Return what is unreleased at `until` (HEAD by default); `since` replaces the release point by a revision."""
    git, head = project.git, project.git.resolve(until or "HEAD")
    rows, prefix = git.tags(), project.settings.tag_prefix
    tags = final_tags(rows, prefix)

    def setters(after: str | None) -> list[tuple[str, str]]:
        return version_setters(git, after, head)

    point = near_point(tags, git.trees(None, head, _NEAR)) or release_point(
        tags,
        git.merged_tags(head),
        lambda after: git.trees(after, head),
        setters,
    )
    if since:
        point = given_point(git.resolve(since), tags, point)
    kinds = KINDS | set(project.settings.changelog.all_kinds) | set(project.settings.issue_exempt)
    commits, point = unreleased(git.commits(point.commit, head), point, setters)
    changes = [read(commit, kinds, project.repository) for commit in commits]
    return Unreleased(head, point, changes, tags, versions_of(rows, prefix))


def decision(project: Project, unreleased: Unreleased, current: Version | None = None) -> Decision:
    """Return the votes of what is unreleased, and the version that follows when `current` is set, else what is."""
    return decide(
        unreleased.changes,
        unreleased.base,
        current or project.version,
        zero_major=project.settings.zero_major,
        tagged=unreleased.versions,
    )


def version_setters(git: Git, since: str | None, until: str) -> list[tuple[str, str]]:
    """Return (commit, version) for the commits of `since..until` that set a version in pyproject.toml, newest first."""
    path = f"{git.prefix}pyproject.toml"
    commits = git.touching(since, until, "pyproject.toml")
    names = [f"{commit}{parent}:{path}" for commit in commits for parent in ("", "^")]
    contents = git.contents(names)
    known = {content: _version(content) for content in set(contents)}  # most commits leave the version alone
    versions = [known[content] for content in contents]
    pairs = zip(commits, versions[::2], versions[1::2], strict=True)
    return [(commit, now) for commit, now, before in pairs if now and now != before]


def version_at(git: Git, revision: str) -> str:
    """Return the version that pyproject.toml sets at a revision, nothing when it sets none."""
    return _version(git.content(revision, "pyproject.toml"))


def _version(content: bytes | None) -> str:
    try:
        version = tomllib.loads((content or b"").decode("utf-8", "replace")).get("project", {}).get("version", "")
    except (tomllib.TOMLDecodeError, AttributeError):
        return ""
    return version if isinstance(version, str) else ""


def coverage(project: Project, changes: Sequence[Change], told: Mapping[str, Told]) -> list[Coverage]:
    """Return each change with whether an issue covers it; `told` is what GitHub said of commits."""
    settings = project.settings
    return cover(changes, demanded=settings.issues, exempt=settings.issue_exempt, told=told)


def utc_day(moment: str) -> str:
    """Return the day, in UTC, of an ISO 8601 time with offset."""
    return datetime.fromisoformat(moment).astimezone(UTC).date().isoformat()


def today() -> str:
    """Return today's date in UTC, ISO 8601: what a release's section is dated by."""
    return datetime.now(UTC).date().isoformat()
