"""release.run: from the audit to the proof through one merge, whatever cuts it short, and nothing twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tasks.rules.steps import NAMES
from tasks.steps import way
from tasks.steps.step import Step
from tasks.steps.world import World

from .chains import VERSION, Chain, chain

NEVER_RUN = {"merge", "soak", "prepare"}  # others do them, or promote does
TRIAL = {"candidate", "staging", "soak", "promote"}
REPEATABLE = {"version", "validate", "integration", "verify"}  # they change nothing, so they may be done again


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    with chain(tmp_path, monkeypatch) as found:
        yield found


def test_a_whole_release_through_one_merge(made: Chain) -> None:
    first = made.run("--staging=no")
    assert first.code == 4, first
    assert "error: merge PR #2 when ready (approver: nathan)" in first.err
    made.merge()
    second = made.run("--staging=no")
    assert (second.code, second.out) == (0, "1.1.0 is released\n"), second
    made.is_released()
    assert set(made.states().values()) == {"done", "skipped"}
    assert made.status()["next"] is None
    assert made.status()["version"] == VERSION


def test_the_pull_request_has_the_word_on_the_integration_tests(made: Chain) -> None:
    """Whether the run proposes, or whoever stopped it before; with a candidate first, or without."""
    assert made.run("--staging=no", "--until=integration").code == 0
    assert made.made.call("release.propose", "--yes").code == 0
    head = made.made.work.head[:8]
    by_hand = made.integration()
    assert by_hand[0] == "- `confirmed: tiers 1 and 7 passed`"
    assert by_hand[1].endswith(f"of {head}, which is proposed`")
    assert made.run("--staging=no").code == 4
    assert made.integration() == by_hand


def test_a_word_from_before_the_candidate_still_counts(made: Chain) -> None:
    tested = made.made.work.head[:8]
    assert made.run("--staging=yes").code == 4
    assert made.integration()[1].endswith(
        f"of {tested}; {made.made.work.head[:8]}, which is proposed, differs from it in the release's own files alone`"
    )


SOAKS = {
    "too short": ("FAIL", {"time": "2.0 of 7 days"}, 4, "1.1.0rc1 is on trial: hetz: time: 2.0 of 7 days", "waiting"),
    "errors": ("FAIL", {"time": "2.0 of 7 days", "errors": "5, 0 allowed"}, 1,
               "1.1.0rc1 did not pass its soak: hetz: time: 2.0 of 7 days; errors: 5, 0 allowed", "to do"),
    "unknown": ("UNKNOWN", {"journal": "it is not readable"}, 3, "hetz: journal: it is not readable", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", SOAKS)
def test_a_soak_that_is_not_passed(made: Chain, name: str) -> None:
    hetz = made.fleet.hosts["hetz"]
    hetz.soak, hetz.shows, code, said, state = SOAKS[name]
    for _ in range(2):
        ended = made.run("--staging=yes")
        assert (ended.code, said in ended.err) == (code, True), ended
        assert f"inv release.run --version {VERSION}" in ended.err.splitlines()[-1]
        assert "--promote-reason TEXT" in ended.err.splitlines()[-1] or name == "unknown"
    assert (made.states()["soak"], made.states()["promote"], made.made.github.hub.pulls) == (state, "to do", [])
    assert made.run("--staging=yes", "--promote-reason=a known `quirk`\n@everyone").code == 4
    body = made.made.work.git("log", "-1", "--format=%b").splitlines()
    assert body[0] == "Promoted from 1.1.0rc1 for a reason: a known `quirk` @everyone"
    assert body[2] == f"Not shown: hetz: {'; '.join(f'{check}: {why}' for check, why in hetz.shows.items())}"
    assert "- ``Promoted from 1.1.0rc1 for a reason: a known `quirk` @everyone``" in made.body
    assert f"- `hetz: {hetz.soak}, 1.1.0rc1 for 8.0 days, 0 errors, 0 restarts`" in made.body
    made.merge()
    assert made.run().code == 0
    made.is_released(candidates=["1.1.0rc1"])


def test_a_soak_that_fails_is_mended_by_the_next_candidate(made: Chain) -> None:
    hetz = made.fleet.hosts["hetz"]
    hetz.soak, hetz.shows = "FAIL", {"errors": "5, 0 allowed"}
    assert made.run("--staging=yes").code == 1
    made.made.work.commit("fix: mend that too\n\nCloses #2")
    hetz.soak, hetz.shows = "PASS", {}
    assert made.whole().code == 0
    made.is_released(candidates=["1.1.0rc1", "1.1.0rc2"])


class Killed(BaseException):
    """The power went: nothing that handles errors sees it."""


@dataclass
class Fate:
    """Where a run is cut short: at a step, before or after its effect; `how` is what is raised."""

    how: type[BaseException] = Killed
    step: str = ""
    after: bool = False
    done: list[str] = field(default_factory=list)  # the steps that were run to their end, in this order

    def steps(self) -> tuple[Step, ...]:
        """Return the real steps, under this fate."""
        return tuple(replace(step, run=self._run(step)) for step in way.STEPS)

    def did_nothing_twice(self) -> None:
        """Hold what was run to its end against what may be done but once."""
        once = [name for name in self.done if name not in REPEATABLE]
        assert len(once) == len(set(once)), self.done

    def _run(self, step: Step) -> Callable[[World], str]:
        def run(world: World) -> str:
            if self.step == step.name and not self.after:
                raise self.how
            evidence = step.run(world)
            self.done.append(step.name)
            if self.step == step.name:
                raise self.how
            return evidence

        return run


def cut_short(made: Chain, staging: str = "yes") -> bool:
    """Run until fate strikes; tell whether it did. The approver merges when the release is handed over."""
    for _ in range(2):
        try:
            ended = made.run(f"--staging={staging}")
        except Killed:
            return True
        if ended.code != 4:
            assert ended.code in {0, 130}, ended
            return ended.code == 130
        made.merge()
    raise AssertionError("handed off twice")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("how", "journal"), [(Killed, True), (KeyboardInterrupt, True), (Killed, False)],
    ids=["killed", "interrupted", "killed, and the journal lost"],
)  # fmt: skip
def test_killed_at_every_step_and_run_again(
    made: Chain, monkeypatch: pytest.MonkeyPatch, how: type[BaseException], journal: bool, after: bool
) -> None:
    """One release, cut short at each of its steps in turn: each rerun takes it to the next."""
    fate = Fate(how, after=after)
    monkeypatch.setattr(way, "STEPS", fate.steps())
    for fate.step in (name for name in NAMES if name not in NEVER_RUN):
        assert cut_short(made), fate.step
        if not journal:
            made.journal.unlink(missing_ok=True)
    fate.step = ""
    assert made.whole("--staging=yes").code == 0
    made.is_released(candidates=["1.1.0rc1"])
    fate.did_nothing_twice()


@pytest.mark.parametrize("journal", [True, False], ids=["killed", "killed, and the journal lost"])
def test_without_a_candidate_killed_around_every_step(
    made: Chain, monkeypatch: pytest.MonkeyPatch, journal: bool
) -> None:
    """The same where `prepare` makes the release: one release, cut short before and after each step."""
    fate = Fate()
    monkeypatch.setattr(way, "STEPS", fate.steps())
    for fate.step in (name for name in NAMES if name not in {"merge", *TRIAL}):
        for fate.after in (False, True):
            assert cut_short(made, "no"), (fate.step, fate.after)
            if not journal:
                made.journal.unlink(missing_ok=True)
    fate.step = ""
    assert made.whole("--staging=no").code == 0
    made.is_released()
    fate.did_nothing_twice()
    assert fate.done.count("prepare") == 1


def test_another_checkout_without_a_journal_goes_on(made: Chain) -> None:
    first = made.run("--staging=no", "--until=propose")
    assert (first.code, first.out.splitlines()[0]) == (0, "1.1.0 is through propose"), first
    second = made.second().root
    before = made.made.writes()
    ended = made.run("--staging=no", cwd=second)
    assert (ended.code, made.made.writes()) == (4, before), ended
    made.merge()
    third = made.second("third").root
    ended = made.run(cwd=third)
    assert (ended.code, ended.out) == (0, "1.1.0 is released\n"), ended
    made.is_released()
    left = {name for name, state in made.states(cwd=second).items() if state not in {"done", "skipped"}}
    assert left <= {"verify", "sync"}  # a proof is remembered where it was made, and a branch here is behind


def test_a_host_at_which_somebody_works_is_no_failure(made: Chain) -> None:
    """It is for others to end, and the same again goes on then: also when it is what a killed run began."""
    made.fleet.hosts["web1"].busy = True
    ended = made.whole("--staging=no")
    assert (ended.code, "web1 UNTOUCHED: " in ended.err) == (4, True), ended
    made.fleet.hosts["web1"].busy = False
    assert made.run().code == 0
    made.is_released()


def test_a_host_that_is_still_judging_the_version_may_yet_go_back(made: Chain) -> None:
    web1 = made.fleet.hosts["web1"]
    web1.version, web1.changes, web1.busy = VERSION, [VERSION], True
    assert made.whole("--staging=no").code == 4
    assert made.states()["rollout"] == "to do"
    web1.busy = False
    assert made.run().code == 0
    made.is_released()
