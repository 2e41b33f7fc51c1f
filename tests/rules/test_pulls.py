from tasks.rules.pulls import Pull, mentioned, told
from tasks.rules.references import Reference

from .history import cases

OWN = "owner/sample"


def pull(
    number: int = 12, body: str = "", state: str = "MERGED", title: str = "mend it", closes: tuple[Reference, ...] = ()
) -> Pull:
    return Pull(number, state, title, body, closes)


@cases(
    "title body expected",
    {
        "closing keyword": ("mend it", "Fixes #7, see #8", "#7"),
        "mention": ("mend it", "see #8 and GH-9", "#8 #9"),
        "in the title": ("fix: it (#7)", "", "#7"),
        "its own number": ("mend it (#12)", "#12", ""),
        "written out": ("mend it", "owner/Sample#7", "#7"),
        "another repository's": ("mend it", "Closes other/repo#7", "other/repo#7"),
        "a template's hint": ("mend it", "<!-- Link the issue, e.g. Fixes #1 -->\nNone.\n<!-- #2", ""),
        "in code": ("mend it", "`#7`\n```\nFixes #8\n```", ""),
        "a list of everything": (
            "x",
            " ".join(f"#{n}" for n in range(100, 900)),
            " ".join(f"#{n}" for n in range(100, 120)),
        ),
        "a link": ("mend it", "https://github.com/owner/sample/issues/7", "#7"),
    },
)
def test_mentioned(title: str, body: str, expected: str) -> None:
    assert " ".join(map(str, mentioned(pull(body=body, title=title), OWN))) == expected


OPEN = pull(13, "Fixes #8", state="OPEN")
NONE = "pull request #12 names no issue either"
NOTHING = "names no issue, and no pull request of its own does"
CLOSED = pull(12, "Fixes #7", state="CLOSED")


@cases(
    "own pulls issues reason lasting",
    {
        "merged": (12, [pull(body="Fixes #7")], "#7", "pull request #12 names it", True),
        "open": (None, [OPEN], "#8", "pull request #13 names it", False),
        "merged before open": (None, [OPEN, pull(body="Fixes #7")], "#7", "pull request #12 names it", True),
        "its own alone": (12, [pull(), OPEN], "", NONE, False),
        "closed without merging": (12, [CLOSED], "", "pull request #12 was closed without being merged", False),
        "closed, and merged by another": (12, [CLOSED, OPEN], "#8", "pull request #13 names it", False),
        "a mention of a pull request": (12, [pull(body="after #99")], "", NONE, False),
        "as GitHub knows it": (12, [pull(body="#8", closes=(Reference(7),))], "#7", "pull request #12 names it", True),
        "a release": (None, [pull(body="Fixes #7", title="release: v1.1.0")], "",
                      NOTHING, False),
        "a release, by its version": (None, [pull(body="Fixes #7", title="v1.1.0")], "",
                                      NOTHING, False),
        "none": (None, [], "", NOTHING, False),
    },
)  # fmt: skip
def test_told(own: int | None, pulls: list[Pull], issues: str, reason: str, lasting: bool) -> None:
    answer = told(own, pulls, OWN, {7, 8})
    assert (" ".join(map(str, answer.issues)), answer.reason, answer.lasting) == (issues, reason, lasting)
