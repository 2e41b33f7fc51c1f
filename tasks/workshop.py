"""The workshop: whether the workflows are there, start when they should, and may tag and publish."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from packaging.version import InvalidVersion, Version

from .forge import stable_branch
from .github import github_of
from .project import Project
from .proof.waiting import Once
from .rules import credentials, signers, triggers
from .rules.checks import Result
from .rules.protection import Look
from .systems.definitions import read_workflow
from .systems.github import Github, Missing, Run
from .systems.web import Web

_AROUND = timedelta(minutes=2)  # a run that a workflow's push started began while it ran, or so long after
_EXAMPLE = "1.2.3"


class Workshop:
    """The workflows of a project, each read once."""

    def __init__(self, project: Project, web: Web) -> None:
        self.project = project
        self.github = Once(lambda: github_of(project, web))
        self.branch = Once(lambda: stable_branch(project, self.github.now().facts()))
        names = project.settings.github.workflows
        self.files = {name: Once(lambda name=name: self.content(name)) for name in (names.ci, names.tag, names.release)}  # type: ignore[misc]

    def content(self, name: str, ref: str = "") -> bytes | None:
        """Return a workflow's file on the stable branch, or at a revision."""
        return self.github.now().content(f".github/workflows/{name}", ref or self.branch.now())

    def definition(self, name: str) -> Mapping[str, Any] | None:
        """Return what a workflow's file says, None where it is not there."""
        content = self.files[name].now()
        return None if content is None else read_workflow(content, name)

    def absent(self, name: str) -> Look:
        """Return what is to be said of what only a workflow's file tells, which is not there."""
        return Look(Result.SKIPPED, f"{self.branch.now()} has no {name} yet")

    def started(self, name: str, why_not: Callable[[Mapping[str, Any]], str]) -> Look:
        """Return whether a workflow is there, is switched on, and starts when it should."""
        where = f".github/workflows/{name}"
        file = self.definition(name)
        if file is None:
            wanted = "add it, or correct github.workflows in the settings"
            return Look(Result.FAIL, f"{self.branch.now()} has no {where}", wanted)
        reason = why_not(file)
        if reason:
            return Look(Result.FAIL, f"{name} does not start: {reason}", f"correct `on:` in {where}")
        known = self.github.now().workflow(name)
        if known is not None and known.state != "active":
            repository = self.github.now().repository
            return Look(Result.FAIL, f"{name} is {known.state.replace('_', ' ')}",
                        f"gh workflow enable {name} --repo {repository}")  # fmt: skip
        return Look(Result.PASS, f"{name} is there, active, and starts")


def workshop(project: Project, web: Web) -> dict[str, Callable[[], Look]]:
    """Return the checks of the workflows."""
    shop, names = Workshop(project, web), project.settings.github.workflows
    tag, changed = f"{project.settings.tag_prefix}{_EXAMPLE}", f"{project.git.prefix}pyproject.toml"
    return {
        "checking workflow": lambda: shop.started(names.ci, lambda file: _on_pulls(file, shop.branch.now())),
        "tagging workflow": lambda: shop.started(
            names.tag, lambda file: triggers.on_branch(file, shop.branch.now(), path=changed)
        ),
        "release workflow": lambda: shop.started(names.release, lambda file: triggers.on_tag(file, tag)),
        "tagging credential": lambda: _credential(shop),
        "publishing job": lambda: _publishing(shop),
    }


def _on_pulls(file: Mapping[str, Any], branch: str) -> str:
    return triggers.on_branch(file, branch, event="pull_request")


def _credential(shop: Workshop) -> Look:
    names = shop.project.settings.github.workflows
    file = shop.definition(names.tag)
    if file is None:
        return shop.absent(names.tag)
    found = credentials.credential(file, names.release)
    return signers.judged(found, last_tag(shop), names.tag)


def last_tag(shop: Workshop) -> signers.LastTag | None:
    """Return what the last release's tag set going, None when there was none."""
    github, names = shop.github.now(), shop.project.settings.github.workflows
    release = github.latest_release()
    name = release.tag if release else _newest_tag(shop.project)
    tag = github.tag(name) if name else None
    if tag is None:
        return None
    tagging = _newest(github, names.tag, tag.commit)
    releasing = _newest(github, names.release, tag.commit, name)
    same = shop.content(names.tag, tag.commit) == shop.files[names.tag].now()
    return signers.LastTag(name, _caused(tagging, releasing), same)


def _caused(tagging: Run | None, releasing: Run | None) -> bool | None:
    """Tell whether a tagging run started a release run; None when it is not known who pushed the tag."""
    if tagging is None or tagging.conclusion != "success" or not tagging.created or not tagging.updated:
        return None
    if releasing is None:
        return False
    began = releasing.created
    by_it = began is not None and tagging.created <= began <= tagging.updated + _AROUND
    return True if by_it and releasing.event == "push" else None


def _newest(github: Github, workflow: str, commit: str, branch: str = "") -> Run | None:
    try:
        return next(github.runs(workflow=workflow, head_sha=commit, branch=branch, most=5), None)
    except Missing:
        return None


def _newest_tag(project: Project) -> str:
    """Return the newest final release's tag that this clone has, or nothing."""
    prefix = project.settings.tag_prefix
    found: dict[Version, str] = {}
    for name, *_ in project.git.tags():
        try:
            version = Version(name.removeprefix(prefix))
        except InvalidVersion:
            continue
        if name.startswith(prefix) and not version.is_prerelease:
            found[version] = name
    return found[max(found)] if found else ""


def _publishing(shop: Workshop) -> Look:
    name = shop.project.settings.github.workflows.release
    file = shop.definition(name)
    if file is None:
        return shop.absent(name)
    found = credentials.publishing(file)
    if found is None:
        return Look(Result.UNKNOWN, f"no step of {name} is seen to upload to the index",
                    f"see that a job of {name} does, with `id-token: write`")  # fmt: skip
    if found.secret:
        return Look(Result.PASS, f"job {found.job} uploads with {found.secret}; a trusted publisher needs no secret")
    if not found.identity:
        remedy = f"add `permissions: id-token: write` to job {found.job} of {name}"
        return Look(Result.FAIL, f"job {found.job} may not ask for an identity", remedy)
    where = f", environment {found.environment}" if found.environment else ""
    return Look(Result.PASS, f"job {found.job} may ask for an identity{where}")
