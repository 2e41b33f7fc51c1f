"""staging.enter and staging.promote: a candidate's number, its one commit, its one push, and its end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks import soaking
from tasks.fleet import HostResult
from tasks.rules.fleet import HostOutcome

from .rehearsal.validation import Schemas
from .releases import KILLED, World, today, world
from .running import Ended, program


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas) -> Iterator[World]:
    with world(tmp_path, schemas) as found:
        yield found


def enter(made: World, *words: str) -> Ended:
    return made.call("staging.enter", "--yes", *words)


def subjects(made: World) -> list[str]:
    return made.work.git("log", "--format=%s", "v1.0.0..HEAD").splitlines()


def is_entered(made: World, version: str = "1.1.0rc1") -> None:
    """Hold the end against what it must be, whatever the way there was."""
    work = made.work
    assert subjects(made) == [f"chore: staging {version}", "feat: add it"]
    assert work.git("show", "--format=", "--name-only", "HEAD").splitlines() == ["pyproject.toml", "uv.lock"]
    assert work.git("status", "--porcelain") == ""
    assert f'version = "{version}"' in work.read("pyproject.toml").decode()
    assert f'name = "sample"\nversion = "{version}"' in work.read("uv.lock").decode()
    assert made.bare.refs == {
        "refs/heads/dev": work.head, "refs/heads/main": work.git("rev-parse", "v1.0.0"),
        "refs/tags/v1.0.0": work.git("rev-parse", "v1.0.0"),
    }  # fmt: skip


def test_the_first_candidate(made: World) -> None:
    made.work.git("config", "push.followTags", "true")
    made.work.tag("unrelated", annotated=True)
    ended = made.inv("staging.enter", "--yes")
    assert ended.code == 0, ended
    assert ended.out.splitlines() == [
        f"1.1.0rc1 at {made.work.head[:8]} on dev: pushed", "next: inv staging.wait --version 1.1.0rc1",
    ]  # fmt: skip
    is_entered(made)


def test_again_does_nothing_and_asks_nobody(made: World) -> None:
    enter(made)
    ended = made.call("staging.enter", "--json")
    assert (ended.code, ended.json["pushed"], ended.json["changed"]) == (0, False, [])
    assert made.call("staging.enter", "--dry-run").out == "1.1.0rc1 is on dev already\n"
    is_entered(made)


def test_a_dry_run_changes_nothing(made: World) -> None:
    before = (made.work.snapshot(), made.bare.refs, made.work.git("for-each-ref"))
    ended = made.call("staging.enter", "--dry-run")
    assert ended.out.startswith("would set 1.1.0rc1, lock, and commit that on dev\nwould push dev")
    assert made.call("staging.enter", "--dry-run", "--json").json["version"] == "1.1.0rc1"
    assert (made.work.snapshot(), made.bare.refs, made.work.git("for-each-ref")) == before


def test_killed_after_each_change_and_run_again(made: World) -> None:
    before = made.work.head
    for after in range(1, 20):
        ended = made.cut_short(after, "staging.enter", "--yes")
        if ended.code == 0:
            break
        assert ended.code == KILLED, ended
        assert enter(made).code == 0
        is_entered(made)
        made.work.git("reset", "--quiet", "--hard", before)
        made.work.git("push", "--quiet", "--force", "origin", "dev")
    assert after == 5  # pyproject.toml, the lock, the commit, the push, and nothing more
    is_entered(made)


def _after(*candidates: str, staged: str = "", fix: bool = True) -> Callable[[World], None]:
    """Return what happened before: candidates that were committed, one that is staged, a fix."""

    def happen(made: World) -> None:
        for candidate in candidates:
            made.call("version.bump", f"--to={candidate}")
            made.work.commit(f"chore: staging {candidate}", {})
        if staged:
            made.publish(staged, made.staging)
        if fix:
            made.work.commit("fix: mend it\n\nCloses #3")
        made.work.git("push", "--quiet", "origin", "dev")

    return happen


NUMBERS: dict[str, tuple[Callable[[World], object], str]] = {
    "a fix came": (_after("1.1.0rc1"), "1.1.0rc2"),
    "nothing came": (_after("1.1.0rc1", fix=False), "1.1.0rc1"),
    "the index has more": (_after("1.1.0rc1", staged="1.1.0rc4"), "1.1.0rc5"),
    "the index has some, we have none": (_after(staged="1.1.0rc2"), "1.1.0rc3"),
    "another final's": (_after(staged="1.0.1rc8"), "1.1.0rc1"),
    "a feature after a fix's candidate": (_after("1.0.1rc1"), "1.1.0rc1"),
    "a person bumped": (lambda made: made.call("version.bump", "--to=2.0.0rc1"), "2.0.0rc1"),
    "a person bumped to one that is taken": (
        lambda made: (_after(staged="1.1.0rc1")(made), made.call("version.bump", "--to=1.1.0rc1")), "1.1.0rc2"),
    "a final version is prepared": (lambda made: made.call("release.prepare", "--yes", "--offline"), "1.1.0rc1"),
    "ten": (lambda made: [made.publish(f"1.1.0rc{n}", made.staging) for n in (9, 10)], "1.1.0rc11"),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(made: World, name: str) -> None:
    happen, expected = NUMBERS[name]
    happen(made)
    ended = enter(made, "--json")
    assert (ended.code, ended.json["version"]) == (0, expected), ended
    assert made.bare.refs[f"refs/heads/{ended.json['branch']}"] == made.work.head
    assert "refs/tags/v1.1.0rc1" not in made.bare.refs
    assert enter(made, "--json").json["version"] == expected


def _merged(made: World) -> None:
    """The final version is on the stable branch, and the development branch was brought back onto it."""
    assert made.call("release.prepare", "--yes", "--offline").code == 0
    made.work.switch("main")
    made.work.squash("release/1.1.0", "chore: release 1.1.0 (#3)")
    made.work.git("branch", "--force", "dev", "main")
    made.work.git("push", "--quiet", "--force", "origin", "main", "dev")
    made.work.switch("dev")


def test_what_is_merged_gets_a_candidate_only_by_name(made: World) -> None:
    _merged(made)
    assert enter(made, "--version=1.1.0rc1").code == 0


def _behind(made: World) -> None:
    second = made.second()
    second.commit("fix: theirs")
    second.git("push", "--quiet", "origin", "dev")


REFUSALS: dict[str, tuple[Callable[[World], object], tuple[str, ...], str, int]] = {
    "stable": (lambda made: made.work.git("switch", "--quiet", "main"), (), "a candidate never goes to the stable", 4),
    "detached": (lambda made: made.work.git("switch", "--quiet", "--detach"), (), "no branch is checked out", 4),
    "dirty": (lambda made: made.work.write({"CHANGELOG.md": "x"}), (), "not committed: CHANGELOG.md", 4),
    "behind": (_behind, (), "dev on the remote has commits that are not here", 4),
    "nothing new": (lambda made: made.work.tag("v1.1.0"), (), "nothing to release", 1),
    "released": (lambda made: made.publish("1.1.0"), (), "1.1.0 was given out", 4),
    "taken": (
        lambda made: made.publish("1.1.0rc1", made.staging),
        ("--version=1.1.0rc1",),
        "upload would be skipped",
        4,
    ),
    "merged": (_merged, (), "1.1.0 was merged to main already, and is not tagged yet", 4),
    "final": (lambda made: None, ("--version=1.1.0",), "1.1.0 is no candidate", 2),
    "nonsense": (lambda made: None, ("--version=;rm",), "which is no version", 2),
    "index down": (lambda made: made.servers["staging"].__exit__(None, None, None), (), "127.0.0.1", 3),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(made: World, name: str) -> None:
    spoil, words, said, code = REFUSALS[name]
    spoil(made)
    before = (made.work.snapshot(), made.bare.refs, made.work.git("for-each-ref"))
    ended = enter(made, *words)
    assert (ended.code, said in ended.err) == (code, True), ended
    assert (made.work.snapshot(), made.bare.refs, made.work.git("for-each-ref")) == before


def test_nobody_to_ask(made: World) -> None:
    before = made.bare.refs
    ended = made.inv("staging.enter")
    assert (ended.code, "Publish the candidate 1.1.0rc1 from dev? Nobody can be asked" in ended.err) == (4, True)
    assert made.bare.refs == before


def test_a_rule_that_forbids_the_push_is_named_and_the_commit_waits_for_the_next_run(made: World) -> None:
    hook = program(made.bare.root / "hooks", "pre-receive", "echo 'GH006: Protected branch' >&2; exit 1")
    ended = enter(made)
    assert (ended.code, "GH006: Protected branch" in ended.err) == (4, True)
    hook.unlink()
    assert enter(made).code == 0
    is_entered(made)


# -- promotion -----------------------------------------------------------------------------------------------------

GOOD = {"verdict": "PASS", "version": "1.1.0rc1", "seconds": 8 * 86400, "restarts": 0, "errors": []}


@pytest.fixture
def entered(made: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A candidate that is on its host, which says what `made.said` says."""
    made.env["RELEASE_COORDINATION_HOSTS__HETZ__ROLE"] = "staging"
    answers: dict[str, Any] = {"code": 0, "answer": GOOD, "reason": ""}
    made.said = answers  # type: ignore[attr-defined]
    monkeypatch.setattr(soaking, "asked", lambda _project, name, _action, **_: HostResult(
        name, HostOutcome.OK, answers["code"], answers["answer"], answers["reason"]))  # fmt: skip
    assert enter(made).code == 0
    return made


