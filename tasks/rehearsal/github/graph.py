"""GitHub's GraphQL: a query read, paid for, executed and answered."""

from typing import Any

from ..server import Answer, Request
from .connection import Node
from .execution import Execution, Fields, cost
from .hub import Hub
from .language import Reader, Syntax
from .nodes import kinds, repository
from .objects import stamp
from .routing import Problem, plain

_LIMITED = {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}


def refused(problem: Problem, request: Request) -> Answer | None:
    """Return how GraphQL words a budget that is used up; None for what is no such thing."""
    if request.path == "/graphql" and problem.message.startswith("API rate limit"):
        return plain({"errors": [_LIMITED]})
    return None


def answer(hub: Hub, request: Request) -> Answer:
    """Answer a query; every error comes in an answer 200."""
    try:
        sent = request.json()
        query = Reader(sent["query"]).query()
    except (Syntax, ValueError, KeyError, TypeError) as error:
        return plain({"errors": [{"message": str(error)}]}) if isinstance(error, Syntax) else _unread()
    variables = {**query.defaults, **(sent.get("variables") or {})}
    gone = sorted(name for name in query.required if variables.get(name) is None)
    if gone:
        message = f"Variable ${gone[0]} of a required type was provided invalid value"
        return plain({"errors": [{"message": message, "locations": [{"line": 1, "column": 1}]}]})
    points = cost(query.selections, variables)
    if not hub.gate.spend_points(points):
        return plain({"errors": [_LIMITED]})
    execution = Execution(_fields(hub, points, request), variables, hub.gate.slow_commits)
    data = execution.run(query, Node("Query"))
    return plain({"data": data, **({"errors": execution.errors} if execution.errors else {})})


def _unread() -> Answer:
    return plain({"message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/graphql"}, 400)


def _fields(hub: Hub, points: int, request: Request) -> Fields:
    """Return, for each type, what gives its fields."""
    query = {
        "repository": lambda _, given: repository(hub, given),
        "rateLimit": lambda *_: Node("RateLimit"),
        "viewer": lambda *_: Node("User", hub.user),
    }
    return {"Query": query, "RateLimit": _rate(hub, points, request), **kinds(hub)}


def _rate(hub: Hub, points: int, request: Request) -> dict[str, Any]:
    def now() -> dict[str, Any]:
        return dict(hub.gate.state("graphql", request))

    return {
        "cost": lambda *_: points,
        "limit": lambda *_: now()["limit"],
        "used": lambda *_: now()["used"],
        "remaining": lambda *_: now()["remaining"],
        "resetAt": lambda *_: stamp(now()["reset"]),
        "nodeCount": lambda *_: 0,
    }
