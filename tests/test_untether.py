"""The real history of untether: commits, messages, dates, tags, branches and changelog are the real ones."""

import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tasks.checking import check_all
from tasks.history import observe
from tasks.project import find_project
from tasks.rules.changelog import read
from tasks.rules.discipline import Release, check
from tasks.rules.findings import Finding

from .running import run

Branch = Callable[[str], Path]


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def test_dev_starts_at_the_last_release(branch_of_untether: Branch) -> None:
    ended = run("audit.commits", "--json", cwd=branch_of_untether("dev"))
    point = ended.json["release_point"]
    assert (point["tag"], point["rule"], point["date"]) == ("v0.35.3", "ancestor", "2026-05-26")
    assert ended.code in {1, 3}
    expected = git(branch_of_untether("dev"), "rev-list", "--topo-order", "v0.35.3..HEAD").split()
    assert [commit["commit"] for commit in ended.json["commits"]] == expected


@pytest.mark.parametrize(
    ("branch", "described", "listed"), [("dev-at-v0.35.2", "v0.35.1", 34), ("dev-at-v0.35.3", "v0.35.2", 62)]
)
def test_what_was_squash_merged_is_released(
    branch_of_untether: Branch, branch: str, described: str, listed: int
) -> None:
    root = branch_of_untether(branch)
    assert git(root, "describe", "--tags", "--abbrev=0") == described
    assert int(git(root, "rev-list", "--count", f"{described}..HEAD")) == listed
    ended = run("audit.commits", "--json", cwd=root)
    document = ended.json
    assert ended.code == 0
    assert (document["release_point"]["tag"], document["release_point"]["rule"]) == (branch[7:], "equal tree")
    assert (document["head"], document["commits"]) == (git(root, "rev-parse", "HEAD"), [])
    said = run("audit.commits", cwd=root).out
    assert "a commit here has the tag's very tree: a squash merge" in said
    assert said.endswith("0 commits since\n")


@pytest.mark.parametrize("branch", ["dev-at-v0.35.2", "dev-at-v0.35.3"])
def test_own_commits_on_top_are_listed_alone(untether: Path, tmp_path: Path, branch: str) -> None:
    root = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--shared", "--branch", branch, str(untether), str(root))
    own: list[str] = []
    for number in (1, 2):
        (root / "mine.txt").write_text(f"{number}\n", "utf-8")
        git(root, "add", "mine.txt")
        words = ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet"]
        git(root, *words, "-m", f"fix: my own {number}\n\nFixes #{number}")
        own.insert(0, git(root, "rev-parse", "HEAD"))
    ended = run("audit.commits", "--json", cwd=root)
    assert (ended.code, [commit["commit"] for commit in ended.json["commits"]]) == (0, own)


def test_the_stable_branch_has_nothing_unreleased(branch_of_untether: Branch) -> None:
    found = observe(find_project(str(branch_of_untether("master"))))
    assert found.point.tag is not None
    assert (found.point.tag.name, found.point.rule, found.changes) == ("v0.35.3", "ancestor", [])
    assert run("version.decide", cwd=branch_of_untether("master")).code == 1


@pytest.mark.parametrize("tag", ["v0.22.2", "v0.25.3", "v0.34.4", "v0.35.0"])
def test_every_release_is_its_own_point(branch_of_untether: Branch, tag: str) -> None:
    found = observe(find_project(str(branch_of_untether("master"))), until=tag)
    assert found.point.tag is not None
    assert (found.point.tag.name, found.changes) == (tag, [])


def test_the_next_version_of_dev(branch_of_untether: Branch) -> None:
    ended = run("version.decide", "--json", cwd=branch_of_untether("dev"))
    document = ended.json
    assert (document["current"], document["part"]) == ("0.35.4rc13", "minor")
    assert (document["final"], document["candidate"]) == ("0.36.0", "0.36.0rc1")


# What the house's rules find in the sections as they were released: version, rule, how often. They are true: before
# 2026-03 entries without an issue were usual, "changes" often stood above "fixes", and v0.23.2 and v0.23.3 were given
# their links after they were tagged. v0.35.3 is dated six days before its tag. The tags v0.1.0 and v0.22.2 have no
# changelog with their section: both were written later.
TAGGED = {
    "0.35.3": {"date": 1, "group": 2},
    "0.35.2": {"group": 1},
    "0.35.0": {"group": 2},
    "0.34.3": {"issue": 3},
    "0.33.0": {"group": 1, "issue": 8},
    "0.32.1": {"issue": 1},
    "0.32.0": {"group": 1, "issue": 15},
    "0.31.0": {"group": 1, "issue": 2},
    "0.28.0": {"date": 1, "group": 2, "issue": 6},
    "0.27.1": {"issue": 4},
    "0.27.0": {"issue": 2},
    "0.25.3": {"issue": 5},
    "0.25.2": {"issue": 3},
    "0.25.0": {"group": 1, "issue": 4},
    "0.24.0": {"group": 1, "issue": 4},
    "0.23.3": {"retroactive": 1},
    "0.23.2": {"retroactive": 1},
    "0.23.1": {"issue": 2},
    "0.23.0": {"issue": 3},
    "0.22.2": {"retroactive": 1},
    "0.1.0": {"date": 1, "group": 1, "issue": 9, "retroactive": 1},
}

