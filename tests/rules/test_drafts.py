from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.changelog import UNKNOWN_ISSUE, UNPLACED, Section, read
from tasks.rules.coverage import cover
from tasks.rules.drafts import Draft, drafts, extend_section, insert_section, last_drafted, missing
from tasks.rules.pulls import Told
from tasks.rules.references import Reference

from .history import cases, change, graph, history, sha

KINDS = {"fix": "fixes", "feat": "changes", "revert": "changes", "docs": "docs", "test": "tests"}
ORDER = ("fixes", "changes", "breaking", "docs", "tests")
HEAD, EARLIER = "a" * 40, "b" * 40


def drafted(*messages: str, issues: Mapping[int, int] | None = None, demanded: bool = True) -> list[Draft]:
    """Return the drafts of messages; `issues` are what GitHub says of pull requests, 0 for none."""
    changes = history(*messages)
    told = {
        change.commit.id: Told("", (Reference(issue),) if issue else ())
        for change in changes
        if (issue := (issues or {}).get(change.title.pull or 0)) is not None
    }
    covered = cover(changes, demanded=demanded, exempt=("chore", "ci"), told=told)
    return drafts(covered, KINDS)


def drafted_one(message: str) -> Draft:
    (draft,) = drafted(message)
    return draft


def rendered(draft: Draft) -> list[str]:
    """Return a draft's lines as cliff.toml lays them out."""
    links = [f"[{issue}](https://github.com/o/r/issues/{issue.number})" for issue in draft.issues]
    links += [UNKNOWN_ISSUE] if draft.unknown and not links else []
    return [" ".join(["-", draft.text, *links]), *(f"  - {detail}" for detail in draft.details)]


def only(text: str) -> Section:
    (section,) = read(text).sections
    return section


@cases(
    "message section",
    {
        "fix": ("fix: x", "fixes"),
        "feat": ("feat(api): x", "changes"),
        "docs": ("docs: x", "docs"),
        "breaking fix": ("fix!: x", "breaking"),
        "breaking footer": ("fix: x\n\nBREAKING CHANGE: y", "breaking"),
        "breaking chore": ("chore!: x", "breaking"),
        "untyped": ("make x", UNPLACED),
        "untyped, breaking": ("wip!: x", "breaking"),
        "revert of something released": ('Revert "feat: x"', "changes"),
        "squashed into its own section": ("fix: x\n\n* feat: y", "fixes"),
        "squashed into a chore": ("chore: x\n\n* ci: y\n* feat: z\n* fix: w", "changes"),
        "squashed, breaking": ("fix: x\n\n* feat!: y", "breaking"),
        "squashed, breaking, taken back": ('fix: x\n\n* feat!: y\n* Revert "feat!: y"', "fixes"),
    },
)
def test_the_section_of_a_draft(message: str, section: str) -> None:
    assert drafted_one(message).section == section


@pytest.mark.parametrize(
    "message", ["chore: x", "ci: x", "chore: staging 1.2.3rc1", "1.2.3", "chore: x\n\n* ci: y", "chore: x\n\n- make y"]
)
def test_what_a_user_does_not_see_gets_no_draft(message: str) -> None:
    assert drafted(message) == []


def test_drafts_are_oldest_first() -> None:
    assert [(draft.commit, draft.text) for draft in drafted("fix: a", "ci: b", "feat: c")] == [
        (sha(1), "a"),
        (sha(3), "c"),
    ]


def test_what_was_taken_back_gets_no_draft() -> None:
    assert [draft.text for draft in drafted("feat: a", "fix: b", 'Revert "feat: a"')] == ["b"]


def test_a_merge_gets_no_draft_but_its_commits_do() -> None:
    rows = (("c", "a b", "Merge pull request #12 from o/b"), ("b", "a", "feat: b"), ("a", "", "fix: a"))
    covered = cover(graph(*rows), demanded=True, exempt=(), told={"b": Told("", (Reference(7),))})
    assert [(draft.text, draft.issues) for draft in drafts(covered, KINDS)] == [("a", ()), ("b", (Reference(7),))]


@cases(
    "message issues unknown",
    {
        "named": ("fix: x\n\nCloses #7", "#7", False),
        "those it is about": ("fix: x #7\n\nsee #8", "#7", False),
        "in another repository": ("fix: x\n\nCloses o/other#7", "o/other#7", False),
        "of its pull request": ("fix: x (#12)", "#9", False),
        "pull request names none": ("fix: x (#13)", "", True),
        "pull request not asked": ("fix: x (#14)", "", True),
        "none": ("fix: x", "", True),
        "exempt": ("chore!: x", "", False),
    },
)
def test_the_issues_of_a_draft(message: str, issues: str, unknown: bool) -> None:
    (draft,) = drafted(message, issues={12: 9, 13: 0})
    assert (" ".join(map(str, draft.issues)), draft.unknown) == (issues, unknown)


