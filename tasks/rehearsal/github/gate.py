"""What stands before every call: tokens, permissions, the hourly budget and the secondary limits."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from ..server import Answer, Request
from .routing import Problem, Route

_HOUR = 3600
_MINUTE = 60
_LIMITS = f"{'https://docs.github.com/rest'}/overview/rate-limits-for-the-rest-api"
_ANONYMOUS = 60
_READING = {"GET", "HEAD", "OPTIONS"}


@dataclass
class Window:
    """How many requests of one kind were made since when."""

    since: float
    used: int = 0


@dataclass
class Gate:
    """The limits of the sandbox; every attribute may be changed while it runs."""

    clock: Callable[[], float]
    token: str | None = None  # the only good one; None: any, or none at all
    missing: set[str] = field(default_factory=set)  # permissions that the token lacks: "issues=write"
    budget: int = 5000  # requests an hour with a token
    graphql_budget: int = 5000  # points an hour
    exceeded_status: int = 403  # or 429
    secondary: int = 0  # how many of the next requests run into a secondary limit
    retry_after: int | None = 60  # what that answer says; None: it does not say
    slow_commits: int | None = None  # after how many commits of one query GraphQL runs out of time
    writes_a_minute: int | None = None  # GitHub's is 80
    windows: dict[str, Window] = field(default_factory=dict)
    _writes: deque[float] = field(default_factory=deque)

    def check(self, request: Request) -> None:
        """Refuse a request whose token is wrong, or that comes too soon."""
        self._check_token(request)
        if request.path == "/rate_limit":
            return
        if self.secondary:
            self.secondary -= 1
            raise self._too_fast()
        if request.path != "/graphql":
            self._spend("core", 1, self._budget(request))
        if request.method not in _READING and request.path != "/graphql":
            self._count_write()

    def _check_token(self, request: Request) -> None:
        sent = request.headers.get("authorization", "")
        given = sent.partition(" ")[2].strip()
        if self.token is None:
            return
        if sent and given != self.token:
            raise Problem(401, "Bad credentials")
        if not sent and request.path in {"/graphql", "/user"}:
            raise Problem(401, "This endpoint requires you to be authenticated.")
        if not sent and request.method not in _READING:
            raise Problem(401, "Requires authentication")

    def permit(self, route: Route) -> None:
        """Refuse a call that needs a permission which the token lacks."""
        if route.permission in self.missing:
            raise Problem(403, "Resource not accessible by personal access token")

    def _budget(self, request: Request) -> int:
        known = self.token is None or "authorization" in request.headers
        return self.budget if known else min(self.budget, _ANONYMOUS)

    def window(self, kind: str) -> Window:
        """Return the running hour of a kind of request; a new one when that is over."""
        now = self.clock()
        if kind not in self.windows or now >= self.windows[kind].since + _HOUR:
            self.windows[kind] = Window(now)
        return self.windows[kind]

    def _spend(self, kind: str, points: int, budget: int) -> None:
        window = self.window(kind)
        if window.used + points > budget:
            raise Problem(self.exceeded_status, "API rate limit exceeded for user ID 1.", docs=_LIMITS)
        window.used += points

    def refund(self) -> None:
        """Give back what a request cost: an answer 304 is free."""
        window = self.window("core")
        window.used = max(0, window.used - 1)

    def spend_points(self, points: int) -> bool:
        """Take the points of a GraphQL query; False when there are too few."""
        try:
            self._spend("graphql", points, self.graphql_budget)
        except Problem:
            return False
        return True

    def _count_write(self) -> None:
        if self.writes_a_minute is None:
            return
        now = self.clock()
        while self._writes and self._writes[0] <= now - _MINUTE:
            self._writes.popleft()
        if len(self._writes) >= self.writes_a_minute:
            raise self._too_fast()
        self._writes.append(now)

    def _too_fast(self) -> Problem:
        return Problem(
            self.exceeded_status,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            docs=f"{_LIMITS}#about-secondary-rate-limits",
        )

    def headers(self, request: Request) -> dict[str, str]:
        """Return the headers that tell how much of the budget is left."""
        kind = "graphql" if request.path == "/graphql" else "core"
        return {f"X-RateLimit-{name.capitalize()}": str(value) for name, value in self.state(kind, request)}

    def state(self, kind: str, request: Request) -> Iterator[tuple[str, int | str]]:
        """Yield the numbers of one kind of request."""
        window = self.window(kind)
        limit = self.graphql_budget if kind == "graphql" else self._budget(request)
        yield "limit", limit
        yield "remaining", max(0, limit - window.used)
        yield "reset", int(window.since + _HOUR)
        yield "used", window.used
        yield "resource", kind


def tagged(request: Request, answer: Answer) -> Answer:
    """Return a GET's answer with its ETag, or an empty 304 when the client has it already."""
    if request.method not in _READING or answer.status != 200:  # noqa: PLR2004 - a status
        return answer
    tag = f'W/"{sha256(answer.body).hexdigest()}"'
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    headers = {**answer.headers, "ETag": tag, "Vary": "Accept, Authorization"}
    if tag.removeprefix("W/") in known:
        return Answer(304, b"", {name: value for name, value in headers.items() if name != "Content-Type"})
    return Answer(answer.status, answer.body, headers)
