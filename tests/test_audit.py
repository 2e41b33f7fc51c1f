from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import WrongValue
from tasks.history import Unreleased, observe
from tasks.project import find_project

from .repositories import Repository, pyproject, released
from .running import called, run

Make = Callable[[Repository], list[str]]


def unreleased(repository: Repository, since: str = "", until: str = "") -> Unreleased:
    return observe(find_project(str(repository.root)), since, until)


def release(repository: Repository, version: str, message: str = "") -> str:
    """Commit a version with its changelog line, as a release does."""
    content = pyproject(version)
    return repository.commit(message or f"release: v{version}", {"pyproject.toml": content, "work.txt": version})


def ancestor(repository: Repository) -> list[str]:
    return [repository.commit("fix: one (#2)"), repository.commit("fix: two (#3)")]


def ancestor_by_an_annotated_tag(repository: Repository) -> list[str]:
    release(repository, "1.1.0")
    repository.tag("v1.1.0", annotated=True)
    return ancestor(repository)


def squash_merged(repository: Repository) -> list[str]:
    """The development branch goes on after its release was squash-merged to the stable one and tagged there."""
    repository.branch("dev")
    repository.commit("feat: work (#2)")
    release(repository, "1.1.0")
    repository.switch("main")
    repository.squash("dev", "release: v1.1.0 (#4)")
    repository.tag("v1.1.0")
    repository.switch("dev")
    return [repository.commit("fix: after (#5)")]


def squash_merged_twice(repository: Repository) -> list[str]:
    squash_merged(repository)
    release(repository, "1.2.0")
    repository.switch("main")
    repository.squash("dev", "release: v1.2.0 (#6)")
    repository.tag("v1.2.0", annotated=True)
    repository.switch("dev")
    return []


def squash_with_an_extra_commit(repository: Repository) -> list[str]:
    """Somebody changed the stable branch's tree in the release: only the version tells."""
    repository.branch("dev")
    repository.commit("feat: work (#2)")
    release(repository, "1.1.0")
    repository.switch("main")
    repository.squash("dev", "release: v1.1.0 (#4)")
    repository.commit("docs: touch up (#5)", {"README.md": "x"})
    repository.tag("v1.1.0")
    repository.switch("dev")
    return [repository.commit("fix: after (#6)")]


def squash_merged_back(repository: Repository) -> list[str]:
    """The squashed release is merged back into the development branch: its tag is an ancestor, its commits are not."""
    expected = squash_merged(repository)
    return [*expected, repository.merge("main", "Merge branch 'main' into dev")]


def maintenance(repository: Repository) -> list[str]:
    repository.branch("series-1")
    repository.switch("main")
    release(repository, "2.0.0")
    repository.tag("v2.0.0")
    repository.switch("series-1")
    return [repository.commit("fix: in the old series (#9)")]


def maintenance_released(repository: Repository) -> list[str]:
    maintenance(repository)
    release(repository, "1.0.1")
    repository.tag("v1.0.1")
    return [repository.commit("fix: more (#10)")]


def reset_onto_stable(repository: Repository) -> list[str]:
    squash_merged(repository)
    repository.git("reset", "--quiet", "--hard", "main")
    return [repository.commit("fix: on the stable branch (#7)")]


def candidates_are_no_release(repository: Repository) -> list[str]:
    first = repository.commit("fix: one (#2)")
    repository.tag("v1.1.0rc1")
    repository.tag("other-9.0.0")
    repository.tag("vacation")
    return [first, repository.commit("fix: two (#3)")]


