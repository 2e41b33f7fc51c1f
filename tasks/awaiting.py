"""Waiting for a candidate on the staging index, and telling a new upload from an old one."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from packaging.version import Version

from .errors import Refused, Unreachable
from .history import version_setters
from .project import Project
from .rules.distributions import lacking
from .systems.index import Index, IndexFile, IndexUnreachable, NotOnIndex

_PAUSE_SECONDS = 5.0


def setter_of(project: Project, version: Version) -> str | None:
    """Return the commit that set a version, None when no commit in this history did."""
    setters = version_setters(project.git, None, project.git.resolve("HEAD"))
    return next((commit for commit, text in setters if text == str(version)), None)


def set_at(project: Project, version: Version) -> datetime | None:
    """Return when the commit was made that set a version, None when no commit in this history did."""
    commit = setter_of(project, version)
    return datetime.fromisoformat(project.git.date(commit)) if commit else None


def whole(project: Project, files: Sequence[IndexFile]) -> bool:
    """Tell whether there is a file of every kind that a version has."""
    return not lacking((file.filename for file in files), project.kinds)


def check_fresh(files: Sequence[IndexFile], since: datetime | None, version: Version) -> None:
    """Refuse files that are older than the commit that set their version: an upload that was skipped."""
    for file in files:
        if since and file.uploaded and file.uploaded < since:
            raise Refused(
                f"{file.filename} was uploaded {file.uploaded:%Y-%m-%d %H:%M} UTC, before the commit that set "
                f"{version}: it is an older build, and the new one's upload was skipped",
                expected="a version that was raised since",
                remedy="inv version.bump --rc, push, and wait for that one",
            )


def wait_for(project: Project, version: Version, seconds: float, tell: Callable[[str], None]) -> list[IndexFile]:
    """Return a version's files once all are on the staging index; `seconds` is how long to wait at the most."""
    index, since = Index(project.settings.staging_index.simple), set_at(project, version)
    until = time.monotonic() + seconds
    while True:
        try:
            files = index.version(project.package, version)
            state = f"{len(files)} of {len(project.kinds)} files"
        except NotOnIndex:
            files, state = [], "not there yet"
        except IndexUnreachable as error:
            files, state = [], error.found
        check_fresh(files, since, version)
        if whole(project, files):
            return files
        if time.monotonic() + _PAUSE_SECONDS > until:
            raise Unreachable(
                f"{project.package} {version} is not complete on the staging index after {seconds:.0f} s: {state}",
                expected=" and ".join(f"its {kind}" for kind in project.kinds),
                remedy="look at the CI run that publishes it, then wait again",
            )
        tell(f"{version}: {state}")
        time.sleep(_PAUSE_SECONDS)
