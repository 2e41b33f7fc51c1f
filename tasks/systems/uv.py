"""uv: the lock file, builds and environments."""

from pathlib import Path

from packaging.utils import canonicalize_name

from ..errors import WrongValue
from .files import read_toml
from .process import run


def lock_file(root: Path) -> Path | None:
    """Return the project's uv.lock, its own or that of the workspace it belongs to; None when it is not locked."""
    own = root / "uv.lock"
    if own.is_file():
        return own
    workspace = next((folder for folder in root.parents if _has_member(folder, root)), None)
    return workspace / "uv.lock" if workspace and (workspace / "uv.lock").is_file() else None


def _has_member(folder: Path, project: Path) -> bool:
    """Tell whether a folder's pyproject.toml has a uv workspace that a project is a member of."""
    try:
        found = read_toml(folder / "pyproject.toml")
        members = found.get("tool", {}).get("uv", {}).get("workspace", {}).get("members", [])
        return any(project in folder.glob(pattern) for pattern in members)
    except (WrongValue, AttributeError, TypeError, ValueError, NotImplementedError):
        return False  # what uv could not read either is no workspace; it has nothing to do with this project


def locked_version(lock: Path, package: str) -> str:
    """Return the version that a lock file has of the project itself, or nothing."""
    name = canonicalize_name(package)
    for entry in read_toml(lock).get("package", []):
        if entry.get("name") == name and {"editable", "virtual", "directory"} & set(entry.get("source", {})):
            return str(entry.get("version", ""))
    return ""


def lock(root: Path) -> None:
    """Bring uv.lock in step with pyproject.toml."""
    run(["uv", "lock", "--quiet"], cwd=root)