def test_a_project_without_issues_leaves_none_to_name() -> None:
    (draft,) = drafted("fix: x (#14)", demanded=False)
    assert not draft.unknown


@cases(
    "title text",
    {
        "plain": ("fix: parse it", "parse it"),
        "scope": ("fix(api): parse it", "**api:** parse it"),
        "untyped": ("parse it", "parse it"),
        "pull request": ("fix: parse it (#12)", "parse it"),
        "issue and pull request": ("fix: parse it (#11) (#12)", "parse it"),
        "issues in one aside": ("fix: parse it (#657/#638)", "parse it"),
        "issues with commas": ("fix: parse it [#1, o/r#2 & #3]", "parse it"),
        "named pull request": ("fix: parse it (PR #12)", "parse it"),
        "aside in the middle": ("fix: parse (#11) it", "parse it"),
        "aside with words": ("fix: parse it (see #11)", "parse it (see #11)"),
        "number first": ("fix: #11: parse it", "parse it"),
        "numbers first": ("fix: #11, #12 — parse it", "parse it"),
        "number in the words": ("fix: parse what #11 broke", "parse what #11 broke"),
        "numbers alone": ("fix: #11", "#11"),
        "tag": ("fix: keep <name> in <br>", r"keep \<name> in \<br>"),
        "link": ("fix: keep [x](y)", r"keep \[x](y)"),
        "brackets": ("fix: read [tool.x]", r"read \[tool.x]"),
        "code": ("fix: keep `<name>` and `a[0]`", "keep `<name>` and `a[0]`"),
        "code, then a tag": ("fix: `a` <b> `c` <d>", r"`a` \<b> `c` \<d>"),
        "backtick at the start, never closed": ("fix: `<name>", r"`\<name>"),
        "backtick after code, never closed": ("fix: `a``<b>", r"`a``\<b>"),
        "tag in the scope": ("fix(<b>): x", r"**\<b>:** x"),
        "terminal escape": ("fix: \x1b[31mred", r"\x1b\[31mred"),
        "terminal escape in the scope": ("fix(a\x1bb): x", r"**a\x1bb:** x"),
        "bidi override": ("fix: a\u202eb", r"a\u202eb"),
    },
)
def test_the_words_of_a_draft(title: str, text: str) -> None:
    assert drafted_one(title).text == text


@cases(
    "body details",
    {
        "none": ("words", ()),
        "typed": ("* feat(api): a (#3)\n\n* fix: b", ("**api:** a", "b")),
        "without a section": ("* ci: a\n* chore: b\n* fix: c", ("c",)),
        "untyped": ("* tidy <b>", (r"tidy \<b>",)),
        "breaking": ("* chore!: a", ("a",)),
        "taken back": ('* feat: a\n* fix: b\n* Revert "feat: a"', ("b",)),
        "the title once more": ("* fix: x\n* fix: b", ("b",)),
        "terminal escape": ("* fix: \x1b[2Ja", (r"\x1b\[2Ja",)),
    },
)
def test_squashed_titles_are_details(body: str, details: tuple[str, ...]) -> None:
    assert drafted_one(f"fix: x (#12)\n\n{body}").details == details


SECTION = "## v1.3.0 (2026-02-03)\n\n### fixes\n\n"
MESSAGES = (
    "fix: a",
    "fix(api): keep <b> and `c` (#11)\n\nCloses #7",
    "feat!: d [x](y) (#12)\n\n* feat: e\n* fix: f",
    "make g",
    "fix: h o/r#8 and #9",
    "docs: \x1b[31mi",
)


def test_a_draft_that_was_written_is_not_missing() -> None:
    wanted = drafted(*MESSAGES)
    text = SECTION + "\n".join(line for draft in wanted for line in rendered(draft))
    assert missing(wanted, only(SECTION), ()) == wanted
    assert missing(wanted, only(text), ()) == []


