"""Queries: one question to GraphQL, whose answers are partial, limited or wrong inside an HTTP 200."""

from dataclasses import dataclass
from typing import Any

from ..web import Answer, Trouble, WrongAnswer
from .api import JSON, VERSION, Api
from .troubles import complaint, errors, refusal

_INVISIBLE = {"NOT_FOUND", "FORBIDDEN"}  # what we cannot see is null, and the rest is true
_SLOW = ("something went wrong", "timeout", "timed out", "couldn't respond", "resource limits")


class CutOff(Trouble):
    """GitHub ran out of time over a question, or found it too heavy, and answered in part; a smaller one may do."""


@dataclass(frozen=True)
class Queries:
    """GraphQL, asked about one repository."""

    github: Api

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """Return the repository as a query describes it; the query's `$owner` and `$name` are set."""
        known = {"owner": self.github.owner, "name": self.github.name, **variables}
        answer = self.github.web.send(
            "POST", self.github.graphql, {"query": query, "variables": known}, accept=JSON, token=self.github.token,
            headers=VERSION, deadline=self.github.deadline, safe=True, refused=limited,
        )  # fmt: skip
        if not answer.ok:
            raise refusal(answer, self.github.token)
        return _repository(answer)


def limited(answer: Answer) -> bool:
    """Tell whether an answer refuses because we asked too often, which GraphQL says with HTTP 200."""
    return answer.ok and any(
        error.get("type") == "RATE_LIMITED" or "rate limit" in str(error.get("message", "")).lower()
        for error in errors(answer)
    )


def _repository(answer: Answer) -> dict[str, Any]:
    """Return the repository of an answer that is whole but for what we may not see."""
    wrong = [error for error in errors(answer) if error.get("type") not in _INVISIBLE]
    if any(sign in str(error.get("message", "")).lower() for error in wrong for sign in _SLOW):
        raise CutOff(answer.url, f"answered in part: {complaint(answer)}", remedy="try again later", status=200)
    data = answer.mapping().get("data")
    if wrong or not isinstance(data, dict):
        raise WrongAnswer(answer.url, f"did not answer: {complaint(answer)}", expected="data", status=200)
    repository = data.get("repository")
    if not isinstance(repository, dict):
        raise WrongAnswer(
            answer.url, "knows no such repository, or may not show it", expected="a repository that can be read",
            remedy="check repository in the settings, and the token", status=404,
        )  # fmt: skip
    return repository
