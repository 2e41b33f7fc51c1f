"""What an index shows of a version, what installers are left with, and the notice."""

import pytest
from packaging.version import Version

from tasks.rules.notices import with_notice, without_notice
from tasks.rules.yanks import Aim, Standing, newest_final, python_for, standing, taken_again, warnings

V = Version
ROWS = [
    (V("1.0.0"), False, ""), (V("1.0.1"), True, ""), (V("1.0.1"), True, "breaks"), (V("1.1.0rc1"), False, ""),
    (V("0.9"), True, "old"), (V("0.9"), False, ""), (V("1.1.0.dev3"), False, ""),
]  # fmt: skip


@pytest.mark.parametrize(("version", "said", "yanked", "back"), [
    ("1.0.0", "1 file, not yanked", False, True), ("1.0.1", "2 files, yanked", True, False),
    ("0.9.0", "2 files, 1 of them yanked", False, False),
])  # fmt: skip
def test_standing(version: str, said: str, yanked: bool, back: bool) -> None:
    found = standing(ROWS, V(version))
    assert found is not None
    assert (str(found), found.reached(Aim.YANK), found.reached(Aim.UNYANK)) == (said, yanked, back)


def test_what_is_not_there() -> None:
    assert standing(ROWS, V("2.0")) is None
    assert standing(ROWS, V("1.0.1")) == Standing(V("1.0.1"), 2, 2, "breaks")
    assert (newest_final(ROWS), newest_final([])) == (V("1.0.1"), None)
    assert newest_final([(V("1.0.1.post1"), False, ""), *ROWS]) == V("1.0.1.post1")


@pytest.mark.parametrize(("before", "back", "after"), [
    (None, "1.0", "1.0"), ("1.0", "1.1", "1.1"), ("1.2", "1.1", "1.2"), ("1.2rc1", "1.1", "1.1"),
    ("1.1", "1.2rc1", "1.1"), ("1.2rc1", "1.2rc2", "1.2rc2"), ("1.0", None, "1.0"), (None, None, None),
])  # fmt: skip
def test_what_installers_take_again(before: str | None, back: str | None, after: str | None) -> None:
    assert taken_again(before and V(before), back and V(back)) == (after and V(after))  # type: ignore[arg-type]


@pytest.mark.parametrize(("before", "after", "said"), [
    ("1.0.1", "1.0.0", ""), ("1.0.1", None, "left with nothing"), ("1.0.1", "1.1.0rc1", "the candidate 1.1.0rc1"),
    ("1.0.2", "1.0.2", "take 1.0.2 now"),
])  # fmt: skip
def test_warnings(before: str, after: str | None, said: str) -> None:
    found = warnings(Aim.YANK, V("1.0.1"), V(before), V(after) if after else None)
    assert len(found) == bool(said)
    assert said in "".join(found)


@pytest.mark.parametrize(("requires", "python"), [
    ([">=3.9"], "3.11.7"), ([], "3.11.7"), ([">=3.13"], "3.13.99"), (["<3.10,>=3.9"], "3.9.99"),
    ([">=3.12.4", ">=3.12.4"], "3.12.99"), (["nonsense"], "3.11.7"), (["<2"], "3.11.7"), ([">=3.11.8"], "3.11.99"),
])  # fmt: skip
def test_python(requires: list[str], python: str) -> None:
    assert python_for(requires, "3.11.7") == python


@pytest.mark.parametrize("body", ["", "notes\r\n\r\n- one\r\n", "  \n## v1\n", "<!-- mine -->\nx"])
@pytest.mark.parametrize("reason", ["", "breaks", "`x`", "<!-- release-coordination: end of yanked -->", "a\nb"])
def test_a_notice_comes_once_and_goes(body: str, reason: str) -> None:
    once = with_notice(body, V("1.0.1"), reason, V("1.0.0"))
    assert with_notice(once, V("1.0.1"), reason, V("1.0.0")) == once
    assert with_notice(once, V("1.0.1"), "other", None).count("was yanked") == 1
    assert without_notice(once) == body
    assert without_notice(body) == body
