"""The remote: where its references are, and one of them at a time pushed there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import Unreachable, WrongValue
from .clone import WRITING, GitRefused, said
from .process import Output, run_within

_ASKING_SECONDS = 60.0
_SENDING_SECONDS = 900.0  # a pre-push hook may run a whole test suite
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")
_SIGN_IN = (
    "authentication failed", "could not read username", "could not read password", "permission denied",
    "terminal prompts disabled", "access denied", "returned error: 401", "returned error: 403", "permission to ",
)  # fmt: skip
_BEHIND = ("non-fast-forward", "fetch first", "needs force")
_MOVED = "stale info"


class RemoteUnreachable(Unreachable):
    """The remote did not answer."""


class NotSignedIn(Unreachable):
    """The remote does not know us, or does not let us."""


class PushRejected(GitRefused):
    """The remote, or the project's pre-push hook, did not take a reference."""


class Behind(PushRejected):
    """The remote has commits that are not here, or its reference is not where it was seen."""


@dataclass(frozen=True)
class Remote:
    """Another repository under the name that this one knows it by."""

    root: Path
    name: str = "origin"

    def refs(self, *names: str) -> dict[str, str]:
        """Return what full names such as `refs/heads/main` point to there, a tag's commit as `refs/tags/v1^{}`."""
        wanted = [*names, *(f"{name}^{{}}" for name in names)]
        rows = (line.split("\t") for line in self._ask("ls-remote", self.name, *wanted).splitlines())
        return {row[1]: row[0] for row in rows if len(row) == 2 and row[1] in wanted}  # noqa: PLR2004 - id and name

    def default_branch(self) -> str:
        """Return the branch that HEAD is there, nothing when it is none."""
        first = self._ask("ls-remote", "--symref", self.name, "HEAD").partition("\t")[0]
        return first.removeprefix("ref: refs/heads/") if first.startswith("ref: refs/heads/") else ""

    def fetch(self, *branches: str) -> None:
        """Bring branches here as `refs/remotes/…`, with the tags on what is new."""
        specs = [f"+refs/heads/{branch}:refs/remotes/{self.name}/{branch}" for branch in branches]
        words = ("fetch", "--quiet", "--no-recurse-submodules", "--no-write-fetch-head", self.name, *specs)
        self._ask(*words, seconds=_SENDING_SECONDS)

    def push(
        self, what: str, ref: str, *, lease: str | None = None, env: Mapping[str, str | None] | None = None
    ) -> None:
        """Set one reference there to an object of ours, and touch no other.

        Without a lease only forwards; with one (the id it was seen at) it may go anywhere, if it is still there.
        """
        forced = [] if lease is None else [f"--force-with-lease={ref}:{lease}"]
        words = ["git", "push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no", *forced]
        argv = [*words, self.name, f"{what}:{ref}"]
        output = run_within(_SENDING_SECONDS, argv, cwd=self.root, env={**WRITING, **(env or {})})
        if output.code != 0:
            raise self._rejection(ref, output)

    def _ask(self, *words: str, seconds: float = _ASKING_SECONDS) -> str:
        output = run_within(seconds, ["git", *words], cwd=self.root, env=WRITING)
        if output.code != 0:
            raise self._failure(output)
        return output.text

    def _failure(self, output: Output) -> Exception:
        """Return what it means that the remote could not be spoken with."""
        words = self._clean("; ".join(_fatal(output.complaint)) or said(output))
        if any(sign in output.complaint.lower() for sign in _SIGN_IN):
            return NotSignedIn(
                f"{self.name} does not let us in: {words}",
                expected="git to sign in by itself, as nobody is asked for a password",
                remedy=f"git push --dry-run {self.name}, by hand, to see what it asks for; or gh auth setup-git",
            )
        if f"'{self.name}' does not appear to be a git repository" in words:
            return WrongValue(
                f"this repository has no remote {self.name}", expected="the remote that releases are pushed to",
                remedy=f"git remote add {self.name} URL",
            )  # fmt: skip
        return RemoteUnreachable(f"{self.name} could not be reached: {words}", remedy="try again")

    def _rejection(self, ref: str, output: Output) -> Exception:
        """Return why a reference was not taken."""
        row = next((line for line in output.text.splitlines() if line.startswith("!\t")), "")
        if not row and output.code != 1:
            return self._failure(output)
        why = self._clean(row.rpartition("\t")[2])
        if _MOVED in why or any(sign in why for sign in _BEHIND):
            return Behind(
                f"{ref} on {self.name} is not where it was seen: somebody pushed to it",
                expected="nobody else at work on it", remedy="git fetch, look, and run it again",
            )  # fmt: skip
        told = self._clean("; ".join(_told(output.complaint)) or said(output))
        if not row:
            return PushRejected(f"the pre-push hook stopped the push of {ref}: {told}", expected="the hook to agree")
        return PushRejected(
            f"{self.name} did not take {ref}: {why} {told}"[:600],
            expected="its hooks and rules to allow this push",
        )

    def _clean(self, text: str) -> str:
        return _CREDENTIALS.sub("", text)


def _fatal(complaint: str) -> list[str]:
    """Return the first line that git itself ends with, without the advice that follows."""
    lines = [line.strip() for line in complaint.splitlines()]
    return [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))][:1]


def _told(complaint: str) -> list[str]:
    """Return what the other side's hooks said."""
    lines = (line.removeprefix("remote:").strip() for line in complaint.splitlines() if line.startswith("remote:"))
    return [line for line in lines if line][:4]
