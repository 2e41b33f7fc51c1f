"""rollback.tag: a tag taken back only while nothing was published under it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.branches import clone_of
from tasks.project import Project
from tasks.rehearsal.server import Answer, Fault
from tasks.systems.clone import Clone

from .rehearsal.validation import Schemas
from .releases import World, world
from .repositories import Repository
from .running import program

TAG = "refs/tags/v1.1.0"


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas) -> Iterator[World]:
    """A project whose version 1.1.0 was tagged, here and on the remote; nothing of it was published."""
    with world(tmp_path, schemas) as found:
        found.work.switch("main")
        text = found.work.read("pyproject.toml").decode().replace('"1.0.0"', '"1.1.0"')
        found.work.commit("chore: release 1.1.0", {"pyproject.toml": text})
        found.work.tag("v1.1.0", annotated=True)
        found.work.git("push", "--quiet", "origin", "main", "v1.1.0")
        yield found


def here(made: World) -> bool:
    return TAG in made.work.git("for-each-ref", "--format=%(refname)").splitlines()


def there(made: World) -> bool:
    return TAG in made.bare.refs


def commit(made: World) -> str:
    return made.work.git("rev-parse", "main")


@pytest.mark.parametrize(("local", "remote"), [(True, True), (True, False), (False, True), (False, False)])
def test_wherever_it_is(made: World, local: bool, remote: bool) -> None:
    seen = made.work.git("rev-parse", "v1.1.0")
    if not local:
        made.work.git("tag", "--delete", "v1.1.0")
    if not remote:
        made.work.git("push", "--quiet", "origin", f":{TAG}")
    others = {name: sha for name, sha in made.bare.refs.items() if name != TAG}
    ended = made.call("rollback.tag", "--yes")
    assert (ended.code, here(made), there(made)) == (0, False, False), ended
    assert ended.out.splitlines() == [
        f"v1.1.0 is gone from origin and from here; it was {seen}"
        if local or remote
        else "v1.1.0 is neither on origin nor here",
        "next: put right what failed and merge it, then tag again: inv release.tag",
    ]
    assert made.bare.refs == others
    again = made.call("rollback.tag", "--json")
    assert (again.code, again.json["state"], again.json["deleted"]) == (0, "gone", [])


def test_a_version_that_never_was(made: World) -> None:
    """A slip of the finger is no success that nobody doubts: the tag that was meant is still there."""
    ended = made.call("rollback.tag", "--version=1.10.0")
    assert (ended.code, ended.out.splitlines()[0]) == (0, "v1.10.0 is neither on origin nor here")
    assert ended.err == "note: pyproject.toml sets 1.1.0: was 1.10.0 meant?\n"
    assert (here(made), there(made)) == (True, True)


def test_asked_first(made: World) -> None:
    ended = made.inv("rollback.tag")
    assert (ended.code, here(made), there(made)) == (4, True, True)
    assert "Take the tag v1.1.0 back? Nobody can be asked here" in ended.err
    dry = made.call("rollback.tag", "--dry-run", "--json", env={"GITHUB_TOKEN": None})
    assert (dry.code, dry.json["state"], dry.json["deleted"]) == (0, "planned", [])
    assert (here(made), there(made), made.writes()) == (True, True, [])


@pytest.mark.parametrize("how", ["both", "one file", "yanked", "deleted"])
def test_once_anything_was_published_it_stays(made: World, how: str) -> None:
    made.publish("1.1.0")
    if how == "one file":
        made.index.remove("sample", "1.1.0", "sample-1.1.0.tar.gz")
    if how == "yanked":
        made.index.yank("sample", "1.1.0", "broken")
    if how == "deleted":
        made.index.remove("sample", "1.1.0", "sample-1.1.0.tar.gz")
        made.index.remove("sample", "1.1.0", "sample-1.1.0-py3-none-any.whl")
    ended = made.call("rollback.tag", "--yes")
    assert ended.code == (0 if how == "deleted" else 4), ended  # this index forgets what was deleted, as PyPI does
    if how != "deleted":
        assert "1.1.0 is on the index (sample-1.1.0" in ended.err
        assert "next: inv rollback.yank --version 1.1.0" in ended.err
        assert (here(made), there(made)) == (True, True)


def test_either_of_the_indexs_lists_tells(made: World) -> None:
    made.publish("1.1.0")
    made.servers["index"].fault(Fault("/simple/sample/", answer=Answer(404)))
    assert (made.call("rollback.tag", "--yes").code, there(made)) == (4, True)


def test_a_version_that_the_index_lists_without_a_file_is_spent(made: World) -> None:
    page = {"meta": {"api-version": "1.4"}, "name": "sample", "versions": ["1.0.0", "1.1.0"], "files": []}
    made.servers["index"].fault(Fault("/simple/sample/", answer=Answer.json(page)))
    ended = made.call("rollback.tag", "--yes")
    assert (ended.code, here(made), there(made)) == (4, True, True)
    assert "1.1.0 is on the index (1.1.0, without a file left)" in ended.err


@pytest.mark.parametrize("path", ["/simple/", "/pypi/"])
@pytest.mark.parametrize("answer", [Answer(403), Answer(200, b"<html>sign in</html>")])
def test_an_index_that_cannot_be_asked(made: World, path: str, answer: Answer) -> None:
    made.servers["index"].fault(Fault(path, answer=answer))
    ended = made.call("rollback.tag", "--yes")
    assert (ended.code, here(made), there(made)) == (3, True, True)


def test_github_that_cannot_be_asked(made: World) -> None:
    made.servers["github"].fault(Fault("/actions/runs", answer=Answer(403, b'{"message": "no"}')))
    assert (made.call("rollback.tag", "--yes").code, there(made)) == (3, True)


def test_a_github_release(made: World) -> None:
    made.github.tick()
    release = made.github.add_release("v1.1.0")
    ended = made.call("rollback.tag", "--yes")
    assert (ended.code, there(made)) == (4, True)
    assert "gh release delete v1.1.0" in ended.err
    release.draft = True
    ended = made.call("rollback.tag", "--yes")
    assert (ended.code, there(made)) == (0, False)
    assert "next: gh release delete v1.1.0: a draft of it is left" in ended.out


def test_the_running_workflow_is_cancelled_first(made: World) -> None:
    made.github.tick()
    run = made.github.add_run("release.yml", commit(made), branch="v1.1.0", status="in_progress")
    other = made.github.add_run("ci.yml", commit(made), branch="v1.1.0", status="in_progress")
    ended = made.call("rollback.tag", "--yes", "--json")
    assert (ended.code, ended.json["cancelled"], there(made)) == (0, [run.id], False), ended
    assert (run.conclusion, other.status) == ("cancelled", "in_progress")
    assert made.writes() == [f"POST /repos/owner/sample/actions/runs/{run.id}/cancel"]


def test_what_the_workflow_published_before_it_was_cancelled(made: World) -> None:
    """It is looked for again once the run has ended."""
    made.github.tick()
    run = made.github.add_run("release.yml", commit(made), branch="v1.1.0", status="in_progress")
    real = made.github.hub.gate.check
    asked = []

    def late(request: object) -> None:
        if str(getattr(request, "path", "")).endswith("/cancel"):
            asked.append(request)
            made.publish("1.1.0")
        real(request)  # type: ignore[arg-type]

    made.github.hub.gate.check = late  # type: ignore[method-assign]
    ended = made.call("rollback.tag", "--yes")
    assert (ended.code, there(made), run.conclusion, len(asked)) == (4, True, "cancelled", 1)


def test_a_workflow_that_ended_well_is_warned_of(made: World) -> None:
    made.github.tick()
    made.github.add_run("release.yml", commit(made), branch="v1.1.0", status="completed")
    ended = made.call("rollback.tag", "--yes")
    assert ended.code == 0
    assert "warning: its release workflow ended well" in ended.err


def test_a_tag_that_somebody_moved_meanwhile_is_left_alone(made: World, tmp_path: Path) -> None:
    from tasks.github import github_of
    from tasks.project import find_project
    from tasks.systems.remote import Behind
    from tasks.untagging import carry_out, observe

    project = find_project(str(made.work.root))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "ghp_0123456789abcdefSECRET")
        github = github_of(project)
        seen = observe(project, project.version, github)
        other = made.second()
        other.git("tag", "--force", "v1.1.0", "HEAD~1")
        other.git("push", "--quiet", "--force", "origin", "v1.1.0")
        with pytest.raises(Behind):
            carry_out(project, seen, github)
    assert (here(made), there(made)) == (True, True)


def test_the_guards_permit_is_for_this_push(made: World, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    program(hooks, "pre-push", f'cat > {hooks}/said; test "$RELEASE_COORDINATION_PUSH" = "{TAG} {"0" * 40}"')
    made.work.git("config", "core.hooksPath", str(hooks))
    assert made.call("rollback.tag", "--yes").code == 0
    said = (hooks / "said").read_text("utf-8").split()
    assert (said[1], said[2]) == ("0" * 40, TAG)
    assert not there(made)


def test_a_version_that_is_named(made: World) -> None:
    ended = made.call("rollback.tag", "--version=1.0.0", "--yes")
    assert (ended.code, "1.0.0 is on the index" in ended.err) == (4, True)
    assert made.call("rollback.tag", "--version=nonsense", "--yes").code == 2


def test_cut_short_anywhere(made: World) -> None:
    made.github.tick()
    made.github.add_run("release.yml", commit(made), branch="v1.1.0", status="in_progress")
    for after in (1, 2, 3):
        assert made.cut_short(after, "rollback.tag", "--yes").code in {0, 137}
    assert made.call("rollback.tag", "--yes").code == 0
    assert (here(made), there(made)) == (False, False)


def test_a_package_that_was_never_published(made: World, sample: Repository) -> None:
    made.index.remove("sample", "1.0.0")
    assert made.call("rollback.tag", "--yes").code == 0


def test_a_remote_that_has_the_tag_again(made: World) -> None:
    """What is looked at afterwards decides: a deletion that did not last is not called done."""
    seen = made.bare.refs[TAG]
    program(made.bare.root / "hooks", "post-receive", f"cat > /dev/null; git update-ref {TAG} {seen}")
    ended = made.call("rollback.tag", "--yes")
    assert (ended.code, ended.out, there(made)) == (3, "", True), ended
    assert f"{TAG} is still on origin" in ended.err
    assert not here(made)


@pytest.mark.parametrize("publishes", [False, True])
def test_a_workflow_that_starts_late_is_cancelled_too(
    made: World, monkeypatch: pytest.MonkeyPatch, publishes: bool
) -> None:
    """GitHub takes a while between a tag and its run, which goes on without the tag."""
    made.github.tick()
    runs = []

    def late(project: Project) -> Clone:
        runs.append(made.github.add_run("release.yml", commit(made), branch="v1.1.0", status="in_progress"))
        if publishes:
            made.publish("1.1.0")
        return clone_of(project)

    monkeypatch.setattr("tasks.untagging.clone_of", late)
    ended = made.call("rollback.tag", "--yes")
    assert (ended.code, [run.conclusion for run in runs]) == (4 if publishes else 0, ["cancelled"]), ended
    assert ("1.1.0 is on the index" in ended.err) is publishes
    assert ended.out.startswith("v1.1.0 is gone from origin and from here") is not publishes
