"""A work tree aside: something is committed in it while the one that a person works in stays as it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .clone import Clone, GitRefused, said
from .git import Git


@dataclass(frozen=True)
class Aside(Clone):
    """A work tree of its own, on no branch."""

    def revert(self, commit: str, *, merge: bool) -> list[str]:
        """Take a commit's changes back in the files; return those in which that conflicts with later ones."""
        mainline = ("--mainline", "1") if merge else ()
        output = self._git("revert", "--no-commit", *mainline, commit)
        if output.code == 0:
            return []
        unmerged = self._git("diff", "--name-only", "--diff-filter=U", "-z").text
        if not unmerged:
            raise GitRefused(f"{commit[:8]} was not reverted: {said(output)}", expected="git to revert it")
        return [name for name in unmerged.split("\0") if name]

    def commit_all(self, message: str) -> str:
        """Commit what was changed and return the commit."""
        words = ("commit", "--quiet", "--cleanup=whitespace", "--file=-")
        self._change("nothing was committed", "put that right, then run it again", *words, stdin=message.encode())
        return Git(self.root).resolve("HEAD")

    def branch(self, name: str, commit: str) -> None:
        """Make a branch, which is checked out nowhere."""
        self._change(f"the branch {name} was not made", "git branch", "branch", "--no-track", name, commit)


@contextmanager
def aside(clone: Clone, name: str, commit: str) -> Iterator[Aside]:
    """Give a work tree at a commit; it is gone afterwards, and so is what a run that was killed left of it."""
    git = Git(clone.root)
    folder = git.own_folder("asides") / name
    _remove(clone, folder)
    clone.add_tree(folder, commit)
    try:
        yield Aside(folder)
    finally:
        _remove(clone, folder)


def _remove(clone: Clone, folder: Path) -> None:
    if folder.exists():
        clone.remove_tree(folder)
