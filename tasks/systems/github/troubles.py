"""What GitHub refuses, and what to do about it."""

from collections.abc import Mapping
from typing import Any

from ..tokens import Token
from ..web import Answer, Trouble, WrongAnswer

_LONGEST = 300  # characters of GitHub's own words


class TokenRefused(Trouble):
    """GitHub does not accept the token, or wants one."""

    def __init__(self, answer: Answer, token: Token | None) -> None:
        origin = f"refused the token from {token.origin}" if token else "wants a token"
        remedy = "gh auth login, or set GITHUB_TOKEN"
        super().__init__(answer.url, origin, expected="a token that is valid", remedy=remedy, status=answer.status)


class NotAllowed(Trouble):
    """The token may not do what was asked; `missing` is the permission it would need, where GitHub says so."""

    def __init__(self, answer: Answer, token: Token | None) -> None:
        self.missing = answer.headers.get("x-accepted-github-permissions", "")
        who = f"the token from {token.origin}" if token else "us without a token"
        sign_on = answer.headers.get("x-github-sso", "").startswith("required")
        super().__init__(
            answer.url,
            f"does not allow {who}: {complaint(answer)}",
            expected=f"a token with {self.missing}" if self.missing else "",
            remedy="authorize the token for the organization's single sign-on"
            if sign_on
            else "give the token that permission, or set GITHUB_TOKEN to one that has it",
            status=answer.status,
        )


class Missing(Trouble):
    """Something is not there, or the token may not see it."""

    def __init__(self, url: str, token: Token | None, what: str = "what was asked for") -> None:
        seen = f"the token from {token.origin} may not see it" if token else "it is private and no token was given"
        super().__init__(
            url, f"has not {what}, or {seen}", expected="a repository that can be read",
            remedy="check github.api and repository in the settings, and the token", status=404,
        )  # fmt: skip


class Unprocessable(WrongAnswer):
    """GitHub understood what was asked and will not do it; `codes` are its reasons: `already_exists`, `invalid`, …."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.url, f"answered {answer.status}: {complaint(answer)}", status=answer.status)
        self.codes = tuple(str(error.get("code", "")) for error in errors(answer))


def errors(answer: Answer) -> list[Mapping[str, Any]]:
    """Return the single errors that an answer lists."""
    try:
        document = answer.json()
    except WrongAnswer:
        return []
    rows = document.get("errors") if isinstance(document, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def complaint(answer: Answer) -> str:
    """Return GitHub's own words for what is wrong."""
    details = (
        str(row.get("message") or " ".join(str(row.get(key, "")) for key in ("resource", "field", "code")))
        for row in errors(answer)
    )
    words = "; ".join(" ".join(text.split()) for text in (answer.said(), *details) if text.strip())
    return (answer.token.hide(words) if answer.token else words)[:_LONGEST] or "it gave no reason"


def refusal(answer: Answer, token: Token | None) -> Trouble:
    """Return what an answer that is none means."""
    if answer.status == 401:  # noqa: PLR2004 - the codes are what this table is about
        return TokenRefused(answer, token)
    if answer.status == 403:  # noqa: PLR2004
        return NotAllowed(answer, token)
    if answer.status in {404, 410}:
        return Missing(answer.url, token)
    return Unprocessable(answer)
