"""Distributions: as which kinds of file a version is published."""

from collections.abc import Iterable, Sequence

KINDS = _WHEEL, _SDIST = ("wheel", "sdist")


def kinds(*, sdist: bool) -> tuple[str, ...]:
    """Return the kinds that a version has; a wheel always, because that is what hosts install."""
    return KINDS if sdist else (_WHEEL,)


def lacking(filenames: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """Return the kinds of which there is no file."""
    there = {_WHEEL if name.endswith(".whl") else _SDIST for name in filenames}
    return [kind for kind in wanted if kind not in there]