# The same for the sections without a tag in this repository, most of them of the project it was forked from; those
# link the issues of that project, not ours.
UNTAGGED = {
    "0.33.5": {"issue": 1},
    "0.30.0": {"group": 1, "issue": 5},
    "0.29.0": {"group": 1, "issue": 3},
    "0.28.1": {"group": 1, "issue": 1},
    "0.26.0": {"issue": 3},
    "0.22.1": {"issue": 1},
    "0.22.0": {"issue": 1},
    "0.21.5": {"issue": 3},
    "0.21.4": {"issue": 1},
    "0.21.3": {"issue": 1},
    "0.21.2": {"issue": 2},
    "0.21.1": {"issue": 4},
    "0.21.0": {"group": 1, "issue": 8},
    "0.20.0": {"group": 1, "issue": 8},
    "0.19.0": {"issue": 6},
    "0.18.0": {"group": 1, "issue": 6},
    "0.17.1": {"issue": 3},
    "0.17.0": {"issue": 8},
    "0.16.0": {"issue": 5},
    "0.15.0": {"issue": 2},
    "0.14.1": {"issue": 2},
    "0.14.0": {"issue": 4},
    "0.13.0": {"group": 1, "issue": 4},
    "0.12.0": {"group": 1, "issue": 3},
    "0.11.0": {"group": 1, "issue": 3},
    "0.10.0": {"group": 1, "issue": 8},
    "0.9.0": {"group": 2, "issue": 11},
    "0.8.0": {"issue": 4},
    "0.7.0": {"issue": 2},
    "0.6.0": {"issue": 3},
    "0.5.3": {"issue": 1},
    "0.5.2": {"group": 1, "issue": 3},
    "0.5.1": {"issue": 2},
    "0.5.0": {"group": 1, "issue": 5},
    "0.4.0": {"group": 1, "issue": 7},
    "0.3.0": {"group": 1, "issue": 12},
    "0.2.0": {"group": 1, "issue": 14},
}


def counted(findings: Iterable[tuple[str, Finding]]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for version, finding in findings:
        found.setdefault(version, Counter())[finding.rule] += 1
    return {version: dict(rules) for version, rules in found.items()}


def test_findings_in_every_released_section(branch_of_untether: Branch) -> None:
    checked = check_all(find_project(str(branch_of_untether("dev"))))
    assert len(checked) == len(git(branch_of_untether("dev"), "tag").split())
    assert counted((item.version, finding) for item in checked for finding in item.findings) == TAGGED


def test_check_all_prints_every_finding(branch_of_untether: Branch) -> None:
    ended = run("changelog.check", "--all", cwd=branch_of_untether("dev"))
    assert ended.code == 1
    expected = sum(sum(rules.values()) for rules in TAGGED.values())
    assert ended.out.splitlines()[-1] == f"31 sections checked, {len(TAGGED)} with findings, {expected} findings"
    assert len(ended.out.splitlines()) == expected + 1
    assert "CHANGELOG.md:74: dated 2026-05-20, but the release was tagged on 2026-05-26 (UTC)" in ended.out
    assert "CHANGELOG.md:945: section 0.23.3 is not what it was at v0.23.3" in ended.out


def test_findings_in_the_sections_without_a_tag(branch_of_untether: Branch) -> None:
    root = branch_of_untether("dev")
    changelog = read((root / "CHANGELOG.md").read_text("utf-8"))
    house = find_project(str(root)).house
    tags = set(git(root, "tag").split())
    untagged = [section.version for section in changelog.sections if f"v{section.version}" not in tags]
    assert (len(changelog.sections), len(untagged), untagged[0]) == (71, 40, "0.35.4")
    found = [
        (version, finding)
        for version in untagged[1:]
        for finding in check(changelog, Release(version, "2026-12-31", newest=False), house)
    ]
    assert counted(found) == UNTAGGED


def test_released_sections_did_not_change_since(branch_of_untether: Branch) -> None:
    """The section at hand, 0.35.4, is judged with every older one against the last release."""
    ended = run("changelog.check", "--version=0.35.4", "--json", cwd=branch_of_untether("dev"))
    found = [(finding["rule"], finding["message"]) for item in ended.json for finding in item["findings"]]
    order = "fixes, changes, breaking, docs, tests"
    assert (ended.code, found) == (1, [("group", f"'docs' stands after 'tests': the order is {order}")])


def test_release_notes(branch_of_untether: Branch) -> None:
    ended = run("changelog.show", "--version=0.34.4", cwd=branch_of_untether("dev"))
    source = (branch_of_untether("dev") / "CHANGELOG.md").read_text("utf-8")
    start = source.index("## v0.34.4 ")
    assert (ended.code, ended.out.strip()) == (0, source[start : source.index("## v0.34.3 ")].strip())


def test_draft_keeps_what_was_written(untether: Path, tmp_path: Path) -> None:
    """Drafting into the section that is begun leaves every line of the file as it was, and again changes nothing."""
    root = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--shared", "--branch", "dev", str(untether), str(root))
    before = (root / "CHANGELOG.md").read_text("utf-8").splitlines()
    ended = run("changelog.draft", "--write", "--json", cwd=root)
    assert (ended.code, ended.json["version"], ended.json["written"]) == (0, "0.35.4", True)
    after = (root / "CHANGELOG.md").read_text("utf-8").splitlines()
    left = iter(after)
    assert all(line in left for line in before)
    assert after[after.index("## v0.35.3 (2026-05-20)") :] == before[before.index("## v0.35.3 (2026-05-20)") :]
    assert run("changelog.draft", "--write", "--json", cwd=root).json["added"] == 0
    assert (root / "CHANGELOG.md").read_text("utf-8").splitlines() == after
