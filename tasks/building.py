"""What the workflow built from a commit, held against what an index has of it."""

import hashlib
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import BadZipFile, ZipFile

from packaging.version import Version

from .awaiting import setter_of
from .github import github_of
from .project import Project
from .report import note
from .systems.github import Artifact, Github, Run
from .systems.index import IndexFile
from .systems.web import WrongFile

PAUSE_SECONDS = 10.0
_LIKELY = ("dist", "wheel", "package", "build")
_LARGEST = 512 * 1024 * 1024  # bytes of a file in an archive
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Compared:
    """The files that are what a run built, each with that run's address; and why some were not compared."""

    same: dict[str, str] = field(default_factory=dict)
    reason: str = ""


def compare(project: Project, version: Version, files: Sequence[IndexFile], until: float) -> Compared:
    """Refuse a file that differs from what the workflow built from the commit that set its version.

    Until a moment (of the monotonic clock) a run that is not done yet is waited for.
    """
    commit = setter_of(project, version)
    if not project.repository:
        return Compared(reason="no GitHub is configured")
    if commit is None:
        return Compared(reason=f"no commit in this history set {version}")
    github = github_of(project)
    if github.token is None:
        return Compared(reason="GitHub gives artifacts only to who is signed in: gh auth login, or set GITHUB_TOKEN")
    workflow = project.settings.github.workflows.ci
    runs = _ended(github, commit, workflow, until)
    if not runs:
        return Compared(reason=f"GitHub knows no run of {workflow} for {commit[:8]}, which set {version}")
    return _judged(files, _built(github, runs, {file.filename for file in files}), runs[0])


def _ended(github: Github, commit: str, workflow: str, until: float) -> list[Run]:
    """Return the runs that a push of the commit set going, once all have ended or the time is up."""
    while True:
        runs = [run for run in github.runs(head_sha=commit, event="push") if run.workflow == workflow]
        open_ = [run for run in runs if run.status != "completed"]
        if not open_ or time.monotonic() + PAUSE_SECONDS > until:
            return runs
        note(f"{open_[0].url} is {open_[0].status}")
        time.sleep(PAUSE_SECONDS)


def _built(github: Github, runs: Sequence[Run], names: Collection[str]) -> dict[str, dict[str, str]]:
    """Return what runs built under some names: each digest with the address of its run."""
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    for run in runs:
        missing = {name for name in names if run.url not in found[name].values()}
        for artifact in sorted(github.artifacts(run.id), key=_unlikely):
            if missing and not artifact.expired:
                for name, digest in _digests(github.archive(artifact), missing, artifact.name):
                    found[name][digest] = run.url
                    missing -= {name}
    return found


def _unlikely(artifact: Artifact) -> bool:
    """Tell whether an artifact's name does not sound like distributions, so that it is looked into last."""
    return not any(word in artifact.name.lower() for word in _LIKELY)


def _digests(archive: bytes, names: Collection[str], what: str) -> Iterator[tuple[str, str]]:
    """Yield the name and sha256 of the files in a zip that have one of the names, in whatever folder."""
    try:
        with ZipFile(BytesIO(archive)) as content:
            for info in content.infolist():
                name = PurePosixPath(info.filename).name
                if name in names and info.file_size <= _LARGEST:
                    with content.open(info) as file:
                        digest = hashlib.sha256()
                        while piece := file.read(_PIECE):
                            digest.update(piece)
                    yield name, digest.hexdigest()
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise WrongFile(f"the artifact {what} is no zip that can be read: {error}", expected="a zip") from None


def _judged(files: Sequence[IndexFile], built: dict[str, dict[str, str]], run: Run) -> Compared:
    """Refuse a file of which something else was built, and tell which were found the same."""
    for file in files:
        digests = built[file.filename]
        if digests and file.sha256 not in digests:
            digest, url = next(iter(digests.items()))
            raise WrongFile(
                f"{file.filename} on the staging index (sha256 {file.sha256[:16]}…) is not what {url} built "
                f"({digest[:16]}…)",
                expected="the file that the workflow built from that commit",
                remedy="inv staging.enter, for a new number, and look who uploaded this one",
            )
    same = {file.filename: built[file.filename][file.sha256] for file in files if built[file.filename]}
    left = [file.filename for file in files if file.filename not in same]
    return Compared(same, f"no artifact of {run.url} has {', '.join(left)}" if left else "")
