"""Commits, refs and changes, as git tells them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote or committed something, and when (ISO 8601, UTC)."""

    name: str
    email: str
    date: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str

    @property
    def subject(self) -> str:
        """Return the message's first line."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Ref:
    """A ref: what it points at, and the commit behind an annotated tag."""

    name: str
    sha: str
    kind: str
    peeled: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a file between two commits."""

    path: str
    status: str
    sha: str | None
    additions: int
    deletions: int


def read(raw: bytes) -> Iterable[Commit]:
    """Yield the commits in what `git cat-file --batch` printed."""
    position = 0
    while position < len(raw):
        end = raw.index(b"\n", position)
        sha, _, size = raw[position:end].split()
        body = raw[end + 1 : end + 1 + int(size)].decode("utf-8", "replace")
        yield _commit(sha.decode(), body)
        position = end + 2 + int(size)


def _commit(sha: str, body: str) -> Commit:
    head, _, message = body.partition("\n\n")
    members = [line.partition(" ") for line in head.splitlines() if not line.startswith(" ")]
    one = {key: value for key, _, value in members}
    parents = tuple(value for key, _, value in members if key == "parent")
    return Commit(sha, one["tree"], parents, _person(one["author"]), _person(one["committer"]), message.rstrip("\n"))


def _person(line: str) -> Person:
    name, _, rest = line.partition(" <")
    email, _, when = rest.rpartition("> ")
    moment = datetime.fromtimestamp(int(when.split()[0]), UTC)
    return Person(name, email, moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
