"""pyproject.toml, edited: the version and not a byte more."""

import tomllib

import tomlkit
from tomlkit.items import String

from ..errors import Refused, WrongValue

_BOM = "\ufeff"


def with_version(text: str, version: str) -> str:
    """Return a pyproject.toml's text with another version; every other byte stays as it was."""
    mark, body = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    document = tomlkit.parse(body)
    project = document["project"]
    old = project["version"]
    if not isinstance(old, String):
        raise WrongValue("project.version is no string", expected='project.version = "1.2.3"')
    literal = old.as_string().startswith("'")
    project["version"] = tomlkit.string(version, literal=literal)
    changed = tomlkit.dumps(document)
    _check_only_version(body, changed, version)
    return mark + changed


def _check_only_version(before: str, after: str, version: str) -> None:
    """Refuse a result that differs in more than the version: better no edit than a reformatted file."""
    old_lines, new_lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    differing = [pair for pair in zip(old_lines, new_lines, strict=False) if pair[0] != pair[1]]
    expected = tomllib.loads(before)
    expected["project"]["version"] = version
    if len(old_lines) != len(new_lines) or len(differing) > 1 or tomllib.loads(after) != expected:
        raise Refused(
            "pyproject.toml cannot be edited without touching more than its version",
            expected="project.version on a line of its own",
            remedy=f"set it by hand to {version}, then uv lock",
        )
