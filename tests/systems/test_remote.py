"""The writing half of git: here and on a bare remote, with hooks that refuse and answers that do not come."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import ReleaseError, WrongValue
from tasks.systems.clone import Clone, GitRefused
from tasks.systems.git import Git
from tasks.systems.remote import Behind, NotSignedIn, PushRejected, Remote, RemoteUnreachable

from ..repositories import Repository
from ..running import program

NAMES = {
    f"GIT_{who}_{what}": f"{who.lower()}@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


class Bare(Repository):
    """A bare repository that is there."""

    def __init__(self, root: Path) -> None:
        self.root, self.count = root, 1


@pytest.fixture
def bare(sample: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The sample's remote, which is a bare repository."""
    for name, value in NAMES.items():
        monkeypatch.setenv(name, value)
    sample.git("clone", "--quiet", "--bare", str(sample.root), str(tmp_path / "sample.git"))
    sample.git("remote", "add", "origin", str(tmp_path / "sample.git"))
    return Bare(tmp_path / "sample.git")


def refs(repository: Repository) -> dict[str, str]:
    rows = (
        line.split(" ") for line in repository.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    )
    return dict(rows)


def hook(repository: Repository, name: str, script: str) -> None:
    folder = repository.root / (".git" if (repository.root / ".git").exists() else ".") / "hooks"
    program(folder, name, script)


def test_where_things_are(sample: Repository, bare: Repository) -> None:
    sample.tag("v1.1.0", annotated=True)
    sample.git("push", "--quiet", "origin", "v1.1.0")
    remote = Remote(sample.root)
    found = remote.refs("refs/heads/main", "refs/tags/v1.1.0", "refs/heads/none", "main")
    assert found == {
        "refs/heads/main": sample.head, "refs/tags/v1.1.0": sample.git("rev-parse", "v1.1.0"),
        "refs/tags/v1.1.0^{}": sample.head,
    }  # fmt: skip
    assert remote.default_branch() == "main"
    git = Git(sample.root)
    assert (git.branch(), git.at("refs/heads/main"), git.at("refs/heads/none")) == ("main", sample.head, None)
    sample.git("switch", "--quiet", "--detach")
    assert git.branch() == ""
    assert not git.contains("0" * 40, "HEAD")


def test_a_name_that_another_ends_with_is_not_it(sample: Repository, bare: Repository) -> None:
    sample.git("push", "--quiet", "origin", "HEAD:refs/heads/a/refs/heads/main2")
    assert Remote(sample.root).refs("refs/heads/main2") == {}


def test_exactly_one_reference_is_pushed(sample: Repository, bare: Repository) -> None:
    before = refs(bare)
    sample.git("config", "push.followTags", "true")
    commit = sample.commit("fix: mend (#2)")
    sample.tag("v9", annotated=True)
    sample.branch("other")
    Remote(sample.root).push(commit, "refs/heads/main")
    assert refs(bare) == {**before, "refs/heads/main": commit}


def test_a_commit_of_exactly_these_files(sample: Repository, bare: Repository) -> None:
    sample.write({"a b*.txt": "1", "other.txt": "2", "c.txt": "3"})
    sample.git("add", "c.txt")
    Clone(sample.root).commit("chore: it\n\n# kept `$(touch pwned)` \u00fc\n", ["a b*.txt", "cliff.toml"])
    assert sample.git("show", "--format=%B", "--name-only", "HEAD").split("\n") == [
        "chore: it", "", "# kept `$(touch pwned)` \u00fc", "", "", "a b*.txt",
    ]  # fmt: skip
    assert sample.git("status", "--porcelain").splitlines() == ["A  c.txt", "?? other.txt"]
    assert not (sample.root / "pwned").exists()


