"""The bare repository behind the sandbox: everything about commits, trees and refs is git's own answer."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ...systems.git import HERE
from ...systems.process import Output, run
from .records import Change, Commit, Ref, read

_ENVIRONMENT: Mapping[str, str | None] = {**HERE, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
_REFS = "%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)"
_STATUS = {"A": "added", "D": "removed", "M": "modified", "T": "changed"}


class Bare:
    """A bare repository on disk. Objects never change, so what is known of them by id is remembered."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._commits: dict[str, Commit] = {}
        self._ranges: dict[tuple[str, str], list[str]] = {}
        self._reachable: dict[str, frozenset[str]] = {}

    def git(
        self, *words: str, stdin: bytes = b"", check: bool = True, env: Mapping[str, str | None] | None = None
    ) -> Output:
        """Run git in the repository."""
        command = ["git", "-c", "core.quotePath=false", "-c", "commit.gpgSign=false", *words]
        return run(command, cwd=self.root, stdin=stdin, env={**_ENVIRONMENT, **(env or {})}, check=check)

    def refs(self) -> dict[str, Ref]:
        """Return every ref by its full name."""
        lines = self.git("for-each-ref", f"--format={_REFS}").text.splitlines()
        found = [
            Ref(name, sha, kind, peeled or sha) for name, sha, kind, peeled in (line.split("\0") for line in lines)
        ]
        return {ref.name: ref for ref in found}

    @property
    def default(self) -> str:
        """Return the default branch: what HEAD points at."""
        return (self.root / "HEAD").read_text("utf-8").strip().removeprefix("ref: refs/heads/")

    def resolve(self, revision: str) -> str | None:
        """Return the commit that a branch, a tag or an id names; a branch goes before a tag, as on GitHub."""
        if revision in self._commits:
            return revision
        for name in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            output = self.git(*words, check=False)
            if output.code == 0:
                return output.text.strip()
        return None

    def commit(self, sha: str) -> Commit:
        """Return a commit."""
        return self.commits([sha])[0]

    def commits(self, shas: Sequence[str]) -> list[Commit]:
        """Return commits, those not known yet from one process."""
        unknown = [sha for sha in dict.fromkeys(shas) if sha not in self._commits]
        if unknown:
            raw = self.git("cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in unknown).encode()).stdout
            self._commits |= {commit.sha: commit for commit in read(raw)}
        return [self._commits[sha] for sha in shas]

    def span(self, since: str | None, until: str) -> list[str]:
        """Return the ids of `since..until`, oldest first."""
        key = (since or "", until)
        if key not in self._ranges:
            words = [until, *([f"^{since}"] if since else [])]
            self._ranges[key] = self.git("rev-list", "--reverse", "--topo-order", *words, "--").text.split()
        return self._ranges[key]

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor."""
        return self.git("merge-base", one, other, check=False).text.strip() or None

    def ancestor(self, one: str, other: str) -> bool:
        """Tell whether one commit is the other or an ancestor of it."""
        if other not in self._reachable:
            self._reachable[other] = frozenset(self.span(None, other))
        return one in self._reachable[other]

    def entry(self, commit: str, path: str) -> tuple[str, str] | None:
        """Return (kind, id) of what lies at a path."""
        name = f"{commit}:{path}" if path else f"{commit}^{{tree}}"
        output = self.git("cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=f"{name}\n".encode()).text
        kind, _, sha = output.strip().partition(" ")
        return (kind, sha) if kind in {"blob", "tree", "commit"} else None

    def blob(self, sha: str) -> bytes:
        """Return a file's content."""
        return self.git("cat-file", "blob", sha).stdout

    def content(self, commit: str, path: str) -> bytes | None:
        """Return what a file holds at a commit, None when it is not there."""
        found = self.entry(commit, path)
        return self.blob(found[1]) if found and found[0] == "blob" else None

    def listing(self, tree: str) -> list[tuple[str, str, int, str]]:
        """Return (kind, id, size, name) of what is in a tree."""
        rows = [row for row in self.git("ls-tree", "-z", "-l", tree).text.split("\0") if row]
        return [
            (kind, sha, 0 if size == "-" else int(size), name)
            for (_, kind, sha, size), name in ((row.partition("\t")[0].split(), row.partition("\t")[2]) for row in rows)
        ]

    def tag(self, sha: str) -> dict[str, str] | None:
        """Return the members of an annotated tag."""
        output = self.git("cat-file", "tag", sha, check=False)
        if output.code != 0:
            return None
        head, _, message = output.text.partition("\n\n")
        return {**dict(line.split(" ", 1) for line in head.splitlines()), "message": message.rstrip("\n")}

    def changes(self, before: str | None, after: str) -> list[Change]:
        """Return the files that differ between two commits; without `before`, all of them."""
        # The empty tree's id, which git knows without its being there.
        old = before or self.git("hash-object", "-t", "tree", "--stdin").text.strip()
        raw = self.git("diff-tree", "-r", "-z", "--no-renames", "--raw", "--numstat", old, after).text.split("\0")
        kinds: dict[str, tuple[str, str]] = {}
        found: list[Change] = []
        fields = iter(raw)
        for field in fields:
            if field.startswith(":"):
                _, _, _, sha, letter = field.split()
                kinds[next(fields)] = (_STATUS.get(letter[0], "changed"), sha)
            elif field:
                plus, minus, path = field.split("\t", 2)
                found.append(Change(path, *kinds[path], *(0 if n == "-" else int(n) for n in (plus, minus))))
        return found

    def update(self, name: str, sha: str | None) -> None:
        """Set a ref, or delete it."""
        self.git("update-ref", *([name, sha] if sha else ["-d", name]))

    def merged_tree(self, base: str, head: str) -> str | None:
        """Return the tree of a merge, None when it conflicts."""
        output = self.git("merge-tree", "--write-tree", base, head, check=False)
        return output.text.split()[0] if output.code == 0 else None

    def record(self, tree: str, parents: Iterable[str], message: str, who: str, moment: float) -> str:
        """Make a commit, as GitHub does for somebody, and return its id."""
        date = datetime.fromtimestamp(int(moment), UTC).isoformat()
        names = _identity("AUTHOR", who, f"{who}@users.noreply.github.com", date)
        names |= _identity("COMMITTER", "GitHub", "noreply@github.com", date)
        words = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *words, "-F", "-", stdin=message.encode(), env=names).text.strip()

    def rebased(self, onto: str, shas: Sequence[str], moment: float) -> str | None:
        """Return what commits become on top of another, None when they conflict."""
        names = _identity(
            "COMMITTER", "GitHub", "noreply@github.com", datetime.fromtimestamp(int(moment), UTC).isoformat()
        )
        with tempfile.TemporaryDirectory() as folder:
            self.git("worktree", "add", "--quiet", "--detach", folder, onto)
            try:
                words = ("-C", folder, "cherry-pick", "--allow-empty", "--keep-redundant-commits", *shas)
                done = self.git(*words, check=False, env=names)
                return self.git("-C", folder, "rev-parse", "HEAD").text.strip() if done.code == 0 else None
            finally:
                self.git("worktree", "remove", "--force", folder)


def _identity(role: str, name: str, email: str, date: str) -> dict[str, str | None]:
    return {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": email, f"GIT_{role}_DATE": date}
