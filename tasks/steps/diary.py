"""The diary of one release: what the journal tells of its steps. It remembers; what is so, the world says."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Self

from ..project import Project
from ..rules.steps import State
from ..systems.hold import held, now, operator
from ..systems.journal import Journal
from ..systems.shelf import FOLDER

ENDS = {"done", "found", "skipped"}


@dataclass
class Diary:
    """The lines of one version in the journal of a repository."""

    journal: Journal
    version: str
    _began: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project, version: str) -> Self:
        """Return the diary of a version, kept beside the repository's git data."""
        return cls(Journal(project.git.common / FOLDER / "journal.jsonl"), version)

    def alone(self) -> AbstractContextManager[None]:
        """Keep other runs in this repository out."""
        return held(self.journal.path.with_name("run.lock"), f"a release in {self.journal.path.parent.parent}")

    def lines(self, step: str = "") -> Iterator[dict[str, Any]]:
        """Yield the lines of this version, of one step or of all, the newest first."""
        for line in reversed(self.journal.lines()):
            if line.get("version") == self.version and step in {"", line.get("step")}:
                yield line

    def begin(self, step: str) -> None:
        """Write down that a step is begun."""
        self._began[step] = time.monotonic()
        self.write(step, "begun")

    def write(self, step: str, event: str, evidence: str = "", commit: str = "") -> None:
        """Write down what became of a step."""
        line: dict[str, str | float] = {"version": self.version, "step": step, "event": event, "at": now(),
                                        "by": operator(), "evidence": evidence, "commit": commit}  # fmt: skip
        if step in self._began:
            line["seconds"] = round(time.monotonic() - self._began[step], 1)
        self.journal.append(line)

    def ended(self, step: str) -> dict[str, Any]:
        """Return the newest line that says how a step was done; nothing when there is none."""
        return next((line for line in self.lines(step) if line.get("event") in ENDS), {})

    def done(self, step: str) -> dict[str, Any]:
        """Return the newest line of a run that did the step; nothing when there is none."""
        return next((line for line in self.lines(step) if line.get("event") == "done"), {})

    def said(self, step: str, commit: str) -> str:
        """Return the evidence that was written down for a step at a commit."""
        found = (line for line in self.lines(step) if line.get("event") == "done" and line.get("commit") == commit)
        line = next(found, {})
        return f"{line.get('evidence', '')} ({line.get('at', '')}, {line.get('by', '')})" if line else ""

    def chosen(self) -> bool | None:
        """Return what somebody said when asked whether a candidate goes first."""
        line = next((line for line in self.lines("candidate") if line.get("event") == "chosen"), None)
        return None if line is None else line.get("evidence") == "yes"

    def choose(self, *, staging: bool) -> None:
        """Write down whether a candidate goes first."""
        self.write("candidate", "chosen", "yes" if staging else "no")

    def remember(self, step: str, state: State, evidence: str) -> None:
        """Write down what was seen of a step that no line tells of: it was done elsewhere, or cut short."""
        event = "found" if state is State.DONE else "skipped"
        last = self.ended(step)
        if (last.get("event") not in ({"done", "found"} if state is State.DONE else {"skipped"})) or (
            event == "skipped" and last.get("evidence") != evidence
        ):
            self.write(step, event, evidence)
