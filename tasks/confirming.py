"""Asking a person before what cannot be undone (DESIGN.md section 1)."""

from .errors import Refused
from .reading import ask, can_ask


def confirm(question: str, *, yes: bool) -> None:
    """Return when somebody agrees, beforehand (`yes`) or now; refuse when nobody can be asked, or says no."""
    if yes:
        return
    if not can_ask():
        raise Refused(f"{question} Nobody can be asked here", expected="a terminal, or --yes", remedy="add --yes")
    if (ask(f"{question} [y/N]") or "").lower() not in {"y", "yes"}:
        raise Refused("not confirmed: nothing more was done", expected="y", remedy="run it again, or add --yes")
