"""Revisions: tags, branches, what a file held at one of them, and how two of them relate."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from .api import RAW, Api, Row, moment

_DEEPEST = 5  # tags that point to tags


@dataclass(frozen=True, slots=True)
class TagRef:
    """A tag: the commit it leads to, and when it was made (a plain one: when its commit was)."""

    name: str
    commit: str
    annotated: bool
    date: datetime | None


@dataclass(frozen=True, slots=True)
class Relation:
    """How a head relates to a base: `status` is `ahead`, `behind`, `identical` or `diverged`; by how many commits."""

    status: str
    ahead: int
    behind: int
    merge_base: str

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the relation that a row describes."""
        return cls(row["status"], row["ahead_by"], row["behind_by"], row["merge_base_commit"]["sha"])

    @property
    def contains_base(self) -> bool:
        """Tell whether the head descends from the base, or is it."""
        return self.behind == 0


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch; `checks` are those that its classic protection demands."""

    name: str
    commit: str
    protected: bool
    checks: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the branch that a row describes."""
        demanded = (row.get("protection") or {}).get("required_status_checks") or {}
        return cls(row["name"], row["commit"]["sha"], row["protected"], tuple(demanded.get("contexts") or ()))


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that holds for a branch, such as `required_status_checks` or `pull_request`."""

    kind: str
    parameters: dict[str, Any]
    ruleset: int | None = None
    source: str = ""

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the rule that a row describes."""
        return cls(
            row["type"], row.get("parameters") or {}, row.get("ruleset_id"), row.get("ruleset_source") or ""
        )  # fmt: skip

    @property
    def checks(self) -> tuple[str, ...]:
        """Return the names of the checks that must pass."""
        return tuple(check["context"] for check in self.parameters.get("required_status_checks", ()))


@dataclass(frozen=True, slots=True)
class Protection:
    """A branch's classic protection: whether it wants pull requests, which checks, and whether it may be rewritten."""

    pulls: bool
    checks: tuple[str, ...]
    force: bool

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the protection that a row describes."""
        checks = row.get("required_status_checks") or {}
        named = checks.get("contexts") or [check["context"] for check in checks.get("checks") or ()]
        return cls(
            row.get("required_pull_request_reviews") is not None,
            tuple(named),
            bool((row.get("allow_force_pushes") or {}).get("enabled")),
        )


class Revisions(Api):
    """Tags, branches and files of a repository."""

    def tag(self, tag: str) -> TagRef | None:
        """Return a tag, None when it is not there."""
        target = self._ref(f"tags/{tag}")
        if target is None:
            return None
        annotated, date = target[0] == "tag", None
        for _ in range(_DEEPEST):
            if target[0] != "tag":
                break
            made, target = self.need(self.url("git", "tags", target[1]), _tag_object, f"the tag {tag}")
            date = date or made
        if not annotated:
            date = self._commit_date(target[1])
        return TagRef(tag, target[1], annotated, date)

    def _commit_date(self, commit: str) -> datetime | None:
        """Return when a commit was made; its second page has no list of changed files."""
        return self.need(self.url("commits", commit, per_page=1, page=2), _committed, f"the commit {commit}")

    def branch_head(self, branch: str) -> str | None:
        """Return the commit at the head of a branch."""
        target = self._ref(f"heads/{branch}")
        return target[1] if target else None

    def _ref(self, ref: str) -> tuple[str, str] | None:
        """Return kind and id of what a reference points to."""
        return self.one(self.url("git", "ref", ref), _target)

    def branch(self, branch: str) -> Branch | None:
        """Return a branch with its classic protection."""
        return self.one(self.url("branches", branch), Branch.of)

    def protection(self, branch: str) -> Protection | None:
        """Return a branch's classic protection, None without one; only administrators may read it."""
        return self.one(self.url("branches", branch, "protection"), Protection.of)

    def rules(self, branch: str) -> list[Rule]:
        """Return the rules of all rulesets that hold for a branch, whether it is there or not."""
        return list(self.many(self.url("rules", "branches", branch), Rule.of))

    def content(self, path: str, ref: str) -> bytes | None:
        """Return what a file holds at a revision, None when one of them is not there."""
        answer = self.ask(self.url("contents", path, ref=ref), accept=RAW)
        return None if answer is None else answer.body

    def relation(self, base: str, head: str) -> Relation | None:
        """Return how two revisions relate, None when one is not there or they have nothing in common."""
        # The second page of the comparison has no list of changed files, which is all that could make it long.
        return self.one(self.url("compare", f"{base}...{head}", per_page=1, page=2), Relation.of)

    def statuses(self, ref: str) -> dict[str, str]:
        """Return the state of every status set on a revision: `success`, `pending`, `failure`, `error`."""
        found: dict[str, str] = {}
        for context, state in self.many(self.url("commits", ref, "status"), _status, key="statuses"):
            found.setdefault(context, state)
        return found


def _target(row: Row) -> tuple[str, str]:
    return row["object"]["type"], row["object"]["sha"]


def _tag_object(row: Row) -> tuple[datetime | None, tuple[str, str]]:
    return moment((row.get("tagger") or {}).get("date")), _target(row)


def _committed(row: Row) -> datetime | None:
    return moment((row["commit"]["committer"] or {}).get("date"))


def _status(row: Row) -> tuple[str, str]:
    return row["context"], row["state"]
