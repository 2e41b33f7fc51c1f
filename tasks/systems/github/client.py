"""The client: everything that is read from a repository on GitHub."""

from .account import Account
from .actions import Actions
from .coverage import Coverage
from .queries import Queries
from .releases import Releases
from .revisions import Revisions
from .tracker import Tracker


class Github(Releases, Revisions, Tracker, Actions, Account):
    """A repository on GitHub, read; nothing here changes anything."""

    @property
    def coverage(self) -> Coverage:
        """Return what GitHub knows of commits, their pull requests and issues."""
        return Coverage(Queries(self))
