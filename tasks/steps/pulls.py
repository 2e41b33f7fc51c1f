"""The pull requests of one release, told from others by the block in their text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from ..branches import Branches
from ..rules.preparation import topic_of
from ..rules.summary import summarized

if TYPE_CHECKING:
    from ..systems.github import Github, Pull

_MOST = 30  # closed ones of a branch: an older one is of another release


@dataclass(frozen=True, slots=True)
class Pulls:
    """The pull requests of a version on GitHub."""

    github: "Github"
    version: Version
    branches: Branches

    def merged(self) -> "Pull | None":
        """Return the one that was merged."""
        return next((pull for pull in self._found("closed", _MOST) if pull.merged), None)

    def proposed(self) -> "Pull | None":
        """Return the one that is open; there is one at the most for two branches."""
        return next(self._found("open", 1), None)

    def _found(self, state: str, most: int) -> "Iterator[Pull]":
        for head in self._heads:
            for pull in self.github.pulls(head=head, base=self.branches.stable, state=state, most=most):
                if summarized(pull.body) == str(self.version):
                    yield pull

    @property
    def _heads(self) -> list[str]:
        """Return the branches that the release may be proposed from; a fork's are never among them."""
        known = (self.branches.current, self.branches.development, topic_of(self.version))
        return [name for name in dict.fromkeys(known) if name and name != self.branches.stable]