@pytest.mark.parametrize(
    ("make", "rule", "tag", "passed"),
    [
        (ancestor, "ancestor", "v1.0.0", []),
        (ancestor_by_an_annotated_tag, "ancestor", "v1.1.0", []),
        (squash_merged, "equal tree", "v1.1.0", []),
        (squash_merged_twice, "equal tree", "v1.2.0", []),
        (squash_with_an_extra_commit, "version", "v1.1.0", []),
        (squash_merged_back, "ancestor", "v1.1.0", []),
        (maintenance, "ancestor", "v1.0.0", ["v2.0.0"]),
        (maintenance_released, "ancestor", "v1.0.1", ["v2.0.0"]),
        (reset_onto_stable, "ancestor", "v1.1.0", []),
        (candidates_are_no_release, "ancestor", "v1.0.0", []),
    ],
)
def test_the_release_point(sample: Repository, make: Make, rule: str, tag: str, passed: list[str]) -> None:
    expected = make(sample)
    found = unreleased(sample)
    assert found.point.tag is not None
    assert (found.point.rule, found.point.tag.name) == (rule, tag)
    assert [item.name for item in found.point.passed] == passed
    assert [change.commit.id for change in found.changes] == expected[::-1]
    assert bool(found.point.warning) == (rule == "version")


def test_without_any_tag_everything_is_unreleased(sample: Repository) -> None:
    sample.git("tag", "--delete", "v1.0.0")
    sample.commit("fix: one (#2)")
    found = unreleased(sample)
    assert (found.point.rule, found.point.commit, found.point.tag) == ("first commit", None, None)
    assert len(found.changes) == 2


def test_another_prefix(tmp_path: Path) -> None:
    sample = released(tmp_path / "s", 'tag-prefix = "sample-"\n')
    sample.tag("sample-0.9")
    sample.commit("fix: one (#2)")
    tag = unreleased(sample).point.tag
    assert tag is not None
    assert tag.name == "sample-0.9"


def test_a_tag_of_something_else_than_a_commit(sample: Repository) -> None:
    blob = sample.git("hash-object", "-w", "pyproject.toml")
    sample.git("tag", "v9.0.0", blob)
    sample.git("tag", "v9.1.0", "HEAD^{tree}")
    sample.commit("fix: one (#2)")
    ended = run("audit.commits", "--json", "--offline", cwd=sample.root)
    assert (ended.code, ended.json["release_point"]["tag"]) == (0, "v1.0.0")


def test_the_project_may_lie_in_a_subfolder(tmp_path: Path) -> None:
    """The version rule reads the project's own pyproject.toml, not the one at the repository's top."""
    repository = Repository(tmp_path / "mono")
    repository.commit(
        "feat: begin (#1)", {"packages/p/pyproject.toml": pyproject("1.0.0"), "pyproject.toml": "a = 1\n"}
    )
    repository.branch("dev")
    setter = repository.commit("release: v1.1.0", {"packages/p/pyproject.toml": pyproject("1.1.0")})
    repository.switch("main")
    repository.squash("dev", "release: v1.1.0 (#4)")
    repository.commit("docs: touch up", {"README.md": "x"})
    repository.tag("v1.1.0")
    repository.switch("dev")
    after = repository.commit("fix: elsewhere (#5)", {"other.txt": "x"})
    found = observe(find_project(str(repository.root / "packages" / "p")))
    assert (found.point.rule, found.point.commit) == ("version", setter)
    assert [change.commit.id for change in found.changes] == [after]


@pytest.fixture
def mixed(sample: Repository) -> Repository:
    """Commits of every state."""
    sample.commit("fix: mend a thing\n\nFixes #7\n")
    sample.commit("feat(core): add a thing (#12)")
    sample.commit("chore: tidy up")
    sample.commit("docs: explain")
    return sample


def states(document: Any) -> dict[str, str]:
    return {commit["subject"]: commit["state"] for commit in document["commits"]}


def test_json_tells_everything(mixed: Repository) -> None:
    ended = run("audit.commits", "--json", cwd=mixed.root)
    document = ended.json
    assert ended.code == 1
    assert document["head"] == mixed.head
    assert document["release_point"] == {
        "rule": "ancestor",
        "commit": mixed.git("rev-parse", "v1.0.0"),
        "tag": "v1.0.0",
        "version": "1.0.0",
        "date": "2024-01-01",
        "passed": [],
        "warning": None,
    }
    assert states(document) == {
        "docs: explain": "uncovered",
        "chore: tidy up": "exempt",
        "feat(core): add a thing (#12)": "unknown",
        "fix: mend a thing": "covered",
    }
    assert document["summary"] == {"covered": 1, "uncovered": 1, "unknown": 1, "exempt": 1}
    assert document["commits"][3]["issues"] == ["#7"]
    assert {key: document["commits"][2][key] for key in ("kind", "scope", "breaking", "pull", "references")} == {
        "kind": "feat",
        "scope": "core",
        "breaking": False,
        "pull": 12,
        "references": [],
    }


