"""rollback.patch: X.Y.Z+1 begun once, however often it is typed; and the way from a bad release to a prepared patch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.rehearsal.server import Answer, Fault

from .people import go_to
from .releases import World, today, world
from .running import Ended

EVIL = "`rm -rf ~` $(reboot)\n@everyone closes #1 --> <script> \x1b[31m"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """A project whose 1.0.1 was released from the stable branch, which is checked out."""
    with world(tmp_path) as found:
        work = found.work
        work.switch("main")
        files = {
            "pyproject.toml": work.read("pyproject.toml").decode().replace('version = "1.0.0"', 'version = "1.0.1"'),
            "uv.lock": work.read("uv.lock").decode().replace('version = "1.0.0"', 'version = "1.0.1"'),
            "CHANGELOG.md": work.read("CHANGELOG.md").decode().replace(
                "# changelog\n", "# changelog\n\n## v1.0.1 (2024-01-03)\n\n### fixes\n\n- mend it "
                "[#2](https://github.com/owner/sample/issues/2)\n",
            ),
        }  # fmt: skip
        work.commit("chore: release 1.0.1 (#4)", files)
        work.tag("v1.0.1")
        work.git("push", "--quiet", "origin", "main", "v1.0.1")
        found.publish("1.0.1")
        for version in ("1.0.0", "1.0.1"):
            found.github.tick()
            found.github.add_release(f"v{version}", body=f"notes of {version}")
        for title in ("begin", "mend", "add"):
            found.github.open_issue(title)
        found.env["RELEASE_COORDINATION_INDEX__MANAGE"] = f"{found.servers['index'].url}/manage/project/"
        yield found


def patch(made: World, *words: str) -> Ended:
    return made.call("rollback.patch", "--yes", *words)


def issues(made: World) -> list[tuple[int, str, list[str]]]:
    found = made.github.hub.issues.values()
    return [(one.number, one.title, list(one.labels)) for one in found if "broken" in one.title]


def is_begun(made: World, issue: int | None = 4) -> None:
    work = made.work
    assert work.git("symbolic-ref", "--short", "HEAD") == "fix/1.0.2"
    assert work.git("log", "--format=%s", "main..").splitlines() == ["chore: begin 1.0.2"]
    assert work.git("show", "--format=", "--name-only").splitlines() == ["pyproject.toml", "uv.lock"]
    assert 'version = "1.0.2"' in work.read("pyproject.toml").decode()
    assert work.git("status", "--porcelain") == ""
    assert "refs/heads/fix/1.0.2" not in made.bare.refs
    if issue:
        assert work.git("log", "-1", "--format=%b") == f"1.0.1 is broken: #{issue}"
        assert issues(made) == [(issue, issues(made)[0][1], ["bug"])]


def test_typed_twice(made: World) -> None:
    made.index.yank("sample", "1.0.1", "breaks start-up")
    ended = made.inv("rollback.patch", "--yes")
    assert ended.code == 0, ended
    is_begun(made)
    assert issues(made)[0][1] == "sample 1.0.1 is broken: breaks start-up"
    assert ended.out.splitlines() == [
        "1.0.2 is begun on fix/1.0.2, for #4 (open): https://github.com/owner/sample/issues/4",
        "next: mend it, with a test that fails without it; git commit, its message with: Closes #4",
        "next: inv release.prepare, then inv release.propose",
    ]
    before, writes = made.work.head, made.writes()
    again = made.inv("rollback.patch")  # nothing to do, so nobody is asked
    assert (again.code, again.out, made.work.head, made.writes()) == (0, ended.out, before, writes)
    made.work.switch("main")
    elsewhere = made.call("rollback.patch", "--json")
    assert (elsewhere.code, elsewhere.json["state"], elsewhere.json["next"][0]) == (0, "begun", "git switch fix/1.0.2")
    assert made.work.git("symbolic-ref", "--short", "HEAD") == "main"


def test_from_a_bad_release_to_a_prepared_patch(made: World) -> None:
    """The commands as they name each other."""
    go_to(f"{made.servers['index'].url}/manage/project/sample/release/1.0.1/", "yank", "1.0.1", "breaks start-up")
    assert "next: inv rollback.patch --version 1.0.1" in made.call("rollback.yank").out
    assert patch(made, "--version=1.0.1").code == 0
    made.work.commit("fix: start again\n\nCloses #4", {"mended.txt": "1"})
    ended = made.call("release.prepare", "--yes", "--offline")
    assert ended.code == 0, ended
    assert "1.0.2 is prepared on fix/1.0.2" in ended.out
    assert f"## v1.0.2 ({today()})" in made.work.read("CHANGELOG.md").decode()
    assert "start again [#4]" in made.work.read("CHANGELOG.md").decode()
    proposed = made.call("release.propose", "--yes", "--offline")
    assert proposed.code == 0, proposed
    again = patch(made, "--version=1.0.1")
    assert (again.code, "1.0.2 is begun" in again.out) == (0, True)


def test_asked_first_and_a_dry_run(made: World) -> None:
    before = (made.work.snapshot(), made.bare.refs)
    ended = made.inv("rollback.patch")
    assert (ended.code, "Begin 1.0.2? Nobody can be asked here" in ended.err) == (4, True)
    assert "note: 1.0.1 is not yanked: installers still take it" in ended.err
    dry = made.call("rollback.patch", "--dry-run", "--json", env={"GITHUB_TOKEN": None})
    assert (dry.code, dry.json["state"], dry.json["would"]) == (0, "planned", [
        "open an issue: sample 1.0.1 is broken", "make fix/1.0.2 from origin/main",
        "check it out and set 1.0.2 on it",
    ])  # fmt: skip
    said = made.call("rollback.patch", "--dry-run", "--reason=breaks start-up", env={"GITHUB_TOKEN": None})
    assert said.out.splitlines()[-1] == "next: inv rollback.patch --version 1.0.1 --reason 'breaks start-up'"
    assert ((made.work.snapshot(), made.bare.refs), made.writes(), issues(made)) == (before, [], [])


def test_work_that_is_not_committed_is_in_the_way(made: World) -> None:
    made.work.write({"work.txt": "mine"})
    assert (patch(made).code, issues(made), made.work.read("work.txt")) == (4, [], b"mine")


def test_killed_after_each_change_and_typed_again(made: World) -> None:
    codes = [made.cut_short(after, "rollback.patch", "--yes").code for after in (1, 1, 1, 1, 1)]
    assert 137 in codes
    assert patch(made).code == 0
    is_begun(made)


def test_an_answer_that_is_lost(made: World) -> None:
    made.servers["github"].fault(Fault("/issues$", "POST", times=1, answer=Answer(502)))
    patch(made)
    assert patch(made).code == 0
    is_begun(made)


def test_from_another_clone(made: World) -> None:
    patch(made)
    made.work.git("push", "--quiet", "origin", "fix/1.0.2")
    made.work.switch("main")
    other = made.second()
    ended = made.call("rollback.patch", "--json", cwd=other.root)
    assert (ended.code, ended.json["state"], len(issues(made))) == (0, "begun", 1)
    assert other.git("symbolic-ref", "--short", "HEAD") == "main"


def test_a_malicious_reason_is_only_a_reason(made: World) -> None:
    assert patch(made, f"--reason={EVIL}").code == 0
    issue = made.github.hub.issues[4]
    assert issue.title == r"sample 1.0.1 is broken: `rm -rf ~` $(reboot) @everyone closes #1 --> <script> \x1b[31m"
    assert r": `` `rm -rf ~` $(reboot) @everyone closes #1 --> <script> \x1b[31m ``" in (issue.body or "")
    assert made.github.hub.issues[1].state == "open"
    is_begun(made)


@pytest.mark.parametrize(("words", "code", "said"), [
    (["--version=1.0.0"], 4, "1.0.1 was given out: it is on the index"), (["--version=9.9.9"], 4, "is not on"),
    (["--version=x"], 2, "--version is 'x'"),
])  # fmt: skip
def test_versions_that_have_no_patch(made: World, words: list[str], code: int, said: str) -> None:
    ended = patch(made, *words)
    assert (ended.code, said in ended.err, made.writes()) == (code, True, [])


def test_a_candidate(made: World) -> None:
    made.publish("1.1.0rc1")
    assert patch(made, "--version=1.1.0rc1").code == 4


def test_a_stable_branch_that_went_on(made: World) -> None:
    work = made.work
    work.commit("chore: release 1.1.0 (#5)", {
        "pyproject.toml": work.read("pyproject.toml").decode().replace('version = "1.0.1"', 'version = "1.1.0"'),
    })  # fmt: skip
    work.git("push", "--quiet", "origin", "main")
    ended = patch(made, "--version=1.0.1")
    assert ended.code == 0, ended
    assert "from v1.0.1, as main is at another version" in ended.err
    assert work.git("rev-parse", "HEAD~1") == work.git("rev-parse", "v1.0.1")


def test_a_project_without_a_tracker(made: World) -> None:
    made.env["RELEASE_COORDINATION_ISSUES"] = "false"
    assert patch(made).code == 0
    assert made.writes() == []
    is_begun(made, None)


def test_an_issue_that_somebody_closed_stays(made: World) -> None:
    patch(made)
    made.github.close_issue(4)
    assert made.call("rollback.patch", "--json").json["issue"] == 4
    assert len(issues(made)) == 1
