"""Toolchain: the tools a project declares, and the commands that check it with them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from .settings import table_at

# What release.validate runs when the settings say nothing.
DEFAULTS = {
    "tests": "uv run pytest",
    "lint": "uv run ruff check",
    "format": "uv run ruff format --check",
    "lockfile": "uv lock --check",
}
TOOLS = ("pytest", "ruff", "mypy", "ty", "mkdocs", "zensical", "sphinx")
ITSELF = "release-coordination"

_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """What a project is checked with: uv or pip, the tools in use, and where each of them is declared.

    `declared` maps a tool to "" (always installed), an extra as "[name]", a dependency group as its name, or the
    path of a requirements file. `loose` are packages that no standard table declares, so they are installed by name.
    """

    manager: str
    locked: bool
    used: frozenset[str]
    declared: Mapping[str, str]
    mypy_files: bool = False
    plain_tests: bool = False
    loose: tuple[str, ...] = ()

    @property
    def checks(self) -> dict[str, str]:
        """Return the command of each check, empty for one that the project has no tool for."""
        ruff, docs = "ruff" in self.used, self._docs()
        tests = self._command("pytest") if "pytest" in self.used else self._python("unittest") * self.plain_tests
        return {
            "format": self._command("ruff", "format", "--check") if ruff else "",
            "lint": self._command("ruff", "check") if ruff else "",
            **({"types": self._types()} if self._types() else {}),
            **({"lockfile": DEFAULTS["lockfile"]} if self.locked else {}),
            **({"docs": docs} if docs else {}),
            "tests": tests,
        }

    @property
    def install(self) -> str:
        """Return the command that installs the project with its tools, for an environment of its own."""
        where = sorted({self.declared[tool] for tool in self.used if self.declared.get(tool)})
        extras = [name.strip("[]") for name in where if name.startswith("[")]
        files = [name for name in where if name.endswith(".txt")]
        groups = [name for name in where if name not in files and not name.startswith("[")]
        if self.manager == "uv":
            options = [*(["--locked"] if self.locked else []), *(f"--extra {name}" for name in extras)]
            return " ".join(["uv sync", *options, *(f"--group {name}" for name in groups if name != "dev")])
        options = [*(f"--group {name}" for name in groups), *(f"--requirement {name}" for name in files)]
        missing = sorted({*(self.used - self.declared.keys()), *self.loose})
        chosen = f"[{','.join(extras)}]" if extras else ""
        return " ".join(["uv pip install", *options, *missing, f'--editable ".{chosen}"'])

    def _types(self) -> str:
        if "ty" in self.used:
            return self._command("ty", "check")
        return self._command("mypy", *([] if self.mypy_files else ["."])) if "mypy" in self.used else ""

    def _docs(self) -> str:
        builds = {
            "mkdocs": ("build", "--strict"),
            "zensical": ("build",),
            "sphinx": ("-W", "--keep-going", "docs", "docs/_build"),
        }
        return next((self._command(tool, *words) for tool, words in builds.items() if tool in self.used), "")

    def _command(self, tool: str, *words: str) -> str:
        if self.manager == "pip" or tool == "sphinx":
            return self._python(tool, *words)
        alone = [] if tool in self.declared else ["--with", tool]
        return " ".join(["uv run", *alone, tool, *words])

    def _python(self, module: str, *words: str) -> str:
        return " ".join([*(["uv run"] if self.manager == "uv" else []), "python -m", module, *words])


def declared(pyproject: Mapping[str, Any], files: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return where each tool is declared, the plainest place first; `files` are the lines of requirements files."""
    project = table_at(pyproject, "project")
    places: list[tuple[str, Any]] = [("", project.get("dependencies"))]
    places += [("", table_at(pyproject, "tool", "uv").get("dev-dependencies"))]
    places += table_at(pyproject, "dependency-groups").items()
    places += [(f"[{name}]", lines) for name, lines in table_at(project, "optional-dependencies").items()]
    places += files.items()
    found: dict[str, str] = {}
    for place, lines in places:
        for name in _names(lines):
            if name in TOOLS or name == ITSELF:
                found.setdefault(name, place)
    return found


def of_poetry(pyproject: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the packages of Poetry's own groups: their versions are in a notation that nothing else installs."""
    poetry = table_at(pyproject, "tool", "poetry")
    groups = [
        table_at(group, "dependencies") for group in table_at(poetry, "group").values() if isinstance(group, dict)
    ]
    tables = [table_at(poetry, "dev-dependencies"), *groups]
    found = {canonicalize_name(name) for table in tables for name, value in table.items() if _from_index(value)}
    return tuple(sorted(found - {"python"}))


def _from_index(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and "version" in value)


def _names(lines: Any) -> list[str]:
    texts = [line for line in lines if isinstance(line, str)] if isinstance(lines, Iterable) else []
    return [canonicalize_name(match[1]) for match in map(_NAME.match, texts) if match]
