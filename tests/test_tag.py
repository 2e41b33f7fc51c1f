"""release.tag: the manual override, with every guard, and one reference."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.layers import load
from tasks.rehearsal.github.hub import Push
from tasks.rules.failures import AGAIN_BY_HAND

from .rehearsal.validation import Schemas
from .releases import KILLED, World, world
from .running import Ended, program

RELEASE = ".github/workflows/release.yml"
GUARDS = ["clean", "branch here", "branch there", "version", "changelog", "tag", "index", "workflow"]


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas) -> Iterator[World]:
    """A release that was merged, and that nothing tagged."""
    with world(tmp_path, schemas) as found:
        found.work.commit("ci: release", {RELEASE: "on:\n  push:\n    tags: ['v*']\njobs: {}\n"})
        found.work.git("push", "--quiet", "origin", "dev")
        assert found.call("release.prepare", "--yes", "--offline").code == 0
        merge(found)
        yield found


def merge(made: World) -> None:
    made.work.git("switch", "--quiet", "main")
    made.work.squash("release/1.1.0", "chore: release 1.1.0 (#3)")
    made.work.git("push", "--quiet", "origin", "main")


def tag(made: World, *words: str) -> Ended:
    return made.call("release.tag", "--yes", *words)


def is_tagged(made: World) -> None:
    refs = made.bare.refs
    assert refs.keys() == {"refs/heads/dev", "refs/heads/main", "refs/tags/v1.0.0", "refs/tags/v1.1.0"}
    assert made.bare.git("rev-parse", "v1.1.0^{commit}") == refs["refs/heads/main"] == made.work.head
    assert made.work.git("rev-parse", "v1.1.0") == refs["refs/tags/v1.1.0"]


def test_tagged(made: World) -> None:
    pushes: list[Push] = []
    made.github.tick()
    made.github.hub.listeners.append(pushes.append)
    made.work.tag("unrelated", annotated=True)
    made.work.git("config", "push.followTags", "true")
    ended = made.inv("release.tag", "--yes")
    assert (ended.code, ended.out.splitlines()[-2]) == (0, f"v1.1.0 at {made.work.head[:8]}: pushed"), ended
    assert [line.split("  ")[0] for line in ended.out.splitlines()[1:-2]] == ["PASS"] * len(GUARDS)
    is_tagged(made)
    made.github.tick()
    assert [push.ref for push in pushes if push.ref.startswith("refs/tags")] == ["refs/tags/v1.1.0"]
    assert made.call("changelog.check").code == 0  # the section has the tag's day


def test_again_does_nothing_and_asks_nobody(made: World) -> None:
    tag(made)
    made.publish("1.1.0")
    ended = made.call("release.tag", "--json")
    assert (ended.code, ended.json["pushed"]) == (0, False)
    told = f"v1.1.0 at {made.work.head[:8]}: was pushed already\nnext: inv release.watch --version 1.1.0\n"
    assert made.call("release.tag", "--dry-run").out == made.call("release.tag").out == told
    is_tagged(made)


def test_a_tag_that_started_nothing_is_pushed_once_more(made: World) -> None:
    """As the fix of `own-token` says: a tag that is there is not pushed again, so it has to go first."""
    first, second, *more = re.findall(r"`(inv \S+[^`]*)`", AGAIN_BY_HAND.format(version="1.1.0"))
    assert more == []
    tag(made)
    pushes: list[Push] = []
    made.github.tick()
    made.github.hub.listeners.append(pushes.append)
    for line in (first, second):
        assert made.inv(*line.split()[1:], "--yes").code == 0
        made.github.tick()
    assert [(push.ref, push.after) for push in pushes] == [
        ("refs/tags/v1.1.0", None), ("refs/tags/v1.1.0", made.bare.refs["refs/tags/v1.1.0"])
    ]  # fmt: skip
    is_tagged(made)


def test_a_dry_run_shows_the_guards(made: World) -> None:
    before = made.bare.refs
    ended = made.call("release.tag", "--dry-run")
    assert ended.code == 0
    assert "would push refs/tags/v1.1.0, and nothing else: the release begins" in ended.out
    document = made.call("release.tag", "--dry-run", "--json").json
    assert [guard["guard"] for guard in document["guards"]] == GUARDS
    assert (made.bare.refs, "v1.1.0" in made.work.git("tag")) == (before, False)


def test_killed_after_each_change_and_run_again(made: World) -> None:
    for after in (1, 2):
        assert made.cut_short(after, "release.tag", "--yes").code == KILLED
        assert tag(made).code == 0
        is_tagged(made)
        made.work.git("push", "--quiet", "origin", ":v1.1.0")
        made.work.git("tag", "--delete", "v1.1.0")
    assert made.cut_short(3, "release.tag", "--yes").code == 0
    is_tagged(made)


def test_the_push_is_told_to_the_guard(made: World, tmp_path: Path) -> None:
    told = tmp_path / "told"
    program(made.work.root / ".git" / "hooks", "pre-push", f'echo "$RELEASE_COORDINATION_PUSH" > {told}; cat >> {told}')
    assert tag(made).code == 0
    first, second = told.read_text().splitlines()
    object_ = made.work.git("rev-parse", "v1.1.0")
    assert first == f"refs/tags/v1.1.0 {object_}"
    assert second.split()[1:3] == [object_, "refs/tags/v1.1.0"]


def test_what_the_guard_is_told_is_no_setting(tmp_path: Path) -> None:
    assert load(tmp_path, {}, {"RELEASE_COORDINATION_PUSH": "refs/tags/v1 x"}).tag_prefix == "v"


def _ahead(made: World) -> None:
    made.work.commit("fix: unpushed")


def _behind(made: World) -> None:
    second = made.second()
    second.commit("fix: theirs")
    second.git("push", "--quiet", "origin", "main")


def _off_branch(made: World) -> None:
    made.work.branch("topic")
    made.work.commit("fix: it")


def _committed(name: str, old: str, new: str | None) -> Callable[[World], None]:
    def spoil(made: World) -> None:
        text = made.work.read(name).decode()
        made.work.commit("chore: spoil", {name: None if new is None else text.replace(old, new)})
        made.work.git("push", "--quiet", "origin", "main")

    return spoil


def _elsewhere(made: World) -> None:
    made.work.git("tag", "v1.1.0", "v1.0.0")
    made.work.git("push", "--quiet", "origin", "v1.1.0")
    made.work.git("tag", "--delete", "v1.1.0")


def _yanked(made: World) -> None:
    made.publish("1.1.0")
    made.index.yank("sample", "1.1.0")


SPOILT: dict[str, tuple[Callable[[World], object], str, str, int]] = {
    "dirty": (lambda made: made.work.write({"x": ""}), "clean", "1 uncommitted change", 4),
    "not pushed": (_ahead, "branch there", "main on the remote is at", 4),
    "behind": (_behind, "branch there", "git pull --ff-only", 4),
    "another branch": (_off_branch, "branch here, branch there", "git switch main", 4),
    "candidate": (
        _committed("pyproject.toml", '"1.1.0"', '"1.1.0rc1"'), "version, changelog", "1.1.0rc1 is no final version", 4),
    "no section": (_committed("CHANGELOG.md", "## v1.1.0", "## v1.2.0"), "changelog", "no section for 1.1.0", 4),
    "another day": (_committed("CHANGELOG.md", "## v1.1.0 (2", "## v1.1.0 (1"), "changelog", "but the tag would be", 4),
    "bad section": (_committed("CHANGELOG.md", "### changes", "### odd"), "changelog", "unknown section 'odd'", 4),
    "tagged elsewhere": (_elsewhere, "tag", "v1.1.0 exists on the remote at another commit", 4),
    "tagged here": (lambda made: made.work.git("tag", "v1.1.0", "v1.0.0"), "changelog, tag", "v1.1.0 exists here", 4),
    "published": (lambda made: made.publish("1.1.0"), "index", "it is on the index", 4),
    "yanked": (_yanked, "index", "it is on the index, yanked", 4),
    "no workflow": (_committed(RELEASE, "", None), "workflow", "nothing would publish the tag", 4),
    "no yaml": (_committed(RELEASE, "on:", "{["), "workflow", "release.yml cannot be read as a workflow", 4),
    "deaf workflow": (_committed(RELEASE, "v*", "release-*"), "workflow", "does not start when v1.1.0 is pushed", 4),
    "index down": (lambda made: made.servers["index"].__exit__(None, None, None), "index", "UNKNOWN", 3),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_guards(made: World, name: str) -> None:
    spoil, guards, said, code = SPOILT[name]
    spoil(made)
    before = (made.bare.refs, made.work.git("for-each-ref"))
    ended = tag(made)
    assert (ended.code, said in ended.out) == (code, True), ended
    assert f"error: v1.1.0{'rc1' if name == 'candidate' else ''} must not be pushed: {guards}\n" in ended.err, ended
    assert (made.bare.refs, made.work.git("for-each-ref")) == before


def test_every_problem_is_shown_at_once(made: World) -> None:
    made.publish("1.1.0")
    made.work.write({"x \x1b[31m": ""})
    ended = tag(made)
    assert ended.out.count("FAIL") == 2


def test_nobody_to_ask(made: World) -> None:
    ended = made.inv("release.tag")
    assert (ended.code, "Push the tag v1.1.0, which publishes 1.1.0? Nobody can" in ended.err) == (4, True)
    assert "v1.1.0" not in made.work.git("tag")


@pytest.mark.parametrize("prefix", ["x;touch${IFS}pwned;", "$(touch${IFS}pwned)", "`x`'", "-f"])
def test_a_tags_name_is_only_a_name(made: World, prefix: str) -> None:
    env = {"RELEASE_COORDINATION_TAG_PREFIX": prefix}
    made.work.commit("ci: all", {RELEASE: "on: push\njobs: {}\n"})
    text = made.work.read("CHANGELOG.md").decode().replace("## v", f"## {prefix}")
    made.work.commit("chore: log", {"CHANGELOG.md": text})
    made.work.git("push", "--quiet", "origin", "main")
    ended = made.call("release.tag", "--yes", env=env)
    assert ended.code in {0, 4}, ended
    assert not list(made.work.root.rglob("pwned*"))
    assert set(made.bare.refs) <= {
        "refs/heads/dev", "refs/heads/main", "refs/tags/v1.0.0", f"refs/tags/{prefix}1.1.0",
    }  # fmt: skip
