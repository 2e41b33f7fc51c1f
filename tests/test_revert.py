"""rollback.revert: a commit of the stable branch taken back on a topic branch, whatever kind of commit it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.rehearsal.github.objects import Pull
from tasks.rehearsal.server import Answer, Fault

from .releases import World, world
from .running import Ended

EVIL = "fix: `id` $(id) @everyone --> closes #9 \x1b[31m"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """A project whose stable branch has a squash and a merge; on dev, checked out, something is not committed."""
    with world(tmp_path) as found:
        work = found.work
        work.switch("main")
        work.branch("topic")
        work.commit("wip", {"squashed.txt": "1\n"})
        work.switch("main")
        work.squash("topic", "fix: mend it (#12)\n\nCloses #2")
        work.branch("side")
        work.commit("feat: one more", {"merged.txt": "1\n", "both.txt": "1\n"})
        work.switch("main")
        work.merge("side", "Merge pull request #13 from owner/side\n\nfeat: one more")
        work.git("push", "--quiet", "origin", "main")
        work.git("branch", "--quiet", "--delete", "--force", "topic", "side")
        work.switch("dev")
        work.write({"work.txt": "not committed\n"})
        yield found


def revert(made: World, commit: str, *words: str) -> Ended:
    return made.call("rollback.revert", f"--commit={commit}", "--yes", *words)


def pulls(made: World) -> list[Pull]:
    return made.github.hub.pulls


def named(made: World, text: str) -> str:
    return made.work.git("log", "-1", "--format=%H", f"--grep={text}", "main")


def untouched(made: World) -> bool:
    """Tell whether what a person works in is as it was."""
    work = made.work
    return (
        work.git("symbolic-ref", "--short", "HEAD") == "dev"
        and work.read("work.txt") == b"not committed\n"
        and work.git("status", "--porcelain").splitlines() == ["M work.txt"]
        and len(work.git("worktree", "list").splitlines()) == 1
    )


@pytest.mark.parametrize(("what", "title", "file", "said"), [
    ("mend it", "revert: fix: mend it", "squashed.txt", "This reverts commit {sha}.\n\nReverts #12\n\nRefs #2"),
    ("Merge pull", "revert: feat: one more", "merged.txt",
     "This reverts commit {sha}, reversing\nchanges made to {parent}.\n\nReverts #13"),
])  # fmt: skip
def test_a_squash_and_a_merge_alike(made: World, what: str, title: str, file: str, said: str) -> None:
    sha, main = named(made, what), made.bare.refs["refs/heads/main"]
    parent = made.work.git("rev-parse", f"{sha}^1")
    ended = made.inv("rollback.revert", sha[:10], "--yes")
    assert ended.code == 0, ended
    branch = f"refs/heads/revert/{sha[:8]}"
    assert made.bare.refs.keys() == {"refs/heads/dev", "refs/heads/main", "refs/tags/v1.0.0", branch}
    assert made.bare.refs["refs/heads/main"] == main
    assert made.work.git("log", "--format=%B", f"main..{branch}") == f"{title}\n\n{said.format(sha=sha, parent=parent)}"
    assert made.work.git("diff", "--name-status", "main", branch).splitlines()[-1] == f"D\t{file}"
    assert untouched(made)
    pull = pulls(made)[0]
    assert (pull.title, pull.base, pull.head) == (title, "main", f"revert/{sha[:8]}")
    assert sha in (pull.body or "")
    assert f"pull request #{pull.number}" in ended.out
    assert f"next: merge PR #{pull.number} when ready (approver: nathan)" in ended.out


def test_again_does_nothing(made: World) -> None:
    sha = named(made, "mend it")
    revert(made, sha)
    before, writes = made.bare.refs, made.writes()
    ended = made.call("rollback.revert", f"--commit={sha}", "--json")  # nobody is asked
    assert (ended.code, ended.json["state"], ended.json["would"]) == (0, "proposed", [])
    assert (made.bare.refs, made.writes(), len(pulls(made))) == (before, writes, 1)
    made.github.merge(pulls(made)[0].number)
    ended = made.call("rollback.revert", f"--commit={sha}", "--json")
    assert (ended.code, ended.json["state"], ended.json["reverted_by"]) == (
        0,
        "reverted",
        made.bare.refs["refs/heads/main"],
    )


def test_a_conflict_leaves_nothing_behind(made: World) -> None:
    work, sha = made.work, named(made, "mend it")
    work.git("stash", "--quiet")
    work.switch("main")
    work.commit("fix: further (#14)", {"squashed.txt": "2\n"})
    work.git("push", "--quiet", "origin", "main")
    work.switch("dev")
    work.git("stash", "pop", "--quiet")
    before = made.bare.refs
    ended = revert(made, sha)
    assert ended.code == 4
    assert ended.err.splitlines()[-3:] == [
        f"error: {sha[:8]} cannot be taken back by itself: later changes to squashed.txt stand on it",
        "expected: a revert without conflicts; nothing was changed here",
        (
            f"next: git switch --no-track -c revert/{sha[:8]} origin/main && git revert {sha}, solve them, "
            f"git revert --continue, then inv rollback.revert {sha[:8]}"
        ),
    ]
    assert (made.bare.refs, made.writes(), untouched(made)) == (before, [], True)
    assert f"revert/{sha[:8]}" not in work.git("branch", "--list")
    # and what it says to type leads on
    work.git("stash", "--quiet")
    work.git("switch", "--quiet", "--no-track", "-c", f"revert/{sha[:8]}", "origin/main")
    work.git("rm", "--quiet", "squashed.txt")
    work.git("commit", "--quiet", "-m", f'Revert "fix: mend it (#12)"\n\nThis reverts commit {sha}.')
    work.switch("dev")
    work.git("stash", "pop", "--quiet")
    assert revert(made, sha).code == 0
    assert (len(pulls(made)), untouched(made)) == (1, True)


def test_a_branch_that_does_something_else(made: World) -> None:
    sha = named(made, "mend it")
    made.work.git("branch", f"revert/{sha[:8]}", "main")
    ended = revert(made, sha)
    assert (ended.code, "exists, and does not revert" in ended.err) == (4, True)


def test_from_another_clone(made: World) -> None:
    sha = named(made, "mend it")
    revert(made, sha)
    pulls(made)[0].state = "closed"
    assert revert(made, sha).code == 4
    pulls(made)[0].state = "open"
    made.work.git("branch", "--quiet", "--delete", "--force", f"revert/{sha[:8]}")
    other = made.second()
    ended = made.call("rollback.revert", f"--commit={sha}", "--json", cwd=other.root)
    assert (ended.code, ended.json["state"]) == (0, "proposed")


@pytest.mark.parametrize(
    ("commit", "code"), [("dev", 4), ("0123456789", 2), ("", 2), ("--all", 2), ("-x", 2), ("$(id)", 2)]
)
def test_what_cannot_be_taken_back(made: World, commit: str, code: int) -> None:
    assert revert(made, commit).code == code
    assert (made.writes(), untouched(made)) == ([], True)


def test_the_first_commit_of_all(made: World) -> None:
    root = made.work.git("rev-list", "--max-parents=0", "main")
    ended = made.call("rollback.revert", f"--commit={root}", "--dry-run", "--json")
    assert (ended.code, ended.json["state"], len(ended.json["would"])) == (0, "planned", 3)
    assert revert(made, root).code == 0


def test_a_revert_that_was_itself_reverted(made: World) -> None:
    sha = named(made, "mend it")
    revert(made, sha)
    made.github.merge(pulls(made)[0].number)
    back = made.bare.refs["refs/heads/main"]
    assert revert(made, back).code == 0
    made.github.merge(pulls(made)[1].number)
    made.work.git("branch", "--quiet", "--delete", "--force", f"revert/{sha[:8]}")
    made.work.git("push", "--quiet", "origin", f":refs/heads/revert/{sha[:8]}")
    assert made.call("rollback.revert", f"--commit={sha}", "--dry-run", "--json").json["reverted_by"] is None


def test_a_title_is_only_a_title(made: World) -> None:
    work = made.work
    work.git("stash", "--quiet")
    work.switch("main")
    sha = work.commit(EVIL, {"evil.txt": "1"})
    work.git("push", "--quiet", "origin", "main")
    work.switch("dev")
    work.git("stash", "pop", "--quiet")
    ended = revert(made, sha)
    assert ended.code == 0, ended
    body = pulls(made)[0].body or ""
    assert "(``fix: `id` $(id) @everyone --> closes #9 \\x1b[31m``)" in body
    assert pulls(made)[0].title == "revert: fix: `id` $(id) @everyone --> closes issue 9 \\x1b[31m"
    assert "closes #9" not in work.git("log", "-1", "--format=%B", f"revert/{sha[:8]}")
    assert untouched(made)


def test_asked_first(made: World) -> None:
    sha = named(made, "mend it")
    ended = made.inv("rollback.revert", sha)
    assert (ended.code, "Nobody can be asked here" in ended.err, made.writes(), untouched(made)) == (4, True, [], True)
    assert f"revert/{sha[:8]}" not in made.work.git("branch", "--list")


def test_a_hook_that_refuses(made: World) -> None:
    from .running import program

    program(made.work.root / ".git" / "hooks", "pre-commit", "echo 'no' >&2; exit 1")
    assert (revert(made, named(made, "mend it")).code, untouched(made)) == (4, True)


def test_cut_short_anywhere(made: World) -> None:
    sha = named(made, "mend it")
    for after in (1, 2):
        assert made.cut_short(after, "rollback.revert", sha, "--yes").code in {0, 137}
    assert revert(made, sha).code == 0
    assert (len(pulls(made)), untouched(made)) == (1, True)


def test_an_answer_that_is_lost(made: World) -> None:
    made.servers["github"].fault(Fault("/pulls$", "POST", times=1, answer=Answer(502)))
    sha = named(made, "mend it")
    assert revert(made, sha).code in {0, 3}
    assert revert(made, sha).code == 0
    assert len(pulls(made)) == 1
