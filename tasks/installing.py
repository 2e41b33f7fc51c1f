"""A version onto hosts: found on its index, checked, uploaded, and watched until the host has judged it."""

import getpass
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from .errors import Refused
from .fleet import HostResult, host
from .project import Project
from .rules.admission import obstacle
from .rules.fleet import HostOutcome
from .rules.versions import is_candidate
from .systems.index import Index, IndexFile

_CHANGE_SECONDS = 30 * 60  # building a slot on a slow host, draining the old service, settling
_PROBE_ROOM = 50 * 1024 * 1024  # bytes that an environment takes at the least


@dataclass(frozen=True, slots=True)
class Release:
    """The one file that goes to the hosts, where it came from, and the index its dependencies come from."""

    version: Version
    file: IndexFile
    content: bytes
    origin: str
    index: str
    staging_index: str


def fetch(project: Project, version: Version) -> Release:
    """Return a version's wheel, checked: a candidate's from the staging index, a final one's from the release index."""
    settings = project.settings
    candidate = is_candidate(version)
    index = Index(settings.staging_index.simple if candidate else settings.index.simple)
    file = index.wheel(project.package, version)
    origin = "staging index" if candidate else "release index"
    content = index.download(file)
    return Release(version, file, content, origin, settings.index.simple, settings.staging_index.simple)


def newest_final(project: Project) -> Version:
    """Return the newest final version on the release index that is not yanked."""
    index = Index(project.settings.index.simple)
    finals = [
        file.version for file in index.files(project.package) if not file.yanked and not is_candidate(file.version)
    ]
    if not finals:
        raise Refused(f"{project.package} has no final release on {index.simple}", expected="a released version")
    return max(finals)


def install(
    project: Project, name: str, release: Release, *, action: str = "install", keep: bool = False,
    allow_downgrade: bool = False,
) -> HostResult:  # fmt: skip
    """Install a version on one host and return how the host judged it."""
    settings = project.settings.hosts[name]
    why_not = obstacle(release.version, settings.role)
    if why_not:
        return HostResult(name, HostOutcome.UNTOUCHED, 4, {}, why_not)
    target = host(project, name, operator=operator())
    python = settings.python or _fitting_python(target.ask(
        "probe", installer=settings.installer, requires_python=release.file.requires_python,
        need_bytes=_PROBE_ROOM + len(release.content)), release)  # fmt: skip
    answer = target.change(
        action, deploy_id(str(release.version)), time.monotonic() + _CHANGE_SECONDS, release.content,
        version=str(release.version), wheel=release.file.filename, sha256=release.file.sha256,
        installer=settings.installer, index=release.index, staging_index=release.staging_index, python=python,
        keep=keep, allow_downgrade=allow_downgrade, keep_slots=settings.keep_slots, origin=release.origin,
    )  # fmt: skip
    return result_of(name, answer)


def _fitting_python(probe: Mapping[str, Any], release: Release) -> str:
    """Return the first interpreter of a host that the version allows, before anything is touched there."""
    allowed = SpecifierSet(release.file.requires_python)
    for python in probe["pythons"]:
        if allowed.contains(python["version"], prereleases=True):
            return str(python["path"])
    found = ", ".join(python["version"] for python in probe["pythons"]) or "none"
    raise Refused(
        f"{release.version} needs Python {release.file.requires_python}; the host has {found}",
        expected="a Python that fits",
        remedy="install one, and name it in hosts.NAME.python",
    )


def change(project: Project, name: str, action: str, **fields: Any) -> HostResult:
    """Ask a host for a change that needs no file, and see it to its end."""
    target = host(project, name, operator=operator())
    return result_of(name, target.change(action, deploy_id(action), time.monotonic() + _CHANGE_SECONDS, **fields))


def result_of(name: str, answer: Mapping[str, Any]) -> HostResult:
    """Return what the agent's answer about a change says of a host."""
    outcome = HostOutcome[str(answer["outcome"])]
    return HostResult(name, outcome, int(answer["code"]), answer, str(answer.get("reason", "")))


def deploy_id(what: str) -> str:
    """Return a new name for a change, which the host's record keeps it under."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{what[:24]}-{secrets.token_hex(3)}"


def operator() -> str:
    """Return who is at work, for the host's record and for whoever finds the host busy."""
    return getpass.getuser()
