"""A host, as the proof of one release sees it: asked once, and read by several checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ReleaseError, Unreachable
from ..fleet import host
from .release import Release
from .waiting import Blocked, LeftOut, Observed, needs

_MISSING = {"result": "SKIPPED", "evidence": "the host did not say"}


@dataclass
class HostProof:
    """What a host shows of a release."""

    release: Release
    name: str
    _health: Observed[Mapping[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self._health = Observed(self._ask)

    @property
    def dev(self) -> bool:
        """Tell whether it is a developer's host, which runs a checkout."""
        return self.release.project.settings.hosts[self.name].role == "dev"

    def _ask(self) -> Mapping[str, Any]:
        asked = host(self.release.project, self.name, quiet=True)
        try:
            return asked.ask("healthcheck", version="" if self.dev else str(self.release.version))
        finally:
            asked.link.close()

    def check(self, name: str) -> str:
        """Return the evidence of one of the host's own checks; raise when it failed or nobody knows."""
        health = self._health.now() if name == "unit" else needs(f"unit[{self.name}]", self._health.now)
        checks = health["checks"]
        found = next((check for check in checks if check["name"] == name), None)
        if found is None and name == "liveness":
            raise LeftOut(f"hosts.{self.name}.liveness is not set")
        result, evidence = (found or _MISSING)["result"], (found or _MISSING)["evidence"]
        if result == "UNKNOWN":
            raise Unreachable(f"{self.name}: {evidence}")
        if result == "SKIPPED":
            raise Blocked(f"unit[{self.name}]", ReleaseError(evidence), final=True)
        if result != "PASS":
            raise ReleaseError(evidence)
        return str(evidence)

    def origin(self) -> str:
        """Return where what is live came from: staging index, release index, local, or nothing when unknown."""
        live = needs(f"unit[{self.name}]", self._health.now)["status"].get("live") or {}
        return str(live.get("origin") or "")
