"""Where a command of a line would run: the folder, the branch, and what the line has changed of both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from .pushes import Guarded
from .refspecs import Repository
from .refusals import UNKNOWN

Look = Callable[[str], Repository | None]


@dataclass(frozen=True, slots=True)
class World:
    """What is guarded and how to look at a work tree; `kept` are the absolute paths of the guard's own files."""

    guarded: Guarded
    look: Look
    kept: Sequence[str] = ()
    workflows: Sequence[str] = ("release.yml",)
    api: str = "api.github.com"


@dataclass(slots=True)
class Place:
    """The folder (None: it cannot be told) and what earlier commands of the line have set there."""

    folder: str | None
    branch: str | None = None
    config: dict[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: bool = False  # git's settings come from the environment, where they cannot be seen

    def copy(self) -> "Place":
        """Return a place of its own, as a subshell has it."""
        return replace(self, config=dict(self.config))

    def enter(self, path: str) -> None:
        """Change the folder as `cd` does; another folder may have another branch."""
        self.folder, self.branch = joined(self.folder, path), None

    def repository(self, look: Look) -> Repository | None:
        """Return the work tree as it will be when the command runs, None when that cannot be told."""
        seen = None if self.folder is None or self.hidden else look(self.folder)
        if seen is None:
            return None
        branch = seen.branch if self.branch is None else self.branch
        return replace(seen, branch=branch, config={**seen.config, **self.config})


def joined(folder: str | None, path: str) -> str | None:
    """Return a path as seen from a folder, without `.` and `..`; None when it cannot be told."""
    if UNKNOWN in path or path.startswith("~") or (folder is None and not path.startswith("/")):
        return None
    parts: list[str] = []
    for part in (path if path.startswith("/") else f"{folder}/{path}").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/" + "/".join(parts)


def setting(key: str) -> str:
    """Return a key as git lists it: section and name in small letters, what is between them as it is."""
    section, _, rest = key.partition(".")
    between, dot, name = rest.rpartition(".")
    return f"{section.lower()}.{between}{dot}{name.lower()}"
