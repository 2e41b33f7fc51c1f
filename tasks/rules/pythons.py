"""Pythons: which series of CPython a project supports."""

from collections.abc import Iterable

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..errors import WrongValue

# Every series that can still be installed on GitHub's runners; a new one is added here each October.
SERIES = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
MAINTAINED = ("3.11", "3.12", "3.13", "3.14", "3.15")
_LAST = 99  # higher than any series' last patch release
_CLASSIFIER = "Programming Language :: Python :: "


def supported(requires: str, classifiers: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the series that requires-python admits, oldest first; classifiers that name some of them narrow it."""
    try:
        specifiers = SpecifierSet(requires)
    except InvalidSpecifier:
        raise WrongValue(f"project.requires-python is {requires!r}", expected='a specifier such as ">=3.11"') from None
    known = SERIES if requires else MAINTAINED
    fitting = [
        series for series in known if any(specifiers.contains(f"{series}.{patch}") for patch in (0, _LAST))
    ]  # fmt: skip
    if not fitting:
        raise WrongValue(
            f"project.requires-python is {requires!r}, which none of {', '.join(SERIES)} is",
            expected="a supported Python",
            remedy='name them in [tool.release-coordination.ci]: pythons = ["3.14"]',
        )
    named = {line.removeprefix(_CLASSIFIER) for line in classifiers if line.startswith(_CLASSIFIER)}
    return tuple(series for series in fitting if series in named) or tuple(fitting)