@cases(
    "message entry there",
    {
        "other words, same issue": ("fix: a\n\nCloses #7", "wholly rewritten [#7](u)", True),
        "other words, all issues": ("fix: a\n\nCloses #7, closes #8", "rewritten [#8](u) [#7](u)", True),
        "other words, one issue of two": ("fix: a\n\nCloses #7, closes #8", "rewritten [#7](u)", False),
        "other words, issue without link": ("fix: a\n\nCloses #7", "rewritten #7", False),
        "other words, same number elsewhere": ("fix: a\n\nCloses #7", "rewritten [o/r#7](u)", False),
        "issue of another repository": ("fix: a\n\nCloses o/r#7", "rewritten [o/r#7](u)", True),
        "same words, other issue": ("fix: a\n\nCloses #7", "a [#8](u)", True),
        "same words, unknown issue": ("fix: a", "a [#?]", True),
        "same words, otherwise marked up": ("fix(api): take `x`", "API: **take** x", True),
        "other words": ("fix: a", "b", False),
        "words in a sub-bullet": ("fix: a", "b\n  - a", False),
    },
)
def test_what_a_person_wrote_stands_for_a_draft(message: str, entry: str, there: bool) -> None:
    wanted = drafted(message)
    assert missing(wanted, only(f"{SECTION}- {entry}\n"), ()) == ([] if there else wanted)


def test_what_an_earlier_draft_saw_is_not_missing() -> None:
    assert [draft.text for draft in missing(drafted("fix: a", "fix: b"), only(SECTION), {sha(1)})] == ["b"]


@cases(
    "text expected",
    {
        "marked": (f"{SECTION}<!-- drafted through {EARLIER} -->\n", EARLIER),
        "SHA-256": (f"{SECTION}<!-- drafted through {'c' * 64} -->\n", "c" * 64),
        "not marked": (SECTION, ""),
        "another comment": (f"{SECTION}<!-- {EARLIER} -->\n", ""),
    },
)
def test_last_drafted(text: str, expected: str) -> None:
    assert last_drafted(only(text)) == expected


NEW = "## v1.3.0 (2026-02-03)\n\n### fixes\n\n- new"
ADDED = f"## v1.3.0 (2026-02-03)\n\n<!-- drafted through {HEAD} -->\n\n### fixes\n\n- new"
OLD = "## v1.2.3 (2026-01-02)\n### docs\n- old"


