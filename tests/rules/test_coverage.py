from collections.abc import Collection

from tasks.rules.coverage import Coverage, Pulls, State, cover, summary
from tasks.rules.lineage import merged_by
from tasks.rules.references import Reference

from .history import cases, change, graph, history

EXEMPT = ("chore", "ci", "release")
ISSUE = (Reference(7),)


def covered(message: str, pulls: Pulls, *, demanded: bool = True, exempt: Collection[str] = EXEMPT) -> Coverage:
    return cover([change(message)], demanded=demanded, exempt=exempt, pulls=pulls)[0]


@cases(
    "message pulls state issues",
    {
        "names an issue": ("fix: x\n\nCloses #7", {}, "covered", ISSUE),
        "names an issue, its pull request none": ("fix: x (#12)\n\nCloses #7", {12: ()}, "covered", ISSUE),
        "exempt, but names an issue": ("chore: x\n\nCloses #7", {}, "covered", ISSUE),
        "pull request names an issue": ("fix: x (#12)", {12: ISSUE}, "covered", ISSUE),
        "exempt, but its pull request names an issue": ("ci: x (#12)", {12: ISSUE}, "covered", ISSUE),
        "pull request was asked and names none": ("fix: x (#12)", {12: ()}, "uncovered", ()),
        "pull request was not asked": ("fix: x (#12)", {}, "unknown", ()),
        "another pull request was asked": ("fix: x (#12)", {13: ISSUE}, "unknown", ()),
        "nothing": ("fix: x", {12: ISSUE}, "uncovered", ()),
        "exempt": ("chore: x", {}, "exempt", ()),
        "exempt, pull request not asked": ("chore: x (#12)", {}, "exempt", ()),
        "staging commit": ("chore: staging 1.2.3rc1", {}, "exempt", ()),
        "untyped": ("make x", {}, "uncovered", ()),
        "revert": ('Revert "fix: x"', {}, "uncovered", ()),
    },
)
def test_coverage(message: str, pulls: Pulls, state: str, issues: tuple[Reference, ...]) -> None:
    found = covered(message, pulls)
    assert (found.state, found.issues) == (state, issues)


@cases(
    "message pulls reason",
    {
        "issue": ("fix: x\n\nCloses #7", {}, "names its issue"),
        "pull request": ("fix: x (#12)", {12: ISSUE}, "pull request #12 names it"),
        "asked": ("fix: x (#12)", {12: ()}, "pull request #12 names no issue either"),
        "not asked": ("fix: x (#12)", {}, "pull request #12 was not asked"),
        "nothing": ("fix: x", {}, "names no issue"),
        "exempt": ("ci: x", {}, "ci needs no issue"),
    },
)
def test_the_reason_is_told(message: str, pulls: Pulls, reason: str) -> None:
    assert covered(message, pulls).reason == reason


@cases(
    "message pulls state",
    {
        "nothing": ("fix: x", {}, "exempt"),
        "pull request not asked": ("fix: x (#12)", {}, "exempt"),
        "pull request names none": ("fix: x (#12)", {12: ()}, "exempt"),
        "an issue all the same": ("fix: x\n\nCloses #7", {}, "covered"),
        "an issue of its pull request": ("fix: x (#12)", {12: ISSUE}, "covered"),
    },
)
def test_a_project_without_issues_demands_none(message: str, pulls: Pulls, state: str) -> None:
    assert covered(message, pulls, demanded=False).state == state


def test_exempt_kinds_are_the_settings_alone() -> None:
    assert covered("chore: x", {}, exempt=()).state is State.UNCOVERED
    assert covered("docs: x", {}, exempt=("docs",)).state is State.EXEMPT


BRANCH = (
    ("m2", "m1 b2", "Merge pull request #12 from o/b"),
    ("m1", "root a1", "Merge branch 'a'"),
    ("b2", "b1", "fix: second on b"),
    ("b1", "root", "fix: first on b"),
    ("a1", "root", "fix: on a"),
    ("root", "", "fix: before all"),
)


def test_a_merge_is_exempt_and_its_commits_are_known_by_its_pull_request() -> None:
    states = [found.state for found in cover(graph(*BRANCH), demanded=True, exempt=(), pulls={})]
    assert states == ["exempt", "exempt", "unknown", "unknown", "uncovered", "uncovered"]


def test_a_merges_pull_request_covers_its_commits() -> None:
    found = cover(graph(*BRANCH), demanded=True, exempt=(), pulls={12: ISSUE})
    assert [coverage.change.commit.id for coverage in found if coverage.issues] == ["m2", "b2", "b1"]


@cases(
    "rows expected",
    {
        "no change": ((), {}),
        "no merge": ((("b", "a", "fix: b (#1)"), ("a", "", "fix: a")), {}),
        "pull request and plain merge": (BRANCH, {"b1": 12, "b2": 12}),
        "merge titled like its pull request": (
            (("m", "a b", "feat: x (#12)"), ("b", "a", "fix: b"), ("a", "", "fix: a")),
            {"b": 12},
        ),
        "branch begun before the range": (
            (("m", "a b", "Merge pull request #12 from o/b"), ("b", "x", "fix: b")),
            {"b": 12},
        ),
        "branch merged twice": (
            (
                ("m2", "m1 b2", "Merge pull request #13 from o/b"),
                ("b2", "b1", "fix: later"),
                ("m1", "a b1", "Merge pull request #12 from o/b"),
                ("b1", "a", "fix: earlier"),
                ("a", "", "fix: a"),
            ),
            {"b1": 12, "b2": 13},
        ),
        "octopus": (
            (("m", "a b c", "Merge pull request #12 from o/b"), ("c", "a", "fix: c"), ("b", "a", "fix: b")),
            {"b": 12, "c": 12},
        ),
        "pull request below a plain merge": (
            (
                ("m2", "a m1", "Merge branch 'dev' into release"),
                ("m1", "b c", "Merge pull request #12 from o/c"),
                ("c", "b", "fix: c"),
                ("b", "a", "fix: b"),
                ("a", "", "fix: a"),
            ),
            {"c": 12},
        ),
    },
)
def test_merged_by(rows: tuple[tuple[str, str, str], ...], expected: dict[str, int]) -> None:
    merges = {id_ for id_, parents, _ in rows if " " in parents}
    assert {id_: pull for id_, pull in merged_by(graph(*rows)).items() if id_ not in merges} == expected


def test_a_commits_own_pull_request_is_asked_before_the_merges() -> None:
    rows = (("m", "a b", "Merge pull request #12 from o/b"), ("b", "a", "fix: b (#11)"), ("a", "", "ci: a"))
    found = cover(graph(*rows), demanded=True, exempt=EXEMPT, pulls={11: (), 12: ISSUE})
    assert [coverage.state for coverage in found] == ["covered", "uncovered", "exempt"]


def test_summary_counts_every_state() -> None:
    found = cover(history("fix: x", "fix: y (#12)", "fix: z", "ci: x"), demanded=True, exempt=EXEMPT, pulls={})
    assert summary(found) == {State.COVERED: 0, State.UNCOVERED: 2, State.UNKNOWN: 1, State.EXEMPT: 1}
