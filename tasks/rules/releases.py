"""The release point: since when everything is unreleased (DESIGN.md section 4)."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from packaging.version import Version

from .commits import Commit
from .versions import version_of

_Key = TypeVar("_Key")


class Rule(StrEnum):
    """Which rule found the release point."""

    ANCESTOR = "ancestor"
    EQUAL_TREE = "equal tree"
    VERSION = "version"
    FIRST_COMMIT = "first commit"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Tag:
    """A final release's tag: the commit it names, that commit's tree, and the tag's own date (ISO 8601)."""

    name: str
    version: Version
    commit: str
    tree: str
    date: str


@dataclass(frozen=True, slots=True)
class ReleasePoint:
    """Everything after `commit` is unreleased, without one everything; `passed`: newer releases not in this history."""

    rule: Rule
    commit: str | None
    tag: Tag | None = None
    passed: tuple[Tag, ...] = ()
    squashed: str = ""  # brought back by a merge: the commit that set the version, taken for what was released

    @property
    def warning(self) -> str:
        """Return what a person should know of how the point was found, or nothing."""
        if self.squashed and self.tag:
            return (
                f"{self.tag.name} was brought back by a merge, but no commit has its tree: what lies up to "
                f"{self.squashed[:8]}, which set version {self.tag.version}, is taken for released; look at the rest"
            )
        if self.rule is not Rule.VERSION or self.tag is None:
            return ""
        return (
            f"no commit here has {self.tag.name}'s tree: the commit that set version {self.tag.version} "
            "is taken for the release; look at what follows it"
        )


def versions_of(tags: Iterable[tuple[str, str, str, str]], prefix: str) -> list[Version]:
    """Return every version that has a tag, candidates too."""
    found = (version_of(name.removeprefix(prefix)) for name, _, _, _ in tags if name.startswith(prefix))
    return [version for version in found if version is not None]


def final_tags(tags: Iterable[tuple[str, str, str, str]], prefix: str) -> list[Tag]:
    """Return the tags of final releases, newest version first, from (name, commit, tree, date) of all tags."""
    found = []
    for name, commit, tree, date in tags:
        if not name.startswith(prefix):
            continue
        version = version_of(name.removeprefix(prefix))
        if version and not version.is_prerelease and not version.local:
            found.append(Tag(name, version, commit, tree, date))
    return sorted(found, key=lambda tag: tag.version, reverse=True)


# Both take the commit after which to look (None: from the first on) and answer newest first.
Trees = Callable[[str | None], Sequence[tuple[str, str]]]  # (commit, tree)
Setters = Callable[[str | None], Sequence[tuple[str, str]]]  # (commit, the version it set in pyproject.toml)


def release_point(tags: Sequence[Tag], ancestors: Collection[str], trees: Trees, setters: Setters) -> ReleasePoint:
    """Return the release point; `tags` newest version first, `ancestors` the names of those that HEAD descends from.

    The newest ancestor bounds the search: a release newer than it was squash-merged elsewhere, and its work lies
    after that ancestor. So does the newest release whose tree is found, for the search by version. History before
    that is not read, whatever its length.
    """
    floor = next((tag for tag in tags if tag.name in ancestors), None)
    found = ReleasePoint(Rule.ANCESTOR, floor.commit, floor) if floor else ReleasePoint(Rule.FIRST_COMMIT, None)
    newer = list(tags[: tags.index(floor)] if floor else tags)
    by_tree = _newest(trees(found.commit)) if newer else {}
    same = next((tag for tag in newer if tag.tree in by_tree), None)
    if same:
        found = ReleasePoint(Rule.EQUAL_TREE, by_tree[same.tree], same)
        newer = newer[: newer.index(same)]
    by_version = _newest((commit, version_of(text)) for commit, text in setters(found.commit)) if newer else {}
    for index, tag in enumerate(newer):
        if tag.version in by_version:
            return ReleasePoint(Rule.VERSION, by_version[tag.version], tag, tuple(newer[:index]))
    return replace(found, passed=tuple(newer))


def near_point(tags: Sequence[Tag], recent: Sequence[tuple[str, str]]) -> ReleasePoint | None:
    """Return the point when the newest release is among the `recent` commits (commit, tree; newest first), else None.

    That spares walking the whole history. An ancestor further back whose tree somebody made anew here is taken for a
    squash merge, which comes to the same: what lies between changed nothing.
    """
    if not tags:
        return None
    tag = tags[0]
    if any(commit == tag.commit for commit, _ in recent):
        return ReleasePoint(Rule.ANCESTOR, tag.commit, tag)
    same = [commit for commit, tree in recent if tree == tag.tree]
    return ReleasePoint(Rule.EQUAL_TREE, same[0], tag) if same else None


def given_point(commit: str, tags: Sequence[Tag], found: ReleasePoint) -> ReleasePoint:
    """Return the point that a person gave; the last release is the one tagged there, else the one that was found."""
    return ReleasePoint(Rule.GIVEN, commit, next((tag for tag in tags if tag.commit == commit), found.tag))


def _newest(pairs: Iterable[tuple[str, _Key]]) -> dict[_Key, str]:
    """Return the first commit for each key of (commit, key), which is the newest as they come newest first."""
    found: dict[_Key, str] = {}
    for commit, key in pairs:
        found.setdefault(key, commit)
    return found


def unreleased(commits: Sequence[Commit], point: ReleasePoint, setters: Setters) -> tuple[list[Commit], ReleasePoint]:
    """Return the commits that the release at `point` did not carry, and the point, with what was taken for released.

    `commits` are those after it, newest first. When a squash-merged release was brought back by a merge, the tag is
    an ancestor but the commits that were squashed into it are not its ancestors. The newest of them has the tag's
    tree, or at least set its version, and does not descend from it: it and what lies before it are released too.
    """
    if point.rule is not Rule.ANCESTOR or point.tag is None or point.commit is None:
        return list(commits), point
    after: set[str] = {point.commit}
    for commit in reversed(commits):
        if after.intersection(commit.parents):
            after.add(commit.id)
    beside = {commit.id for commit in commits if commit.id not in after}
    squashed = [commit.id for commit in commits if commit.id in beside and commit.tree == point.tag.tree]
    if beside and not squashed:
        setting = (commit for commit, text in setters(point.commit) if version_of(text) == point.tag.version)
        squashed = [commit for commit in setting if commit in beside][:1]
        point = replace(point, squashed="".join(squashed))
    released = _with_ancestors(squashed, commits)
    return [commit for commit in commits if commit.id not in released], point


def _with_ancestors(tips: Iterable[str], commits: Iterable[Commit]) -> set[str]:
    known = {commit.id: commit for commit in commits}
    found: set[str] = set()
    waiting = list(tips)
    while waiting:
        tip = waiting.pop()
        if tip in known and tip not in found:
            found.add(tip)
            waiting += known[tip].parents
    return found
