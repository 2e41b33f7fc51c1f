"""The steps of a release: which are meant, what comes next, and whether a candidate goes first."""

import pytest

from tasks.errors import WrongValue
from tasks.rules.steps import (
    NAMES,
    Advice,
    Standing,
    State,
    current,
    next_command,
    read_wish,
    selection,
    staging_advice,
)
from tasks.rules.versions import Part


def stood(*states: State) -> list[Standing]:
    """Return the first steps in these states."""
    return [Standing(name, state) for name, state in zip(NAMES, states, strict=False)]


@pytest.mark.parametrize(
    ("first", "last", "meant"),
    [
        ("", "", NAMES),
        ("", "version", ("audit", "version")),
        ("verify", "", ("verify", "sync")),
        ("merge", "merge", ("merge",)),
    ],
)
def test_the_steps_that_are_meant(first: str, last: str, meant: tuple[str, ...]) -> None:
    assert selection(first, last) == meant


@pytest.mark.parametrize(
    ("first", "last", "found", "expected"),
    [
        ("", "propos", "--until propos: no such step", "propose"),
        ("x", "", "--from x: no such step", "one of audit"),
        ("merge", "audit", "--from merge comes after --until audit", "audit"),
    ],
)
def test_no_such_steps(first: str, last: str, found: str, expected: str) -> None:
    with pytest.raises(WrongValue) as refused:
        selection(first, last)
    assert (refused.value.found, expected in refused.value.expected) == (found, True)


@pytest.mark.parametrize(
    ("states", "name"),
    [
        ((State.DONE, State.SKIPPED, State.OPEN, State.DONE), "prepare"),
        ((State.UNKNOWN, State.OPEN), "audit"),
        ((State.DONE, State.SKIPPED), None),
    ],
)
def test_where_it_stands(states: tuple[State, ...], name: str | None) -> None:
    found = current(stood(*states))
    assert (found.name if found else None) == name


def test_what_comes_next() -> None:
    assert next_command(stood(State.DONE), "1.1.0") == ""
    assert next_command(stood(State.OPEN), "1.1.0") == "inv release.run --version 1.1.0"
    assert next_command(stood(State.FAILED), "1.1.0", "x") == "inv release.run --version 1.1.0"
    assert next_command(stood(State.WAITING), "1.1.0", "merge PR #2 when ready") == "merge PR #2 when ready"


@pytest.mark.parametrize(
    ("part", "advice"),
    [
        (Part.MAJOR, Advice.RECOMMENDED),
        (Part.MINOR, Advice.RECOMMENDED),
        (Part.PATCH, Advice.ASKED),
        (None, Advice.ASKED),
    ],
)
def test_a_candidate_is_for_everything_but_a_patch(part: Part | None, advice: Advice) -> None:
    assert staging_advice(part) is advice


def test_a_wish_is_yes_or_no() -> None:
    assert (read_wish("yes"), read_wish("no"), read_wish("")) == (True, False, None)
    with pytest.raises(WrongValue, match="--staging maybe"):
        read_wish("maybe")
