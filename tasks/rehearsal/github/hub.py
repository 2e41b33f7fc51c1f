"""The state of the sandbox: the bare repository, what lies beside it, and who is told when a ref moves."""

import itertools
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .gate import Gate
from .objects import Comment, Issue, Label, Milestone, Pull, Release, Status, stamp
from .progress import Run, Workflow
from .records import Ref
from .repository import Bare

WEB = "https://github.com"
_LABELS = {
    "bug": ("d73a4a", "Something isn't working"),
    "documentation": ("0075ca", "Improvements or additions to documentation"),
    "enhancement": ("a2eeef", "New feature or request"),
}


@dataclass(frozen=True, slots=True)
class Push:
    """A ref that moved; `before` is None for one that is new, `after` for one that was deleted."""

    ref: str
    before: str | None
    after: str | None

    @property
    def branch(self) -> str | None:
        """Return the branch's name, None for a tag."""
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None

    @property
    def tag(self) -> str | None:
        """Return the tag's name, None for a branch."""
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else None


class Hub:
    """Everything the calls read and change."""

    def __init__(self, repository: str, git: Path, clock: Callable[[], float]) -> None:
        self.owner, self.name = repository.split("/")
        self.bare = Bare(git)
        self.clock = clock
        self.gate = Gate(clock)
        self.tracked, self.archived = True, False  # whether there are issues; whether nothing can be changed
        self.strangers = {"reporter"}  # who does not belong to the repository
        self.url = "http://127.0.0.1"  # as the client calls this server; known from its requests
        self.downloads: str | None = None  # where downloads are redirected to: another base address than `url`
        self.user = "maintainer"  # whose token it is
        self.issues: dict[int, Issue] = {}  # pull requests too: they share the numbers
        self.comments: dict[int, Comment] = {}
        self.milestones: dict[int, Milestone] = {}
        self.releases: dict[int, Release] = {}
        self.runs: dict[int, Run] = {}
        self.workflows: dict[str, Workflow] = {}
        self.statuses: dict[str, list[Status]] = {}
        self.rules: dict[str, list[dict[str, Any]]] = {}
        self.protection: dict[str, dict[str, Any]] = {}
        self.immutable = False  # whether releases become immutable when they are published
        self.failing_uploads = 0  # how many uploads leave a `starter` asset behind
        self.listeners: list[Callable[[Push], None]] = []
        self.pull_listeners: list[Callable[[Pull], None]] = []  # told of those that are opened
        self._ids = itertools.count(1000)
        self.labels = {name: Label(self.id(), name, *kind) for name, kind in _LABELS.items()}
        self.refs: dict[str, Ref] = self.bare.refs()

    @property
    def full_name(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def api(self) -> str:
        """Return the address that the repository's calls begin with."""
        return f"{self.url}/repos/{self.full_name}"

    @property
    def web(self) -> str:
        """Return the repository's address for people."""
        return f"{WEB}/{self.full_name}"

    @property
    def now(self) -> str:
        """Return the present moment as GitHub writes it."""
        return stamp(self.clock())

    def id(self) -> int:
        """Return an id that nothing else has."""
        return next(self._ids)

    def number(self) -> int:
        """Return the next number for an issue or a pull request."""
        return max(self.issues, default=0) + 1

    @property
    def pulls(self) -> list[Pull]:
        """Return the pull requests, oldest first."""
        return [issue for issue in self.issues.values() if isinstance(issue, Pull)]

    def label(self, name: str) -> Label:
        """Return a label, whatever its case; one that is missing is made."""
        for known in self.labels.values():
            if known.name.lower() == name.lower():
                return known
        self.labels[name] = Label(self.id(), name)
        return self.labels[name]

    def open(self, pull: Pull) -> None:
        """Take a pull request that is open, and tell everybody."""
        self.issues[pull.number] = pull
        for listener in list(self.pull_listeners):
            listener(pull)

    def branch(self, name: str) -> str | None:
        """Return the commit at a branch's head."""
        ref = self.refs.get(f"refs/heads/{name}")
        return ref.sha if ref else None

    def set_ref(self, name: str, sha: str | None) -> None:
        """Set or delete a ref, and tell everybody."""
        self.bare.update(name, sha)
        self.notice()

    def notice(self) -> None:
        """Compare the refs with those of last time, and tell the listeners what moved; they may move more."""
        while True:
            before, after = self.refs, self.bare.refs()
            self.refs = after
            moved = [name for name in {**before, **after} if before.get(name) != after.get(name)]
            if not moved:
                return
            for name in sorted(moved):
                push = Push(name, *(refs[name].sha if name in refs else None for refs in (before, after)))
                for listener in list(self.listeners):
                    listener(push)

    def person(self, login: str) -> dict[str, Any]:
        """Return a user as GitHub describes one."""
        number = sum(login.encode()) + 1
        kind = "Bot" if login.endswith("[bot]") else "User"
        name = quote(login)
        address = f"{self.url}/users/{name}"
        return {
            "login": login,
            "id": number,
            "node_id": node("U", number),
            "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
            "gravatar_id": "",
            "url": address,
            "html_url": f"{WEB}/{name}",
            "followers_url": f"{address}/followers",
            "following_url": f"{address}/following{{/other_user}}",
            "gists_url": f"{address}/gists{{/gist_id}}",
            "starred_url": f"{address}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{address}/subscriptions",
            "organizations_url": f"{address}/orgs",
            "repos_url": f"{address}/repos",
            "events_url": f"{address}/events{{/privacy}}",
            "received_events_url": f"{address}/received_events",
            "type": kind,
            "site_admin": False,
        }


def node(kind: str, number: int | str) -> str:
    """Return a node id as GraphQL would have it."""
    return f"{kind}_{b64encode(str(number).encode()).decode().rstrip('=')}"