def test_the_table_says_what_to_do(mixed: Repository) -> None:
    ended = run("audit.commits", "--offline", cwd=mixed.root)
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert lines[0].startswith("release point  v1.0.0 of 2024-01-01 at ")
    assert lines[0].endswith(" (ancestor: the tag is an ancestor)")
    assert "4 commits since: 1 covered, 1 uncovered, 1 unknown, 1 exempt" in lines
    assert lines[-1] == "next: inv audit.file opens an issue for each uncovered commit; --dry-run shows them"
    assert any(line.startswith("unknown") and line.endswith("? (pull request #12)") for line in lines)


@pytest.mark.parametrize(
    ("words", "code", "summary"),
    [
        (["--until=v1.0.0"], 0, {}),
        (["--until=HEAD~3"], 0, {"covered": 1}),
        (["--until=HEAD~2"], 3, {"covered": 1, "unknown": 1}),
        (["--until=HEAD~2", "--offline"], 0, {"covered": 1, "unknown": 1}),
        (["--offline"], 1, {"covered": 1, "unknown": 1, "exempt": 1, "uncovered": 1}),
        (["--since=HEAD~2"], 1, {"exempt": 1, "uncovered": 1}),
        (["--since=HEAD~2", "--until=HEAD~1"], 0, {"exempt": 1}),
        (["--since=HEAD"], 0, {}),
    ],
)
def test_exit_codes_and_ranges(mixed: Repository, words: list[str], code: int, summary: dict[str, int]) -> None:
    ended = called("audit.commits", "--json", *words, cwd=mixed.root)
    assert ended.code == code
    assert {state: count for state, count in ended.json["summary"].items() if count} == summary


@pytest.mark.parametrize("flag", ["since", "until"])
@pytest.mark.parametrize(
    "revision", ["nowhere", "--output=out.txt", "HEAD~99", "v1.0.0:pyproject.toml", "a b; touch c"]
)
def test_a_revision_that_names_no_commit(sample: Repository, flag: str, revision: str) -> None:
    before = sample.snapshot()
    with pytest.raises(WrongValue, match="names no commit"):
        unreleased(sample, **{flag: revision})
    assert sample.snapshot() == before


def test_a_wrong_revision_ends_the_command(sample: Repository) -> None:
    ended = run("audit.commits", "--since=nowhere", cwd=sample.root)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: 'nowhere' names no commit\nexpected: a tag, a branch or a commit's id\n"


def test_settings_say_what_needs_no_issue(tmp_path: Path) -> None:
    sample = released(tmp_path / "s", 'issue-exempt = ["docs", "wip"]\n')
    for message in ("docs: explain", "wip: half", "chore: tidy up"):
        sample.commit(message)
    assert states(called("audit.commits", "--json", cwd=sample.root).json) == {
        "chore: tidy up": "uncovered",
        "wip: half": "exempt",
        "docs: explain": "exempt",
    }


def test_a_project_without_a_tracker(tmp_path: Path) -> None:
    sample = released(tmp_path / "s", "issues = false\n")
    sample.commit("fix: mend (#3)")
    ended = called("audit.commits", "--json", cwd=sample.root)
    assert (ended.code, states(ended.json)) == (0, {"fix: mend (#3)": "exempt"})


def test_the_warning_goes_to_standard_error(sample: Repository) -> None:
    squash_with_an_extra_commit(sample)
    ended = run("audit.commits", "--offline", cwd=sample.root)
    assert ended.code == 0
    assert ended.err.startswith("warning: no commit here has v1.1.0's tree")
    assert "a commit here set version 1.1.0" in ended.out


def test_passed_over_tags_are_named(sample: Repository) -> None:
    maintenance(sample)
    assert "passed over    v2.0.0: this branch never had them" in called("audit.commits", cwd=sample.root).out
