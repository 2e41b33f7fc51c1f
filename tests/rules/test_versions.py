import pytest
from packaging.version import Version

from tasks.errors import Refused, WrongValue
from tasks.rules.versions import (
    Part,
    candidate_of,
    check_step,
    final_of,
    is_candidate,
    raised,
    read_part,
    read_version,
)

from .history import cases


@cases(
    "version patch minor major",
    {
        "final": ("1.2.3", "1.2.4", "1.3.0", "2.0.0"),
        "zero major": ("0.4.2", "0.4.3", "0.5.0", "1.0.0"),
        "two numbers": ("1.2", "1.2.1", "1.3.0", "2.0.0"),
        "one number": ("3", "3.0.1", "3.1.0", "4.0.0"),
        "nines": ("9.9.9", "9.9.10", "9.10.0", "10.0.0"),
        "epoch": ("1!1.2.3", "1!1.2.4", "1!1.3.0", "1!2.0.0"),
        "post-release": ("1.2.3.post1", "1.2.4", "1.3.0", "2.0.0"),
    },
)
def test_raised(version: str, patch: str, minor: str, major: str) -> None:
    assert [str(raised(Version(version), part)) for part in Part] == [patch, minor, major]


@cases(
    "version final candidate",
    {
        "final": ("1.3.0", "1.3.0", False),
        "candidate": ("1.3.0rc1", "1.3.0", True),
        "alpha": ("1.3.0a1", "1.3.0", True),
        "beta": ("1.3.0b2", "1.3.0", True),
        "development release": ("1.3.0.dev4", "1.3.0", True),
        "candidate of two numbers": ("1.3rc1", "1.3.0", True),
        "epoch": ("1!1.3.0rc1", "1!1.3.0", True),
        "local": ("1.3.0+hetz", "1.3.0", False),
        "post-release": ("1.3.0.post1", "1.3.0", False),
    },
)
def test_final_of(version: str, final: str, candidate: bool) -> None:
    assert str(final_of(Version(version))) == final
    assert is_candidate(Version(version)) is candidate


@cases(
    "final current expected",
    {
        "from the last release": ("1.3.0", "1.2.3", "1.3.0rc1"),
        "from a post-release": ("1.3.0", "1.2.3.post1", "1.3.0rc1"),
        "from a candidate": ("1.3.0", "1.3.0rc1", "1.3.0rc2"),
        "from the ninth candidate": ("1.3.0", "1.3.0rc9", "1.3.0rc10"),
        "from an alpha": ("1.3.0", "1.3.0a4", "1.3.0rc1"),
        "from a beta": ("1.3.0", "1.3.0b2", "1.3.0rc1"),
        "from a development release": ("1.3.0", "1.3.0.dev7", "1.3.0rc1"),
        "from a candidate's development release": ("1.3.0", "1.3.0rc2.dev1", "1.3.0rc2"),
        "from an alpha's development release": ("1.3.0", "1.3.0a2.dev1", "1.3.0rc1"),
        "from a candidate of a lower version": ("2.0.0", "1.3.0rc2", "2.0.0rc1"),
        "of two numbers": ("1.3.0", "1.3rc1", "1.3.0rc2"),
        "within an epoch": ("1!1.3.0", "1!1.3.0rc1", "1!1.3.0rc2"),
        "into an epoch": ("1!1.3.0", "2026.1", "1!1.3.0rc1"),
        "from itself": ("1.3.0", "1.3.0", None),
        "from its post-release": ("1.3.0", "1.3.0.post1", None),
        "from its local version": ("1.3.0", "1.3.0+hetz", None),
        "from a higher version": ("1.3.0", "1.4.0", None),
        "from a candidate of a higher version": ("1.3.0", "1.4.0rc1", None),
    },
)
def test_candidate_of(final: str, current: str, expected: str | None) -> None:
    assert candidate_of(Version(final), Version(current)) == (Version(expected) if expected else None)


