"""How checks wait: a table over a clock that moves only when it is slept on."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tasks.errors import ReleaseError, Unreachable
from tasks.proof.waiting import LeftOut, NotYet, Observed, Once, Trial


@dataclass
class Hands:
    """A clock whose hands are moved by sleeping."""

    at: float = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float, /) -> None:
        self.at += seconds


def later(hands: Hands, moment: float, error: Exception, then: Callable[[], str]) -> Callable[[], str]:
    def check() -> str:
        if hands.at < moment:
            raise error
        return then()

    return check


def wrong() -> str:
    raise AssertionError("it is wrong")


@pytest.mark.parametrize(
    ("error", "moment", "then", "until", "result", "evidence", "attempts", "seconds"),
    [
        pytest.param(NotYet("no"), 0, lambda: "it is", 0, "PASS", "it is", 1, 0, id="at once"),
        pytest.param(NotYet("no"), 60, lambda: "it is", 600, "PASS", "it is", 37, 60, id="after a minute"),
        pytest.param(NotYet("not there"), 60, lambda: "x", 0, "MISSING", "not there", 1, 0, id="no waiting asked for"),
        pytest.param(NotYet("not there"), 60, lambda: "x", 10, "MISSING", "not there", 11, 10, id="time is up"),
        pytest.param(NotYet("no"), 3, wrong, 600, "FAIL", "it is wrong", 4, 3, id="there and wrong"),
        pytest.param(Unreachable("dead"), 600, wrong, 4, "UNKNOWN", "dead", 5, 4, id="not to be asked"),
        pytest.param(Unreachable("dead"), 2, lambda: "it is", 9, "PASS", "it is", 3, 2, id="asked again"),
        pytest.param(ReleaseError("no"), 9, wrong, 9, "FAIL", "no", 1, 0, id="refused"),
        pytest.param(LeftOut("nothing"), 9, wrong, 9, "LEFT OUT", "nothing", 1, 0, id="left out"),
        pytest.param(KeyError("x"), 9, wrong, 9, "FAIL", "the check itself failed: KeyError: 'x'", 1, 0, id="a defect"),
    ],
)
def test_a_check_is_tried_until_it_is_known(
    error: Exception, moment: float, then: Callable[[], str], until: float, result: str, evidence: str, attempts: int,
    seconds: float,
) -> None:  # fmt: skip
    hands = Hands()
    verdict = Trial(later(hands, moment, error, then), until, hands).run()
    assert (verdict.result, verdict.evidence) == (result, evidence)
    assert (verdict.attempts, verdict.seconds) == (attempts, seconds)


def test_one_look_serves_all_who_ask_at_once() -> None:
    looks: list[int] = []
    gate = threading.Event()

    def look() -> int:
        looks.append(1)
        gate.wait(5)
        return len(looks)

    observed, seen = Observed(look), list[int]()
    threads = [threading.Thread(target=lambda: seen.append(observed.now())) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert (seen, len(looks)) == ([1] * 8, 1)


def test_a_look_is_fresh_for_a_moment_only_and_so_is_its_failure() -> None:
    hands, looks = Hands(), list[int]()

    def look() -> int:
        looks.append(1)
        if len(looks) == 1:
            raise Unreachable("dead")
        return len(looks)

    observed = Observed(look, hands)
    for _ in range(2):
        with pytest.raises(Unreachable):
            observed.now()
    hands.sleep(1)
    assert (observed.now(), observed.now()) == (2, 2)
    hands.sleep(1)
    assert observed.now() == 3


def test_what_is_done_once_is_tried_again_only_when_it_failed() -> None:
    tries: list[int] = []

    def act() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise NotYet("no")
        return 7

    once = Once(act)
    with pytest.raises(NotYet):
        once.now()
    assert (once.now(), once.now(), len(tries)) == (7, 7, 2)
