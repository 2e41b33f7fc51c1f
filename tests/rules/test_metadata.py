from typing import Any

import pytest
from packaging.metadata import parse_email
from packaging.version import Version

from tasks.rules.metadata import (
    dependencies_differ,
    entry_points_differ,
    is_dynamic,
    name_differs,
    requires_python_differs,
    version_differs,
)

PROJECT: dict[str, Any] = {
    "name": "Demo_Bot",
    "requires-python": ">=3.11,<4",
    "dependencies": ["Requests >= 2.32", "tomli; python_version < '3.11'"],
    "optional-dependencies": {"Fast_Path": ["uvloop", "orjson; sys_platform == 'linux' or sys_platform == 'darwin'"]},
    "scripts": {"demo": "demo.cli:main"},
    "entry-points": {"demo.engines": {"Claude": "demo.claude: Engine [fast]"}},
}
DEPENDENCIES = (
    "Requires-Dist: requests>=2.32\n"
    'Requires-Dist: tomli ; python_version < "3.11"\n'
    'Requires-Dist: uvloop ; extra == "fast-path"\n'
    "Requires-Dist: orjson ; (sys_platform == 'linux' or sys_platform == 'darwin') and extra == 'fast-path'\n"
)
POINTS = "[console_scripts]\ndemo = demo.cli:main\n\n[demo.engines]\nClaude = demo.claude:Engine [fast]\n"


def said(text: str) -> Any:
    return parse_email(f"Metadata-Version: 2.4\n{text}")[0]


@pytest.mark.parametrize(
    ("text", "differs"),
    [("Name: demo-bot", ""), ("Name: Demo.Bot", ""), ("Name: other", "other, expected Demo_Bot")],
)
def test_name(text: str, differs: str) -> None:
    assert name_differs(said(text), PROJECT) == differs


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        ("Version: 1.0.0", ""),
        ("Version: 1.0", ""),
        ("Version: 1.0.0rc1", "1.0.0rc1, expected 1.0.0"),
        ("Version: not one", "not one, expected 1.0.0"),
        ("", "none, expected 1.0.0"),
    ],
)
def test_version(text: str, differs: str) -> None:
    assert version_differs(said(text), Version("1.0.0")) == differs


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        ("Requires-Python: <4,>=3.11", ""),
        ("Requires-Python: >=3.10", ">=3.10, expected >=3.11,<4"),
        ("Requires-Python: what?", "what?, expected >=3.11,<4"),
        ("", "none, expected >=3.11,<4"),
    ],
)
def test_requires_python(text: str, differs: str) -> None:
    assert requires_python_differs(said(text), PROJECT) == differs


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        (DEPENDENCIES, ""),
        (DEPENDENCIES.replace("requests>=2.32", "requests>=2.31"),
         "missing: requests>=2.32; not in pyproject.toml: requests>=2.31"),
        (DEPENDENCIES + "Requires-Dist: evil\n", "not in pyproject.toml: evil"),
        (DEPENDENCIES.replace('Requires-Dist: uvloop ; extra == "fast-path"\n', ""),
         'missing: uvloop; extra == "fast-path"'),
        (DEPENDENCIES.replace("requests>=2.32", "requests >>2"),
         "missing: requests>=2.32; not in pyproject.toml: requests >>2"),
    ],
    ids=["same", "another bound", "one more", "an extra's is missing", "no requirement at all"],
)  # fmt: skip
def test_dependencies(text: str, differs: str) -> None:
    assert dependencies_differ(said(text), PROJECT) == differs


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        (POINTS, ""),
        (POINTS.replace("demo.cli:main", "demo.cli:run"),
         "missing: console_scripts: demo = demo.cli:main; not in pyproject.toml: console_scripts: demo = demo.cli:run"),
        (POINTS.replace("Claude", "claude"),
         ("missing: demo.engines: Claude = demo.claude:Engine[fast]; "
          "not in pyproject.toml: demo.engines: claude = demo.claude:Engine[fast]")),
        ("", "missing: console_scripts: demo = demo.cli:main, demo.engines: Claude = demo.claude:Engine[fast]"),
    ],
    ids=["same", "another function", "another spelling", "none"],
)  # fmt: skip
def test_entry_points(text: str, differs: str) -> None:
    assert entry_points_differ(text, PROJECT) == differs


def test_what_the_build_makes_is_dynamic() -> None:
    assert is_dynamic({"dynamic": ["version", "dependencies"]}, "dependencies", "optional-dependencies")
    assert not is_dynamic(PROJECT, "dependencies")
