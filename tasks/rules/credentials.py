"""Publishing as workflow files describe it: whose credential pushes the tag, and how the files get onto the index."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .triggers import Definition

_SECRET = re.compile(r"\bsecrets(?:\.|\[')(?!GITHUB_TOKEN\b)(?P<name>\w+)")
_PUSH = re.compile(r"\bgit\b[^\n]*\bpush\b|/git/refs\b|createRef\b|\bgh release create\b")
_TAGGERS = re.compile(r"(?i)tag|release|push")
_CALLS = re.compile(r"\bgh workflow run\b|/dispatches\b|createWorkflowDispatch\b")
_CLEARED = re.compile(r"extraheader")
_UPLOAD = re.compile(r"\b(?:twine|maturin) upload\b|\b(?:uv|poetry|hatch|flit|pdm|rye|maturin) publish\b")
_UPLOADER = "pypa/gh-action-pypi-publish"


class Credential(StrEnum):
    """Whose credential a workflow pushes the tag with."""

    OTHER = "other"
    OWN = "own"
    SHADOWED = "shadowed"  # another's, in an address, which git does not use while checkout's own header is set
    CALLS = "calls"  # it starts the release workflow by itself
    UNSEEN = "unseen"


def jobs(definition: Definition) -> dict[str, Mapping[str, Any]]:
    """Return the jobs of a workflow."""
    found = definition.get("jobs")
    return {str(name): job for name, job in found.items() if isinstance(job, dict)} if isinstance(found, dict) else {}


def steps(job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the steps of a job."""
    found = job.get("steps")
    return [step for step in found if isinstance(step, dict)] if isinstance(found, list) else []


def credential(definition: Definition, release_workflow: str) -> tuple[Credential, str]:
    """Return whose credential pushes the tag, and the name of its secret where it has one."""
    for job in jobs(definition).values():
        if str(job.get("uses", "")).partition("@")[0].endswith(f"/{release_workflow}"):
            return Credential.CALLS, ""
    for job in jobs(definition).values():
        pushing = [step for step in steps(job) if _pushes(step)]
        if any(_CALLS.search(_text(step.get("run"))) for step in steps(job)):
            return Credential.CALLS, ""
        if pushing:
            return _of_push(definition, job, pushing)
    return Credential.UNSEEN, ""


def _pushes(step: Mapping[str, Any]) -> bool:
    action = _text(step.get("uses")).partition("@")[0]
    acts = bool(_TAGGERS.search(action)) or bool(_PUSH.search(_text(_table(step, "with").get("script"))))
    return bool(_PUSH.search(_text(step.get("run")))) or acts


def _of_push(
    definition: Definition, job: Mapping[str, Any], pushing: list[Mapping[str, Any]]
) -> tuple[Credential, str]:
    checkouts = [_table(step, "with") for step in steps(job) if "/checkout@" in _text(step.get("uses"))]
    for given in checkouts:
        for key in ("token", "ssh-key"):
            if found := _secret(_text(given.get(key))):
                return Credential.OTHER, found
    around = [_text(value) for table in (definition, job) for value in _table(table, "env").values()]
    found = next(filter(None, map(_secret, [*around, *(text for step in pushing for text in _texts(step))])), "")
    if not found:
        return Credential.OWN, ""
    by_git = any(re.search(r"\bgit\b[^\n]*\bpush\b", _text(step.get("run"))) for step in pushing)
    kept = any(_text(given.get("persist-credentials")).lower() != "false" for given in checkouts)
    cleared = any(_CLEARED.search(_text(step.get("run"))) for step in steps(job))
    return (Credential.SHADOWED if by_git and kept and not cleared else Credential.OTHER), found


def _secret(text: str) -> str:
    """Return the name of a secret that is not the workflow's own token, or of an app's token that a step made."""
    match = _SECRET.search(text)
    made = re.search(r"\bsteps\.[\w-]+\.outputs\.token\b", text)
    return match["name"] if match else "an app's token" if made else ""


def _texts(step: Mapping[str, Any]) -> Iterator[str]:
    yield _text(step.get("run"))
    for key in ("env", "with"):
        yield from map(_text, _table(step, key).values())


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _table(around: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = around.get(key)
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Publishing:
    """The job that uploads: its environment, whether it may ask for an identity, and the secret it uses instead."""

    job: str
    environment: str
    identity: bool
    secret: str


def publishing(definition: Definition) -> Publishing | None:
    """Return how a workflow uploads to the release index; None when no step of its own file does."""
    for name, job in jobs(definition).items():
        for step in steps(job):
            if _uploads(step):
                environment = job.get("environment")
                shown = environment.get("name") if isinstance(environment, dict) else environment
                allowed = _identity(job.get("permissions", definition.get("permissions")))
                secret = next(filter(None, map(_secret, _texts(step))), "")
                return Publishing(name, _text(shown), allowed, secret)
    return None


def _uploads(step: Mapping[str, Any]) -> bool:
    elsewhere = "test.pypi.org" in " ".join(_texts(step))
    by_action = _text(step.get("uses")).partition("@")[0] == _UPLOADER
    return (by_action or bool(_UPLOAD.search(_text(step.get("run"))))) and not elsewhere


def _identity(permissions: object) -> bool:
    if isinstance(permissions, dict):
        return permissions.get("id-token") == "write"
    return permissions == "write-all"
