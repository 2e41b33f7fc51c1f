"""A release before it is committed: branch, numbers, dates."""

import pytest
from packaging.version import Version

from tasks.errors import Refused
from tasks.rules.changelog import read
from tasks.rules.preparation import foreign, next_candidate, off_stable, place_of, redated, release_message

V = Version("1.1.0")


@pytest.mark.parametrize(("current", "development", "begun", "place"), [
    ("main", "dev", False, "release/1.1.0"), ("dev", "dev", False, "release/1.1.0"), ("dev", "dev", True, "dev"),
    ("main", "", False, "release/1.1.0"), ("main", "", True, "release/1.1.0"), ("topic", "dev", False, "topic"),
    ("release/1.1.0", "dev", True, "release/1.1.0"),
])  # fmt: skip
def test_where_a_release_is_committed(current: str, development: str, begun: bool, place: str) -> None:
    assert place_of(current, "main", development, V, begun=begun) == place


def test_a_single_commit_is_no_place() -> None:
    with pytest.raises(Refused, match="no branch is checked out"):
        place_of("", "main", "dev", V, begun=False)


@pytest.mark.parametrize("current", ["", "main"])
def test_the_stable_branch_takes_nothing(current: str) -> None:
    off_stable("dev", "main", "dev", "a candidate")
    with pytest.raises(Refused, match="a candidate never goes to the stable branch"):
        off_stable(current, "main", "dev", "a candidate")


@pytest.mark.parametrize(("taken", "following"), [
    ([], "1.1.0rc1"), (["1.1.0rc1"], "1.1.0rc2"), (["1.1.0rc9", "1.1.0rc10"], "1.1.0rc11"),
    (["1.0.0rc4", "2.0.0rc7", "1.1.0b3", "1.1.0"], "1.1.0rc1"), (["1.1.0rc3.dev1"], "1.1.0rc4"),
])  # fmt: skip
def test_the_next_number(taken: list[str], following: str) -> None:
    assert str(next_candidate(V, {Version(text) for text in taken})) == following


def test_messages() -> None:
    assert release_message(V) == "chore: release 1.1.0\n"
    assert release_message(V, ["Why."]) == "chore: release 1.1.0\n\nWhy.\n"
    assert release_message(V, begun=True) == "chore: update release 1.1.0\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_only_the_heading_is_changed(newline: str, start: str) -> None:
    text = f"{start}# x\n\n## v1.1.0 (2024-01-01)\n\n- a (2024-01-01)\n\n## v1.0.0 (2024-01-01)".replace("\n", newline)
    section = read(text).section("1.1.0")
    assert section is not None
    changed = redated(text, section, "## v1.1.0 (2026-02-03)")
    assert changed == text.replace("## v1.1.0 (2024-01-01)", "## v1.1.0 (2026-02-03)")


def test_what_is_not_ours() -> None:
    assert foreign([" M a b", "?? c", "MM pyproject.toml"], {"pyproject.toml", "uv.lock"}) == ["a b", "c"]