def test_a_project_below_the_top_names_files_from_the_top(tmp_path: Path, bare: Repository) -> None:
    top = Repository(tmp_path / "top")
    top.commit("chore: begin", {"deep/er/pyproject.toml": "1", "x": "1"})
    link = tmp_path / "link"
    link.symlink_to(top.root)
    git = Git(link / "deep" / "er")
    top.write({"deep/er/pyproject.toml": "2", "x": "2"})
    assert git.path(git.root / "pyproject.toml") == "deep/er/pyproject.toml"
    assert git.path(git.root / ".." / ".." / "x") == "x"
    Clone(git.root).commit("chore: it", ["deep/er/pyproject.toml"])
    assert top.git("status", "--porcelain") == "M x"


def test_hooks_run_and_may_refuse(sample: Repository, bare: Repository) -> None:
    hook(sample, "pre-commit", "echo 'no secrets here' >&2; exit 1")
    sample.write({"work.txt": "x"})
    before = sample.head
    with pytest.raises(GitRefused, match="nothing was committed: no secrets here") as refused:
        Clone(sample.root).commit("chore: it", ["work.txt"])
    assert (refused.value.exit_code, sample.head) == (4, before)
    hook(sample, "pre-push", "echo 'not today' >&2; exit 1")
    with pytest.raises(PushRejected, match="pre-push hook stopped the push of refs/heads/new: not today"):
        Remote(sample.root).push(sample.head, "refs/heads/new")
    hook(sample, "pre-push", 'test "$RELEASE_COORDINATION_PUSH" = "refs/heads/new x"')
    Remote(sample.root).push(sample.head, "refs/heads/new", env={"RELEASE_COORDINATION_PUSH": "refs/heads/new x"})


def test_what_the_other_side_refuses(sample: Repository, bare: Repository) -> None:
    rules = "echo 'GH013: Repository rule violations found for refs/heads/main.' >&2; exit 1"
    hook(bare, "pre-receive", rules)
    commit = sample.commit("fix: mend (#2)")
    with pytest.raises(PushRejected) as refused:
        Remote(sample.root).push(commit, "refs/heads/main")
    assert "origin did not take refs/heads/main: [remote rejected] (pre-receive hook declined)" in str(refused.value)
    assert "GH013: Repository rule violations" in str(refused.value)
    assert refused.value.exit_code == 4


@pytest.mark.parametrize("lease", [None, "stale"])
def test_what_moved_meanwhile_is_left_alone(sample: Repository, bare: Repository, lease: str | None) -> None:
    seen = sample.head
    theirs = sample.commit("feat: theirs (#2)")
    sample.git("push", "--quiet", "origin", "main")
    sample.git("reset", "--quiet", "--hard", seen)
    ours = sample.commit("feat: ours (#3)")
    with pytest.raises(Behind, match="somebody pushed to it"):
        Remote(sample.root).push(ours, "refs/heads/main", lease=lease and seen)
    assert refs(bare)["refs/heads/main"] == theirs
    Remote(sample.root).push(ours, "refs/heads/main", lease=theirs)
    assert refs(bare)["refs/heads/main"] == ours


def test_branches_come_with_their_tags(sample: Repository, bare: Repository, tmp_path: Path) -> None:
    clone = Repository(tmp_path / "second", sample)
    commit = sample.commit("fix: mend (#2)")
    sample.tag("v1.0.1")
    sample.git("push", "--quiet", "origin", "main", "v1.0.1")
    Remote(clone.root).fetch("main")
    assert Git(clone.root).at("refs/remotes/origin/main") == commit
    assert Git(clone.root).at("refs/tags/v1.0.1") == commit


def test_a_branch_is_made_moved_and_checked_out(sample: Repository, bare: Repository) -> None:
    clone, git = Clone(sample.root), Git(sample.root)
    first = sample.head
    second = sample.commit("fix: mend (#2)")
    clone.create("release/1.1.0", first)
    assert (git.branch(), sample.head) == ("release/1.1.0", first)
    with pytest.raises(GitRefused, match=r"release/1\.1\.0 was not made"):
        clone.create("release/1.1.0", first)
    clone.move("release/1.1.0", second, first)
    assert (sample.head, sample.git("status", "--porcelain")) == (second, "")
    clone.move("main", first, second)
    assert git.at("refs/heads/main") == first
    with pytest.raises(GitRefused, match="main was not moved here"):
        clone.move("main", second, second)
    clone.switch("main")
    assert git.branch() == "main"


