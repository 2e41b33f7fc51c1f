"""The files that a release changes: pyproject.toml, the lock file and the changelog, and no other."""

from pathlib import Path

from .branches import clone_of
from .errors import Refused
from .project import Project
from .report import progress
from .rules.preparation import foreign
from .systems.uv import lock_file


def own_files(project: Project, *, changelog: bool = True) -> dict[str, Path]:
    """Return the files that a release changes (a candidate: no changelog), by their path from the repository's top."""
    files = [project.pyproject_path, lock_file(project.root), project.changelog_path if changelog else None]
    return {project.git.path(file): file for file in files if file is not None}


def foreign_since(project: Project, commit: str) -> list[str] | None:
    """Return the files that changed since a commit and are no release's own; None when that commit is not here."""
    changed = project.git.differing(commit, project.git.resolve("HEAD")) if commit else None
    return None if changed is None else sorted(set(changed) - own_files(project).keys())


def check_alone(project: Project, *, changelog: bool = True) -> None:
    """Refuse uncommitted changes in other files than those that a release changes."""
    others = foreign(project.git.changes(), own_files(project, changelog=changelog))
    if others:
        shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")  # noqa: PLR2004
        raise Refused(
            f"not committed: {shown}", expected="nothing uncommitted but the release itself",
            remedy="commit it, or git stash --include-untracked",
        )  # fmt: skip


def commit_own(project: Project, message: str, *, changelog: bool = True) -> tuple[str, ...]:
    """Commit what changed of the release's own files and return their names; nothing when nothing did."""
    changed = {line[3:] for line in project.git.changes()} & own_files(project, changelog=changelog).keys()
    if changed:
        with progress("git commit"):
            clone_of(project).commit(message, sorted(changed))
    return tuple(sorted(changed))
