"""release.prepare: one commit, made once, whatever happened before."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.rehearsal.server import Answer, Fault

from .rehearsal.validation import Schemas
from .releases import KILLED, World, today, world
from .repositories import issue, pyproject
from .running import Ended, program


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas) -> Iterator[World]:
    with world(tmp_path, schemas) as found:
        yield found


def prepare(made: World, *words: str) -> Ended:
    return made.call("release.prepare", "--yes", "--offline", *words)


def branches(made: World) -> list[str]:
    return made.work.git("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()


def commits(made: World) -> list[str]:
    return made.work.git("log", "--format=%s", "dev..HEAD").splitlines()


def is_prepared(made: World, version: str = "1.1.0") -> None:
    """Hold the end against what it must be, whatever the way there was."""
    work = made.work
    assert branches(made) == ["dev", "main", f"release/{version}"]
    assert work.git("symbolic-ref", "--short", "HEAD") == f"release/{version}"
    assert (commits(made), work.git("status", "--porcelain")) == ([f"chore: release {version}"], "")
    assert work.git("show", "--format=", "--name-only", "HEAD").splitlines() == [
        "CHANGELOG.md", "pyproject.toml", "uv.lock",
    ]  # fmt: skip
    assert f'version = "{version}"' in work.read("pyproject.toml").decode()
    assert f'name = "sample"\nversion = "{version}"' in work.read("uv.lock").decode()
    text = work.read("CHANGELOG.md").decode()
    assert text.count(f"## v{version} ({today()})\n") == 1
    assert text.count("- add it") == 1
    assert made.bare.refs.keys() == {"refs/heads/dev", "refs/heads/main", "refs/tags/v1.0.0"}


def test_what_is_no_check_is_refused_before_anything_is_changed(made: World) -> None:
    before = (made.work.snapshot(), made.work.git("for-each-ref"), made.work.git("symbolic-ref", "HEAD"))
    ended = prepare(made, "--skip=nonsense")
    assert (ended.code, ended.err.splitlines()[0]) == (2, "error: 'nonsense' is no check")
    assert (made.work.snapshot(), made.work.git("for-each-ref"), made.work.git("symbolic-ref", "HEAD")) == before


def test_a_wrong_version_names_its_own_flag(made: World) -> None:
    assert prepare(made, "--version=abc").err.startswith("error: --version is 'abc', which is no version\n")


def test_from_the_development_branch_to_one_commit(made: World) -> None:
    ended = made.inv("release.prepare", "--yes", "--offline")
    assert ended.code == 0, ended
    assert ended.out.splitlines() == [
        f"1.1.0 is prepared on release/1.1.0 at {made.work.head[:8]}: committed CHANGELOG.md, pyproject.toml, uv.lock",
        "next: inv release.propose",
    ]
    is_prepared(made)
    assert f"## v1.1.0 ({today()})\n\n<!-- drafted through" in made.work.read("CHANGELOG.md").decode()
    assert f"### changes\n\n- add it {issue(2)}\n" in made.work.read("CHANGELOG.md").decode()


def test_again_does_nothing(made: World) -> None:
    prepare(made)
    before = made.work.head
    ended = made.call("release.prepare", "--json")  # nothing to do, so nobody is asked
    assert (ended.code, ended.json["changed"], ended.json["commit"]) == (0, [], before)
    assert made.call("release.prepare", "--dry-run").out == "1.1.0 is prepared on release/1.1.0 already\n"
    is_prepared(made)
    made.work.git("switch", "--quiet", "dev")
    assert prepare(made).code == 0
    is_prepared(made)


def test_a_dry_run_changes_nothing(made: World) -> None:
    before = (made.work.snapshot(), made.work.git("for-each-ref"))
    ended = made.call("release.prepare", "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == f"would check release/1.1.0 out, at {made.work.head[:8]}"
    assert ended.out.splitlines()[-1] == "nothing was changed"
    assert made.call("release.prepare", "--dry-run", "--json").json["branch"] == "release/1.1.0"
    assert (made.work.snapshot(), made.work.git("for-each-ref")) == before


def test_nobody_to_ask_is_a_refusal(made: World) -> None:
    before = made.work.git("for-each-ref")
    ended = made.inv("release.prepare")
    assert ended.code == 4
    assert "Prepare 1.1.0 on release/1.1.0? Nobody can be asked here" in ended.err
    assert made.work.git("for-each-ref") == before


def test_killed_after_each_change_and_run_again(made: World, tmp_path: Path) -> None:
    for after in range(1, 20):
        ended = made.cut_short(after, "release.prepare", "--yes", "--offline")
        if ended.code == 0:
            break
        assert ended.code == KILLED, ended
        again = prepare(made)
        assert again.code == 0, (after, again)
        is_prepared(made)
        made.work.git("switch", "--quiet", "dev")
        made.work.git("branch", "--quiet", "-D", "release/1.1.0")
    assert after == 6  # the branch, pyproject.toml, the lock, the changelog, the commit, and nothing more
    is_prepared(made)


def test_on_a_topic_branch_it_stays(made: World) -> None:
    name = "topic/$(touch${IFS}pwned);`touch\u00a0pwned`'<b>@x#1\u202e"
    made.work.branch(name)
    ended = prepare(made, "--json")
    assert (ended.code, ended.json["branch"]) == (0, name)
    assert branches(made) == ["dev", "main", name]
    assert not list(made.work.root.rglob("pwned*"))


def test_entries_that_a_person_must_place_stop_it(made: World) -> None:
    made.work.commit("Tidy up")
    made.work.git("push", "--quiet", "origin", "dev")
    ended = prepare(made)
    assert (ended.code, ended.err.splitlines()[-1]) == (1, "next: edit CHANGELOG.md, then run this again")
    assert "'to be placed': a person must move these" in ended.out
    assert "[#?] stands for an issue yet to be named" in ended.out
    assert commits(made) == []
    text = made.work.read("CHANGELOG.md").decode()
    assert text.count("Tidy up") == 1
    assert prepare(made).code == 1
    assert made.work.read("CHANGELOG.md").decode() == text
    placed = text.replace("\n### to be placed\n\n- Tidy up [#?]\n", "").replace(
        f"- add it {issue(2)}\n", f"- add it {issue(2)}\n- tidy up {issue(3)}\n"
    )
    assert placed != text
    made.work.write({"CHANGELOG.md": placed})
    assert prepare(made).code == 1  # the commit names no issue, whatever the changelog says
    assert prepare(made, "--skip=issues").code == 0
    is_prepared(made)
    assert made.work.read("CHANGELOG.md").decode() == placed


def test_a_section_that_a_person_wrote_is_only_dated(made: World) -> None:
    text = made.work.read("CHANGELOG.md").decode().replace(
        "# changelog\n", f"# changelog\r\n\r\n## v1.1.0 (2024-02-01)\r\n\r\n### changes\r\n\r\n- all new {issue(2)}\r\n"
    )  # fmt: skip
    made.work.commit("chore: changelog", {"CHANGELOG.md": text})
    made.work.git("push", "--quiet", "origin", "dev")
    assert prepare(made).code == 0
    assert made.work.read("CHANGELOG.md").decode() == text.replace("2024-02-01", today())


def test_the_date_of_another_day_is_put_right_by_another_commit(made: World) -> None:
    prepare(made)
    text = made.work.read("CHANGELOG.md").decode()
    made.work.write({"CHANGELOG.md": text.replace(today(), "2024-02-02")})
    made.work.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    assert prepare(made).code == 0
    assert commits(made) == ["chore: update release 1.1.0", "chore: release 1.1.0"]
    assert made.work.read("CHANGELOG.md").decode() == text


def test_a_version_that_a_person_set_is_taken(made: World) -> None:
    made.call("version.bump", "--to=2.0.0")
    assert prepare(made).code == 0
    is_prepared(made, "2.0.0")


def test_a_check_that_fails_stops_it_before_the_commit(made: World) -> None:
    env = {"RELEASE_COORDINATION_CHECKS__TESTS": "false"}
    ended = made.call("release.prepare", "--yes", "--offline", env=env)
    assert (ended.code, commits(made)) == (1, [])
    assert "FAIL tests: exit 1: false" in ended.out
    assert "error: not valid: tests" in ended.err
    assert made.call("release.prepare", "--yes", "--offline", "--skip=tests", env=env).code == 0
    is_prepared(made)


def test_what_only_github_knows_stops_it_unless_accepted(made: World) -> None:
    made.work.commit("fix: mend (#7)")
    made.work.git("push", "--quiet", "origin", "dev")
    text = made.work.read("CHANGELOG.md").decode()
    entry = f"## v1.1.0 ({today()})\n\n### changes\n\n- all {issue(2)}\n\n## v1.0.0"
    made.work.write({"CHANGELOG.md": text.replace("## v1.0.0", entry)})
    trouble = made.servers["github"].fault(Fault(answer=Answer(500)))
    ended = made.call("release.prepare", "--yes")
    made.servers["github"].faults.remove(trouble)
    assert (ended.code, commits(made)) == (3, [])
    assert "UNKNOWN issues" in ended.out
    assert prepare(made).code == 0


def test_from_a_second_checkout_the_branch_is_found(made: World) -> None:
    prepare(made)
    made.work.git("push", "--quiet", "origin", "release/1.1.0")
    made.work.git("switch", "--quiet", "dev")
    second = made.second()
    ended = made.call("release.prepare", "--yes", "--offline", "--json", cwd=second.root)
    assert (ended.code, ended.json["changed"]) == (0, [])
    assert second.head == made.work.git("rev-parse", "release/1.1.0")
    assert second.git("log", "--format=%s", "dev..HEAD") == "chore: release 1.1.0"


def _yanked(made: World) -> None:
    made.publish("1.1.0")
    made.index.yank("sample", "1.1.0", "broken")


def _deleted(made: World) -> None:
    """Its files are gone, and the index still names the version (one that it does not name nobody can see)."""
    page = {"meta": {"api-version": "1.4"}, "name": "sample", "versions": ["1.0.0", "1.1.0"], "files": []}
    answer = Answer.json(page, media="application/vnd.pypi.simple.v1+json")
    made.servers["index"].fault(Fault("/simple/", answer=answer))


def _behind(made: World) -> None:
    second = made.second()
    second.commit("feat: theirs\n\nCloses #3")
    second.git("push", "--quiet", "origin", "dev")


def _tagged_there(made: World) -> None:
    made.work.git("push", "--quiet", "origin", "HEAD:refs/tags/v1.1.0")


def _moved_on(made: World) -> None:
    prepare(made)
    made.work.git("switch", "--quiet", "dev")
    made.work.commit("fix: more\n\nCloses #3")
    made.work.git("push", "--quiet", "origin", "dev")


REFUSALS: dict[str, tuple[Callable[[World], object], str, int]] = {
    "published": (lambda made: made.publish("1.1.0"), "1.1.0 was given out: it is on the index\n", 4),
    "yanked": (_yanked, "1.1.0 was given out: it is on the index, yanked\n", 4),
    "deleted": (_deleted, "1.1.0 was given out: it is on the index\n", 4),
    "tagged here": (lambda made: made.work.tag("v1.1.0"), "nothing to release", 1),
    "tagged there": (_tagged_there, "exists on the remote, and not here\n", 4),
    "behind": (_behind, "dev on the remote has commits that are not here\n", 4),
    "dirty": (lambda made: made.work.write({"a": "", "b \x1b": ""}), "not committed: a, b \\x1b\n", 4),
    "detached": (lambda made: made.work.git("switch", "--quiet", "--detach"), "no branch is checked out", 4),
    "moved on": (_moved_on, "release/1.1.0 exists, without what dev has since\n", 4),
    "candidate": (
        lambda made: made.work.commit("chore: staging 1.1.0rc1", {"pyproject.toml": made.work.read("pyproject.toml")
                                      .replace(b"1.0.0", b"1.1.0rc1")}),
        "the candidate 1.1.0rc1 is set\n", 4,
    ),
    "nothing": (lambda made: made.work.git("reset", "--quiet", "--hard", "v1.0.0"), "nothing to release: no commit", 1),
    "index down": (lambda made: made.servers["index"].__exit__(None, None, None), "127.0.0.1", 3),
    "no remote": (lambda made: made.work.git("remote", "remove", "origin"), "has no remote origin", 2),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(made: World, name: str) -> None:
    spoil, said, code = REFUSALS[name]
    spoil(made)
    before = (made.work.snapshot(), made.work.git("for-each-ref"), made.bare.refs)
    ended = prepare(made)
    assert (ended.code, said in ended.err.partition("error: ")[2] + "\n") == (code, True), ended
    assert len(ended.err.splitlines()) <= 5
    assert (made.work.snapshot(), made.work.git("for-each-ref"), made.bare.refs) == before


@pytest.mark.parametrize(("version", "said", "code"), [
    ("1.0.0", "1.0.0 was released: its tag exists", 4), ("0.9.0", "0.9.0 is lower than 1.0.0", 4),
    ("1.1.0rc1", "1.1.0rc1 is no final version", 2),
    ("nonsense; rm", "--version is 'nonsense; rm', which is no version", 2),
])  # fmt: skip
def test_versions_that_are_refused(made: World, version: str, said: str, code: int) -> None:
    ended = prepare(made, f"--version={version}")
    assert (ended.code, said in ended.err) == (code, True), ended


def test_a_hook_that_refuses_is_named_and_the_next_run_goes_on(made: World) -> None:
    hook = program(made.work.root / ".git" / "hooks", "pre-commit", "echo 'sign it first' >&2; exit 1")
    ended = prepare(made)
    assert (ended.code, "nothing was committed: sign it first" in ended.err) == (4, True)
    hook.unlink()
    assert prepare(made).code == 0
    is_prepared(made)


def test_titles_do_no_harm(made: World) -> None:
    title = "feat: `$(touch pwned)` <script>alert(1)</script> [x](javascript:1) ::error::x %0A \u202e @everyone"
    made.work.commit(f"{title} \x1b[31m\n\nCloses #3")
    made.work.git("push", "--quiet", "origin", "dev")
    ended = prepare(made)
    assert ended.code == 0, ended
    text = made.work.read("CHANGELOG.md").decode()
    assert "\\<script>" in text
    assert "\\[x](javascript:1)" in text
    assert "\x1b" not in text
    assert not list(made.work.root.rglob("pwned*"))


def test_a_project_without_a_lock_file(made: World) -> None:
    made.work.commit("chore: unlock", {"uv.lock": None, "pyproject.toml": made.work.read("pyproject.toml")})
    made.work.git("push", "--quiet", "origin", "dev")
    assert prepare(made).code == 0
    changed = made.work.git("show", "--format=", "--name-only", "HEAD").splitlines()
    assert changed == ["CHANGELOG.md", "pyproject.toml"]
    assert pyproject("1.1.0").splitlines()[2] in made.work.read("pyproject.toml").decode()