def test_a_branch_with_uncommitted_work_is_not_moved_over_it(sample: Repository, bare: Repository) -> None:
    first = sample.head
    second = sample.commit("fix: mend (#2)")
    sample.write({"work.txt": "mine"})
    with pytest.raises(GitRefused, match="main was not moved here"):
        Clone(sample.root).move("main", first, second)
    assert (sample.head, sample.read("work.txt")) == (second, b"mine")


def test_a_tag_is_made_now_at_a_commit(sample: Repository, bare: Repository) -> None:
    Clone(sample.root).tag("v1.0.1", sample.head, "sample 1.0.1\n")
    names = {name: commit for name, commit, _, _ in Git(sample.root).tags()}
    assert names["v1.0.1"] == sample.head
    assert sample.git("cat-file", "-t", "v1.0.1") == "tag"
    with pytest.raises(GitRefused, match=r"the tag v1\.0\.1 was not made"):
        Clone(sample.root).tag("v1.0.1", sample.head, "again")


@pytest.mark.parametrize("name", ["a;touch pwned", "$(touch${IFS}pwned)", "`touch\u00a0pwned`", "'x'", "-x"])
def test_a_name_is_only_a_name(sample: Repository, bare: Repository, name: str) -> None:
    ref = f"refs/heads/{name.replace(' ', '')}"
    Remote(sample.root).push(sample.head, ref)
    assert refs(bare)[ref] == sample.head
    assert Remote(sample.root).refs(ref) == {ref: sample.head}
    assert not list(sample.root.glob("pwned*"))


Doing = Callable[[Remote], object]


@pytest.mark.parametrize("doing", [
    lambda remote: remote.refs("refs/heads/main"), lambda remote: remote.fetch("main"),
    lambda remote: remote.push("HEAD", "refs/heads/new"), lambda remote: remote.default_branch(),
])  # fmt: skip
def test_a_remote_that_is_not_there(sample: Repository, bare: Repository, doing: Doing) -> None:
    sample.git("remote", "set-url", "origin", "http://user:s3cret@127.0.0.1:9/x.git")
    with pytest.raises(RemoteUnreachable, match="origin could not be reached") as lost:
        doing(Remote(sample.root))
    assert (lost.value.exit_code, "s3cret" in str(lost.value)) == (3, False)
    sample.git("remote", "remove", "origin")
    with pytest.raises(WrongValue, match="has no remote origin"):
        doing(Remote(sample.root))


def test_nobody_is_asked_for_a_password(sample: Repository, bare: Repository, tmp_path: Path) -> None:
    from tasks.rehearsal.server import Answer, Server

    with Server(lambda _request: Answer(401, headers={"WWW-Authenticate": "Basic"})) as server:
        sample.git("remote", "set-url", "origin", f"{server.url}/x.git")
        for doing in (
            lambda: Remote(sample.root).refs("HEAD"),
            lambda: Remote(sample.root).push("HEAD", "refs/heads/x"),
        ):
            with pytest.raises(NotSignedIn) as refused:
                doing()
            assert refused.value.exit_code == 3


def test_ctrl_c_stops_git_and_its_hooks(sample: Repository, bare: Repository) -> None:
    hook(sample, "pre-push", "echo $$ > running; sleep 60; true")

    def interrupt() -> None:
        while not (sample.root / "running").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), 2)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        Remote(sample.root).push("HEAD", "refs/heads/new")
    from ..running import alive

    assert not alive(int((sample.root / "running").read_text()))


def test_every_error_says_what_next_in_three_lines_at_most(sample: Repository, bare: Repository) -> None:
    hook(bare, "pre-receive", "for n in 1 2 3 4 5 6 7 8 9; do printf 'line %s \\033[31m\\n' $n; done; exit 1")
    with pytest.raises(ReleaseError) as refused:
        Remote(sample.root).push("HEAD", "refs/heads/new")
    assert len(str(refused.value).splitlines()) <= 3
