"""The groups of checks in verify/; each check carries the marker of its group."""

from collections.abc import Sequence

from ..errors import WrongValue

GROUPS = {
    "index": "what the package index serves",
    "github": "what GitHub shows",
    "service": "what runs on the hosts",
    "install": "what installers make of it",
}


def group_of(markers: Sequence[str]) -> str:
    """Return the group that a check belongs to, by its markers."""
    found = [name for name in markers if name in GROUPS]
    if len(found) != 1:
        raise WrongValue(f"a check has the markers {found}", expected=f"exactly one of {', '.join(GROUPS)}")
    return found[0]
