import pytest

from tasks.rules.changelog import read
from tasks.rules.discipline import House, Release, check, check_version

from .history import cases

URL = "https://github.com/owner/repo/issues"
HOUSE = House(repository="owner/repo")
RELEASE = Release("1.3.0", today="2026-02-03")
OLD = f"""
## v1.2.3 (2026-01-02)

### fixes

- an old one [#1]({URL}/1)
"""
CLEAN = f"""# changelog

## v1.3.0 (2026-02-03)

### fixes

- first [#2]({URL}/2)
  - a detail without a link
- **api:** second,
  continued ([#3]({URL}/3), [owner/repo#4]({URL}/4))

### breaking

- third [#5]({URL}/5/)
{OLD}"""


def found(text: str, release: Release = RELEASE, house: House = HOUSE) -> list[tuple[str, int, str]]:
    return [(finding.rule, finding.line, finding.message) for finding in check(read(text), release, house)]


@cases(
    "text release house",
    {
        "clean": (CLEAN, RELEASE, HOUSE),
        "CRLF, BOM, no final newline": ("\ufeff" + CLEAN.replace("\n", "\r\n").rstrip(), RELEASE, HOUSE),
        "dated before today": (CLEAN, Release("1.3.0", today="2026-02-10"), HOUSE),
        "dated on the day of its tag": (CLEAN, Release("1.3.0", today="2026-03-01", tagged="2026-02-03"), HOUSE),
        "an older one": (CLEAN, Release("1.2.3", today="2026-02-03", newest=False), HOUSE),
        "older sections as they were": (CLEAN, Release("1.3.0", "2026-02-03", previous=read(OLD)), HOUSE),
        "older sections with other newlines": (
            CLEAN,
            Release("1.3.0", "2026-02-03", previous=read(f"\n{OLD}\n\n".replace("\n", "\r\n"))),
            HOUSE,
        ),
        "older sections twice, as they were": (
            f"{CLEAN}{OLD.replace('old', 'older')}",
            Release("1.3.0", "2026-02-03", previous=read(f"{OLD}{OLD.replace('old', 'older')}")),
            HOUSE,
        ),
        "its own draft at the last release": (
            CLEAN,
            Release("1.3.0", "2026-02-03", previous=read(f"## v1.3.0 (2026-01-01)\n{OLD}")),
            HOUSE,
        ),
        "no issues demanded": (CLEAN.replace(URL, "https://example.com"), RELEASE, House(issues=False)),
        "no repository known": (CLEAN.replace("owner/repo", "any/other"), RELEASE, House()),
        "repository in capitals": (CLEAN.replace("owner/repo/issues", "Owner/Repo/issues"), RELEASE, HOUSE),
        "another web": (
            CLEAN.replace("https://github.com", "https://git.example.com"),
            RELEASE,
            House(repository="owner/repo", web="https://git.example.com"),
        ),
        "another prefix": (CLEAN.replace("## v", "## "), RELEASE, House(prefix="", repository="owner/repo")),
        "post-release": (
            CLEAN.replace("1.3.0", "1.2.3.post1"),
            Release("1.2.3.post1", "2026-02-03", previous=read(OLD)),
            HOUSE,
        ),
    },
)
def test_nothing_is_wrong(text: str, release: Release, house: House) -> None:
    assert found(text, release, house) == []