def promote(made: World, *words: str) -> Ended:
    return made.call("staging.promote", "--yes", *words)


def is_promoted(made: World) -> None:
    """Hold the end against what it must be, whatever the way there was."""
    work = made.work
    assert subjects(made) == ["chore: release 1.1.0", "chore: staging 1.1.0rc1", "feat: add it"]
    assert work.git("symbolic-ref", "--short", "HEAD") == "dev"
    assert work.git("status", "--porcelain") == ""
    assert 'version = "1.1.0"' in work.read("pyproject.toml").decode()
    assert 'name = "sample"\nversion = "1.1.0"' in work.read("uv.lock").decode()
    assert work.read("CHANGELOG.md").decode().count(f"## v1.1.0 ({today()})\n") == 1
    assert work.read("CHANGELOG.md").decode().count("- add it") == 1


def test_promoted_by_the_hosts(entered: World) -> None:
    ended = promote(entered)
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "next: inv release.propose"), ended
    is_promoted(entered)
    body = entered.work.git("log", "-1", "--format=%b")
    assert body == "Promoted from 1.1.0rc1 after its soak: hetz: PASS, 1.1.0rc1 for 8.0 days, 0 errors, 0 restarts"
    assert promote(entered, "--json").json["changed"] == []
    is_promoted(entered)


