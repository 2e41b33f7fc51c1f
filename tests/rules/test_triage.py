from dataclasses import dataclass

from tasks.rules.triage import blockers

from .history import cases


@dataclass
class Issue:
    number: int
    labels: tuple[str, ...] = ()
    milestone: str = ""


LABELS = ("blocker", "Critical")


@cases(
    "issues expected",
    {
        "none": ([Issue(1), Issue(2, ("bug",), "1.2.0")], []),
        "label": ([Issue(1, ("bug", "blocker"))], [(1, "label blocker")]),
        "another case": ([Issue(1, ("CRITICAL",))], [(1, "label CRITICAL")]),
        "milestone": ([Issue(1, (), "v1.1.0")], [(1, "milestone v1.1.0")]),
        "the most severe first": (
            [Issue(3, (), "1.1.0"), Issue(2, ("critical", "blocker")), Issue(1, ("critical",))],
            [(2, "label blocker"), (1, "label critical"), (3, "milestone 1.1.0")],
        ),
        "both": ([Issue(1, ("critical",), "1.1.0")], [(1, "label critical")]),
    },
)
def test_blockers(issues: list[Issue], expected: list[tuple[int, str]]) -> None:
    found = blockers(issues, LABELS, {"1.1.0", "v1.1.0"})
    assert [(one.issue.number, one.reason) for one in found] == expected
