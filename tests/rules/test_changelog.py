import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.changelog import Section, is_candidate, is_final, read, version_key

from .history import cases

TEXT = """# changelog

Words before the first release.

## v1.3.0 (2026-02-03)

### fixes

- first [#1](u)
- second,
  continued [#2](u)
  - a detail
    continued
- third

### changes

* fourth

## v1.2.3 (2026-01-02)
### docs
- fifth"""

OUTLINE = [
    ("1.3.0", "2026-02-03", 5, {"fixes": [("first [#1](u)", 9), ("second, continued [#2](u)", 10), ("third", 14)],
                                "changes": [("fourth", 18)]}),
    ("1.2.3", "2026-01-02", 20, {"docs": [("fifth", 22)]}),
]  # fmt: skip


def outline(text: str) -> list[tuple[str, str, int, dict[str, list[tuple[str, int]]]]]:
    return [
        (
            section.version,
            section.date,
            section.line,
            {group.name: [(entry.text, entry.line) for entry in group.entries] for group in section.groups},
        )
        for section in read(text).sections
    ]


@cases(
    "text",
    {
        "LF, no final newline": (TEXT,),
        "LF": (f"{TEXT}\n",),
        "CRLF": (TEXT.replace("\n", "\r\n"),),
        "CRLF with BOM": ("\ufeff" + TEXT.replace("\n", "\r\n") + "\r\n",),
        "blank lines at the end": (f"{TEXT}\n\n\n",),
    },
)
def test_sections_are_read_alike_however_lines_end(text: str) -> None:
    assert outline(text) == OUTLINE
    assert read(text).strays == ()


def test_a_section_keeps_its_words_and_its_bounds() -> None:
    above, below = read(TEXT.replace("\n", "\r\n")).sections
    lines = TEXT.split("\n")
    assert (above.text, below.text) == ("\n".join(lines[4:18]), "\n".join(lines[19:]))
    assert (above.end, below.end) == (20, 23)
    assert above.heading == "## v1.3.0 (2026-02-03)"


def test_a_bom_hides_no_heading() -> None:
    assert [section.line for section in read("\ufeff## v1.0.0 (2026-01-02)\n").sections] == [1]


@cases(
    "heading version date",
    {
        "house": ("## v1.3.0 (2026-02-03)", "1.3.0", "2026-02-03"),
        "without v": ("## 1.3.0 (2026-02-03)", "1.3.0", "2026-02-03"),
        "in brackets": ("## [1.3.0] - 2026-02-03", "1.3.0", "2026-02-03"),
        "long dash": ("## [v1.3.0] — 2026-02-03", "1.3.0", "2026-02-03"),
        "tabs": ("##\tv1.3.0\t(2026-02-03)", "1.3.0", "2026-02-03"),
        "blanks at the end": ("## v1.3.0 (2026-02-03)  ", "1.3.0", "2026-02-03"),
        "no date": ("## v1.3.0", "1.3.0", ""),
        "colon": ("## v1.3.0:", "1.3.0", ""),
        "date in words": ("## v1.3.0 (3 February 2026)", "1.3.0", ""),
        "short date": ("## v1.3.0 (2026-2-3)", "1.3.0", ""),
        "words after the date": ("## v1.3.0 (2026-02-03) yanked", "1.3.0", ""),
        "candidate": ("## v1.3.0rc1 (2026-02-03)", "1.3.0rc1", "2026-02-03"),
        "no blank before the date": ("## v1.3.0(2026-02-03)", "1.3.0(2026-02-03)", ""),
    },
)
def test_headings(heading: str, version: str, date: str) -> None:
    (section,) = read(f"{heading}\n").sections
    assert (section.version, section.date, section.heading) == (version, date, heading)


@cases(
    "heading strays",
    {
        "no version": ("## Unreleased", ["## Unreleased"]),
        "version last": ("## Release 1.3.0", ["## Release 1.3.0"]),
        "nothing": ("## ", ["## "]),
        "no blank": ("##v1.3.0", []),
        "first level": ("# v1.3.0", []),
        "third level": ("### v1.3.0", []),
        "indented as code": ("    ## v1.3.0", []),
    },
)
def test_headings_that_begin_no_section(heading: str, strays: list[str]) -> None:
    changelog = read(f"# changelog\n\n{heading}\n- entry\n")
    assert changelog.sections == ()
    assert changelog.strays == tuple((3, stray) for stray in strays)


def test_a_stray_heading_ends_the_section_above_it() -> None:
    changelog = read("## v1.0.0 (2026-01-02)\n- a\n## Notes\n- b\n")
    assert [len(group.entries) for section in changelog.sections for group in section.groups] == [1]


HIDDEN = "## v9.9.9 (2026-01-01)\n### fixes\n- hidden"


@cases(
    "hidden",
    {
        "fence": (f"```\n{HIDDEN}\n```",),
        "fence with language": (f"```md\n{HIDDEN}\n```",),
        "longer fence around a shorter one": (f"````\n```\n{HIDDEN}\n```\n````",),
        "fence closed by a longer one": (f"```\n{HIDDEN}\n`````",),
        "tildes around backticks": (f"~~~\n```\n{HIDDEN}\n~~~",),
        "fence is not closed by one with a language": (f"```\n```md\n{HIDDEN}\n```",),
        "indented fence": (f"  ```\n{HIDDEN}\n  ```",),
        "comment": (f"<!--\n{HIDDEN}\n-->",),
        "comment with words around": (f"<!-- not yet:\n{HIDDEN}\nlater -->",),
    },
)
def test_code_and_comments_are_no_changelog(hidden: str) -> None:
    changelog = read(f"{hidden}\n\n## v1.0.0 (2026-01-02)\n### docs\n- a\n{hidden}\n- b\n")
    (section,) = changelog.sections
    assert [(group.name, [entry.text for entry in group.entries]) for group in section.groups] == [("docs", ["a", "b"])]
    assert hidden in section.text


