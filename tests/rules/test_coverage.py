from collections.abc import Collection

from tasks.rules.coverage import Coverage, State, cover, summary
from tasks.rules.lineage import merged_by
from tasks.rules.pulls import Told
from tasks.rules.references import Reference

from .history import cases, change, graph, history

EXEMPT = ("chore", "ci", "release")
ISSUE = (Reference(7),)
NAMES = Told("pull request #12 names it", ISSUE, 12)
NONE = Told("pull request #12 names no issue either", pull=12)


def covered(message: str, told: Told | None, *, demanded: bool = True, exempt: Collection[str] = EXEMPT) -> Coverage:
    commit = change(message)
    known = {commit.commit.id: told} if told else {}
    return cover([commit], demanded=demanded, exempt=exempt, told=known)[0]


@cases(
    "message told state issues",
    {
        "names an issue": ("fix: x\n\nCloses #7", None, "covered", ISSUE),
        "names an issue, its pull request none": ("fix: x (#12)\n\nCloses #7", NONE, "covered", ISSUE),
        "exempt, but names an issue": ("chore: x\n\nCloses #7", None, "covered", ISSUE),
        "pull request names an issue": ("fix: x (#12)", NAMES, "covered", ISSUE),
        "exempt, but its pull request names an issue": ("ci: x (#12)", NAMES, "covered", ISSUE),
        "pull request was asked and names none": ("fix: x (#12)", NONE, "uncovered", ()),
        "pull request was not asked": ("fix: x (#12)", None, "unknown", ()),
        "no pull request in the title, but it names an issue": ("fix: x", NAMES, "covered", ISSUE),
        "no pull request in the title, and none names an issue": ("fix: x", NONE, "uncovered", ()),
        "nothing": ("fix: x", None, "uncovered", ()),
        "exempt": ("chore: x", None, "exempt", ()),
        "exempt, pull request not asked": ("chore: x (#12)", None, "exempt", ()),
        "staging commit": ("chore: staging 1.2.3rc1", None, "exempt", ()),
        "untyped": ("make x", None, "uncovered", ()),
        "revert": ('Revert "fix: x"', None, "uncovered", ()),
    },
)
def test_coverage(message: str, told: Told | None, state: str, issues: tuple[Reference, ...]) -> None:
    found = covered(message, told)
    assert (found.state, found.issues) == (state, issues)


@cases(
    "message told reason",
    {
        "issue": ("fix: x\n\nCloses #7", None, "names its issue"),
        "pull request": ("fix: x (#12)", NAMES, "pull request #12 names it"),
        "asked": ("fix: x (#12)", NONE, "pull request #12 names no issue either"),
        "not asked": ("fix: x (#12)", None, "pull request #12 was not asked"),
        "nothing": ("fix: x", None, "names no issue"),
        "exempt": ("ci: x", None, "ci needs no issue"),
    },
)
def test_the_reason_is_told(message: str, told: Told | None, reason: str) -> None:
    assert covered(message, told).reason == reason


@cases(
    "message told state",
    {
        "nothing": ("fix: x", None, "exempt"),
        "pull request not asked": ("fix: x (#12)", None, "exempt"),
        "pull request names none": ("fix: x (#12)", NONE, "exempt"),
        "an issue all the same": ("fix: x\n\nCloses #7", None, "covered"),
        "an issue of its pull request": ("fix: x (#12)", NAMES, "covered"),
    },
)
def test_a_project_without_issues_demands_none(message: str, told: Told | None, state: str) -> None:
    assert covered(message, told, demanded=False).state == state


def test_exempt_kinds_are_the_settings_alone() -> None:
    assert covered("chore: x", None, exempt=()).state is State.UNCOVERED
    assert covered("docs: x", None, exempt=("docs",)).state is State.EXEMPT


BRANCH = (
    ("m2", "m1 b2", "Merge pull request #12 from o/b"),
    ("m1", "root a1", "Merge branch 'a'"),
    ("b2", "b1", "fix: second on b"),
    ("b1", "root", "fix: first on b"),
    ("a1", "root", "fix: on a"),
    ("root", "", "fix: before all"),
)


def test_a_merge_is_exempt_and_its_commits_are_known_by_its_pull_request() -> None:
    states = [found.state for found in cover(graph(*BRANCH), demanded=True, exempt=(), told={})]
    assert states == ["exempt", "exempt", "unknown", "unknown", "uncovered", "uncovered"]


def test_a_merges_pull_request_covers_its_commits() -> None:
    told = dict.fromkeys(("m2", "b2", "b1"), NAMES)
    found = cover(graph(*BRANCH), demanded=True, exempt=(), told=told)
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
    found = cover(graph(*rows), demanded=True, exempt=EXEMPT, told={})
    assert [(coverage.state, coverage.pull) for coverage in found] == [
        ("exempt", 12),
        ("unknown", 11),
        ("exempt", None),
    ]


def test_summary_counts_every_state() -> None:
    found = cover(history("fix: x", "fix: y (#12)", "fix: z", "ci: x"), demanded=True, exempt=EXEMPT, told={})
    assert summary(found) == {State.COVERED: 0, State.UNCOVERED: 2, State.UNKNOWN: 1, State.EXEMPT: 1}
