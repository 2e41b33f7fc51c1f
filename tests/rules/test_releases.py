from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from packaging.version import Version

from tasks.rules.releases import ReleasePoint, Rule, Tag, final_tags, given_point, near_point, release_point, unreleased

from .history import cases, commit

Pairs = Sequence[tuple[str, str]]


@dataclass
class Asked:
    """Answers like git, and remembers since which commit it was asked."""

    pairs: Pairs = ()
    since: list[str | None] = field(default_factory=list)

    def __call__(self, since: str | None) -> Pairs:
        self.since.append(since)
        return self.pairs


def never(since: str | None) -> Pairs:
    raise AssertionError(f"git was asked for what follows {since}")


def tag(version: str) -> Tag:
    return Tag(f"v{version}", Version(version), f"commit {version}", f"tree {version}", "2026-01-02T03:04:05+00:00")


V1, V2, V3 = tag("1.0.0"), tag("2.0.0"), tag("3.0.0")


@cases(
    "names prefix expected",
    {
        "newest version first, by number": (["v0.9.0", "v0.10.0", "v0.2.0"], "v", ["v0.10.0", "v0.9.0", "v0.2.0"]),
        "candidates": (["v1.0.0rc1", "v1.0.0a1", "v1.0.0b2", "v1.0.0.dev3", "v1.0.0"], "v", ["v1.0.0"]),
        "local versions": (["v1.0.0+hetz"], "v", []),
        "post-releases": (["v1.0.0", "v1.0.0.post1"], "v", ["v1.0.0.post1", "v1.0.0"]),
        "epochs": (["v2026.1.0", "v1!1.0.0"], "v", ["v1!1.0.0", "v2026.1.0"]),
        "no versions": (["vendor", "v", "latest", "v1.0.0-hotfix", "v1.0.x"], "v", []),
        "other prefixes": (["v1.0.0", "1.0.0", "lib-v1.0.0"], "v", ["v1.0.0"]),
        "prefix of a package": (["v9.0.0", "lib-v1.0.0"], "lib-v", ["lib-v1.0.0"]),
        "no prefix": (["1.0.0", "lib-2.0.0"], "", ["1.0.0"]),
        "none": ([], "v", []),
    },
)
def test_final_tags(names: list[str], prefix: str, expected: list[str]) -> None:
    assert [found.name for found in final_tags([(name, "c", "t", "d") for name in names], prefix)] == expected


def test_a_tag_keeps_its_facts() -> None:
    assert final_tags([("v1.0.0", "c", "t", "d")], "v") == [Tag("v1.0.0", Version("1.0.0"), "c", "t", "d")]


def test_the_newest_tag_being_an_ancestor_asks_nothing_of_git() -> None:
    assert release_point([V3, V2, V1], {"v1.0.0", "v2.0.0", "v3.0.0"}, never, never) == ReleasePoint(
        Rule.ANCESTOR, "commit 3.0.0", V3
    )


def test_without_tags_everything_is_unreleased() -> None:
    assert release_point([], (), never, never) == ReleasePoint(Rule.FIRST_COMMIT, None)


