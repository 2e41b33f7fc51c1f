from typing import Any

from tasks.rules.toolchain import Toolchain, declared, of_poetry

from .history import cases


def chain(manager: str = "uv", *, locked: bool = True, **where: str | None) -> Toolchain:
    """Return a toolchain; a tool that is declared nowhere has None."""
    return Toolchain(manager, locked, frozenset(where), {tool: at for tool, at in where.items() if at is not None})


@cases(
    "toolchain install",
    {
        "uv, the usual group": (chain(pytest="dev"), "uv sync --locked"),
        "uv, not locked": (chain(locked=False, pytest=""), "uv sync"),
        "uv, elsewhere": (
            chain(pytest="[test]", mypy="lint", ruff="lint"),
            "uv sync --locked --extra test --group lint",
        ),
        "pip": (chain("pip", locked=False, pytest=""), 'uv pip install --editable "."'),
        "pip, extras": (chain("pip", pytest="[test]", mypy="[dev]"), 'uv pip install --editable ".[dev,test]"'),
        "pip, a group and a file": (
            chain("pip", pytest="dev", ruff="requirements-dev.txt"),
            'uv pip install --group dev --requirement requirements-dev.txt --editable "."',
        ),
        "pip, used but not declared": (chain("pip", pytest=None), 'uv pip install pytest --editable "."'),
    },
)
def test_install(toolchain: Toolchain, install: str) -> None:
    assert toolchain.install == install


@cases(
    "toolchain checks",
    {
        "uv": (
            chain(pytest="dev", ruff="dev", mypy="dev"),
            {
                "format": "uv run ruff format --check",
                "lint": "uv run ruff check",
                "types": "uv run mypy .",
                "lockfile": "uv lock --check",
                "tests": "uv run pytest",
            },
        ),
        "uv, declared nowhere": (
            chain(locked=False, pytest=None, ty=None, zensical=None),
            {
                "format": "",
                "lint": "",
                "types": "uv run --with ty ty check",
                "docs": "uv run --with zensical zensical build",
                "tests": "uv run --with pytest pytest",
            },
        ),
        "pip": (
            chain("pip", locked=False, ruff="", sphinx=""),
            {
                "format": "python -m ruff format --check",
                "lint": "python -m ruff check",
                "docs": "python -m sphinx -W --keep-going docs docs/_build",
                "tests": "",
            },
        ),
    },
)
def test_checks(toolchain: Toolchain, checks: dict[str, str]) -> None:
    assert toolchain.checks == checks


@cases(
    "pyproject found",
    {
        "a dependency": ({"project": {"dependencies": ["Ruff[x]>=1 ; python_version > '3'"]}}, {"ruff": ""}),
        "an extra": ({"project": {"optional-dependencies": {"test": ["pytest"]}}}, {"pytest": "[test]"}),
        "a group with another inside": (
            {"dependency-groups": {"dev": [{"include-group": "x"}, "mypy~=1.0"]}},
            {"mypy": "dev"},
        ),
        "the plainest place": (
            {"project": {"dependencies": ["ty"]}, "dependency-groups": {"dev": ["ty"]}},
            {"ty": ""},
        ),
        "another package": ({"project": {"dependencies": ["pytest-xdist", "", "./ruff"]}}, {}),
        "nonsense": ({"project": {"dependencies": 3}, "dependency-groups": [], "tool": ""}, {}),
    },
)
def test_declared(pyproject: dict[str, Any], found: dict[str, str]) -> None:
    assert declared(pyproject, {}) == found


@cases(
    "poetry packages",
    {
        "a group": ({"group": {"dev": {"dependencies": {"PyTest": "^8", "python": "^3.12"}}}}, ("pytest",)),
        "the old table": ({"dev-dependencies": {"ruff": "*"}}, ("ruff",)),
        "several, each once": (
            {"group": {"a": {"dependencies": {"ty": "*", "pytest_cov": {"version": "^5"}}},
                       "b": {"dependencies": {"ty": "*"}}}},
            ("pytest-cov", "ty"),
        ),
        "from elsewhere": ({"group": {"dev": {"dependencies": {"x": {"path": "../x"}, "y": {"git": "z"}}}}}, ()),
        "nonsense": ({"group": {"dev": 3, "docs": {"dependencies": []}}, "dev-dependencies": ""}, ()),
    },
)  # fmt: skip
def test_of_poetry(poetry: dict[str, Any], packages: tuple[str, ...]) -> None:
    assert of_poetry({"tool": {"poetry": poetry}}) == packages


def test_declared_in_requirements() -> None:
    assert declared({}, {"requirements-dev.txt": ["# tools", "pytest==8", "-r other.txt"]}) == {
        "pytest": "requirements-dev.txt"
    }
