"""Hosts that are not there: they answer at the seam where a host is spoken with, as the agent would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tasks import fleet, installing, judging
from tasks.errors import Refused, Unreachable
from tasks.project import Project

SINCE = "2026-01-01T12:00:00Z"


@dataclass
class FakeHost:
    """A host that runs a version.

    `sick`: it goes back from whatever is installed; `gone`: nobody listens; `busy`: somebody else is at work on it.
    """

    version: str = "1.0.0"
    origin: str = "release index"
    sick: bool = False
    gone: bool = False
    busy: bool = False
    reason: str = "steady: it restarted"
    soak: str = "PASS"
    shows: Mapping[str, str] = field(default_factory=dict)  # checks of the soak that are not passed, and why
    changes: list[str] = field(default_factory=list)
    old: list[str] = field(default_factory=list)  # slots that nobody goes back to

    @property
    def live(self) -> Mapping[str, str]:
        return {"version": self.version, "origin": self.origin, "since": SINCE, "path": f"/slots/{self.version}"}


@dataclass
class FakeFleet:
    """The hosts by name, and in which order they were changed."""

    hosts: dict[str, FakeHost]
    order: list[str] = field(default_factory=list)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Take the place of real hosts."""
        for module in (fleet, installing, judging):
            patch.setattr(module, "host", self.host)

    def host(self, _project: Project, name: str, **_more: Any) -> "Spoken":
        return Spoken(name, self.hosts[name], self)


@dataclass
class Spoken:
    """A connection to a fake host."""

    name: str
    at: FakeHost
    fleet: FakeFleet

    def ask(self, action: str, **fields: Any) -> dict[str, Any]:
        """Answer what does not touch the service."""
        if self.at.gone:
            raise Unreachable(f"{self.name} could not be reached")
        if action == "prune":
            return {"code": 0, "outcome": "OK", **self._pruned(dry_run=fields["dry_run"])}
        answers: dict[str, dict[str, Any]] = {
            "probe": {"pythons": [{"path": "/usr/bin/python3", "version": "3.12.1"}]},
            "status": {"live": self.at.live, "unit": {"active": "active"}, "drift": [],
                       "work": {"operator": "ann", "action": "install"} if self.at.busy else None},
            "healthcheck": {"checks": [], "verdict": "PASS", "status": {"live": self.at.live}},
            "soak": {"verdict": self.at.soak, "version": self.at.version, "since": SINCE, "seconds": 8 * 86400,
                     "restarts": 0, "errors": [], "checks": [
                         {"name": name, "result": self.at.soak, "evidence": why} for name, why in self.at.shows.items()
                     ]},
        }  # fmt: skip
        code = {"PASS": 0, "FAIL": 1, "UNKNOWN": 3}[self.at.soak] if action == "soak" else 0
        return {"code": code, "outcome": "OK", **answers[action]}

    def _pruned(self, *, dry_run: bool) -> dict[str, list[str]]:
        if dry_run:
            return {"removed": [], "would_remove": list(self.at.old)}
        gone, self.at.old = self.at.old, []
        return {"removed": gone}

    def change(
        self, action: str, deploy: str, _deadline: float, _payload: bytes = b"", **fields: Any
    ) -> dict[str, Any]:
        """Change the host, and answer how it judged itself."""
        if self.at.gone:
            raise Unreachable(f"{self.name} could not be reached")
        if self.at.busy:
            raise Refused(f"{self.name}: somebody is at work here")
        self.fleet.order.append(self.name)
        answer = {"deploy": deploy, "action": action, "live": self.at.live, "checks": [], "reason": ""}
        if self.at.sick:
            return {**answer, "code": 1, "outcome": "ROLLED_BACK", "reason": self.at.reason}
        if self.at.version != fields["version"]:
            self.at.version, self.at.origin = fields["version"], fields["origin"]
            self.at.changes.append(fields["version"])
        return {**answer, "code": 0, "outcome": "OK", "live": self.at.live}
