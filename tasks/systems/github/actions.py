"""Actions: runs of workflows, their jobs, their logs, what they built."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Self

from .api import JSON, VERSION, Api, Row, moment


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a workflow; `status` and `conclusion` (empty until it ends) are words of GitHub's, more to come."""

    id: int
    name: str
    path: str
    event: str
    head_sha: str
    head_branch: str
    status: str
    conclusion: str
    url: str
    attempt: int
    created: datetime | None
    updated: datetime | None = None

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the run that a row describes."""
        return cls(
            row["id"], row.get("name") or "", row["path"].partition("@")[0], row["event"], row["head_sha"],
            row["head_branch"] or "", row["status"] or "", row["conclusion"] or "", row["html_url"],
            row.get("run_attempt") or 1, moment(row["created_at"]), moment(row["updated_at"]),
        )  # fmt: skip

    @property
    def workflow(self) -> str:
        """Return the name of the workflow's file."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow by its file; `state` is `active`, `disabled_manually`, `disabled_inactivity`, …."""

    path: str
    state: str

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the workflow that a row describes."""
        return cls(row["path"], row["state"])


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a job."""

    number: int
    name: str
    status: str
    conclusion: str

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the step that a row describes."""
        return cls(row["number"], row["name"], row["status"], row["conclusion"] or "")


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a run."""

    id: int
    name: str
    status: str
    conclusion: str
    url: str
    steps: tuple[Step, ...] = ()
    started: datetime | None = None
    completed: datetime | None = None

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the job that a row describes."""
        return cls(
            row["id"], row["name"], row["status"], row["conclusion"] or "", row["html_url"] or "",
            tuple(Step.of(step) for step in row.get("steps") or ()), moment(row["started_at"]),
            moment(row["completed_at"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a run built; `sha256` is that of the archive that GitHub makes of it, empty when it says none."""

    id: int
    name: str
    size: int
    sha256: str
    expired: bool

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the artifact that a row describes."""
        kind, _, digest = (row.get("digest") or "").partition(":")
        return cls(
            row["id"], row["name"], row["size_in_bytes"], digest if kind == "sha256" else "", row["expired"]
        )  # fmt: skip


class Actions(Api):
    """The workflow runs of a repository."""

    def workflow(self, name: str) -> Workflow | None:
        """Return a workflow by its file's name, None when GitHub has not seen it."""
        return self.one(self.url("actions", "workflows", name), Workflow.of)

    def runs(
        self, *, workflow: str = "", head_sha: str = "", branch: str = "", event: str = "", status: str = "",
        most: int = 100,
    ) -> Iterator[Run]:  # fmt: skip
        """Yield runs, the newest first, of the workflow with this file name or of all."""
        where = ("actions", "workflows", workflow, "runs") if workflow else ("actions", "runs")
        url = self.url(*where, head_sha=head_sha, branch=branch, event=event, status=status)
        return self.many(url, Run.of, key="workflow_runs", most=most)

    def run(self, run: int) -> Run | None:
        """Return a run as it is now."""
        return self.one(self.url("actions", "runs", run), Run.of)

    def jobs(self, run: int) -> list[Job]:
        """Return the jobs of a run's last attempt."""
        return list(self.many(self.url("actions", "runs", run, "jobs", filter="latest"), Job.of, key="jobs"))

    def log(self, job: int) -> str | None:
        """Return the log of a job, None when it has none or no longer."""
        answer = self.ask(self.url("actions", "jobs", job, "logs"), elsewhere=True)
        return None if answer is None else answer.body.decode("utf-8", "replace").lstrip("\ufeff")

    def artifacts(self, run: int) -> list[Artifact]:
        """Return what a run built."""
        return list(self.many(self.url("actions", "runs", run, "artifacts"), Artifact.of, key="artifacts"))

    def archive(self, artifact: Artifact) -> bytes:
        """Return the zip that GitHub made of an artifact, once its digest is the one that is listed."""
        return self.web.download(
            self.url("actions", "artifacts", artifact.id, "zip"), name=artifact.name, sha256=artifact.sha256,
            accept=JSON, token=self.token, headers=VERSION, deadline=self.deadline,
        )  # fmt: skip
