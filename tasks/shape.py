"""The shape of a project: how it is laid out, built, installed and checked, seen from its files and its branches."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from .project import Project
from .rules.pythons import supported
from .rules.settings import table_at
from .rules.toolchain import TOOLS, Toolchain, declared, of_poetry
from .systems.files import read_text
from .systems.uv import lock_file

_CONFIGS = {
    "pytest": ("pytest.ini", "pytest.toml", "conftest.py", "tests/conftest.py"),
    "ruff": ("ruff.toml", ".ruff.toml"),
    "mypy": ("mypy.ini", ".mypy.ini"),
    "ty": ("ty.toml",),
    "mkdocs": ("mkdocs.yml", "mkdocs.yaml"),
    "zensical": ("zensical.toml",),
    "sphinx": ("docs/conf.py",),
}
_DOCS = {"mkdocs", "zensical", "sphinx"}
_DEVELOPMENT = ("dev", "develop", "development")


@dataclass(frozen=True, slots=True)
class Shape:
    """What was found out about a project; `folder` is its path below the repository's top, empty at the top."""

    package: str
    source: str
    backend: str
    pythons: tuple[str, ...]
    toolchain: Toolchain
    stable: str
    development: str
    folder: str
    bandit: bool = False

    @property
    def layout(self) -> str:
        """Return whether the sources lie in a folder `src`."""
        return "src" if self.source.startswith("src/") else "flat"

    @property
    def module(self) -> str:
        """Return the name under which the package is imported."""
        return Path(self.source).stem

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "package": self.package,
            "module": self.module,
            "layout": self.layout,
            "backend": self.backend,
            "pythons": list(self.pythons),
            "manager": self.toolchain.manager,
            "locked": self.toolchain.locked,
            "tools": sorted(self.toolchain.used),
            "stable_branch": self.stable,
            "development_branch": self.development or None,
            "folder": self.folder or None,
        }


def shape_of(project: Project) -> Shape:
    """Return the shape of a project; what the settings say comes before what is found."""
    settings, branches = project.settings, project.git.branches()
    build = table_at(project.pyproject, "build-system")
    usual = next((name for name in ("main", "master") if name in branches), "")
    collected = next((name for name in _DEVELOPMENT if name in branches), "")
    return Shape(
        project.package,
        _source(project),
        str(build.get("build-backend", "setuptools.build_meta")),
        settings.ci.pythons or _pythons(project),
        _toolchain(project),
        settings.stable_branch or project.git.default_branch() or usual or project.git.branch() or "main",
        settings.development_branch or collected,
        project.git.prefix.rstrip("/"),
        bool(table_at(project.pyproject, "tool", "bandit")),
    )


def _pythons(project: Project) -> tuple[str, ...]:
    classifiers = [str(line) for line in project.metadata.get("classifiers", [])]
    return supported(str(project.metadata.get("requires-python", "")), classifiers)


def _source(project: Project) -> str:
    """Return the path of the package's sources: what the build's settings name, else where they usually lie."""
    hatch = table_at(project.pyproject, "tool", "hatch", "build", "targets", "wheel")
    named = [str(path) for key in ("packages", "only-include") for path in hatch.get(key, [])]
    built = table_at(project.pyproject, "tool", "uv", "build-backend")
    name = str(built.get("module-name") or canonicalize_name(project.package).replace("-", "_"))
    usual = [f"{built.get('module-root', 'src') or '.'}/{name}", f"src/{name}", name, f"src/{name}.py", f"{name}.py"]
    found = [path.removeprefix("./") for path in (*named, *usual) if (project.root / path).exists()]
    return next((path for path in (*found, *_packages(project.root))), name)


def _packages(root: Path) -> list[str]:
    """Return the packages below `src` and at the top, those of the tests last."""
    inits = sorted([*root.glob("src/*/__init__.py"), *root.glob("*/__init__.py")])
    paths = [path.parent.relative_to(root).as_posix() for path in inits]
    return sorted(paths, key=lambda path: (path in {"tests", "test", "docs"}, not path.startswith("src/")))


def _toolchain(project: Project) -> Toolchain:
    root, tables = project.root, table_at(project.pyproject, "tool")
    files = {path.name: read_text(path).splitlines() for path in sorted(root.glob("*requirements*.txt"))}
    where = declared(project.pyproject, files)
    configured = {tool for tool, names in _CONFIGS.items() if any((root / name).exists() for name in names)}
    loose = of_poetry(project.pyproject)
    named = {*where, *loose} & set(TOOLS) - _DOCS
    used = frozenset(named | configured | (set(TOOLS) & tables.keys()))
    locked = lock_file(root) is not None
    backend = table_at(project.pyproject, "build-system").get("build-backend", "")
    return Toolchain(
        "uv" if locked or "uv" in tables or backend == "uv_build" else "pip",
        locked,
        used,
        where,
        mypy_files=bool({"files", "packages", "modules"} & table_at(tables, "mypy").keys()),
        plain_tests="pytest" not in used and any(root.glob("tests/test*.py")),
        loose=loose,
    )
