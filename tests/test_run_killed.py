"""release.run as a process that dies right after each of its changes in turn: the rest is done, and nothing twice.

There are no hosts in it: those are killed in earnest in tests/hosts/test_kills.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.systems.journal import Journal

from .chains import is_published, play
from .releases import KILLED, TOKEN, World, world

WORDS = ("release.run", "--yes", "--integration-reason", "they passed")
MOST = 40  # deaths, which is more than a release makes changes


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        found.github.gate.token = TOKEN
        found.work.commit("fix: mend it")  # an issue is filed for it
        found.work.git("push", "--quiet", "origin", "dev")
        found.github.tick()
        play(found)
        yield found


def deaths(made: World, *words: str, code: int) -> int:
    """Run until it ends with a code, killed right after the first change of each run, and return how often it was."""
    for count in range(MOST):
        ended = made.cut_short(1, *WORDS, *words)
        if ended.code != KILLED:
            assert ended.code == code, ended
            return count
    raise AssertionError("it does not come any further")


def test_killed_after_each_change(made: World) -> None:
    """Two of them are in sync; before that an issue, a branch, three files, a commit, a push, a pull request."""
    assert deaths(made, code=4) >= 8
    made.github.merge(made.github.hub.pulls[0].number)
    deaths(made, "--until", "watch", code=0)
    assert deaths(made, "--from", "sync", code=0) == 2
    is_published(made, filed=1)
    lines = Journal(made.work.root / ".git" / "release-coordination" / "journal.jsonl").lines()
    done = [line["step"] for line in lines if line["event"] == "done"]
    assert sorted(done) == sorted(set(done))
    assert {"version", "validate", "integration"} <= set(done)
