"""Indexing: whether the indexes answer, know the package, and have taken files from this repository's workflow."""

from collections.abc import Callable, Mapping
from typing import Any

from .github import github_of
from .project import Project
from .proof.waiting import Once
from .rules.checks import Result
from .rules.protection import Look
from .systems.github import Missing
from .systems.index import Index, IndexFile, NotOnIndex, ProjectPage, ProvenanceOff
from .systems.web import Web


def indexing(project: Project, web: Web) -> dict[str, Callable[[], Look]]:
    """Return the checks of the indexes."""
    settings = project.settings
    index = Index(settings.index.simple, settings.index.json, web)
    page = Once(lambda: _page(index, project.package))
    return {
        "index": lambda: _index(project, page.now()),
        "trusted publisher": lambda: _publisher(project, index, page.now(), web),
        "staging index": lambda: _staging(project, web),
    }


def _page(index: Index, package: str) -> ProjectPage | None:
    try:
        return index.page(package)
    except NotOnIndex:
        return None


def _index(project: Project, page: ProjectPage | None) -> Look:
    if page is not None:
        newest = max(page.versions, default=None)
        return Look(Result.PASS, f"{project.package} is there, newest version {newest}")
    first = f"for its first release add a pending publisher: {_account(project)}"
    if project.git.tags():
        return Look(Result.FAIL, f"there is no {project.package} on {project.settings.index.simple}",
                    f"correct `package` in the settings; {first}")  # fmt: skip
    return Look(Result.UNKNOWN, f"there is no {project.package} yet", first)


def _account(project: Project) -> str:
    """Return the page of publishers of projects that are not there yet."""
    return project.settings.index.manage.replace("manage/project/", "manage/account/publishing/")


def _staging(project: Project, web: Web) -> Look:
    index = project.settings.staging_index
    page = _page(Index(index.simple, index.json, web), project.package)
    if page is None:
        return Look(Result.SKIPPED, f"it answers; no candidate of {project.package} was ever published there")
    return Look(Result.PASS, f"{project.package} is there, newest version {max(page.versions, default=None)}")


def _publisher(project: Project, index: Index, page: ProjectPage | None, web: Web) -> Look:
    """Return who published the newest final version: by its attestation, else by the run that did."""
    if page is None:
        return Look(Result.UNKNOWN, "nothing was published yet", f"add a pending publisher: {_account(project)}")
    finals = [file for file in page.files if not file.version.is_prerelease and not file.yanked]
    if not finals:
        return Look(Result.UNKNOWN, "no final version was published yet", _manage(project))
    newest = max(finals, key=lambda file: file.version)
    try:
        provenance = index.provenance(newest, project.package)
    except ProvenanceOff:
        provenance = None
    return _attested(project, newest, provenance) if provenance else _by_run(project, newest, web)


def _attested(project: Project, file: IndexFile, provenance: Mapping[str, Any]) -> Look:
    """Return whether this repository's workflow is named; `release.verify` makes sure that it really signed."""
    workflow = project.settings.github.workflows.release
    bundles = provenance.get("attestation_bundles")
    named = (
        [bundle.get("publisher") for bundle in bundles if isinstance(bundle, dict)] if isinstance(bundles, list) else []
    )
    seen = [(str(one.get("repository", "")), str(one.get("workflow", ""))) for one in named if isinstance(one, dict)]
    for repository, by in seen:
        if (repository.lower(), by) != (project.repository.lower(), workflow):
            found = f"{file.filename} was published by {by or 'no workflow'} of {repository or 'nobody'}"
            return Look(Result.FAIL, f"{found}, not by {workflow} of {project.repository}", _manage(project))
    if not seen:
        return Look(Result.UNKNOWN, f"the provenance of {file.filename} names nobody", _manage(project))
    return Look(Result.PASS, f"{file.filename} was published by {workflow} of {project.repository}")


def _by_run(project: Project, file: IndexFile, web: Web) -> Look:
    workflow = project.settings.github.workflows.release
    tag = f"{project.settings.tag_prefix}{file.version}"
    try:
        runs = list(github_of(project, web).runs(workflow=workflow, branch=tag, status="success", most=1))
    except Missing:
        runs = []
    if runs:
        return Look(Result.PASS, f"{workflow} published {file.version} (run {runs[0].id}); it has no attestation")
    return Look(Result.UNKNOWN, f"{file.filename} has no attestation, and no run of {workflow} for {tag} went well",
                _manage(project))  # fmt: skip


def _manage(project: Project) -> str:
    return f"look at {project.settings.index.manage}{project.package}/settings/publishing/"
