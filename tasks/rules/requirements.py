"""Requirements: whether two lists of them ask for the same, however a build back end spells them.

Back ends rewrite what pyproject.toml says: uv_build spells `python_version` as `python_full_version` and drops what
another part of a marker implies, hatchling writes out extras that name the project's own extras, poetry spells `~=1.0`
as two bounds. So what counts is what an installer is told, wherever it runs.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

# What one platform says of itself goes together (PEP 508 and the Python documentation).
_PLATFORMS = tuple(
    {"os_name": os_name, "sys_platform": sys_platform, "platform_system": system}
    for os_name, sys_platform, system in (
        ("posix", "linux", "Linux"), ("posix", "darwin", "Darwin"), ("nt", "win32", "Windows"),
        ("posix", "cygwin", "CYGWIN_NT-10.0"), ("posix", "freebsd14", "FreeBSD"), ("posix", "emscripten", "Emscripten"),
        ("posix", "android", "Android"), ("posix", "ios", "iOS"), ("java", "java", "Java"),
    )
)  # fmt: skip
_PYTHONS = ({"implementation_name": "cpython", "platform_python_implementation": "CPython"},
            {"implementation_name": "pypy", "platform_python_implementation": "PyPy"})  # fmt: skip
_OTHERS = ("platform_machine", "platform_release", "platform_version", "implementation_version")
Subject = tuple[str, frozenset[str], SpecifierSet, str]  # name, extras, versions, address
_LITERAL = re.compile(r"\"([^\"]*)\"|'([^']*)'")


@dataclass(frozen=True, slots=True)
class Condition:
    """When a requirement holds: when its marker does, and those of the project's own extras that lead to it."""

    markers: tuple[tuple[Marker, str], ...] = ()  # with the extra that is asked for, empty: the one that is given

    def holds(self, environment: Mapping[str, str], extra: str) -> bool:
        """Tell whether it holds in an environment when an extra is asked for."""
        return all(marker.evaluate({**environment, "extra": named or extra}) for marker, named in self.markers)


def different(found: Iterable[str], expected: Iterable[str], project: str) -> tuple[list[str], list[str]]:
    """Return which requirements are missing in what was found, and which are too many, one spelling each."""
    theirs, ours = _by_subject(found, project), _by_subject(expected, project)
    missing, more = [], []
    for subject in sorted({*theirs, *ours}, key=str):
        have, want = theirs.get(subject, {}), ours.get(subject, {})
        if not _same(list(have.values()), list(want.values())):
            missing += sorted(want.keys() - have.keys())
            more += sorted(have.keys() - want.keys())
    return missing, more


def _by_subject(lines: Iterable[str], project: str) -> dict[Subject, dict[str, Condition]]:
    """Return the requirements, as they are spelled here, by what they ask for; what is none stands for itself."""
    found: dict[Subject, dict[str, Condition]] = defaultdict(dict)
    requirements = []
    for line in lines:
        try:
            requirements.append(_read(line))
        except InvalidRequirement:
            found[line, frozenset(), SpecifierSet(), ""][line] = Condition()
    for requirement, spelled, condition in _written_out(requirements, canonicalize_name(project)):
        found[_subject(requirement)][spelled] = condition
    return found


def _read(line: str) -> Requirement:
    requirement = Requirement(line)
    requirement.name = canonicalize_name(requirement.name)
    requirement.extras = {canonicalize_name(extra) for extra in requirement.extras}
    return requirement


def _subject(requirement: Requirement) -> Subject:
    """Return what a requirement asks for, whenever that is; bounds that mean the same are the same."""
    bounds = ",".join(part for one in requirement.specifier for part in _bounds(one))
    return requirement.name, frozenset(requirement.extras), SpecifierSet(bounds), requirement.url or ""


def _bounds(specifier: Specifier) -> Iterator[str]:
    """Yield the bounds that `~=` stands for; another specifier as it is."""
    if specifier.operator != "~=":
        yield str(specifier)
        return
    version = Version(specifier.version)
    yield f">={specifier.version}"
    yield f"<{version.epoch}!{'.'.join(map(str, (*version.release[:-2], version.release[-2] + 1)))}"


