from pathlib import Path

import pytest

from tasks.errors import WrongValue
from tasks.systems.git import Git, NotARepository

from ..repositories import Repository


def test_commits_newest_first_with_everything(sample: Repository) -> None:
    first = sample.commit("fix: one\n\nBody.\n\nFixes #2\n")
    second = sample.commit("")
    newest, older = Git(sample.root).commits("v1.0.0", "HEAD")
    assert (newest.id, newest.parents, newest.message) == (second, (first,), "")
    assert (older.id, older.message) == (first, "fix: one\n\nBody.\n\nFixes #2")
    assert (older.date, older.author) == ("2024-01-02T12:00:00+00:00", "author@example.org")
    assert older.tree == sample.git("rev-parse", f"{first}^{{tree}}")


def test_tags_of_both_kinds(sample: Repository) -> None:
    sample.commit("fix: one")
    sample.tag("v1.1.0", annotated=True)
    names = {name: (commit, tree, date[:10]) for name, commit, tree, date in Git(sample.root).tags()}
    for name, day in {"v1.0.0": "2024-01-01", "v1.1.0": "2024-01-02"}.items():
        tree = sample.git("rev-parse", f"{name}^{{tree}}")
        assert names[name] == (sample.git("rev-parse", f"{name}^{{commit}}"), tree, day)
    assert Git(sample.root).merged_tags("HEAD~1") == {"v1.0.0"}


def test_contents_in_one_go(sample: Repository) -> None:
    sample.commit("fix: one", {"a": b"\n\n\x00", "empty": b""})
    found = Git(sample.root).contents(
        ["HEAD:a", "HEAD:missing", "v1.0.0:a", "HEAD:empty", "HEAD^^:a", "HEAD:cliff.toml"]
    )
    assert found[:5] == [b"\n\n\x00", None, None, b"", None]
    assert found[5] == sample.read("cliff.toml")


def test_a_project_below_the_repositorys_top(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "mono")
    repository.commit("fix: one", {"p/a": "inside", "a": "outside"})
    repository.commit("fix: two", {"a": "changed"})
    git = Git(repository.root / "p")
    assert (git.prefix, git.content("HEAD", "a"), len(git.touching(None, "HEAD", "a"))) == ("p/", b"inside", 1)
    repository.write({"p/new file": "x"})
    assert (sorted(git.files()), git.changes()) == (["a", "new file"], ["?? p/new file"])


def test_resolve(sample: Repository) -> None:
    git = Git(sample.root)
    assert git.resolve("v1.0.0") == git.resolve("HEAD") == sample.head
    for revision in ("nowhere", "--all", "HEAD:cliff.toml", "", "HEAD^2"):
        with pytest.raises(WrongValue):
            git.resolve(revision)


def test_no_repository_and_no_commit(tmp_path: Path) -> None:
    with pytest.raises(NotARepository, match="is in no git repository"):
        Git(tmp_path).resolve("HEAD")
    Repository(tmp_path / "r")
    with pytest.raises(NotARepository, match="has no commit yet"):
        Git(tmp_path / "r").resolve("HEAD")


def test_descends(sample: Repository) -> None:
    commit = sample.commit("fix: one")
    git = Git(sample.root)
    assert git.descends("v1.0.0", "HEAD") == [commit]
    assert git.descends("0" * 40, "HEAD") is None


def test_the_remote(sample: Repository) -> None:
    git = Git(sample.root)
    assert git.origin() == ""
    sample.git("remote", "add", "origin", "https://example.org/o/r")
    sample.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert git.origin() == "https://example.org/o/r"


def test_the_files_that_a_commit_changed(sample: Repository) -> None:
    sample.branch("topic")
    sample.commit("fix: one", {"d/\u00fc b.txt": "x", "b\nc": "y"})
    sample.switch("main")
    sample.commit("fix: two", {"two": "x"})
    merge = sample.merge("topic", "Merge branch 'topic'")
    git = Git(sample.root)
    assert git.affected("topic") == ["b\nc", "d/\u00fc b.txt"]
    assert git.affected(merge) == ["b\nc", "d/\u00fc b.txt"]
    assert git.affected("v1.0.0") == ["CHANGELOG.md", "cliff.toml", "pyproject.toml"]


def test_the_git_folder_of_all_work_trees(sample: Repository) -> None:
    sample.git("worktree", "add", "--quiet", "../second")
    expected = (sample.root / ".git").resolve()
    assert Git(sample.root).common == Git(sample.root.parent / "second").common == expected
    (sample.root / "packages").mkdir()
    assert Git(sample.root / "packages").common == expected
