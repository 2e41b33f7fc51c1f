"""The questions of release.run, at a terminal: a candidate first? How are the tests known to have passed?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.systems.journal import Journal

from .people import talked
from .releases import TOKEN, World, world

HOST = '[tool.release-coordination.hosts.hetz]\naddress = "hetz.invalid"\nrole = "staging"\n'
FIRST = "1.0.1 is a patch: try a candidate on the staging hosts first? [y/N]"
RELEASE = ("Release sample 1.0.1", "y\n")
KNOWN = "The integration tests of 1.0.1: how do you know that they passed?"
CTRL_C, CTRL_D = "\x03", "\x04"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """A patch that is to be released, with a staging host."""
    with world(tmp_path) as found:
        found.github.gate.token = TOKEN
        found.work.git("reset", "--quiet", "--hard", "v1.0.0")
        text = found.work.read("pyproject.toml").decode()
        found.work.commit("fix: mend it\n\nCloses #2", {"pyproject.toml": f"{text}{HOST}"})
        found.work.git("push", "--quiet", "--force", "origin", "dev")
        found.github.tick()
        yield found


def lines(made: World, step: str) -> list[tuple[Any, Any]]:
    """Return what the journal has of a step."""
    path = made.work.root / ".git" / "release-coordination" / "journal.jsonl"
    return [(line["event"], line["evidence"]) for line in Journal(path).lines() if line["step"] == step]


def run(made: World, *words: str, answers: list[tuple[str, str]]) -> tuple[int, str]:
    code, screen = talked("release.run", *words, cwd=made.work.root, answers=answers, env=made.env)
    assert TOKEN not in screen
    assert "Traceback" not in screen
    return code, screen


@pytest.mark.parametrize(("answer", "chosen"), [("y\n", "yes"), ("No\n", "no"), ("\n", "no")])
def test_a_candidate_first(made: World, answer: str, chosen: str) -> None:
    first = (FIRST, answer)
    code, screen = run(made, "--until", "prepare", answers=[first, RELEASE])
    assert (code, "1.0.1 is through prepare" in screen) == (0, True), screen
    assert lines(made, "candidate") == [("chosen", chosen)]
    code, screen = run(made, "--until", "prepare", answers=[])
    assert (code, "first?" in screen) == (0, False), screen  # it is remembered
    assert ("a candidate goes first" in made.call("release.status").out) == (chosen == "yes")


@pytest.mark.parametrize(("answer", "code", "said"), [
    ("maybe\n", 4, "no choice was made"), (CTRL_D, 4, "no choice was made"), (CTRL_C, 130, "interrupted"),
], ids=["another word", "Ctrl-D", "Ctrl-C"])  # fmt: skip
def test_no_choice_is_none(made: World, answer: str, code: int, said: str) -> None:
    ended, screen = run(made, "--until", "prepare", answers=[(FIRST, answer)])
    assert (ended, said in screen, lines(made, "candidate")) == (code, True, []), screen
    assert code != 4 or "next: run it again, or add --staging yes or --staging no" in screen


def test_where_nobody_can_be_asked(made: World) -> None:
    ended = made.inv("release.run", "--until", "prepare")
    assert (ended.code, ended.err.splitlines()) == (4, [
        "error: 1.0.1 is a patch: try a candidate on the staging hosts first? Nobody can be asked here",
        "expected: a terminal, or --staging yes or --staging no", "next: add --staging yes or --staging no",
    ])  # fmt: skip
    assert made.inv("release.run", "--until", "version", "--yes").code == 0
    assert lines(made, "candidate") == []  # nobody had to be asked
    assert made.inv("release.run", "--until", "prepare", "--yes").code == 0
    assert lines(made, "candidate") == [("chosen", "no")]


def test_nobody_is_asked_after_the_merge(made: World) -> None:
    text = made.work.read("pyproject.toml").decode()
    made.work.switch("main")
    made.work.commit("chore: release 1.0.1", {"pyproject.toml": text.replace('"1.0.0"', '"1.0.1"')})
    made.work.git("push", "--quiet", "origin", "main")
    made.work.switch("dev")
    ended = made.inv("release.run", "--version", "1.0.1", "--until", "propose")
    assert (ended.code, lines(made, "candidate")) == (0, [("skipped", "because main sets 1.0.1")]), ended


def known(made: World, answer: str) -> tuple[int, str]:
    return run(made, "--yes", "--staging", "no", "--until", "integration", answers=[(KNOWN, answer)])


def test_how_the_tests_are_known_to_have_passed(made: World) -> None:
    code, screen = known(made, " tiers 1 and 7, `$(touch pwned)`\x9b31m\n")
    assert code == 0, screen
    assert lines(made, "integration")[-1] == ("done", "confirmed: tiers 1 and 7, `$(touch pwned)`\\x9b31m")
    assert known(made, "")[0] == 0  # nobody is asked again


@pytest.mark.parametrize(("answer", "code", "said", "event"), [
    ("\n", 4, "no answer", "failed"), ("  \n", 4, "no answer", "failed"), (CTRL_D, 4, "no answer", "failed"),
    (CTRL_C, 130, "go on with: inv release.run --version 1.0.1", "interrupted"),
], ids=["nothing", "blanks", "Ctrl-D", "Ctrl-C"])  # fmt: skip
def test_no_word_is_none(made: World, answer: str, code: int, said: str, event: str) -> None:
    ended, screen = known(made, answer)
    assert (ended, said in screen) == (code, True), screen
    assert [found for found, _ in lines(made, "integration")] == ["begun", event]
    assert code != 4 or "next: run it again, or add --integration-reason" in screen


def test_a_word_from_before_the_question_is_none(made: World) -> None:
    """Whoever presses keys while the checks run answers nothing with them."""
    answers = [("validate: the checklist", "typed too early\n"), (KNOWN, "\n")]
    words = ("--yes", "--staging", "no", "--until", "integration")
    assert run(made, *words, answers=answers)[0] == 4