def _written_out(read: Sequence[Requirement], project: str) -> Iterator[tuple[Requirement, str, Condition]]:
    """Yield requirements with spelling and condition, what the project asks of its own extras in its place."""
    own = [one for one in read if one.name == project and one.extras]
    ways = [("", Condition()), *_ways(own)]
    for one in read:
        for extra, condition in ways if one not in own else ():
            if not extra or extra in _extras(one):
                markers = ((one.marker, extra),) if one.marker else ()
                way = f" (by way of {project}[{extra}])" if extra else ""
                yield one, f"{one}{way}", Condition((*condition.markers, *markers))


def _ways(own: Sequence[Requirement], passed: tuple[str, ...] = ()) -> Iterator[tuple[str, Condition]]:
    """Yield the extras that the project asks of itself, each with when it does, and those that they lead to."""
    for one in own:
        via = passed[-1] if passed else ""
        if via and via not in _extras(one):
            continue
        here = ((one.marker, via),) if one.marker else ()
        for extra in sorted(one.extras - set(passed)):
            yield extra, Condition(here)
            for further, condition in _ways(own, (*passed, extra)):
                yield further, Condition((*here, *condition.markers))


def _extras(requirement: Requirement) -> set[str]:
    """Return the extras that a requirement may belong to."""
    text = str(requirement.marker or "")
    return {canonicalize_name(word) for word in _literals(text)} if "extra" in text else set()


def _literals(text: str) -> set[str]:
    return {first or second for first, second in _LITERAL.findall(text)}


def _same(some: list[Condition], others: list[Condition]) -> bool:
    """Tell whether of two lists of conditions one holds wherever one of the other does."""
    if not some or not others:
        return not some and not others
    text = " ".join(str(marker) for one in (*some, *others) for marker, _ in one.markers)
    literals = _literals(text)
    extras = {"", *literals} if "extra" in text else {""}
    return all(
        any(one.holds(environment, extra) for one in some) == any(one.holds(environment, extra) for one in others)
        for environment in _environments(text, literals)
        for extra in extras
    )


def _environments(text: str, literals: set[str]) -> Iterator[dict[str, str]]:
    """Yield environments that tell markers apart: the known platforms and whatever the markers themselves name."""
    words = {word for literal in literals for word in re.split(r"[\s,]+", literal) if word}
    choices: list[Sequence[Mapping[str, str]]] = [
        _kinds(_PLATFORMS, text, words),
        _kinds(_PYTHONS, text, words),
        _versions(words) if "python_" in text else [{}],
        *([{name: word} for word in sorted({*words, "other"})] for name in _OTHERS if name in text),
    ]
    for parts in product(*choices):
        yield {name: value for part in parts for name, value in part.items()}


def _kinds(known: Sequence[Mapping[str, str]], text: str, words: set[str]) -> list[Mapping[str, str]]:
    """Return the kinds of a thing that markers tell apart: the known ones, and one of each name that is not known."""
    if not any(name in text for name in known[0]):
        return [known[0]]
    named = {value for kind in known for value in kind.values()}
    return [*known, *(dict.fromkeys(known[0], word) for word in sorted(words - named))]


def _versions(words: set[str]) -> list[Mapping[str, str]]:
    """Return Pythons around each version that a marker names."""
    found = {(3, 11, 0)}
    for word in words:
        try:
            major, minor, micro = (*Version(word.removesuffix(".*")).release, 0, 0)[:3]
        except InvalidVersion:
            continue
        found |= {(major, minor, micro), (major, minor, micro + 1), (major, minor, 99), (major, minor + 1, 0)}
        found |= {(major, minor, micro - 1)} if micro else {(major, max(minor - 1, 0), 99)}
    return [
        {"python_version": f"{major}.{minor}", "python_full_version": f"{major}.{minor}.{micro}"}
        for major, minor, micro in sorted(found)
    ]
