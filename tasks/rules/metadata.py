"""What a built distribution says of itself, held against the project's own pyproject.toml (PEP 621, core metadata)."""

import configparser
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.markers import Marker
from packaging.metadata import RawMetadata
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from .requirements import different
from .versions import same_version

_SCRIPTS = {"scripts": "console_scripts", "gui-scripts": "gui_scripts"}


def name_differs(said: RawMetadata, project: Mapping[str, Any]) -> str:
    """Return how the name differs, or nothing; spellings of one name are one name."""
    found, expected = said.get("name", ""), str(project.get("name", ""))
    return "" if canonicalize_name(found) == canonicalize_name(expected) else f"{found}, expected {expected}"


def version_differs(said: RawMetadata, version: Version) -> str:
    """Return how the version differs, or nothing."""
    found = said.get("version", "")
    return "" if same_version(found, version) else f"{found or 'none'}, expected {version}"


def requires_python_differs(said: RawMetadata, project: Mapping[str, Any]) -> str:
    """Return how requires-python differs, or nothing; the order of its parts says nothing."""
    found, expected = said.get("requires_python", ""), str(project.get("requires-python", ""))
    try:
        same = SpecifierSet(found) == SpecifierSet(expected)
    except InvalidSpecifier:
        same = found == expected
    return "" if same else f"{found or 'none'}, expected {expected or 'none'}"


def dependencies_differ(said: RawMetadata, project: Mapping[str, Any]) -> str:
    """Return which dependencies, extras' included, are missing or too many, however they are spelled; or nothing."""
    name = str(project.get("name", ""))
    return _told(*different(said.get("requires_dist", []), _declared(project), name))


def entry_points_differ(text: str, project: Mapping[str, Any]) -> str:
    """Return which entry points of a wheel are missing or too many against pyproject.toml; or nothing."""
    return _difference(set(_written(text)), set(_wanted_entry_points(project)))


def is_dynamic(project: Mapping[str, Any], *keys: str) -> bool:
    """Tell whether pyproject.toml leaves one of these to the build, so that there is nothing to hold it against."""
    return any(key in project.get("dynamic", ()) for key in keys)


def _difference(found: set[str], expected: set[str]) -> str:
    return _told(sorted(expected - found), sorted(found - expected))


def _told(missing: list[str], more: list[str]) -> str:
    parts = (missing and f"missing: {', '.join(missing)}", more and f"not in pyproject.toml: {', '.join(more)}")
    return "; ".join(part for part in parts if part)


def _declared(project: Mapping[str, Any]) -> Iterable[str]:
    yield from project.get("dependencies", ())
    for extra, lines in project.get("optional-dependencies", {}).items():
        for line in lines:
            yield _with_extra(line, extra)


def _with_extra(line: str, extra: str) -> str:
    requirement = Requirement(line)
    own = f"extra == '{canonicalize_name(extra)}'"
    requirement.marker = Marker(f"({requirement.marker}) and {own}" if requirement.marker else own)
    return str(requirement)


def _written(text: str) -> Iterable[str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # names are case sensitive
    parser.read_string(text)
    for group in parser.sections():
        for name, value in parser.items(group):
            yield _spelled(group, name, value)


def _wanted_entry_points(project: Mapping[str, Any]) -> Iterable[str]:
    groups = {group: project.get(key, {}) for key, group in _SCRIPTS.items()} | project.get("entry-points", {})
    for group, points in groups.items():
        for name, value in points.items():
            yield _spelled(group, name, value)


def _spelled(group: str, name: str, value: str) -> str:
    return f"{group}: {name} = {''.join(value.split())}"
