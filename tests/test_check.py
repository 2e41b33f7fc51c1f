from pathlib import Path
from typing import Any

import pytest

from .repositories import Repository, changelog, issue, pyproject, released
from .running import Ended, called, run


def check(repository: Repository, *words: str) -> Ended:
    return called("changelog.check", *words, cwd=repository.root)


def found(repository: Repository, *words: str) -> list[tuple[str, int | None]]:
    """Return (rule, line) of every finding, as JSON tells them."""
    ended = check(repository, "--json", *words)
    findings = [(item["rule"], item["line"]) for checked in ended.json for item in checked["findings"]]
    assert ended.code == (1 if findings else 0)
    return findings


@pytest.fixture
def ready(sample: Repository) -> Repository:
    """A project whose version 1.1.0 is ready to be released."""
    files = {
        "pyproject.toml": pyproject("1.1.0"),
        "CHANGELOG.md": changelog(("1.1.0", "2024-01-02"), ("1.0.0", "2024-01-01")),
    }
    sample.commit("release: v1.1.0", files)
    return sample


def edit(repository: Repository, old: str, new: str) -> None:
    text = repository.read("CHANGELOG.md").decode()
    assert old in text
    repository.write({"CHANGELOG.md": text.replace(old, new)})


def test_nothing_wrong(ready: Repository) -> None:
    ended = run("changelog.check", cwd=ready.root)
    assert (ended.code, ended.out, ended.err) == (0, "1.1.0: 0 findings\n", "")
    assert run("changelog.check", "--json", cwd=ready.root).json == [
        {"version": "1.1.0", "skipped": False, "findings": []}
    ]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_other_newlines_and_a_mark_are_no_change(ready: Repository, mark: str, newline: str) -> None:
    """The work tree may have other newlines than the tag, as Git on Windows makes them."""
    text = ready.read("CHANGELOG.md").decode()
    ready.write({"CHANGELOG.md": (mark + text.replace("\n", newline).rstrip())})
    assert found(ready) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("## v1.1.0 (2024-01-02)", "## v1.2.0 (2024-01-02)", [("section", None)]),
        ("## v1.1.0 (2024-01-02)", "## 1.1.0 (2024-01-02)", [("heading", 3)]),
        ("## v1.1.0 (2024-01-02)", "## [1.1.0] - 2024-01-02", [("heading", 3)]),
        ("## v1.1.0 (2024-01-02)", "## v1.1.0", [("date", 3)]),
        ("## v1.1.0 (2024-01-02)", "## v1.1.0 (2024-02-30)", [("date", 3)]),
        ("## v1.1.0 (2024-01-02)", "## v1.1.0 (2999-01-01)", [("date", 3)]),
        ("### fixes", "### fixed", [("group", 5), ("retroactive", 9)]),
        ("## v1.0.0", "## Unreleased\n\n## v1.0.0", [("heading", 9)]),
        ("## v1.0.0", "## v1.1.0 (2024-01-02)\n\n## v1.0.0", [("section", 9)]),
        ("# changelog\n", "# changelog\n\n## v1.2.0 (2024-01-03)\n", [("order", 5)]),
    ],
)
def test_headings(ready: Repository, old: str, new: str, expected: list[tuple[str, int | None]]) -> None:
    edit(ready, old, new)
    assert found(ready) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"### fixes\n\n- a {issue(1)}\n\n### changes\n\n- b {issue(2)}\n\n### breaking\n\n- c {issue(3)}\n", []),
        (f"### changes\n\n- a {issue(1)}\n\n### fixes\n\n- b {issue(2)}\n", [("group", 9)]),
        (f"### fixes\n\n- a {issue(1)}\n\n### fixes\n\n- b {issue(2)}\n", [("group", 9)]),
        (f"### features\n\n- a {issue(1)}\n", [("group", 5)]),
        (f"### to be placed\n\n- a {issue(1)}\n", [("group", 5)]),
        (f"### fixes\n\n### docs\n\n- a {issue(1)}\n", [("empty", 5)]),
        ("", [("empty", 3)]),
        (f"- a {issue(1)}\n", [("group", 5)]),
        ("### fixes\n\n- a\n", [("issue", 7)]),
        ("### fixes\n\n- a #12\n", [("issue", 7)]),
        ("### fixes\n\n- a [#?]\n", [("issue", 7)]),
        (f"### fixes\n\n- a\n  - b {issue(2)}\n", [("issue", 7)]),
        (f"### fixes\n\n- a,\n  goes on {issue(2)}\n  - detail\n", []),
        ("### fixes\n\n- a [#1](https://github.com/owner/sample/issues/2)\n", [("issue", 7)]),
        ("### fixes\n\n- a [#1](https://github.com/owner/sample/pull/1)\n", [("issue", 7)]),
        ("### fixes\n\n- a [#1](https://github.com/Owner/Sample/issues/1)\n", []),
        (f"### fixes\n\n- a {issue(1)} [#2](https://github.com/owner/sample/pull/2)\n", []),
    ],
)
def test_entries(ready: Repository, body: str, expected: list[tuple[str, int]]) -> None:
    older = changelog(("1.0.0", "2024-01-01")).removeprefix("# changelog\n\n")
    ready.write({"CHANGELOG.md": f"# changelog\n\n## v1.1.0 (2024-01-02)\n\n{body}\n{older}"})
    assert found(ready) == expected


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(2024-01-01)", "(2024-01-03)", "section 1.0.0 was changed since the last release: first at line 9"),
        (
            f"- mend it {issue(1)}\n\n## v1.0.0 (2024-01-01)\n\n### fixes\n\n- mend it {issue(1)}\n",
            f"- mend it {issue(1)}\n\n## v1.0.0 (2024-01-01)\n\n### fixes\n\n- mend it {issue(1)}\n- more {issue(2)}\n",
            "section 1.0.0 was changed since the last release: 1 line",
        ),
        (
            "## v1.0.0 (2024-01-01)\n\n### fixes\n\n- mend it",
            "- mend it",
            "section 1.0.0 was there at the last release",
        ),
        (
            "## v1.0.0",
            f"## v0.9.0 (2023-01-01)\n\n### docs\n\n- x {issue(1)}\n\n## v1.0.0",
            "section 0.9.0 was added since the last release",
        ),
    ],
)
def test_retroactive_edits(ready: Repository, old: str, new: str, said: str) -> None:
    edit(ready, old, new)
    ended = check(ready)
    assert ended.code == 1
    assert said in ended.out


