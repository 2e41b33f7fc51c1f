"""release.sync: the development branch back onto the stable one, and nothing that is unreleased lost."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.rehearsal.server import Fault

from .rehearsal.validation import Schemas
from .releases import KILLED, TOKEN, World, today, world
from .repositories import Files
from .running import Ended, program


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas) -> Iterator[World]:
    with world(tmp_path, schemas) as found:
        found.github.gate.token = TOKEN
        yield found


def released(made: World, branch: str = "release/1.1.0") -> World:
    """Release what dev has by a squash, as the approver does, and go back to dev."""
    if branch != "dev":
        made.work.branch(branch)
    text = made.work.read("pyproject.toml").decode().replace('"1.0.0"', '"1.1.0"')
    log = made.work.read("CHANGELOG.md").decode().replace("## v1.0.0", f"## v1.1.0 ({today()})\n\n## v1.0.0")
    made.work.commit("chore: release 1.1.0", {"pyproject.toml": text, "CHANGELOG.md": log})
    made.work.git("push", "--quiet", "origin", "dev")
    made.work.git("switch", "--quiet", "main")
    made.work.squash(branch, "chore: release 1.1.0 (#3)")
    made.work.tag("v1.1.0")
    made.work.git("push", "--quiet", "origin", "main", "v1.1.0")
    made.work.git("switch", "--quiet", "dev")
    return made


def committed(made: World, branch: str, message: str, files: Files | None = None) -> World:
    made.work.git("switch", "--quiet", branch)
    made.work.commit(message, files)
    made.work.git("push", "--quiet", "origin", branch)
    made.work.git("switch", "--quiet", "dev")
    return made


def sync(made: World, *words: str) -> Ended:
    return made.call("release.sync", "--yes", *words)


def is_synced(made: World) -> None:
    """Hold the end against what it must be, whatever the way there was."""
    refs, work = made.bare.refs, made.work
    assert refs["refs/heads/dev"] == refs["refs/heads/main"] == work.git("rev-parse", "main")
    assert (work.git("rev-parse", "dev"), work.git("status", "--porcelain")) == (refs["refs/heads/dev"], "")
    assert refs.keys() <= {"refs/heads/dev", "refs/heads/main", "refs/tags/v1.0.0", "refs/tags/v1.1.0"}
    assert made.github.hub.pulls == []


WAYS: dict[str, tuple[Callable[[World], object], str]] = {
    "released from a topic branch": (released, "reset"),
    "released from dev itself": (lambda made: released(made, "dev"), "reset"),
    "a hotfix on main since": (
        lambda made: (released(made), committed(made, "main", "fix: hot (#4)", {"hot.txt": "1"})), "reset"),
    "dev was merged": (
        lambda made: (made.work.git("switch", "--quiet", "main"), made.work.merge("dev", "merge"),
                      made.work.git("push", "--quiet", "origin", "main"), made.work.git("switch", "--quiet", "dev")),
        "fast-forward"),
    "dev is gone": (
        lambda made: (released(made), made.work.git("push", "--quiet", "origin", ":dev")), "fast-forward"),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_moved(made: World, name: str) -> None:
    happen, way = WAYS[name]
    happen(made)
    planned = sync(made, "--dry-run", "--json").json
    assert (planned["way"], planned["pull"]) == (way, None)
    ended = sync(made)
    assert (ended.code, ended.out) == (0, "dev has all of main\n"), ended
    is_synced(made)
    again = made.call("release.sync")  # nothing to do, so nobody is asked
    assert (again.code, again.out) == (0, "dev has all of main\n")
    assert made.writes() == []


def test_a_reset_shows_what_it_leaves_behind(made: World) -> None:
    released(made)
    before = made.bare.refs
    ended = made.inv("release.sync", "--dry-run")
    dev, main = (before[f"refs/heads/{name}"][:8] for name in ("dev", "main"))
    assert ended.out.splitlines() == [
        f"would reset dev on the remote: {dev} -> {main}",
        f"would   leaves behind, all of it released: {dev} feat: add it",
        f"would reset dev here: {dev} -> {main}",
        f"would   leaves behind, all of it released: {dev} feat: add it",
        "nothing was changed",
    ]
    assert made.bare.refs == before
    refused = made.inv("release.sync")
    assert (refused.code, "Bring dev back onto main? Nobody can be asked here" in refused.err) == (4, True)
    assert made.bare.refs == before


UNRELEASED: dict[str, Callable[[World], object]] = {
    "a commit since": lambda made: (released(made), committed(made, "dev", "feat: next (#5)", {"next.txt": "1"})),
    "a revert since": lambda made: (released(made), made.work.git("revert", "--no-edit", "HEAD"),
                                    made.work.git("push", "--quiet", "origin", "dev")),
    "a file that was changed on both": lambda made: (
        released(made), committed(made, "main", "fix: hot (#4)", {"work.txt": "hot"})),
    "asked for": released,
}  # fmt: skip


@pytest.mark.parametrize("name", UNRELEASED)
def test_what_is_unreleased_is_not_lost(made: World, name: str) -> None:
    UNRELEASED[name](made)
    words = ["--pull"] if name == "asked for" else []
    before = made.bare.refs
    ended = sync(made, *words)
    assert (ended.code, ended.out.startswith("merge PR #1 when ready, with a merge commit (https://")) == (0, True), (
        ended
    )
    (pull,) = made.github.hub.pulls
    assert (pull.head, pull.base, pull.title) == ("main", "dev", "chore: bring main back into dev")
    assert made.bare.refs == before
    again = made.call("release.sync", *words)
    assert (again.code, again.out, len(made.github.hub.pulls)) == (0, ended.out, 1)
    if name != "a file that was changed on both":
        made.github.merge(1, method="merge")
        assert sync(made).out == "dev has all of main\n"


def test_killed_after_each_change_and_run_again(made: World) -> None:
    released(made)
    dev = made.bare.refs["refs/heads/dev"]
    for after in (1, 2):
        assert made.cut_short(after, "release.sync", "--yes").code == KILLED
        assert sync(made).code == 0
        is_synced(made)
        made.work.git("reset", "--quiet", "--hard", dev)
        made.work.git("push", "--quiet", "--force", "origin", "dev")
    assert made.cut_short(3, "release.sync", "--yes").code == 0
    is_synced(made)


def test_a_pull_request_killed_after_it_was_made(made: World) -> None:
    released(made)
    committed(made, "dev", "feat: next (#5)", {"next.txt": "1"})
    assert made.cut_short(1, "release.sync", "--yes").code == KILLED
    assert sync(made).code == 0
    assert len(made.github.hub.pulls) == 1


def test_an_answer_that_is_lost_makes_no_second_pull_request(made: World) -> None:
    released(made)
    made.servers["github"].fault(Fault("/pulls", "POST", times=1, cut=5))
    assert sync(made, "--pull").code == 0
    assert len(made.github.hub.pulls) == 1


def test_somebody_pushed_meanwhile(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    released(made)
    second = made.second()

    def push(_question: str, *, yes: bool) -> None:
        second.commit("feat: theirs (#6)")
        second.git("push", "--quiet", "origin", "dev")

    monkeypatch.setattr("tasks.confirming.confirm", push)
    ended = made.call("release.sync")
    assert (ended.code, "is not where it was seen: somebody pushed to it" in ended.err) == (4, True)
    assert made.bare.refs["refs/heads/dev"] == second.head


def test_commits_that_are_only_here_stay(made: World) -> None:
    released(made)
    made.work.commit("feat: mine (#7)", {"mine.txt": "1"})
    mine = made.work.head
    ended = sync(made)
    assert ended.code == 0
    assert "note: dev here has 2 commits of its own: git rebase --onto origin/dev" in ended.err
    assert (made.work.head, made.bare.refs["refs/heads/dev"]) == (mine, made.bare.refs["refs/heads/main"])


def test_dev_that_is_not_checked_out_is_moved_too(made: World) -> None:
    released(made)
    made.work.git("switch", "--quiet", "main")
    made.work.write({"x": "uncommitted"})
    assert sync(made).code == 0
    assert made.work.git("rev-parse", "dev") == made.bare.refs["refs/heads/main"]
    assert made.work.read("x") == b"uncommitted"


def test_rules_that_forbid_it_lead_to_a_pull_request(made: World) -> None:
    released(made)
    program(made.bare.root / "hooks", "pre-receive", "echo 'GH013: Cannot force-push' >&2; exit 1")
    ended = sync(made)
    assert (ended.code, "next: inv release.sync --pull" in ended.err) == (4, True)


def test_without_a_development_branch(made: World) -> None:
    ended = made.call("release.sync", env={"RELEASE_COORDINATION_DEVELOPMENT_BRANCH": ""})
    assert (ended.code, ended.out) == (0, "no development branch in the settings: nothing to bring back\n")


def test_nothing_since(made: World) -> None:
    assert made.call("release.sync", "--json").json["way"] == "nothing"
