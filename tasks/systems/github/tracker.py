"""The tracker: issues and pull requests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from .api import Api, Row, moment


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, or a pull request seen as one; `state_reason` is empty while it is open."""

    number: int
    title: str
    state: str
    state_reason: str
    labels: tuple[str, ...]
    milestone: str
    url: str
    pull_request: bool
    body: str = field(repr=False)
    created: datetime | None = None
    closed: datetime | None = None
    author: str = ""
    association: str = ""  # the author's: OWNER, MEMBER, COLLABORATOR, CONTRIBUTOR, NONE, …

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the issue that a row describes."""
        return cls(
            row["number"], row["title"], row["state"], row.get("state_reason") or "", labels_of(row),
            (row.get("milestone") or {}).get("title", ""), row["html_url"], "pull_request" in row,
            row.get("body") or "",
            moment(row["created_at"]), moment(row["closed_at"]), (row.get("user") or {}).get("login", ""),
            row.get("author_association") or "",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request; `mergeable` is None while GitHub works it out, and in lists."""

    number: int
    title: str
    state: str
    merged: bool
    merge_commit: str
    head: str
    head_commit: str
    base: str
    mergeable: bool | None
    draft: bool
    labels: tuple[str, ...]
    url: str
    body: str = field(repr=False)
    merged_at: datetime | None = None

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the pull request that a row describes."""
        return cls(
            row["number"], row["title"], row["state"], bool(row["merged_at"]), row["merge_commit_sha"] or "",
            row["head"]["ref"], row["head"]["sha"], row["base"]["ref"], row.get("mergeable"),
            bool(row.get("draft")), labels_of(row), row["html_url"], row.get("body") or "", moment(row["merged_at"]),
        )  # fmt: skip


def labels_of(row: Row) -> tuple[str, ...]:
    """Return the names of a row's labels, which may be bare names."""
    named = (label if isinstance(label, str) else label["name"] for label in row.get("labels") or ())
    return tuple(name for name in named if name)


class Tracker(Api):
    """The issues and pull requests of a repository."""

    def issue(self, number: int) -> Issue | None:
        """Return an issue, None when it is not there or was deleted."""
        return self.one(self.url("issues", number), Issue.of)

    def issues(
        self, *, state: str = "open", labels: Sequence[str] = (), milestone: str = "", since: datetime | None = None,
        most: int | None = None,
    ) -> Iterator[Issue]:  # fmt: skip
        """Yield issues and pull requests, the newest first: with all the labels, of the milestone of this title."""
        number = self.milestone(milestone) if milestone else None
        if milestone and number is None:
            return iter(())
        after = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if since else None
        url = self.url("issues", state=state, labels=",".join(labels), milestone=number, since=after)
        return self.many(url, Issue.of, most=most)

    def milestone(self, title: str) -> int | None:
        """Return the number of the milestone with a title."""
        found = self.many(self.url("milestones", state="all"), lambda row: (row["title"], int(row["number"])))
        return next((number for name, number in found if name == title), None)

    def labels(self) -> list[str]:
        """Return the names of the labels there are."""
        return list(self.many(self.url("labels"), lambda row: str(row["name"])))

    def comments(self, number: int) -> Iterator[str]:
        """Yield the comments of an issue or pull request, the oldest first."""
        return self.many(self.url("issues", number, "comments"), lambda row: str(row.get("body") or ""))

    def pull(self, number: int) -> Pull | None:
        """Return a pull request."""
        return self.one(self.url("pulls", number), Pull.of)

    def pulls(self, *, head: str = "", base: str = "", state: str = "open", most: int | None = None) -> Iterator[Pull]:
        """Yield pull requests, the newest first; `head` is a branch of this repository, or `owner:branch`."""
        whole = head if ":" in head or not head else f"{self.owner}:{head}"
        return self.many(self.url("pulls", head=whole, base=base, state=state), Pull.of, most=most)

    def pulls_of(self, commit: str) -> list[Pull]:
        """Return the pull requests that a commit came through; it must be known to GitHub."""
        return list(self.many(self.url("commits", commit, "pulls"), Pull.of))
