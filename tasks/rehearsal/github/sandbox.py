"""The sandbox GitHub: a service for `Server`, over a bare repository."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..server import Answer, Request
from . import (
    assets,
    checks,
    comments,
    commits,
    files,
    graph,
    history,
    issues,
    jobs,
    merges,
    notes,
    pulls,
    refs,
    releases,
    repos,
    runs,
)
from .gate import Gate, tagged
from .hub import Hub
from .plays import Plays
from .routing import Call, NotFound, Problem, routed

_MODULES = (
    *(repos, files, history, commits, refs, issues, comments, pulls),
    *(merges, notes, releases, assets, runs, jobs, checks),
)
_ROUTES = sorted(
    (route for module in _MODULES for route in module.calls.routes),
    key=lambda route: route.pattern.pattern.endswith(".+)"),  # a path that is open at its end comes last
)


class SandboxGithub(Plays):
    """GitHub for one repository. Its state is `hub`, its limits are `gate`; the inherited methods play other people.

    `clock` tells seconds since the epoch. Whatever is pushed into the bare repository is noticed at the next request.
    """

    def __init__(self, repository: str, git: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__(Hub(repository, git, clock))
        self.lock = threading.RLock()
        self._requests = itertools.count(1)

    def __call__(self, request: Request) -> Answer:
        """Answer a request."""
        with self.lock:
            answer = self._answered(request)
            named = {
                **answer.headers,
                **self.gate.headers(request),
                "X-GitHub-Request-Id": f"5A17:{next(self._requests):04X}:0",
                "X-GitHub-Media-Type": "github.v3; format=json",
            }
            return replace(answer, headers=named)

    @property
    def gate(self) -> Gate:
        """Return the limits, whose attributes may be changed at any time."""
        return self.hub.gate

    def tick(self) -> None:
        """Notice what was pushed, and let the runs advance: what every request does too."""
        with self.lock:
            self.hub.notice()
            runs.advance(self.hub)

    def _answered(self, request: Request) -> Answer:
        self.hub.url = f"http://{request.headers.get('host', '127.0.0.1')}" if self.base is None else self.base
        try:
            self.gate.check(request)
        except Problem as problem:
            return graph.refused(problem, request) or problem.answer(**self._waiting(problem))
        self.tick()
        if request.path == "/graphql" and request.method == "POST":
            return graph.answer(self.hub, request)
        return self._called(request)

    def _called(self, request: Request) -> Answer:
        found = routed(_ROUTES, request)
        if found is None:
            return NotFound().answer()
        route, values = found
        needs = {"X-Accepted-GitHub-Permissions": route.permission}
        try:
            self.gate.permit(route)
            if (values.get("owner", self.hub.owner), values.get("repo", self.hub.name)) != (
                self.hub.owner,
                self.hub.name,
            ):
                raise NotFound
            answer = tagged(request, route.handler(Call(self.hub, request, values)))
        except Problem as problem:
            answer = problem.answer()
        if answer.status == 304:  # noqa: PLR2004 - a status
            self.gate.refund()
        self.tick()  # what the call itself set going
        return replace(answer, headers={**answer.headers, **needs})

    def _waiting(self, problem: Problem) -> dict[str, str]:
        """Return the header that tells how long to wait, where the answer has one."""
        told = "secondary" in problem.message and self.gate.retry_after is not None
        return {"Retry_After": str(self.gate.retry_after)} if told else {}