@cases(
    "old new rule line message",
    {
        "no section": ("v1.3.0", "v1.4.0", "section", 0, "no section for 1.3.0: expected '## v1.3.0 (2026-02-03)'"),
        "a second section": ("v1.2.3", "v1.3.0", "section", 16, "a second section for 1.3.0: expected one a release"),
        "heading in brackets": ("v1.3.0 (2026-02-03)", "[1.3.0] - 2026-02-03", "heading", 3,
                                "heading '## [1.3.0] - 2026-02-03': expected '## v1.3.0 (2026-02-03)'"),
        "stray heading": ("# changelog", "## Unreleased", "heading", 1, "'## Unreleased' names no version"),
        "no date": (" (2026-02-03)", "", "date", 3, "heading '## v1.3.0' has no date: expected (YYYY-MM-DD)"),
        "no such day": ("2026-02-03", "2026-02-30", "date", 3, "heading '## v1.3.0 (2026-02-30)' has no date"),
        "a day to come": ("2026-02-03", "2026-02-04", "date", 3,
                          "dated 2026-02-04, which is yet to come: today is 2026-02-03 (UTC)"),
        "below another": ("# changelog", f"## v1.2.0 (2026-01-01)\n- a [#1]({URL}/1)", "order", 4,
                          "stands below 1.2.0: expected at the top"),
        "above a newer one": ("v1.2.3", "v1.10.0", "order", 3, "stands above 1.10.0, which is newer"),
        "no entry": (CLEAN[CLEAN.index("### fixes"):CLEAN.index(OLD)], "", "empty", 3,
                     "the section for 1.3.0 has no entry"),
        "group without entry": (f"- third [#5]({URL}/5/)", "", "empty", 12,
                                "section 'breaking' has no entry: leave it out"),
        "entries above the groups": ("### fixes\n\n- first", "- first", "group", 5,
                                     "entries above the first heading: expected one of fixes, changes, breaking"),
        "unknown group": ("### breaking", "### Breaking", "group", 12, "unknown section 'Breaking': expected"),
        "group twice": ("### breaking", "### fixes", "group", 12, "a second section 'fixes'"),
        "group out of order": ("### fixes", "### docs", "group", 12,
                               "'breaking' stands after 'docs': the order is fixes, changes, breaking, docs, tests"),
        "to be placed": ("### breaking", "### to be placed", "group", 12,
                         "'to be placed': a person must move these under one of fixes, changes"),
        "no link": (f" [#2]({URL}/2)", "", "issue", 7, "links no issue: first (expected [#N](" + URL + "/N))"),
        "link in a sub-bullet alone": (f" [#2]({URL}/2)", f"\n  - [#2]({URL}/2)", "issue", 7, "links no issue: first"),
        "number without link": (f"[#2]({URL}/2)", "#2", "issue", 7, "links no issue: first #2"),
        "link to the pull request": (f"{URL}/2", f"{URL[:-6]}pull/2", "issue", 7, "links no issue: first"),
        "link to another repository": (f"{URL}/2", "https://github.com/o/r/issues/2", "issue", 7, "links no issue"),
        "link to another web": (f"{URL}/2", f"{URL.replace('github', 'gitlab')}/2", "issue", 7, "links no issue"),
        "link to another issue": (f"[#2]({URL}/2)", f"[#2]({URL}/22)", "issue", 7, f"#2 links to issue 22: {URL}/22"),
        "second link to another issue": (f"{URL}/4", f"{URL}/44", "issue", 9, f"owner/repo#4 links to issue 44: {URL}"),
        "unknown issue": (f"[#2]({URL}/2)", "[#?]", "issue", 7, "[#?] stands for an issue yet to be named: first [#?]"),
        "unknown issue beside a known one": ("/2)", "/2) [#?]", "issue", 7, "[#?] stands for an issue yet to be"),
        "long entry": (f"first [#2]({URL}/2)", "x" * 61, "issue", 7, f"links no issue: {'x' * 59}… (expected"),
    },
)  # fmt: skip
def test_one_thing_is_wrong(old: str, new: str, rule: str, line: int, message: str) -> None:
    assert old in CLEAN
    ((broken, at, told),) = found(CLEAN.replace(old, new, 1))
    assert (broken, at) == (rule, line)
    assert told.startswith(message)


@cases(
    "release rule message",
    {
        "candidate": (Release("1.3.0rc1", "2026-02-03"), "heading", "1.3.0rc1 is not of the form X.Y.Z"),
        "two numbers": (Release("1.3", "2026-02-03"), "heading", "1.3 is not of the form X.Y.Z"),
        "tagged on another day": (
            Release("1.3.0", "2026-03-01", tagged="2026-02-04"),
            "date",
            "dated 2026-02-03, but the release was tagged on 2026-02-04 (UTC)",
        ),
        "tagged, and yet to be written": (
            Release("1.3.1", "2026-03-01", tagged="2026-02-04"),
            "section",
            "no section for 1.3.1: expected '## v1.3.1 (2026-02-04)'",
        ),
    },
)
def test_one_thing_is_wrong_with_the_release(release: Release, rule: str, message: str) -> None:
    text = CLEAN if release.version == "1.3.1" else CLEAN.replace("v1.3.0", f"v{release.version}")
    assert [(broken, told) for broken, _, told in found(text, release)] == [(rule, message)]


