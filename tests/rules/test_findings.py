from tasks.rules.checks import Outcome, Result, exit_code, judged
from tasks.rules.findings import Finding, annotation

from .history import cases


@cases(
    "finding shown annotated",
    {
        "with line": (Finding("r", "m", "a.md", 3), "a.md:3: m", "::error file=a.md,line=3,title=t::m"),
        "without line": (Finding("r", "m", "a.md"), "a.md: m", "::error file=a.md,title=t::m"),
        "without file": (Finding("r", "m"), "m", "::error title=t::m"),
        "line without file": (Finding("r", "m", line=3), "m", "::error title=t::m"),
    },
)
def test_a_finding_is_shown_with_its_place(finding: Finding, shown: str, annotated: str) -> None:
    assert (str(finding), annotation(finding, "t")) == (shown, annotated)


@cases(
    "finding title annotated",
    {
        "newlines in the message": (Finding("r", "a\r\n::set-env::b"), "t", "::error title=t::a%0D%0A::set-env::b"),
        "percent in the message": (Finding("r", "100% %0A"), "t", "::error title=t::100%25 %250A"),
        "commas and colons in the message": (Finding("r", "a, b: c"), "t", "::error title=t::a, b: c"),
        "commas and colons in the title": (Finding("r", "m"), "a,b: c", "::error title=a%2Cb%3A c::m"),
        "newline in the title": (Finding("r", "m"), "a\nb", "::error title=a%0Ab::m"),
        "all of them in the file": (
            Finding("r", "m", "C:\\a,b%\n.md", 1),
            "t",
            "::error file=C%3A\\a%2Cb%25%0A.md,line=1,title=t::m",
        ),
    },
)
def test_an_annotation_is_one_command_whatever_it_says(finding: Finding, title: str, annotated: str) -> None:
    assert annotation(finding, title) == annotated


ONE, TWO = Finding("r", "first", "a.md", 3), Finding("r", "second")


@cases(
    "findings expected",
    {
        "none": ((), Outcome(Result.PASS, "all is well")),
        "one": ((ONE,), Outcome(Result.FAIL, "a.md:3: first", (ONE,))),
        "several": ((ONE, TWO, TWO), Outcome(Result.FAIL, "a.md:3: first (and 2 more)", (ONE, TWO, TWO))),
    },
)
def test_findings_are_judged(findings: tuple[Finding, ...], expected: Outcome) -> None:
    assert judged(iter(findings), "all is well") == expected


@cases(
    "results code",
    {
        "none": ("", 0),
        "passed": ("PASS SKIPPED", 0),
        "failed": ("PASS FAIL", 1),
        "unknown": ("UNKNOWN PASS SKIPPED", 3),
        "failed before unknown": ("UNKNOWN FAIL", 1),
    },
)
def test_the_worst_result_is_the_exit_code(results: str, code: int) -> None:
    assert exit_code(Result(result) for result in results.split()) == code
