"""Tasks run against the sandbox GitHub: the environment that leads there, and a clock that never waits."""

from collections.abc import Iterator

import pytest

from tasks.systems.web import Web

from .rehearsal.fixtures import Github
from .repositories import Repository
from .running import Ended, Environment, called
from .systems.leaks import SECRET
from .systems.webs import FakeClock, client


class Online:
    """A project whose GitHub is the sandbox; waits are jumped over by its clock, and remembered in `clock.naps`."""

    def __init__(self, hub: Github) -> None:
        self.hub = hub
        self.play = hub.sandbox
        self.work: Repository = hub.work
        self.clock = FakeClock()
        self.notes: list[str] = []
        self.clock.on_sleep = self._slept
        hub.sandbox.gate.token = SECRET

    @property
    def env(self) -> dict[str, str | None]:
        """Return what leads a command to the sandbox."""
        return {"RELEASE_COORDINATION_GITHUB__API": self.hub.url, "GITHUB_TOKEN": SECRET}

    def web(self, **fields: object) -> Web:
        """Return a client that goes by the clock."""
        return client(self.clock, **fields)

    def call(self, name: str, *words: str, env: Environment | None = None) -> Ended:
        """Call a task in this process; the token never shows."""
        ended = called(name, *words, cwd=self.work.root, env={**self.env, **(env or {})})
        assert SECRET not in ended.out + ended.err
        return ended

    def questions(self) -> int:
        """Return how many requests there were since last asked."""
        count = len(self.hub.server.seen)
        self.hub.server.seen.clear()
        return count

    def merged(self, message: str, body: str = "", **fields: object) -> str:
        """Commit and push what a pull request brought; `{pull}` in the message is its number."""
        number = self.play.hub.number()
        commit = self.work.commit(message.replace("{pull}", str(number)))
        self.hub.push()
        assert self.play.add_pull("mend it", body, merge_commit=commit, **fields) == number  # type: ignore[arg-type]
        return commit

    def _slept(self) -> None:
        self.hub.clock.sleep(self.clock.naps[-1])


def online(hub: Github, patch: pytest.MonkeyPatch) -> Iterator[Online]:
    """Yield the project, with every task's client on the clock."""
    made = Online(hub)
    patch.setattr("tasks.github.Web", made.web)
    patch.setattr("tasks.systems.tokens.gh_token", lambda _host: "")
    yield made