@cases(
    "text message",
    {
        "a word": (CLEAN.replace("old", "new"), "section 1.2.3 was changed since the last release: first at line 20"),
        "its date": (
            CLEAN.replace("01-02", "01-03"),
            "section 1.2.3 was changed since the last release: first at line 16",
        ),
        "a line more": (
            f"{CLEAN}- late [#9]({URL}/9)\n",
            "section 1.2.3 was changed since the last release: 1 lines more",
        ),
        "a line fewer": (CLEAN.rsplit("\n\n", 1)[0], "section 1.2.3 was changed since the last release: 2 lines fewer"),
        "gone": (CLEAN.replace(OLD, ""), "section 1.2.3 was there at the last release and is gone"),
        "added": (f"{CLEAN}{OLD.replace('1.2.3', '1.2.2')}", "section 1.2.2 was added since the last release"),
    },
)
def test_releases_are_not_rewritten(text: str, message: str) -> None:
    release = Release("1.3.0", "2026-02-03", previous=read(OLD))
    assert [(rule, told) for rule, _, told in found(text, release)] == [("retroactive", message)]


def test_a_backport_stands_where_its_version_does() -> None:
    text = CLEAN.replace("# changelog", f"## v2.0.0 (2026-01-20)\n\n### fixes\n\n- z [#6]({URL}/6)\n\n## Notes")
    assert found(text, Release("1.3.0", "2026-02-03", newest=False)) == []
    assert [rule for rule, _, _ in found(text)] == ["heading", "order"]


def test_findings_are_in_the_files_order() -> None:
    text = CLEAN.replace("### fixes", "### docs").replace("2026-02-03", "2026-02-30").replace(f" [#2]({URL}/2)", "")
    assert [(rule, line) for rule, line, _ in found(text)] == [("date", 3), ("issue", 7), ("group", 12)]


def test_findings_name_the_changelogs_own_file() -> None:
    house = House(path="docs/changes.md", repository="owner/repo")
    assert {finding.file for finding in check(read("## v1.3.0\n- a\n"), RELEASE, house)} == {"docs/changes.md"}


def test_the_sections_are_the_projects_own() -> None:
    house = House(sections=("breaking", "fixes"), repository="owner/repo")
    assert found(CLEAN, house=house) == [("group", 12, "'breaking' stands after 'fixes': the order is breaking, fixes")]


@cases(
    "version text message",
    {
        "newest section": ("1.3.0", CLEAN, None),
        "older section": ("1.2.3", CLEAN, "CHANGELOG.md:3: pyproject.toml says 1.2.3, the newest section is 1.3.0"),
        "no such section": ("1.4.0", CLEAN, "CHANGELOG.md:3: pyproject.toml says 1.4.0, the newest section is 1.3.0"),
        "candidate": ("1.4.0rc1", CLEAN, None),
        "development release": ("1.4.0.dev1", "", None),
        "no section at all": ("1.3.0", "# changelog\n", "CHANGELOG.md: no section at all: expected 1.3.0"),
        "two numbers": ("1.3", CLEAN, "pyproject.toml: version 1.3 is not of the form X.Y.Z"),
        "local": ("1.3.0+hetz", CLEAN, "pyproject.toml: version 1.3.0+hetz is not of the form X.Y.Z"),
    },
)
def test_check_version(version: str, text: str, message: str | None) -> None:
    assert [str(finding) for finding in check_version(read(text), version, HOUSE)] == ([message] if message else [])


@pytest.mark.parametrize(("repository", "expected"), [("", f"{URL}/7"), ("o/r", "https://github.com/o/r/issues/7")])
def test_an_issues_address(repository: str, expected: str) -> None:
    assert HOUSE.issue_url(7, repository) == expected