def test_retroactive_edits_are_held_against_the_tag(ready: Repository) -> None:
    """What was committed since counts as an edit; what the tag has is the truth, also when it was wrong."""
    edit(ready, "(2024-01-01)", "(2024-01-03)")
    ready.commit("docs: put the date right", {})
    assert found(ready) == [("retroactive", 9)]
    ready.git("tag", "--force", "v1.0.0")
    assert found(ready) == []


def test_the_date_is_the_tags(ready: Repository) -> None:
    assert found(ready, "--version=1.0.0") == []
    ready.tag("v1.1.0")
    assert found(ready) == []
    ready.commit("fix: late")
    ready.git("tag", "--force", "--annotate", "--message", "late", "v1.1.0", "HEAD~1")
    assert found(ready) == [("date", 3)]


@pytest.mark.parametrize("version", ["1.1.0rc1", "1.1.0.dev2", "2.0.0a1"])
def test_a_candidate_is_skipped(sample: Repository, version: str) -> None:
    sample.commit(f"chore: staging {version}", {"pyproject.toml": pyproject(version), "CHANGELOG.md": "nonsense"})
    ended = check(sample)
    assert (ended.code, ended.out) == (0, f"skipped: {version} is a candidate, which has no section\n")
    assert check(sample, "--json").json == [{"version": version, "skipped": True, "findings": []}]


def test_all_holds_each_against_its_own_tag(ready: Repository) -> None:
    ready.tag("v1.1.0")
    assert found(ready, "--all") == []
    edit(ready, f"- mend it {issue(1)}", "- mend it")
    ready.commit("fix: forget links", {})
    checked: list[Any] = check(ready, "--all", "--json").json
    assert {item["version"]: [finding["rule"] for finding in item["findings"]] for item in checked} == {
        "1.1.0": ["retroactive", "issue"],
        "1.0.0": ["retroactive", "issue"],
    }
    ended = check(ready, "--all")
    assert ended.out.splitlines()[-1] == "2 sections checked, 2 with findings, 4 findings"


def test_all_misses_a_section(ready: Repository) -> None:
    ready.git("tag", "v0.9.0", "HEAD~1")
    assert found(ready, "--all") == [("section", None)]


def test_a_tag_whose_changelog_lacks_its_section(sample: Repository) -> None:
    """A section written after its release is a retroactive edit."""
    sample.commit("release: v1.1.0", {"pyproject.toml": pyproject("1.1.0")})
    sample.tag("v1.1.0")
    sample.commit("docs: late", {"CHANGELOG.md": changelog(("1.1.0", "2024-01-02"), ("1.0.0", "2024-01-01"))})
    assert found(sample, "--all") == [("retroactive", 3)]


