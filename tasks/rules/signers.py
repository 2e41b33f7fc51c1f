"""Signers: whose credential tags a release, judged by the workflow's file and by what the last tag set going."""

from dataclasses import dataclass

from .checks import Result
from .credentials import Credential
from .protection import Look


@dataclass(frozen=True, slots=True)
class LastTag:
    """What is known of the last release's tag: `started` is the run that its push started, None when unknown.

    `same`: the tagging workflow has not changed since, so that what happened then will happen again.
    """

    tag: str
    started: bool | None
    same: bool


def judged(found: tuple[Credential, str], last: LastTag | None, workflow: str) -> Look:
    """Return whether the tag that a workflow pushes can start the release workflow."""
    kind, secret = found
    if last is not None and last.started is not None and last.same:
        return _by_history(kind, last, workflow)
    if kind is Credential.CALLS:
        return Look(Result.PASS, f"{workflow} starts the release workflow itself")
    if kind is Credential.OTHER:
        return Look(Result.PASS, f"{workflow} pushes with {secret}; whether that is valid, GitHub tells nobody")
    if kind is Credential.OWN:
        return Look(
            Result.FAIL,
            f"{workflow} pushes the tag with its own token, which starts no workflow",
            "give its checkout `token: ${{ secrets.NAME }}`, a token that may write contents",
        )
    if kind is Credential.SHADOWED:
        return Look(
            Result.UNKNOWN,
            f"{workflow} puts {secret} into the address, but git prefers the header that checkout leaves behind",
            f"give checkout `token: ${{{{ secrets.{secret} }}}}`, or `persist-credentials: false`",
        )
    return Look(
        Result.UNKNOWN, f"no step of {workflow} is seen to push a tag", "see that its credential is not GITHUB_TOKEN"
    )


def _by_history(kind: Credential, last: LastTag, workflow: str) -> Look:
    if last.started and kind is Credential.OWN:
        return Look(
            Result.UNKNOWN,
            f"{workflow} seems to push with its own token, but {last.tag} did start the release workflow",
            "see which credential it pushes with",
        )
    if last.started:
        return Look(Result.PASS, f"{last.tag}, pushed by {workflow} as it is now, started the release workflow")
    return Look(
        Result.FAIL,
        f"{last.tag}, pushed by {workflow} as it is now, started nothing",
        "give its checkout `token: ${{ secrets.NAME }}` of a token other than GITHUB_TOKEN that is valid",
    )
