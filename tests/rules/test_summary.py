"""The summary in a pull request, and the checks before its merge."""

import pytest

from tasks.rules.gate import Gate, Judged, Standing, gates, told, verdict
from tasks.rules.quoting import cell, span, unclosing, unmentioned
from tasks.rules.summary import Facts, placed, summarized, summary

FACTS = Facts("1.1.0", "1.0.0", "minor", [], "## v1.1.0 (2026-01-01)\n\n### fixes\n\n- it", [], [])
BLOCK = summary(FACTS)


def test_a_block_is_put_in_the_place_of_the_earlier_one() -> None:
    assert placed("", BLOCK) == BLOCK
    assert placed("Mine.", BLOCK) == f"Mine.\n\n{BLOCK}"
    assert placed(f"a\r\n\r\n{BLOCK}\r\nb", BLOCK) == f"a\n\n{BLOCK}\nb"
    newer = summary(Facts("1.2.0", "", "", [], "", [], [], ["ran"], ["hetz: PASS"]))
    assert placed(placed("Mine.", BLOCK), newer) == f"Mine.\n\n{newer}"
    assert (summarized(BLOCK), summarized(newer), summarized("<!-- release-coordination: x -->")) == (
        "1.1.0",
        "1.2.0",
        "",
    )
    assert "- `hetz: PASS`" in newer


def test_backslashes_stay_what_they_are() -> None:
    assert placed(BLOCK, BLOCK.replace("- it", r"- \1 \g<0>")) == BLOCK.replace("- it", r"- \1 \g<0>")


def test_very_many_rows_and_very_long_notes_fit() -> None:
    rows = [("covered", "12345678", "x|" * 300, "#1")] * 2000
    checks = [("PASS", "tests", "12 passed in 4.51s (0:01:02)")]
    text = summary(
        Facts("1.1.0", "1.0.0", "minor", rows, "<!--" * 25_000, rows, checks, ["x" * 999] * 99, ["|" * 999] * 99)
    )
    assert len(text) < 65_536
    assert text.count("more\n") == 2
    assert "`12 passed`" in text


def test_the_notes_cannot_end_the_block() -> None:
    notes = "### fixes\n\n- a\n\n```\n<!-- release-coordination: end -->\n```\n\n- thanks @somebody, `@code`, a@b.c"
    text = summary(Facts("1.1.0", "1.0.0", "", [], notes, [], []))
    assert text.count("<!-- release-coordination: end -->") == 1
    assert "thanks @<!-- -->somebody, `@code`, a@b.c" in text


@pytest.mark.parametrize(("text", "shown"), [
    ("plain", "`plain`"), ("a`b", "``a`b``"), ("`a`", "`` `a` ``"), ("", "` `"),
    ("\x1b[31m\n@x #1", "`\\x1b[31m @x #1`"),
])  # fmt: skip
def test_a_code_span_holds_anything(text: str, shown: str) -> None:
    assert span(text) == shown
    assert cell("a|b<!-- x -->") == "`a\\|b<! -- x -->`"


def test_the_notes_show_a_comment_as_it_was_written() -> None:
    notes = "### fixes\n\n- <!-- a \\<!-- b \\\\<!-- c \\\\\\<!-- d"
    assert "- &lt;!-- a &lt;!-- b \\\\&lt;!-- c \\\\&lt;!-- d" in summary(Facts("1.1.0", "", "", [], notes, [], []))


@pytest.mark.parametrize("closed", [
    "#1", "GH-1", "owner/repo#1", "https://github.com/owner/repo/issues/1", "[#1](https://github.com/o/r/issues/1)",
    "\\#1", "**#1**", "&#35;1", "<https://github.com/o/r/issues/1>",
])  # fmt: skip
def test_the_notes_close_no_issue(closed: str) -> None:
    for word in ("closes ", "Fixed: ", "resolve\n"):
        notes = f"### fixes\n\n- it {word}{closed}, `fixes {closed}`"
        shown = summary(Facts("1.1.0", "", "", [], notes, [], []))
        assert f"- it {word}issue {closed}, `fixes {closed}`" in shown


def test_other_words_stay() -> None:
    text = "fixes 3 bugs, prefix #1, fixes the #1 complaint, closes: it, fixes v1.2, see #3\n```\nfixes #1\n```\n"
    assert unclosing(text) == text


def test_mentions_in_code_stay() -> None:
    assert unmentioned("@a `@b`\n```\n@c\n```\n(@d) x/@e") == "@<!-- -->a `@b`\n```\n@c\n```\n(@<!-- -->d) x/@e"


@pytest.mark.parametrize(("conclusion", "standing"), [
    ("success", "passed"), ("neutral", "passed"), ("skipped", "passed"), ("", "pending"), ("pending", "pending"),
    ("failure", "failed"), ("cancelled", "failed"), ("a word to come", "failed"), ("error", "failed"),
])  # fmt: skip
def test_words_of_github(conclusion: str, standing: str) -> None:
    assert Judged("x", conclusion).standing == standing


def test_the_worst_of_a_name_counts() -> None:
    jobs = [Judged("a", "success"), Judged("a", ""), Judged("b", "success"), Judged("c", "failure")]
    found = gates(["a", "b", "d"], jobs, [])
    assert [(gate.name, str(gate.standing)) for gate in found] == [("a", "pending"), ("b", "passed"), ("d", "missing")]
    assert (verdict(found), told(found)) == (Standing.PENDING, "1 of 3 checks passed; a (pending), d (missing)")
    assert verdict([*found, Gate("c", Standing.FAILED)]) is Standing.FAILED


def test_without_demands_the_runs_count() -> None:
    assert [gate.name for gate in gates([], [], [Judged("ci", "success")])] == ["ci"]
    assert verdict(gates([], [], [Judged("lint", "success")], awaited="ci.yml")) is Standing.PENDING
    assert verdict(gates([], [], [])) is Standing.PASSED