@cases(
    "current target",
    {
        "patch": ("1.2.3", "1.2.4"),
        "any higher version": ("1.2.3", "4.0.0"),
        "the same": ("1.3.0rc1", "1.3.0rc1"),
        "first candidate": ("1.2.3", "1.3.0rc1"),
        "next candidate": ("1.3.0rc1", "1.3.0rc2"),
        "candidate after alpha": ("1.3.0a3", "1.3.0rc1"),
        "promotion": ("1.3.0rc2", "1.3.0"),
        "candidate of a higher version": ("1.3.0rc2", "2.0.0rc1"),
        "post-release of a tagged version": ("1.2.3", "1.2.3.post1"),
        "any development release": ("1.2.3", "1.3.0.dev9"),
        "candidate of a new epoch": ("1.2.3", "1!0.1.0rc1"),
    },
)
def test_steps_that_are_allowed(current: str, target: str) -> None:
    check_step(Version(current), Version(target), [Version("1.2.3")])


@cases(
    "current target message",
    {
        "backwards": ("1.3.0", "1.2.4", "1.2.4 is lower than 1.3.0, which is set now"),
        "back to a candidate": ("1.3.0", "1.3.0rc1", "1.3.0rc1 is lower than 1.3.0"),
        "back to an alpha": ("1.3.0rc1", "1.3.0a1", "1.3.0a1 is lower than 1.3.0rc1"),
        "tagged": ("1.3.0", "1.2.3", "1.2.3 was released: its tag exists"),
        "tagged, spelled otherwise": ("1.2.2", "1.2.3.0", "1.2.3.0 was released: its tag exists"),
        "candidate of a tagged version": ("1.2.2", "1.2.3rc1", "1.2.3 was released: its tag exists"),
        "development release of a tagged version": ("1.2.2", "1.2.3.dev1", "1.2.3 was released: its tag exists"),
        "first candidate skipped": ("1.2.3", "1.3.0rc2", "1.3.0rc2 skips 1.3.0rc1: 1.2.3 is set now"),
        "candidate skipped": ("1.3.0rc1", "1.3.0rc3", "1.3.0rc3 skips 1.3.0rc2: 1.3.0rc1 is set now"),
        "candidate skipped after alpha": ("1.3.0a1", "1.3.0rc2", "1.3.0rc2 skips 1.3.0rc1: 1.3.0a1 is set now"),
        "local": ("1.2.3", "1.3.0+hetz", "1.3.0+hetz is a local version"),
        "local candidate": ("1.2.3", "1.3.0rc1+hetz", "1.3.0rc1+hetz is a local version"),
    },
)
def test_steps_that_are_refused(current: str, target: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        check_step(Version(current), Version(target), [Version("1.2.3")])
    assert refused.value.found.startswith(message)


@pytest.mark.parametrize("text", ["", "latest", "1.2.x", "1.2.3-hotfix", "v"])
def test_a_text_that_is_no_version_is_named_with_its_place(text: str) -> None:
    with pytest.raises(WrongValue) as wrong:
        read_version(text, "--to")
    assert wrong.value.found == f"--to is {text!r}, which is no version"


def test_a_version_is_read_in_any_spelling() -> None:
    assert read_version(" v1.3.0-RC1 ", "--to") == Version("1.3.0rc1")


@cases(
    "text part",
    {"patch": ("patch", Part.PATCH), "minor": ("minor", Part.MINOR), "major, in capitals": ("MAJOR", Part.MAJOR)},
)
def test_read_part(text: str, part: Part) -> None:
    assert read_part(text) is part
    assert str(part) == text.lower()


@pytest.mark.parametrize("text", ["", "feature", "1"])
def test_a_word_that_is_no_part(text: str) -> None:
    with pytest.raises(WrongValue, match="major, minor or patch"):
        read_part(text)


def test_the_weightiest_part_is_the_greatest() -> None:
    assert sorted([Part.MAJOR, Part.PATCH, Part.MINOR]) == [Part.PATCH, Part.MINOR, Part.MAJOR]
