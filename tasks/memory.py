"""Memory: what GitHub said of commits and will not take back, kept beside the repository's git data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .project import Project
from .rules.pulls import Told
from .rules.references import Reference
from .systems.shelf import Shelf

_NAME = "coverage"
_ISSUE = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)?#(?P<number>[1-9]\d{0,9})")
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True)
class Memory:
    """What is known of the commits of a repository on GitHub; `place` is its address there."""

    shelf: Shelf
    place: str

    @classmethod
    def of(cls, project: Project) -> Self:
        """Return what is known of a project's commits."""
        api = project.settings.github.api.rstrip("/")
        return cls(Shelf(project.git.common), f"{api}/repos/{project.repository}".lower())

    def read(self) -> dict[str, Told]:
        """Return what GitHub said, by commit; what is damaged is as if it had never been asked."""
        rows = self._rows(self.shelf.read(_NAME))
        known = {commit: _told(row) for commit, row in rows.items() if _COMMIT.fullmatch(commit)}
        return {commit: told for commit, told in known.items() if told}

    def keep(self, told: Mapping[str, Told]) -> None:
        """Remember what will not change: the issues of commits that are covered for good."""
        lasting = {commit: _row(one) for commit, one in told.items() if one.lasting and one.issues}
        if lasting:
            document = self.shelf.read(_NAME)
            kept = {commit: _row(one) for commit, one in self.read().items()}
            self.shelf.write(_NAME, {**document, self.place: kept | lasting})

    def _rows(self, document: Mapping[str, Any]) -> dict[str, Any]:
        rows = document.get(self.place)
        return rows if isinstance(rows, dict) else {}


def _row(told: Told) -> dict[str, Any]:
    return {"issues": [str(issue) for issue in told.issues], "pull": told.pull, "reason": told.reason}


def _told(row: object) -> Told | None:
    """Return what a row means, None when it is none of ours."""
    if not isinstance(row, dict):
        return None
    issues, pull, reason = row.get("issues"), row.get("pull"), row.get("reason")
    if not isinstance(issues, list) or not isinstance(reason, str) or not isinstance(pull, int | None):
        return None
    found = [_ISSUE.fullmatch(issue) if isinstance(issue, str) else None for issue in issues]
    named = tuple(Reference(int(one["number"]), one["repository"] or "") for one in found if one)
    return Told(reason, named, pull, lasting=True) if named and len(named) == len(issues) else None
