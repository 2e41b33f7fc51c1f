"""The clone: what is changed in the repository here. Each change is one git command; hooks run as they do by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..errors import Refused
from .git import HERE
from .process import Output, run_within

WRITING: dict[str, str | None] = {**HERE, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
_SECONDS = 900.0  # a hook may run a whole test suite
_TAIL = 3  # lines of what git and its hooks said
_LONGEST = 400


class GitRefused(Refused):
    """Git, or a hook of the project, did not do what was asked; nothing was changed by it."""

    exit_code: ClassVar[int] = 4


def said(output: Output) -> str:
    """Return the end of what git and its hooks said, in one line."""
    lines = [line.strip() for line in (output.complaint.strip() or output.text).splitlines() if line.strip()]
    return "; ".join(lines[-_TAIL:])[-_LONGEST:] or f"exit {output.code}, without a word"


@dataclass(frozen=True)
class Clone:
    """The repository that `root`, a project's folder, lies in; changed."""

    root: Path

    def _git(self, *words: str, stdin: bytes = b"") -> Output:
        return run_within(_SECONDS, ["git", *words], cwd=self.root, stdin=stdin, env=WRITING)

    def _change(self, what: str, remedy: str, *words: str, stdin: bytes = b"") -> Output:
        """Return what a command left; its failure is told as what was not done."""
        output = self._git(*words, stdin=stdin)
        if output.code != 0:
            raise GitRefused(
                f"{what}: {said(output)}", expected="git, and the project's hooks, to agree", remedy=remedy
            )
        return output

    def switch(self, branch: str) -> None:
        """Check a branch out; uncommitted changes come along, or git refuses."""
        self._change(f"{branch} was not checked out", "git status", "switch", "--quiet", "--no-guess", branch)

    def create(self, branch: str, start: str) -> None:
        """Make a branch at a commit and check it out."""
        words = ("switch", "--quiet", "--no-track", "--create", branch, start)
        self._change(f"the branch {branch} was not made", "git status", *words)

    def commit(self, message: str, paths: Sequence[str]) -> None:
        """Commit these files, named from the repository's top, and nothing else."""
        exact = [f":(top,literal){path}" for path in paths]
        self._change("the files were not added", "git status", "add", "--", *exact)
        words = ("commit", "--quiet", "--cleanup=whitespace", "--file=-", "--only", "--", *exact)
        self._change("nothing was committed", "put that right, then run it again", *words, stdin=message.encode())

    def tag(self, name: str, commit: str, message: str) -> None:
        """Make an annotated tag: its date is now, whenever its commit was made."""
        words = ("tag", "--annotate", "--cleanup=whitespace", "--file=-", "--end-of-options", name, commit)
        self._change(
            f"the tag {name} was not made", "put that right, then run it again", *words, stdin=message.encode()
        )

    def move(self, branch: str, to: str, seen: str) -> None:
        """Move a branch from where it was seen; one that is checked out takes its files along, and loses no change."""
        checked_out = self._git("symbolic-ref", "--quiet", "HEAD").text.strip() == f"refs/heads/{branch}"
        words = ("reset", "--quiet", "--keep", to) if checked_out else ("update-ref", f"refs/heads/{branch}", to, seen)
        self._change(f"{branch} was not moved here", "git status", *words)

    def delete(self, ref: str, seen: str) -> None:
        """Delete a reference such as `refs/tags/v1` that is still where it was seen."""
        self._change(f"{ref} was not deleted here", "git status", "update-ref", "-d", ref, seen)

    def add_tree(self, folder: Path, commit: str) -> None:
        """Check a commit out in another folder, on no branch."""
        words = ("worktree", "add", "--quiet", "--detach", "--force", str(folder), commit)
        self._change("no second work tree was made", "git worktree list", *words)

    def remove_tree(self, folder: Path) -> None:
        """Remove such a folder with all that is in it."""
        words = ("worktree", "remove", "--force", "--force", str(folder))
        self._change(f"{folder} was not removed", f"remove {folder}, then git worktree prune", *words)
