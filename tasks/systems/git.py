"""Git: what the history and the work tree say. Reads only; every answer comes from one process."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import Refused, WrongValue
from ..rules.commits import Commit
from .process import Output, run
from .programs import ProgramFailed, essence

_COMMIT = "%H%n%P%n%T%n%cI%n%an%n%B"
_COMMIT_FIELDS = 6
_TAG = "%(refname:strip=2)%00%(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)%00%(if)%(*tree)%(then)%(*tree)%(else)%(tree)%(end)%00%(creatordate:iso-strict)"  # noqa: E501 - one format
# A hook's environment names the repository it runs in; the project may be another one.
HERE: dict[str, None] = dict.fromkeys(
    (
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_PREFIX",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    )
)
_ENVIRONMENT = {
    **HERE,
    "GIT_OPTIONAL_LOCKS": "0",  # looking must not write
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}
_QUIET = ("-c", "core.quotePath=false", "-c", "log.showSignature=false", "-c", "core.fsmonitor=false")


class NotARepository(WrongValue):
    """The project is in no git repository, or in one without a commit."""


def span(since: str | None, until: str) -> str:
    """Return the range `since..until` as git spells it; without `since` the whole history."""
    return f"{since}..{until}" if since else until


@dataclass(frozen=True)
class Git:
    """The repository that `root`, a project's folder, lies in."""

    root: Path

    def _git(self, *arguments: str, stdin: bytes = b"", check: bool = True) -> Output:
        return run(["git", *_QUIET, *arguments], cwd=self.root, stdin=stdin, env=_ENVIRONMENT, check=check)

    @cached_property
    def prefix(self) -> str:
        """Return the project's path inside the repository, with a final slash; empty at its top."""
        output = self._git("rev-parse", "--show-prefix", "--is-shallow-repository", check=False)
        if output.code != 0:
            raise NotARepository(
                f"{self.root} is in no git repository that can be read: {essence(output.complaint)}",
                expected="a git repository",
                remedy="git init, or --project PATH",
            )
        prefix, shallow = output.text.splitlines()
        if shallow == "true":
            raise Refused(
                "this clone is shallow: its history ends early, so what was released cannot be told",
                expected="the whole history",
                remedy="git fetch --unshallow --tags",
            )
        return prefix

    def resolve(self, revision: str) -> str:
        """Return the id of the commit that a revision names."""
        self.prefix  # noqa: B018 - refuses first what is no repository, or a shallow one
        output = self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", check=False
        )
        if output.code == 0:
            return output.text.strip()
        if revision == "HEAD":
            raise NotARepository("the repository has no commit yet", expected="at least one commit")
        raise WrongValue(f"{revision!r} names no commit", expected="a tag, a branch or a commit's id")

    def tags(self) -> list[tuple[str, str, str, str]]:
        """Return (name, commit, tree, date) of every tag."""
        output = self._git("for-each-ref", f"--format={_TAG}", "refs/tags")
        rows = [tuple(line.split("\0")) for line in output.text.splitlines()]
        return [(name, commit, tree, date) for name, commit, tree, date in rows]

    def merged_tags(self, head: str) -> frozenset[str]:
        """Return the names of the tags that a commit descends from."""
        output = self._git("for-each-ref", f"--merged={head}", "--format=%(refname:strip=2)", "refs/tags")
        return frozenset(output.text.splitlines())

    def commits(self, since: str | None, until: str) -> list[Commit]:
        """Return the commits of `since..until`, each before its parents; without `since` the whole history."""
        output = self._git(
            "log", "-z", "--topo-order", "--encoding=UTF-8", f"--format={_COMMIT}", span(since, until), "--"
        )
        return [_commit(record) for record in output.text.split("\0") if record]

    def commit(self, commit: str) -> Commit:
        """Return one commit."""
        output = self._git("log", "-z", "-1", "--encoding=UTF-8", f"--format={_COMMIT}", commit, "--")
        return _commit(output.text.rstrip("\0"))

    def own_folder(self, name: str) -> Path:
        """Return a folder in git's own that is this program's; it need not be there."""
        path = self._git("rev-parse", "--git-path", f"release-coordination/{name}").text.rstrip("\n")
        return (self.root / path).resolve()

    def date(self, commit: str) -> str:
        """Return when a commit was made, ISO 8601 with offset."""
        return self._git("log", "-1", "--format=%cI", commit, "--").text.strip()

    def trees(self, since: str | None, until: str, most: int | None = None) -> list[tuple[str, str]]:
        """Return (commit, tree) for the commits of `since..until`, newest first, at most `most` of them."""
        output = self._git("log", *([f"-n{most}"] if most else []), "--format=%H %T", span(since, until), "--")
        return [(commit, tree) for commit, _, tree in (line.partition(" ") for line in output.text.splitlines())]

    def touching(self, since: str | None, until: str, path: str) -> list[str]:
        """Return the commits of `since..until` that changed a file of the project, newest first."""
        return self._git("log", "--format=%H", span(since, until), "--", path).text.split()

    def contents(self, names: Sequence[str]) -> list[bytes | None]:
        """Return what each `REVISION:PATH` holds (from the repository's top), None where there is nothing."""
        raw = self._git("cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode()).stdout
        found: list[bytes | None] = []
        position = 0
        for _ in names:
            end = raw.index(b"\n", position)
            header = raw[position:end].rsplit(b" ", 2)
            position = end + 1
            if header[-1] in {b"missing", b"ambiguous"}:
                found.append(None)
                continue
            size = int(header[-1])
            found.append(raw[position : position + size])
            position += size + 1
        return found

    def content(self, revision: str, path: str) -> bytes | None:
        """Return what a file of the project held at a revision, None when it was not there."""
        return self.contents([f"{revision}:{self.prefix}{path}"])[0]

    def changes(self) -> list[str]:
        """Return what is uncommitted in the repository, as `XY path` lines of `git status`."""
        self.prefix  # noqa: B018
        output = self._git("status", "--porcelain", "-z", "--untracked-files=normal", "--no-renames")
        return [line for line in output.text.split("\0") if line]

    def files(self) -> list[str]:
        """Return the project's files that git tracks or would, relative to the project."""
        output = self._git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
        return [name for name in output.text.split("\0") if name]

    def descends(self, commit: str, until: str) -> list[str] | None:
        """Return the commits of `commit..until`, None when `commit` is not known here."""
        try:
            return self._git("rev-list", f"{commit}..{until}", "--").text.split()
        except ProgramFailed:
            return None

    def branches(self) -> frozenset[str]:
        """Return the names of the branches here and of those known of the remote `origin`."""
        self.prefix  # noqa: B018 - refuses first what is no repository
        output = self._git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin")
        names = output.text.splitlines()
        return frozenset(name.removeprefix("refs/heads/").removeprefix("refs/remotes/origin/") for name in names)

    def affected(self, commit: str) -> list[str]:
        """Return the files that a commit changed, a merge against its first parent; from the repository's top."""
        words = ("-1", "-m", "--first-parent", "--no-renames", "--name-only", "--format=", "-z")
        output = self._git("-c", "log.showRoot=true", "log", *words, commit, "--")
        return [name for name in output.text.split("\0") if name]

    def contains(self, commit: str, until: str) -> bool:
        """Tell whether a commit is known here and `until` descends from it, or is it."""
        return self._git("merge-base", "--is-ancestor", commit, until, check=False).code == 0

    def holds_nothing(self, branch: str, beyond: str, own: Collection[str]) -> bool:
        """Tell whether all that was done on a branch is `beyond` it too, which never had its commits: squashed, say.

        Every file that one of its commits touched is the same there, but for the release's `own` (from the top),
        and a merge of the branch would add nothing.
        """
        base = self._git("merge-base", branch, beyond, check=False).text.strip()
        if not base:
            return False
        names = ("--name-only", "-z", "--no-renames")
        touched = self._git("log", "--format=", "-m", *names, f"{base}..{branch}", "--").text.split("\0")
        differing = self._git("diff", "--no-ext-diff", *names, branch, beyond, "--").text.split("\0")
        if {name.strip("\n") for name in touched} & set(differing) - {"", *own}:
            return False
        merged = self._git("merge-tree", "--write-tree", beyond, branch, check=False)
        return merged.code == 0 and merged.text.split()[:1] == [self.at(f"{beyond}^{{tree}}")]

    def branch(self) -> str:
        """Return the name of the branch that is checked out; nothing when a single commit is."""
        return self._git("symbolic-ref", "--quiet", "--short", "HEAD", check=False).text.strip()

    def at(self, ref: str) -> str | None:
        """Return what a reference such as `refs/heads/main` points to, None when it is not there."""
        output = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", ref, check=False)
        return output.text.strip() if output.code == 0 else None

    def path(self, file: Path) -> str:
        """Return a file's path from the repository's top, as `changes` spells it."""
        top = self.root.resolve().parents[len(Path(self.prefix).parts) - 1] if self.prefix else self.root.resolve()
        return (file.parent.resolve() / file.name).relative_to(top).as_posix()

    def differing(self, since: str, until: str) -> list[str] | None:
        """Return the files that differ between two commits, from the repository's top; None when one is not here."""
        words = ("diff", "--no-ext-diff", "--name-only", "--no-renames", "-z", "--end-of-options", since, until, "--")
        output = self._git(*words, check=False)
        return [name for name in output.text.split("\0") if name] if output.code == 0 else None

    def origin(self) -> str:
        """Return the address of the remote `origin`, or nothing."""
        return self._git("config", "--get", "remote.origin.url", check=False).text.strip()

    def default_branch(self) -> str:
        """Return the branch that the remote `origin` calls its default, or nothing where that was never asked."""
        output = self._git("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD", check=False)
        return output.text.strip().partition("/")[2]

    @cached_property
    def _folders(self) -> tuple[Path, Path, Path]:
        output = self._git("rev-parse", "--git-common-dir", "--git-path", "hooks", "--show-toplevel", check=False)
        if output.code != 0:
            raise NotARepository(
                f"{self.root} is in no git work tree: {essence(output.complaint)}",
                expected="a git repository",
                remedy="git init, or --project PATH",
            )
        common, hooks, top = ((self.root / line).resolve() for line in output.text.splitlines())
        return common, hooks, top

    @property
    def common(self) -> Path:
        """Return the git folder that all work trees share."""
        return self._folders[0]

    @property
    def hooks(self) -> Path:
        """Return the folder of the hooks that git runs, wherever the settings put it."""
        return self._folders[1]

    @property
    def top(self) -> Path:
        """Return the work tree's top folder."""
        return self._folders[2]

    def hooks_shared(self) -> bool:
        """Tell whether the hooks' folder is set for more than this repository."""
        output = self._git("config", "--show-scope", "--get", "core.hooksPath", check=False)
        return bool(output.text) and output.text.split("\t")[0] not in {"local", "worktree"}


def _commit(record: str) -> Commit:
    id_, parents, tree, date, author, message = record.split("\n", _COMMIT_FIELDS - 1)
    return Commit(id_, tuple(parents.split()), tree, date, author, message.strip("\n"))
