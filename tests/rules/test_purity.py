import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .history import cases

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "tasks" / "rules").glob("**/*.py"))
NAMES = {file.stem for file in FILES}
STANDARD = frozenset(
    [
        "collections",
        "collections.abc",
        "configparser",
        "dataclasses",
        "datetime",
        "difflib",
        "enum",
        "hashlib",
        "itertools",
        "re",
        "typing",
        "unicodedata",
    ]
)
_SCRIPT = (ROOT / "scripts" / "validate_release.py").read_text("utf-8")
# What the script loads without any dependency, as it says itself.
CI = set(ast.literal_eval(_SCRIPT.partition("names = ")[2].partition("\n")[0]))
PACKAGING = {f"packaging.{name}" for name in ("markers", "metadata", "requirements", "specifiers", "utils", "version")}
IMPURE = {"__import__", "breakpoint", "compile", "eval", "exec", "input", "open", "print"}
CLOCK = {"now", "today", "utcnow"}


def offences(source: str, *, alone: bool = False) -> list[str]:
    """Return what a rule's source must not have; `alone` means the standard library and the CI's rules only."""
    siblings = CI if alone else NAMES
    packages = set() if alone else PACKAGING
    relative = {f".{name}" for name in siblings} | (set() if alone else {"..errors"})
    return [name for node in ast.walk(ast.parse(source)) for name in _reached(node)
            if name not in STANDARD | packages | relative]  # fmt: skip


def _reached(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield "." * node.level + (node.module or "")
    elif isinstance(node, ast.Name) and node.id in IMPURE:
        yield node.id
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK:
        yield node.func.attr


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_rule_reaches_nothing_outside_itself(file: Path) -> None:
    assert offences(file.read_text("utf-8"), alone=file.stem in CI) == []


def test_the_rules_that_ci_loads_are_there() -> None:
    assert {"changelog", "discipline", "findings"} < CI < NAMES


@cases(
    "source offence",
    {
        "module": ("import os.path", "os.path"),
        "from a module": ("from subprocess import run", "subprocess"),
        "inside a function": ("def f():\n    import time", "time"),
        "other package": ("import msgspec", "msgspec"),
        "a system": ("from ..systems.git import Git", "..systems.git"),
        "a task file": ("from .. import settings", ".."),
        "the rules' own package": ("from . import commits", "."),
        "its own name": ("from tasks.rules import commits", "tasks.rules"),
        "import by name": ("__import__('os')", "__import__"),
        "file": ("with open('x') as f: f", "open"),
        "terminal": ("print(1)", "print"),
        "clock": ("from datetime import date\ndate.today()", "today"),
    },
)
def test_the_walk_sees(source: str, offence: str) -> None:
    assert offences(source) == [offence]


@cases("source", {"packaging": ("from packaging.version import Version",), "errors": ("from ..errors import Refused",)})
def test_what_a_rule_may_import_ci_may_not(source: str) -> None:
    assert offences(source) == []
    assert offences(source, alone=True) != []


def ruff(source: str, path: str) -> str:
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", "--stdin-filename", path, "-"]
    done = subprocess.run(command, cwd=ROOT, input=source, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess",
        "from pathlib import Path",
        "from os.path import exists",
        "import requests.sessions",
        "def f():\n    import time",
        "from datetime import date\ndate.today()",
        "import datetime\ndatetime.datetime.now()",
    ],
)
def test_ruff_bans_it_in_the_rules_alone(source: str) -> None:
    assert "TID251" in ruff(source, "tasks/rules/x.py")
    assert "TID251" not in ruff(source, "tasks/systems/x.py")
    assert "TID251" not in ruff(source, "tasks/x.py")


def test_ruff_lets_a_rule_have_what_is_pure() -> None:
    assert "TID251" not in ruff("import re\nfrom packaging.version import Version", "tasks/rules/x.py")
