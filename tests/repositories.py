"""Synthetic git repositories with fixed dates, and the projects that stand in them."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
URL = "https://github.com/owner/sample"
_FIRST_DAY = datetime(2024, 1, 1, 12, tzinfo=UTC)

Files = Mapping[str, str | bytes | None]


class Repository:
    """A work tree; each commit is made a day after the one before, the first on 2024-01-01 at noon UTC."""

    def __init__(self, root: Path, template: "Repository | None" = None) -> None:
        self.root = root
        self.count: int = template.count if template else 0
        if template:
            shutil.copytree(template.root, root, symlinks=True)
        else:
            root.mkdir(parents=True, exist_ok=True)
            self.git("init", "--quiet", "--initial-branch=main")

    @property
    def day(self) -> str:
        """Return the day of the newest commit."""
        return (_FIRST_DAY + timedelta(days=self.count - 1)).date().isoformat()

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        moment = (_FIRST_DAY + timedelta(days=self.count - 1)).isoformat()
        names = {
            f"GIT_{who}_{what}": f"{who.lower()}@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        dates = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={**os.environ, **names, **dates},
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, files: Files) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str | bytes, files: Files | None = None) -> str:
        """Commit the files, by default one that is different each time, and return the commit's id."""
        self.count += 1
        self.write({"work.txt": f"{self.count}\n"} if files is None else files)
        self.git("add", "--all")
        raw = message if isinstance(message, bytes) else message.encode()
        self.git(
            "commit", "--quiet", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "--file=-", stdin=raw
        )
        if raw.decode("utf-8", "ignore").encode() != raw:
            self._reword(raw)
        return self.head

    def _reword(self, message: bytes) -> None:
        """Give the newest commit a message as it is: `git commit` would turn what is no UTF-8 into it."""
        header = self.git("cat-file", "commit", "HEAD").partition("\n\n")[0].encode()
        commit = self.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=header + b"\n\n" + message)
        self.git("reset", "--quiet", "--soft", commit)

    def tag(self, name: str, *, annotated: bool = False) -> None:
        self.git("tag", *(["--annotate", "--message", name] if annotated else []), name)

    def branch(self, name: str) -> None:
        self.git("switch", "--quiet", "--create", name)

    def switch(self, name: str) -> None:
        self.git("switch", "--quiet", name)

    def squash(self, branch: str, message: str) -> str:
        """Squash-merge a branch as GitHub does: its tree, one commit, no second parent."""
        self.count += 1
        commit = self.git("commit-tree", f"{branch}^{{tree}}", "-p", "HEAD", "-m", message)
        self.git("reset", "--quiet", "--hard", commit)
        return commit

    def merge(self, branch: str, message: str) -> str:
        self.count += 1
        self.git("merge", "--quiet", "--no-ff", "--strategy-option=ours", "-m", message, branch)
        return self.head

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def snapshot(self) -> dict[str, bytes]:
        """Return every file outside .git with its content."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(self.root).parts
        }


def pyproject(version: str = "1.0.0", settings: str = "", project: str = "") -> str:
    """Return a pyproject.toml without dependencies; `settings` and `project` are lines of those tables."""
    return (
        f'[project]\nname = "sample"\nversion = "{version}"\nrequires-python = ">=3.9"\n{project}'
        f'[project.urls]\nRepository = "{URL}"\n\n[tool.release-coordination]\n{settings}'
    )


def issue(number: int) -> str:
    """Return the link of an issue as an entry has it."""
    return f"[#{number}]({URL}/issues/{number})"


def changelog(*versions: tuple[str, str]) -> str:
    """Return a changelog with a section of one entry for each (version, day)."""
    sections = [f"## v{version} ({day})\n\n### fixes\n\n- mend it {issue(1)}\n" for version, day in versions]
    return "# changelog\n\n" + "\n".join(sections)


def released(root: Path, settings: str = "", project: str = "") -> Repository:
    """Return a project whose version 1.0.0 was released by its only commit."""
    repository = Repository(root)
    files = {
        "pyproject.toml": pyproject("1.0.0", settings, project),
        "CHANGELOG.md": changelog(("1.0.0", "2024-01-01")),
        "cliff.toml": (CHECKOUT / "cliff.toml").read_text("utf-8"),
    }
    repository.commit("feat: begin (#1)", files)
    repository.tag("v1.0.0")
    return repository


def uv() -> str:
    """Return the path of uv, also where only the `uv run` around these tests knows it."""
    found = os.environ.get("UV") or shutil.which("uv")
    assert found, "these tests need uv"
    return found


def lock(repository: Repository) -> None:
    """Lock the project with the real uv and commit that."""
    subprocess.run([uv(), "lock", "--quiet"], cwd=repository.root, check=True, capture_output=True)
    repository.commit("chore: lock", {})