def test_no_changelog_at_all(ready: Repository) -> None:
    ready.write({"CHANGELOG.md": None})
    ended = check(ready)
    assert ended.code == 1
    assert ended.out.splitlines()[0].startswith("CHANGELOG.md: no section for 1.1.0: expected '## v1.1.0 (")


def test_no_tag_at_all(ready: Repository) -> None:
    ready.git("tag", "--delete", "v1.0.0")
    assert found(ready) == []
    ended = check(ready, "--all")
    assert (ended.code, ended.out) == (0, "0 sections checked, 0 with findings, 0 findings\n")


def test_another_prefix(tmp_path: Path) -> None:
    sample = released(tmp_path / "s", 'tag-prefix = "sample-"\n')
    text = changelog(("1.0.0", "2024-01-02")).replace("## v", "## sample-")
    sample.commit("fix: prefix", {"CHANGELOG.md": text})
    sample.tag("sample-1.0.0")
    assert found(sample) == []
    assert called("changelog.show", cwd=sample.root).out.splitlines()[0] == "## sample-1.0.0 (2024-01-02)"


def test_a_version_that_is_none(ready: Repository) -> None:
    ended = check(ready, "--version=one")
    assert (ended.code, ended.err.splitlines()[0]) == (2, "error: --version is 'one', which is no version")


def test_show_prints_a_section_without_comments(ready: Repository) -> None:
    edit(ready, "### fixes\n\n- mend it", "<!-- drafted through 0123 -->\n\n### fixes\n\n- mend it")
    ended = run("changelog.show", cwd=ready.root)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"## v1.1.0 (2024-01-02)\n\n### fixes\n\n- mend it {issue(1)}\n"
    document = called("changelog.show", "--json", "--version=v1.0.0", cwd=ready.root).json
    assert (document["version"], document["date"]) == ("1.0.0", "2024-01-01")


def test_show_prints_what_was_written(ready: Repository) -> None:
    """Release notes are copied to GitHub: tabs, code with comments and joined emoji arrive there as they are."""
    body = (
        f"- mend it {issue(1)}\n\t- a tab\n\n```html\n<!-- kept -->\n```\n\n- \U0001f468\u200d\U0001f4bb {issue(1)}\n"
    )
    older = changelog(("1.0.0", "2024-01-01")).removeprefix("# changelog\n\n")
    ready.write({"CHANGELOG.md": f"# changelog\n\n## v1.1.0 (2024-01-02)\n\n### fixes\n\n{body}\n{older}"})
    ended = run("changelog.show", cwd=ready.root)
    assert ended.out == f"## v1.1.0 (2024-01-02)\n\n### fixes\n\n{body}"


def test_show_a_version_without_section(ready: Repository) -> None:
    ended = run("changelog.show", "--version=9.0.0", cwd=ready.root)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[:2] == [
        "error: CHANGELOG.md has no section for 9.0.0",
        "expected: one of its versions: 1.1.0, 1.0.0",
    ]


def test_a_released_section_edited_while_its_version_is_set(ready: Repository) -> None:
    ready.tag("v1.1.0")
    edit(ready, "- mend it", "- mended it")
    assert ("retroactive", 3) in found(ready)
    assert ("retroactive", 3) in found(ready, "--version=1.1.0")


def test_a_release_of_an_older_series_brings_its_section_along(ready: Repository) -> None:
    """v1.0.1 was tagged on a branch of its own and merged back: its section is not one that was added later."""
    ready.git("checkout", "--quiet", "-b", "maintenance", "v1.0.0")
    ready.commit("fix: small #3", {"CHANGELOG.md": changelog(("1.0.1", "2024-01-02"), ("1.0.0", "2024-01-01"))})
    ready.tag("v1.0.1")
    ready.git("checkout", "--quiet", "main")
    ready.tag("v1.1.0")
    versions = (("1.2.0", "2024-01-03"), ("1.1.0", "2024-01-02"), ("1.0.1", "2024-01-02"), ("1.0.0", "2024-01-01"))
    ready.commit("release: v1.2.0", {"pyproject.toml": pyproject("1.2.0"), "CHANGELOG.md": changelog(*versions)})
    assert found(ready) == []
    edit(ready, "## v1.0.1 (2024-01-02)", "## v1.0.1 (2024-01-04)")
    assert [rule for rule, _ in found(ready)] == ["retroactive"]


def test_all_and_one_version_contradict_each_other(ready: Repository) -> None:
    assert check(ready, "--all", "--version=1.0.0").code == 2
