"""Definitions: workflow files read as YAML, by the reader that Invoke brings along."""

from typing import Any

from ..errors import WrongValue

_LARGEST = 512 * 1024  # bytes: larger than any workflow that GitHub takes


def read_workflow(content: bytes, where: str) -> dict[str, Any]:
    """Return a workflow's file; every scalar stays the string it is, so that `on` is a key and not a truth."""
    from invoke.vendor import yaml  # 60 ms

    try:
        if len(content) <= _LARGEST:
            found = yaml.load(content.decode("utf-8-sig"), Loader=yaml.BaseLoader)  # type: ignore[no-untyped-call]
            if isinstance(found, dict) and isinstance(found.get("jobs"), dict):
                return found
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError, TypeError):
        pass
    raise WrongValue(
        f"{where} cannot be read as a workflow", expected="YAML with `on` and `jobs`", remedy="correct the file"
    )