@cases(
    "ancestors trees setters expected",
    {
        "squash merge": (
            {"v2.0.0"},
            [("d", "tree of d"), ("c", "tree 3.0.0"), ("b", "tree of b")],
            never,
            (Rule.EQUAL_TREE, "c", V3, ()),
        ),
        "squash merge, the newest of that tree": (
            (),
            [("d", "tree 3.0.0"), ("c", "tree 3.0.0")],
            never,
            (Rule.EQUAL_TREE, "d", V3, ()),
        ),
        "version set": (
            {"v2.0.0"},
            [("d", "tree of d")],
            Asked([("d", "3.1.0"), ("c", "3.0.0"), ("b", "3.0.0rc1")]),
            (Rule.VERSION, "c", V3, ()),
        ),
        "version set twice": ((), [], Asked([("d", "3.0.0"), ("c", "3.0.0")]), (Rule.VERSION, "d", V3, ())),
        "version spelled otherwise": ((), [], Asked([("c", "v3.0.0")]), (Rule.VERSION, "c", V3, ())),
        "version with fewer numbers": ((), [], Asked([("c", "3.0")]), (Rule.VERSION, "c", V3, ())),
        "version that is none": ({"v2.0.0"}, [], Asked([("c", "dynamic")]), (Rule.ANCESTOR, "commit 2.0.0", V2, (V3,))),
        "candidate alone": ({"v2.0.0"}, [], Asked([("c", "3.0.0rc1")]), (Rule.ANCESTOR, "commit 2.0.0", V2, (V3,))),
        "tree before version of one release": (
            (),
            [("d", "tree of d"), ("c", "tree 3.0.0")],
            Asked([("d", "3.0.0")]),
            (Rule.EQUAL_TREE, "c", V3, ()),
        ),
        "newer release's version before older one's tree": (
            (),
            [("d", "tree of d"), ("c", "tree 2.0.0")],
            Asked([("b", "3.0.0")]),
            (Rule.VERSION, "b", V3, ()),
        ),
        "older release's tree": ((), [("c", "tree 2.0.0")], Asked(), (Rule.EQUAL_TREE, "c", V2, (V3,))),
        "maintenance branch": ({"v1.0.0"}, [], Asked(), (Rule.ANCESTOR, "commit 1.0.0", V1, (V3, V2))),
        "a branch that never had a release": ((), [], Asked(), (Rule.FIRST_COMMIT, None, None, (V3, V2, V1))),
    },
)
def test_release_point(
    ancestors: set[str],
    trees: Pairs,
    setters: Callable[[str | None], Pairs],
    expected: tuple[Rule, str | None, Tag | None, tuple[Tag, ...]],
) -> None:
    assert release_point([V3, V2, V1], ancestors, lambda _: trees, setters) == ReleasePoint(*expected)


@pytest.mark.parametrize(("ancestors", "since"), [({"v1.0.0"}, "commit 1.0.0"), ((), None)], ids=["ancestor", "none"])
def test_git_is_asked_once_and_only_for_what_follows_the_newest_ancestor(ancestors: set[str], since: str) -> None:
    trees, setters = Asked(), Asked()
    release_point([V3, V2, V1], ancestors, trees, setters)
    assert (trees.since, setters.since) == ([since], [since])


@cases(
    "recent expected",
    {
        "the release's commit": ([("d", "d"), ("commit 3.0.0", "tree 3.0.0")], (Rule.ANCESTOR, "commit 3.0.0", V3)),
        "the release's tree": ([("d", "d"), ("c", "tree 3.0.0")], (Rule.EQUAL_TREE, "c", V3)),
        "the newest of its tree": ([("d", "tree 3.0.0"), ("c", "tree 3.0.0")], (Rule.EQUAL_TREE, "d", V3)),
        "its commit before its tree": (
            [("d", "tree 3.0.0"), ("commit 3.0.0", "tree 3.0.0")],
            (Rule.ANCESTOR, "commit 3.0.0", V3),
        ),
        "an older release": ([("commit 2.0.0", "tree 2.0.0")], None),
        "nothing": ([], None),
    },
)
def test_a_release_that_is_near(recent: Pairs, expected: tuple[Rule, str, Tag] | None) -> None:
    assert near_point([V3, V2, V1], recent) == (ReleasePoint(*expected) if expected else None)


def test_without_tags_no_release_is_near() -> None:
    assert near_point([], [("d", "d")]) is None


@cases(
    "rule expected",
    {
        "ancestor": (Rule.ANCESTOR, ""),
        "equal tree": (Rule.EQUAL_TREE, ""),
        "given": (Rule.GIVEN, ""),
        "version": (Rule.VERSION, "no commit here has v3.0.0's tree: the commit that set version 3.0.0 is taken for"),
    },
)
def test_only_a_guess_by_version_warns(rule: Rule, expected: str) -> None:
    assert ReleasePoint(rule, "c", V3).warning.partition(" the release; ")[0] == expected


