"""The account: what the repository is, who we are there, what we may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

from ..web import Answer
from .api import VERSION, Api, Row
from .troubles import refusal


@dataclass(frozen=True, slots=True)
class Facts:
    """What a repository is; `permissions` are ours: `pull`, `push`, `maintain`, `admin`, …."""

    name: str
    default_branch: str
    private: bool
    archived: bool
    issues: bool
    url: str
    permissions: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the facts that a row describes."""
        return cls(
            row["full_name"], row["default_branch"], row["private"], bool(row.get("archived")),
            bool(row.get("has_issues")), row["html_url"], row.get("permissions") or {},
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token stands for; `scopes` is None for a kind of token that has none (fine-grained, an app's)."""

    login: str
    scopes: tuple[str, ...] | None


class Account(Api):
    """What a repository is and what we may do there."""

    def facts(self) -> Facts:
        """Return what the repository is; it has to be there."""
        return self.need(self.url(), Facts.of, "this repository")

    def identity(self) -> Identity | None:
        """Return who the token stands for, None without one or for a workflow's own, which stands for nobody."""
        if self.token is None:
            return None
        answer = self.web.get(self.at("user"), token=self.token, headers=VERSION, deadline=self.deadline)
        if answer.status == HTTPStatus.FORBIDDEN:
            return None
        if not answer.ok:
            raise refusal(answer, self.token)
        return Identity(str(answer.mapping().get("login", "")), _scopes(answer))


def _scopes(answer: Answer) -> tuple[str, ...] | None:
    said = answer.headers.get("x-oauth-scopes")
    return None if said is None else tuple(scope.strip() for scope in said.split(",") if scope.strip())