@cases(
    "before line after",
    {
        "above the newest": (f"# c\n\n{OLD}\n", 3, f"# c\n\n{ADDED}\n\n{OLD}\n"),
        "above the newest, no final newline": (f"# c\n\n{OLD}", 3, f"# c\n\n{ADDED}\n\n{OLD}"),
        "above the newest at the top": (f"{OLD}\n", 1, f"{ADDED}\n\n{OLD}\n"),
        "above the newest at the top, with BOM": (f"\ufeff{OLD}\n", 1, f"\ufeff{ADDED}\n\n{OLD}\n"),
        "as the last": (f"# c\n\n{OLD}\n", None, f"# c\n\n{OLD}\n\n{ADDED}\n"),
        "as the last, no final newline": (f"# c\n\n{OLD}", None, f"# c\n\n{OLD}\n\n{ADDED}"),
        "as the first": ("# c\n", None, f"# c\n\n{ADDED}\n"),
        "into an empty file": ("", None, f"{ADDED}\n"),
    },
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_insert_section(before: str, line: int | None, after: str, newline: str) -> None:
    ending = newline if "\n" in before else "\n"
    inserted = insert_section(before.replace("\n", newline), f"\n{NEW}\n\n", line, HEAD)
    assert inserted == after.replace("\n", ending)


MARK = f"\n<!-- drafted through {HEAD} -->"
TOP = "## v1.3.0 (2026-02-03)"
ABOVE = f"## v2.0.0 (2026-02-04)\n\n<!-- drafted through {EARLIER} -->\n\n"


@cases(
    "before blocks after",
    {
        "into a group": (
            f"{TOP}\n\n### fixes\n\n- mine\n\n### docs\n\n- also mine\n\n{OLD}\n",
            {"fixes": ["- new", "  - detail"]},
            f"{TOP}\n{MARK}\n\n### fixes\n\n- mine\n- new\n  - detail\n\n### docs\n\n- also mine\n\n{OLD}\n",
        ),
        "into two groups": (
            f"{TOP}\n### fixes\n- mine\n### docs\n- also mine\n",
            {"docs": ["- two"], "fixes": ["- one"]},
            f"{TOP}\n{MARK}\n### fixes\n- mine\n- one\n### docs\n- also mine\n- two\n",
        ),
        "new group between": (
            f"{TOP}\n\n### fixes\n\n- mine\n\n### docs\n\n- also mine\n",
            {"changes": ["- new"]},
            f"{TOP}\n{MARK}\n\n### fixes\n\n- mine\n\n### changes\n\n- new\n\n### docs\n\n- also mine\n",
        ),
        "new group first": (
            f"{TOP}\n\n### docs\n\n- mine\n",
            {"fixes": ["- new"]},
            f"{TOP}\n{MARK}\n\n### fixes\n\n- new\n\n### docs\n\n- mine\n",
        ),
        "new groups last": (
            f"{TOP}\n\n### fixes\n\n- mine\n\n{OLD}\n",
            {UNPLACED: ["- three"], "docs": ["- two"], "fixes": ["- one"]},
            f"{TOP}\n{MARK}\n\n### fixes\n\n- mine\n- one\n\n### docs\n\n- two\n\n### {UNPLACED}\n\n- three\n\n{OLD}\n",
        ),
        "before what is to be placed": (
            f"{TOP}\n\n### {UNPLACED}\n\n- mine\n",
            {"tests": ["- new"]},
            f"{TOP}\n{MARK}\n\n### tests\n\n- new\n\n### {UNPLACED}\n\n- mine\n",
        ),
        "below entries without a group": (
            f"{TOP}\n\n- mine\n\n{OLD}\n",
            {"fixes": ["- new"]},
            f"{TOP}\n{MARK}\n\n- mine\n\n### fixes\n\n- new\n\n{OLD}\n",
        ),
        "between entries without a group and a later group": (
            f"{TOP}\n- mine\n### docs\n- also mine\n",
            {"fixes": ["- new"]},
            f"{TOP}\n{MARK}\n- mine\n\n### fixes\n\n- new\n### docs\n- also mine\n",
        ),
        "after a fence": (
            f"{TOP}\n\n### fixes\n\n- mine\n  ```\n  ### docs\n  ```\n",
            {"fixes": ["- new"]},
            f"{TOP}\n{MARK}\n\n### fixes\n\n- mine\n  ```\n  ### docs\n  ```\n- new\n",
        ),
        "into an empty section": (
            f"{TOP}\n\n{OLD}\n",
            {"fixes": ["- new"]},
            f"{TOP}\n{MARK}\n\n### fixes\n\n- new\n\n{OLD}\n",
        ),
        "no final newline": (
            f"{TOP}\n\n### fixes\n\n- mine",
            {"fixes": ["- new"]},
            f"{TOP}\n{MARK}\n\n### fixes\n\n- mine\n- new",
        ),
        "heading alone": (TOP, {"fixes": ["- new"]}, f"{TOP}\n{MARK}\n\n### fixes\n\n- new"),
        "marked before": (
            f"{TOP}\n\n<!-- drafted through {EARLIER} -->\n\n### fixes\n\n- mine\n",
            {"fixes": ["- new"]},
            f"{TOP}\n\n<!-- drafted through {HEAD} -->\n\n### fixes\n\n- mine\n- new\n",
        ),
        "marked before, its commit named in the section": (
            f"{TOP}\n\n<!-- drafted through {EARLIER} -->\n\n### fixes\n\n- since {EARLIER}\n",
            {"fixes": ["- new"]},
            f"{TOP}\n\n<!-- drafted through {HEAD} -->\n\n### fixes\n\n- since {EARLIER}\n- new\n",
        ),
        "marked before, its commit named above": (
            f"Since {EARLIER}.\n\n{TOP}\n\n<!-- drafted through {EARLIER} -->\n\n### fixes\n\n- mine\n",
            {"fixes": ["- new"]},
            f"Since {EARLIER}.\n\n{TOP}\n\n<!-- drafted through {HEAD} -->\n\n### fixes\n\n- mine\n- new\n",
        ),
        "marked as the section above is": (
            f"{ABOVE}{TOP}\n\n<!-- drafted through {EARLIER} -->\n\n### fixes\n\n- mine\n",
            {"fixes": ["- new"]},
            f"{ABOVE}{TOP}\n\n<!-- drafted through {HEAD} -->\n\n### fixes\n\n- mine\n- new\n",
        ),
    },
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["no BOM", "BOM"])
def test_extend_section(before: str, blocks: Mapping[str, list[str]], after: str, newline: str, bom: str) -> None:
    text = bom + before.replace("\n", newline)
    section = read(text).section("1.3.0")
    assert section is not None
    ending = newline if "\n" in before else "\n"
    assert extend_section(text, section, blocks, ORDER, HEAD) == bom + after.replace("\n", ending)


@st.composite
def changelogs(draw: st.DrawFn) -> str:
    """Draw a changelog as people write them: with their newlines, comments, code, groups and blank lines."""
    entry = st.sampled_from(["- mine", "- mine\n  - detail", "* other\n\n  more", "- code\n  ```\n  ## v9.9.9\n  ```",
                             f"- since {EARLIER}", "words", "<!-- note -->", "", "  "])  # fmt: skip
    group = st.sampled_from(["", *(f"### {name}" for name in (*ORDER, UNPLACED, "Other"))])
    body = st.lists(st.tuples(group, st.lists(entry, max_size=3)), max_size=3)
    headings = ["## v1.3.0 (2026-02-03)", "## [1.2.3] - 2026-01-02", "## v1.0.0"]
    marked = st.sampled_from(["", f"\n<!-- drafted through {EARLIER} -->"])
    lines = draw(st.sampled_from([[], ["# changelog", ""], [f"through {EARLIER}"]]))
    for heading in draw(st.lists(st.sampled_from(headings), min_size=1, max_size=3, unique=True)):
        lines = [*lines, heading, draw(marked)]
        for name, entries in draw(body):
            lines += [name, *entries]
    text = draw(st.sampled_from(["", "\ufeff"])) + "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def kept(before: str, after: str, marker: str = "") -> Iterator[str]:
    """Yield the lines of `before` that `after` has not, in their order; a marker's own line may name another commit."""
    left = iter(after.removeprefix("\ufeff").split("\n"))
    lines = before.removeprefix("\ufeff").split("\n")
    for number, line in enumerate(lines, 1):
        wanted = {line, f"{line}\r"} if number == len(lines) else {line}  # the last one may be given an ending
        if marker and line.startswith("<!-- drafted through "):
            wanted |= {wish.replace(marker, HEAD) for wish in wanted}
        if not any(candidate in wanted for candidate in left):
            yield line


ADD_ONLY = settings(derandomize=True, database=None, deadline=None, max_examples=300)


@ADD_ONLY
@given(changelogs(), st.data())
def test_inserting_only_adds_lines(text: str, data: st.DataObject) -> None:
    places = [section.line for section in read(text).sections]
    after = insert_section(text, NEW.replace("1.3.0", "2.0.0"), data.draw(st.sampled_from([None, *places])), HEAD)
    assert list(kept(text, after)) == []
    assert [section for section in _told(after) if section[0] != "2.0.0"] == _told(text)
    assert [found.heading for found in read(after).sections if found.version == "2.0.0"] == ["## v2.0.0 (2026-02-03)"]
    assert after.startswith("\ufeff") is text.startswith("\ufeff")
    assert after.endswith("\n") is text.endswith("\n")


BLOCKS = st.dictionaries(st.sampled_from([*ORDER, UNPLACED]), st.just(["- new", "  - detail"]), min_size=1)


@ADD_ONLY
@given(changelogs(), BLOCKS, st.data())
def test_extending_only_adds_lines(text: str, blocks: dict[str, list[str]], data: st.DataObject) -> None:
    section = data.draw(st.sampled_from(read(text).sections))
    after = extend_section(text, section, blocks, ORDER, HEAD)
    assert list(kept(text, after, last_drafted(section))) == []
    extended = read(after).section(section.version)
    assert extended is not None
    assert last_drafted(extended) == HEAD
    entries = [(group.name, entry.text) for group in extended.groups for entry in group.entries]
    assert {name for name, words in entries if words == "new"} == set(blocks)
    assert [told for told in _told(after) if told[0] != section.version] == [
        told for told in _told(text) if told[0] != section.version
    ]
    assert after.startswith("\ufeff") is text.startswith("\ufeff")
    assert after.endswith("\n") is text.endswith("\n")


def _told(text: str) -> list[tuple[str, str]]:
    """Return each section's version and words, but for blank lines at its end."""
    return [(section.version, section.text.rstrip()) for section in read(text).sections]


def test_a_draft_written_into_a_section_is_found_there_again() -> None:
    text = f"{SECTION}- mine\n\n{OLD}\n"
    wanted = drafted(*MESSAGES)
    section = read(text).section("1.3.0")
    assert section is not None
    blocks: dict[str, list[str]] = {}
    for draft in wanted:
        blocks.setdefault(draft.section, []).extend(rendered(draft))
    extended = read(extend_section(text, section, blocks, ORDER, HEAD)).section("1.3.0")
    assert extended is not None
    assert missing(wanted, extended, ()) == []
    assert {group.name for group in extended.groups} == {"fixes", "breaking", "docs", UNPLACED}


def test_every_change_of_a_merge_is_drafted_once() -> None:
    covered = cover([change("fix: a"), change("fix: a", sha(2))], demanded=True, exempt=(), told={})
    assert [draft.commit for draft in drafts(covered, KINDS)] == [sha(2), sha(1)]
