"""How a branch is brought back onto another (DESIGN.md section 8), and what is told of it."""

from enum import StrEnum

from .quoting import cell

_MARK = "<!-- release-coordination: sync -->"


class Way(StrEnum):
    """How a branch gets there; a `RESET` leaves its own commits behind, a `PULL` is for a person to merge."""

    NOTHING = "nothing"
    FORWARD = "fast-forward"
    RESET = "reset"
    PULL = "pull request"


def way(*, has_it: bool, is_in_it: bool, holds_nothing: bool, by_pull: bool = False) -> Way:
    """Return the way for a branch that has the other, or is in it, or holds nothing that the other lacks."""
    if has_it:
        return Way.NOTHING
    if by_pull:
        return Way.PULL
    if is_in_it:
        return Way.FORWARD
    return Way.RESET if holds_nothing else Way.PULL


def title(stable: str, development: str) -> str:
    """Return the title of the pull request that brings the stable branch back."""
    return f"chore: bring {stable} back into {development}"


def text(stable: str, development: str) -> str:
    """Return the text of that pull request."""
    return (
        f"{_MARK}\n\nBrings the releases on {cell(stable)} back into {cell(development)}, "
        "which holds work that is not released.\n\n"
        "Merge it with a merge commit, not squashed: only then do the release's tags lie in its history."
    )
