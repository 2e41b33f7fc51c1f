"""A version's tag taken back, here and on the remote, while nothing was published under it."""

import time
from contextlib import suppress
from dataclasses import replace

from packaging.version import Version

from .branches import clone_of, remote_of
from .errors import Unreachable
from .github import editing
from .project import Project
from .report import note, progress, waiting_for
from .rules.pushes import PERMIT
from .rules.recall import Ran, Recall, check
from .rules.versions import read_version
from .systems.github import Github
from .systems.index import Index, NotOnIndex
from .systems.web import Web

_DELETED = "0" * 40
_ENDING_SECONDS = 90.0
_PAUSE_SECONDS = 2.0
_MOST_RUNS = 20


def version_of(project: Project, given: str) -> Version:
    """Return the version that is meant."""
    return read_version(given, "--version") if given else project.version


@waiting_for(lambda: "asking the index, GitHub and the remote")
def observe(project: Project, version: Version, github: Github) -> Recall:
    """Return where a version's tag is, and what was published under it; what cannot be asked is an error."""
    tag, remote = f"{project.settings.tag_prefix}{version}", remote_of(project)
    ref = f"refs/tags/{tag}"
    bare = Recall(version, tag, remote.name, project.git.at(ref) or "", remote.refs(ref).get(ref, ""))
    release = github.release(tag)
    url = release.url if release else ""
    runs = [run for run in github.runs(branch=tag, most=_MOST_RUNS)
            if run.workflow == project.settings.github.workflows.release]  # fmt: skip
    return replace(
        bare, files=published(project, version), released="" if release and release.draft else url,
        draft=url if release and release.draft else "",
        runs=[Ran(run.id, (run.conclusion or "failure") if run.status == "completed" else "", run.url) for run in runs],
    )  # fmt: skip


def published(project: Project, version: Version) -> list[str]:
    """Return the files that the index has of a version, yanked ones too, as either of its two lists tells."""
    settings = project.settings.index
    index = Index(settings.simple, settings.json, Web(note=note))
    names: list[str] = []
    with suppress(NotOnIndex):  # nothing of the package was ever published
        page = index.page(project.package)
        names += [file.filename for file in page.files if file.version == version]
        names += [f"{version}, without a file left"] if not names and version in page.versions else []
    with suppress(NotOnIndex):
        names += [file.filename for file in index.document(project.package, version).files]
    return list(dict.fromkeys(names))


def carry_out(project: Project, recall: Recall, github: Github) -> Recall:
    """Cancel the runs, make sure that they published nothing, delete the tag; return what is there then."""
    check(recall)
    _end(project, recall, github)
    if recall.there:
        with progress(f"deleting {recall.ref} on {recall.remote}"):
            permit = {PERMIT: f"{recall.ref} {_DELETED}"}
            remote_of(project).push("", recall.ref, lease=recall.there, env=permit)
    if recall.here:
        clone_of(project).delete(recall.ref, recall.here)
    left = observe(project, recall.version, github)
    if left.running:  # the push of a tag may start a run late, and that needs no tag any more
        _end(project, left, github)
        left = observe(project, recall.version, github)
    if left.places:
        raise Unreachable(f"{left.ref} is still {' and '.join(left.places)}", expected="a tag that is gone",
                          remedy="run it again")  # fmt: skip
    return left


def _end(project: Project, recall: Recall, github: Github) -> None:
    """Cancel the runs that go on, and make sure that they published nothing."""
    if recall.running:
        _cancel(recall, github)
        check(replace(recall, files=published(project, recall.version)))


def _cancel(recall: Recall, github: Github) -> None:
    """Cancel the runs and wait until they have ended: one that goes on could publish what has no tag any more."""
    editor, until = editing(github), time.monotonic() + _ENDING_SECONDS
    for run in recall.running:
        editor.cancel_run(run.id)
    with progress("waiting until the release workflow has ended"):
        while True:
            left = [run.url or str(run.id) for run in recall.running if not _ended(github, run.id)]
            if not left:
                return
            if time.monotonic() > until:
                raise Unreachable(
                    f"{left[0]} goes on though it was cancelled; the tag was left alone",
                    expected="a run that has ended", remedy="look at it, then run this again",
                )  # fmt: skip
            time.sleep(_PAUSE_SECONDS)


def _ended(github: Github, run: int) -> bool:
    now = github.run(run)
    return now is None or now.status == "completed"
