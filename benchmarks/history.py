"""Generated projects, the same at every run: thousands of commits and releases, through git fast-import."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

COMMITS = 20_000
RELEASES = 1_000
UNRELEASED = 25
PASSED = 10  # releases that the maintenance branch never had

_BEGAN = 1_400_000_000  # seconds since 1970, the first commit's date
_APART = 6_000  # seconds between two commits
_PERSON = "A Developer <developer@example.org>"
_TYPES = ("fix", "feat", "docs", "refactor", "test", "chore", "perf", "fix")

Files = Mapping[str, str]


@dataclass(slots=True)
class Stream:
    """What git fast-import reads, written commit by commit; marks count up from 1 and set the dates."""

    out: IO[bytes]
    mark: int = 0

    def commit(self, branch: str, message: str, files: Files, parent: int = 0) -> int:
        """Write a commit on a branch and return its mark; without a parent it continues the branch."""
        self.mark += 1
        when = f"{_PERSON} {_BEGAN + self.mark * _APART} +0000"
        self._write(f"commit refs/heads/{branch}\nmark :{self.mark}\ncommitter {when}\n", message)
        if parent:
            self._write(f"from :{parent}\n")
        for path, content in files.items():
            self._write(f"M 100644 inline {path}\n", content)
        return self.mark

    def tag(self, name: str, mark: int) -> None:
        """Write an annotated tag."""
        when = f"{_PERSON} {_BEGAN + self.mark * _APART + 60} +0000"
        self._write(f"tag {name}\nfrom :{mark}\ntagger {when}\n", f"Release {name}\n")

    def _write(self, head: str, data: str | None = None) -> None:
        self.out.write(head.encode())
        if data is not None:
            raw = data.encode()
            self.out.write(b"data %d\n%b\n" % (len(raw), raw))


@dataclass(slots=True)
class Development:
    """A development branch that grows; with `squashed` a stable branch takes each release as one commit."""

    stream: Stream
    squashed: bool
    pending: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def work(self, branch: str = "dev", parent: int = 0) -> int:
        """Add a commit that changes one file and names an issue."""
        self.made += 1
        number, kind = self.made, _TYPES[self.made % len(_TYPES)]
        path = f"src/example/part{number % 20:02}/module{number // 20 % 15:02}.py"
        body = f"What was wrong before and is right now, told in a line or two.\n\nCloses #{number}\n"
        subject = f"{kind}(part{number % 20:02}): change what module {number // 20 % 15} does in case {number}"
        return self._commit(branch, f"{subject}\n\n{body}", {path: f"CASE = {number}\n" * 10}, parent)

    def release(self, version: str) -> int:
        """Add the commit that sets a version, and tag it or its squash; return its own mark."""
        self.made += 1
        mark = self._commit("dev", f"chore: release v{version}\n", {"pyproject.toml": pyproject(version)})
        tagged = mark
        if self.squashed:
            tagged = self.stream.commit("stable", f"release v{version} (#{self.made})\n", self.pending)
            self.pending = {}
        self.stream.tag(f"v{version}", tagged)
        return mark

    def _commit(self, branch: str, message: str, files: Files, parent: int = 0) -> int:
        self.pending |= files
        return self.stream.commit(branch, message, files, parent)


def pyproject(version: str, checks: Mapping[str, str] | None = None) -> str:
    """Return a pyproject.toml; `checks` are commands for release.validate."""
    table = "".join(f'{name} = "{command}"\n' for name, command in (checks or {}).items())
    return (
        f'[project]\nname = "example"\nversion = "{version}"\nrequires-python = ">=3.11"\ndependencies = []\n\n'
        f"[tool.release-coordination]\nissues = {'false' if checks else 'true'}\n"
        f"[tool.release-coordination.checks]\n{table}"
    )


def version_of(release: int) -> str:
    """Return the version of the release with this number, from 1 on."""
    return f"{release // 100}.{release // 10 % 10}.{release % 10}"


@contextmanager
def _imported(root: Path, env: Mapping[str, str]) -> Iterator[Stream]:
    """Give a stream whose history the repository at `root` has afterwards, its branch `dev` checked out."""
    root.mkdir()
    subprocess.run(["git", "init", "--quiet", "--initial-branch=dev"], cwd=root, env=env, check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=root, env=env, stdin=subprocess.PIPE) as importer:
        if importer.stdin is None:
            raise AssertionError("a pipe was asked for")
        yield Stream(importer.stdin)
    if importer.returncode:
        raise subprocess.CalledProcessError(importer.returncode, importer.args)
    subprocess.run(["git", "reset", "--quiet", "--hard"], cwd=root, env=env, check=True)


def long_history(root: Path, env: Mapping[str, str], *, squashed: bool) -> Path:
    """Make a project with 20,000 commits on `dev` and 1,000 tags, 25 commits after the newest; return its folder.

    With `squashed` every tag names a commit of the branch `stable`, none is an ancestor of `dev`; and the branch
    `maintenance` leaves `dev` before the last ten releases, with 25 commits of its own.
    """
    with _imported(root, env) as stream:
        development = Development(stream, squashed)
        released, cut = 0, 0
        for number in range(1, COMMITS - UNRELEASED + 1):
            due = number * RELEASES // (COMMITS - UNRELEASED)
            if due == released:
                development.work()
                continue
            released = due
            mark = development.release(version_of(released))
            cut = mark if released == RELEASES - PASSED else cut
        for _ in range(UNRELEASED):
            development.work()
        if squashed:
            for index in range(UNRELEASED):
                development.work("maintenance", 0 if index else cut)
    return root


def checked_project(root: Path, env: Mapping[str, str], checks: Mapping[str, str]) -> Path:
    """Make a small project whose checklist passes, with these commands for checks; return its folder."""
    first = "## v0.1.0 (2014-05-14)\n\n### fixes\n- the first thing\n"
    with _imported(root, env) as stream:
        files = {"pyproject.toml": pyproject("0.1.0", checks), "CHANGELOG.md": f"# Changelog\n\n{first}"}
        stream.tag("v0.1.0", stream.commit("dev", "feat: begin\n", files))
        second = "## v0.2.0 (2014-05-15)\n\n### changes\n- the second thing\n"
        files = {
            "pyproject.toml": pyproject("0.2.0", checks),
            "CHANGELOG.md": f"# Changelog\n\n{second}\n{first}",
        }
        stream.commit("dev", "feat: go on\n", files)
    return root
