"""What settings come to; standard library alone (DESIGN.md section 9)."""

import re
from collections.abc import Mapping
from typing import Any

_ADDRESS = re.compile(
    r"(?:[\w+]+://|git@)?(?:[^@/]+@)?(?P<host>[\w.-]+)[:/](?P<repository>[\w.-]+/[\w.-]+?)(?:\.git)?/?"
)
_PREFERRED = ("repository", "source", "source code", "github", "homepage", "home")
_NO_OWNERS = {"sponsors", "orgs", "users", "apps", "marketplace"}  # first parts of addresses that are no repositories


def merged(lower: dict[str, Any], higher: Mapping[str, Any]) -> dict[str, Any]:
    """Return `lower` with the keys of `higher` over it; tables are merged, everything else is replaced."""
    result = dict(lower)
    for key, value in higher.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def table_at(document: Any, *keys: str) -> dict[str, Any]:
    """Return the table under some keys, an empty one where there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def repository_of(urls: Mapping[str, str], origin: str, web: str) -> str:
    """Return `owner/name` on GitHub: from a project's URLs, those of its source first, else from its origin remote."""
    rank = {label: position for position, label in enumerate(_PREFERRED)}
    ordered = sorted(urls, key=lambda label: rank.get(label.lower(), len(rank)))
    for address in (*(str(urls[label]) for label in ordered), origin):
        match = _ADDRESS.fullmatch(address)
        owner = match["repository"].partition("/")[0] if match else ""
        if match and web.endswith(f"//{match['host']}") and owner not in _NO_OWNERS:
            return match["repository"]
    return ""
