import pytest
from packaging.version import Version

from tasks.errors import Refused, WrongValue
from tasks.rules.bumps import NothingToRelease, Wish, target
from tasks.rules.votes import decide

from .history import cases, history


def wished(wish: Wish, current: str, base: str = "1.2.3", messages: tuple[str, ...] = ("fix: x",)) -> str:
    released, set_now = Version(base) if base else None, Version(current)
    return str(target(wish, decide(history(*messages), released, set_now, zero_major="major"), released, set_now))


@cases(
    "wish current expected",
    {
        "the votes": (Wish(), "1.2.3", "1.2.4"),
        "the votes, as a candidate": (Wish(rc=True), "1.2.3", "1.2.4rc1"),
        "the next candidate": (Wish(rc=True), "1.2.4rc1", "1.2.4rc2"),
        "the votes of an announced version": (Wish(), "1.3.0rc1", "1.3.0"),
        "the next candidate of an announced version": (Wish(rc=True), "1.3.0rc1", "1.3.0rc2"),
        "a version": (Wish(to="1.5.0"), "1.2.3", "1.5.0"),
        "a version, spelled otherwise": (Wish(to="v1.5.0-rc.1"), "1.2.3", "1.5.0rc1"),
        "a part": (Wish(part="minor"), "1.2.3", "1.3.0"),
        "a part of the release, not of what is set": (Wish(part="minor"), "1.3.0rc1", "1.3.0"),
        "a part, as a candidate": (Wish(part="major", rc=True), "1.2.3", "2.0.0rc1"),
        "a part, as the next candidate": (Wish(part="minor", rc=True), "1.3.0rc1", "1.3.0rc2"),
        "final": (Wish(final=True), "1.3.0rc2", "1.3.0"),
        "final of an alpha": (Wish(final=True), "1.3.0a1", "1.3.0"),
        "final of a development release": (Wish(final=True), "1!1.3.0.dev1", "1!1.3.0"),
    },
)
def test_target(wish: Wish, current: str, expected: str) -> None:
    assert wished(wish, current) == expected


@cases(
    "wish current expected",
    {
        "the votes": (Wish(), "0.1.0", "0.1.0"),
        "the votes of a candidate": (Wish(), "0.1.0rc1", "0.1.0"),
        "the next candidate": (Wish(rc=True), "0.1.0.dev0", "0.1.0rc1"),
        "a part of what is set": (Wish(part="minor"), "0.1.0rc1", "0.2.0"),
    },
)
def test_target_before_the_first_release(wish: Wish, current: str, expected: str) -> None:
    assert wished(wish, current, base="") == expected


@cases(
    "wish",
    {
        "to and part": (Wish(to="1.3.0", part="minor"),),
        "to and rc": (Wish(to="1.3.0", rc=True),),
        "to and final": (Wish(to="1.3.0", final=True),),
        "final and rc": (Wish(final=True, rc=True),),
        "final and part": (Wish(final=True, part="minor"),),
    },
)
def test_wishes_that_contradict_each_other(wish: Wish) -> None:
    with pytest.raises(WrongValue, match=r"\A--(to names the version already|final only drops the candidate's suffix)"):
        wished(wish, "1.3.0rc1")


@cases(
    "wish message",
    {
        "no version": (Wish(to="latest"), "--to is 'latest', which is no version"),
        "no part": (Wish(part="huge"), "--part is 'huge'"),
    },
)
def test_wishes_that_are_misspelled(wish: Wish, message: str) -> None:
    with pytest.raises(WrongValue, match=message):
        wished(wish, "1.2.3")


@cases(
    "wish current message",
    {
        "final of a final version": (Wish(final=True), "1.2.3", "1.2.3 is no candidate"),
        "candidate of what is set": (Wish(rc=True), "1.2.4", "1.2.4 is set now, which is past the candidates of 1.2.4"),
        "candidate below what is set": (
            Wish(part="patch", rc=True),
            "1.3.0rc1",
            "1.3.0rc1 is set now, which is past the candidates of 1.2.4",
        ),
    },
)
def test_wishes_that_the_state_forbids(wish: Wish, current: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        wished(wish, current)
    assert refused.value.found == message


@pytest.mark.parametrize("wish", [Wish(), Wish(rc=True)], ids=["final", "candidate"])
def test_nothing_to_release_is_a_failed_check(wish: Wish) -> None:
    with pytest.raises(NothingToRelease, match="nothing to release: no commit") as nothing:
        wished(wish, "1.2.3", messages=())
    assert nothing.value.exit_code == 1


@cases("wish expected", {"to": (Wish(to="1.2.4"), "1.2.4"), "part": (Wish(part="patch"), "1.2.4")})
def test_a_person_may_release_without_commits(wish: Wish, expected: str) -> None:
    assert wished(wish, "1.2.3", messages=()) == expected