@cases(
    "commit release",
    {"tagged": ("commit 1.0.0", V1), "between releases": ("c", V2)},
)
def test_a_given_point_keeps_the_last_release(commit: str, release: Tag) -> None:
    found = ReleasePoint(Rule.ANCESTOR, "commit 2.0.0", V2, (V3,))
    assert given_point(commit, [V3, V2, V1], found) == ReleasePoint(Rule.GIVEN, commit, release)


def test_a_given_point_where_nothing_was_released() -> None:
    found = ReleasePoint(Rule.FIRST_COMMIT, None)
    assert given_point("c", [], found) == ReleasePoint(Rule.GIVEN, "c")


# Histories after v3.0.0, newest first: (commit, parents, tree).
BACK = (("d", "m", "d"), ("m", "c commit_3", "m"), ("c", "b", "c"), ("b", "a", "tree 3.0.0"), ("a", "old", "a"))
LINEAR = (("c", "b", "c"), ("b", "commit_3", "b"))


@cases(
    "rows expected",
    {
        "squash release brought back by a merge": (BACK, "d m c"),
        "merged by the other side": ((("m", "commit_3 c", "m"), *BACK[2:]), "m c"),
        "merge without other changes": ((("m", "b commit_3", "tree 3.0.0"), *BACK[3:]), "m"),
        "several commits of the release's tree": (
            (("m", "c commit_3", "m"), ("c", "b", "tree 3.0.0"), *BACK[3:]),
            "m",
        ),
        "line": (LINEAR, "c b"),
        "line that came back to the tree": ((("d", "c", "tree 3.0.0"), *LINEAR), "d c b"),
        "branch of the release that came back to its tree": (
            (("m", "commit_3 c", "m"), ("c", "b", "tree 3.0.0"), ("b", "commit_3", "b")),
            "m c b",
        ),
        "plain branch merged": ((("m", "commit_3 b", "m"), ("b", "a", "b"), ("a", "old", "a")), "m b a"),
        "nothing": ((), ""),
    },
)
def test_unreleased(rows: Sequence[tuple[str, str, str]], expected: str) -> None:
    commits = [commit("fix: x", id_, parents, tree) for id_, parents, tree in rows]
    point = ReleasePoint(Rule.ANCESTOR, "commit_3", V3)
    left, found = unreleased(commits, point, lambda _: [])
    assert (" ".join(commit.id for commit in left), found) == (expected, point)


HOTFIXED = (("e", "m", "e"), ("m", "c commit_3", "m"), ("c", "b", "c"), ("b", "a", "b"), ("a", "old", "a"))


@cases(
    "setters expected squashed",
    {
        "by the commit that set the version": ([("c", "3.1.0"), ("b", "3.0.0")], "e m c", "b"),
        "on the release's own side": ([("m", "3.0.0")], "e m c b a", ""),
        "by none": ([("b", "2.9.0")], "e m c b a", ""),
    },
)
def test_a_squash_release_with_a_hotfix_brought_back(
    setters: list[tuple[str, str]], expected: str, squashed: str
) -> None:
    """The trees differ, so the version tells what was released; a warning says so."""
    commits = [commit("fix: x", id_, parents, tree) for id_, parents, tree in HOTFIXED]
    left, found = unreleased(commits, ReleasePoint(Rule.ANCESTOR, "commit_3", V3), lambda _: setters)
    assert (" ".join(commit.id for commit in left), found.squashed) == (expected, squashed)
    assert ("set version 3.0.0" in found.warning) is bool(squashed)


@cases(
    "point",
    {
        "no release": (ReleasePoint(Rule.FIRST_COMMIT, None),),
        "a point that was given": (ReleasePoint(Rule.GIVEN, "commit_3", V3),),
        "a release of equal tree": (ReleasePoint(Rule.EQUAL_TREE, "commit_3", V3),),
        "a release by its version": (ReleasePoint(Rule.VERSION, "commit_3", V3),),
    },
)
def test_nothing_is_left_out_unless_the_release_is_an_ancestor(point: ReleasePoint) -> None:
    commits = [commit("fix: x", id_, parents, tree) for id_, parents, tree in BACK]
    assert unreleased(commits, point, lambda _: pytest.fail("history need not be asked")) == (commits, point)