@cases(
    "line",
    {
        "comment of one line": ("<!-- drafted -->",),
        "fence of one line": ("```\n```",),
        "inline code at the start": ("```inv --list``` shows them",),
        "two backticks": ("``",),
        "fence indented as code": ("    ```",),
    },
)
def test_what_ends_on_its_line_hides_nothing_after_it(line: str) -> None:
    assert [section.version for section in read(f"{line}\n\n## v1.0.0 (2026-01-02)\n").sections] == ["1.0.0"]


def test_a_fence_that_is_never_closed_hides_the_rest() -> None:
    assert [section.version for section in read(f"## v1.0.0 (2026-01-02)\n```\n{HIDDEN}\n").sections] == ["1.0.0"]


@cases(
    "below groups",
    {
        "nothing": ("", []),
        "group without entries": ("### fixes", [("fixes", [])]),
        "closing number signs": ("### fixes ###\n- a", [("fixes", ["a"])]),
        "group twice": ("### fixes\n- a\n### fixes\n- b", [("fixes", ["a"]), ("fixes", ["b"])]),
        "entries above the first group": ("- a\n### fixes\n- b", [("", ["a"]), ("fixes", ["b"])]),
        "words above the first group": ("Words.\n\n### fixes\n- b", [("fixes", ["b"])]),
        "words under a group": ("### fixes\nWords.\n- a", [("fixes", ["a"])]),
        "deeper heading": ("### fixes\n#### more\n- a", [("fixes", ["a"])]),
        "every kind of bullet": ("### fixes\n- a\n* b\n+ c\n-\td", [("fixes", ["a", "b", "c", "d"])]),
        "bullet after one blank": ("### fixes\n - a\n - b", [("fixes", ["a", "b"])]),
        "no bullet": ("### fixes\n-a\n- b", [("fixes", ["b"])]),
        "sub-bullets": ("### fixes\n- a\n  - one\n    * two\n- b", [("fixes", ["a", "b"])]),
        "sub-bullet after a tab": ("### fixes\n- a\n\t- one\n- b", [("fixes", ["a", "b"])]),
        "continuation": ("### fixes\n- a\n  b\nc\n\n  d", [("fixes", ["a b c d"])]),
        "continuation of a sub-bullet": ("### fixes\n- a\n  - one\n    more\n- b", [("fixes", ["a", "b"])]),
    },
)
def test_groups_and_entries(below: str, groups: list[tuple[str, list[str]]]) -> None:
    (section,) = read(f"## v1.0.0 (2026-01-02)\n{below}\n").sections
    assert [(group.name, [entry.text for entry in group.entries]) for group in section.groups] == groups


def test_a_group_without_name_stands_where_its_first_entry_does() -> None:
    (section,) = read("## v1.0.0 (2026-01-02)\n\n- a\n").sections
    assert [group.line for group in section.groups] == [3]


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", "# changelog\n", "words"])
def test_a_text_without_sections(text: str) -> None:
    assert read(text).sections == ()


def test_the_first_section_of_a_version_is_found() -> None:
    changelog = read("## v1.0.0 (2026-01-02)\n## v1.0.0 (2026-01-01)\n")
    assert changelog.section("1.0.0") == changelog.sections[0]
    assert changelog.section("1.0") is None


@cases(
    "version final candidate",
    {
        "final": ("1.2.3", True, False),
        "epoch": ("1!1.2.3", True, False),
        "post-release": ("1.2.3.post1", True, False),
        "candidate": ("1.2.3rc1", False, True),
        "alpha": ("1.2.3a1", False, True),
        "beta": ("1.2b1", False, True),
        "development release": ("1.2.3.dev0", False, True),
        "candidate's development release": ("1!1.2.3rc1.dev2", False, True),
        "two numbers": ("1.2", False, False),
        "four numbers": ("1.2.3.4", False, False),
        "local": ("1.2.3+hetz", False, False),
        "local that reads like a candidate": ("1.2.3+rc1", False, False),
        "with v": ("v1.2.3", False, False),
        "words": ("latest", False, False),
        "newline": ("1.2.3\n", False, False),
    },
)
def test_what_is_final_and_what_a_candidate(version: str, final: bool, candidate: bool) -> None:
    assert (is_final(version), is_candidate(version)) == (final, candidate)


def test_versions_sort_by_number() -> None:
    mixed = ["1!0.1.0", "1.0.1", "0.10.0", "1.0.0.post1", "0.9.0", "1.0.0"]
    assert sorted(mixed, key=version_key) == ["0.9.0", "0.10.0", "1.0.0", "1.0.0.post1", "1.0.1", "1!0.1.0"]


def bounds(section: Section) -> tuple[int, int]:
    return section.line, section.end


LINES = st.sampled_from(
    ["## v1.0.0 (2026-01-02)", "## Notes", "### fixes", "- a", "  - b", "words", "", "```", "~~~", "<!--", "-->", "\r"]
)  # fmt: skip


@settings(derandomize=True, database=None, deadline=None)
@given(st.lists(LINES, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_sections_lie_in_the_text_one_after_the_other(lines: list[str], newline: str) -> None:
    changelog = read(newline.join(lines))
    edges = [edge for section in changelog.sections for edge in bounds(section)]
    assert edges == sorted(edges)
    for section in changelog.sections:
        assert all(section.line <= group.line < section.end for group in section.groups)
        assert section.text.split("\n")[0] == section.heading