VERDICTS: dict[str, tuple[dict[str, Any], str]] = {
    "failed": (
        {"code": 1, "answer": {**GOOD, "verdict": "FAIL"}, "reason": "time: 2.0 of 7 days"},
        ": time: 2.0 of 7 days",
    ),
    "unknown": (
        {"code": 3, "answer": {**GOOD, "verdict": "UNKNOWN"}, "reason": "journal: unreadable"},
        ": journal: unrea",
    ),
    "unreachable": ({"code": 3, "answer": {}, "reason": "no route \x1b[31m"}, ": no route \\x1b[31m"),
    "another version": (
        {"code": 0, "answer": {**GOOD, "version": "1.0.0"}, "reason": ""},
        " runs 1.0.0, not 1.1.0rc1",
    ),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_without_a_verdict_it_takes_a_reason(entered: World, name: str) -> None:
    answer, said = VERDICTS[name]
    entered.said.update(answer)  # type: ignore[attr-defined]
    before = entered.work.snapshot()
    ended = promote(entered)
    assert (ended.code, f"1.1.0rc1 has not earned promotion: hetz{said}" in ended.err) == (4, True), ended
    assert entered.work.snapshot() == before
    reason = "--reason=a `fix` for $(touch pwned)\n# users \x1b[31m"
    assert promote(entered, reason).code == 0
    is_promoted(entered)
    body = entered.work.git("log", "-1", "--format=%b").splitlines()
    assert body[0] == "Promoted from 1.1.0rc1 for a reason: a `fix` for $(touch pwned) # users \\x1b[31m"
    assert body[2].startswith("Not shown: hetz")
    assert not list(entered.work.root.rglob("pwned*"))


def test_without_hosts_it_takes_a_reason(made: World) -> None:
    enter(made)
    ended = promote(made)
    assert (ended.code, "no staging host is configured" in ended.err) == (4, True)
    assert promote(made, "--reason=tried at home").code == 0
    is_promoted(made)


def test_what_came_after_the_candidate_was_not_tried(entered: World) -> None:
    entered.work.commit("fix: late\n\nCloses #3")
    entered.work.git("push", "--quiet", "origin", "dev")
    ended = promote(entered)
    assert (ended.code, "commits came after 1.1.0rc1 that no host has tried" in ended.err) == (4, True)


def test_promotion_killed_after_each_change_and_run_again(made: World) -> None:
    enter(made)
    before = made.work.head
    for after in range(1, 20):
        ended = made.cut_short(after, "staging.promote", "--yes", "--reason=because")
        if ended.code == 0:
            break
        assert ended.code == KILLED, ended
        assert promote(made, "--reason=because").code == 0
        is_promoted(made)
        made.work.git("reset", "--quiet", "--hard", before)
    assert after == 5  # pyproject.toml, the lock, the changelog, the commit, and nothing more
    is_promoted(made)


@pytest.mark.parametrize(("spoil", "said", "code"), [
    (_behind, "dev on the remote has commits that are not here", 4),
    (lambda made: made.work.git("switch", "--quiet", "main"), "main is checked out", 4),
    (lambda made: made.publish("1.1.0"), "1.1.0 was given out", 4),
    (lambda made: made.work.write({"x": ""}), "not committed: x", 4),
])  # fmt: skip
def test_promotions_that_are_refused(entered: World, spoil: Callable[[World], object], said: str, code: int) -> None:
    spoil(entered)
    ended = promote(entered)
    assert (ended.code, said in ended.err) == (code, True), ended


def test_nothing_to_promote(made: World) -> None:
    ended = promote(made)
    assert (ended.code, ended.err.splitlines()[0]) == (4, "error: 1.0.0 is set, which is no candidate")
    assert ended.err.splitlines()[-1] == "next: inv staging.enter, or inv release.prepare without staging"


def test_the_summary_of_the_release_has_the_verdict(entered: World) -> None:
    promote(entered)
    body = entered.call("release.propose", "--dry-run", "--json", "--offline").json["body"]
    line = "hetz: PASS, 1.1.0rc1 for 8.0 days, 0 errors, 0 restarts"
    assert f"### Staging\n\n- `Promoted from 1.1.0rc1 after its soak: {line}`\n- `{line}`\n" in body
