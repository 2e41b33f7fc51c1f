"""Versions: parts, successors, candidates, and which step from one version to another is allowed (PEP 440)."""

from collections.abc import Collection
from enum import IntEnum

from packaging.version import InvalidVersion, Version

from ..errors import Refused, WrongValue


class Part(IntEnum):
    """Which part of a version a change raises; they compare by weight."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        """Return the word a person types."""
        return self.name.lower()


def read_version(text: str, where: str) -> Version:
    """Return the version that `text` is; `where` says in the error whose text it was."""
    try:
        return Version(text)
    except InvalidVersion:
        raise WrongValue(
            f"{where} is {text!r}, which is no version", expected="a PEP 440 version such as 0.36.0 or 0.36.0rc1"
        ) from None


def read_part(text: str) -> Part:
    """Return the part that `text` names."""
    try:
        return Part[text.upper()]
    except KeyError:
        raise WrongValue(f"--part is {text!r}", expected="major, minor or patch") from None


def version_of(text: str) -> Version | None:
    """Return the version that a text is, None when it is none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def same_version(text: str, version: Version) -> bool:
    """Tell whether a text is this version, however it is spelled."""
    return version_of(text) == version


def is_candidate(version: Version) -> bool:
    """Tell whether a version precedes its final release: candidates, alphas, betas and development releases."""
    return version.is_prerelease


def final_of(version: Version) -> Version:
    """Return the final release that a version leads to: 0.36.0 for 0.36.0rc1."""
    return _from_release(version, *_release(version))


def raised(version: Version, part: Part) -> Version:
    """Return the final version that raises `part` of a released version."""
    major, minor, patch = _release(version)
    if part is Part.MAJOR:
        return _from_release(version, major + 1, 0, 0)
    if part is Part.MINOR:
        return _from_release(version, major, minor + 1, 0)
    return _from_release(version, major, minor, patch + 1)


def candidate_of(final: Version, current: Version) -> Version | None:
    """Return the next candidate of `final` when `current` is what is set now; None when it is past candidates."""
    if final_of(current) != final or current > final:
        return Version(f"{final}rc1") if current < final else None
    if not is_candidate(current):
        return None
    number = current.pre[1] + 1 if current.pre and current.pre[0] == "rc" and current.dev is None else 1
    if current.pre and current.pre[0] == "rc" and current.dev is not None:
        number = current.pre[1]  # 1.0rc2.dev1 leads to 1.0rc2
    return Version(f"{final}rc{number}")


def check_step(current: Version, target: Version, tagged: Collection[Version]) -> None:
    """Refuse a step that goes backwards, skips a candidate's number, or reuses a version that has a tag."""
    if target in tagged or (is_candidate(target) and final_of(target) in tagged):
        raise Refused(
            f"{final_of(target) if is_candidate(target) else target} was released: its tag exists",
            expected="a version without a tag",
            remedy="inv version.decide shows the next one",
        )
    if target < current:
        raise Refused(
            f"{target} is lower than {current}, which is set now",
            expected="a higher version",
            remedy="inv version.decide shows the next one",
        )
    if target.local:
        raise Refused(f"{target} is a local version", expected="a version that an index takes")
    if target.pre is not None and target.dev is None:
        _check_number(current, target, target.pre)


def _check_number(current: Version, target: Version, pre: tuple[str, int]) -> None:
    """Refuse a candidate (or alpha, or beta) whose number does not follow the one that is set."""
    kind, number = pre
    same = current.pre and current.pre[0] == kind and final_of(current) == final_of(target)
    following = current.pre[1] + (current.dev is None) if same and current.pre else 1
    if number > following:
        expected = f"{final_of(target)}{kind}{following}"
        raise Refused(
            f"{target} skips {expected}: {current} is set now",
            expected=f"{expected}, as testers count candidates",
            remedy=f"inv version.bump --to {expected}",
        )


def _release(version: Version) -> tuple[int, int, int]:
    major, minor, patch = (*version.release, 0, 0)[:3]
    return major, minor, patch


def _from_release(version: Version, major: int, minor: int, patch: int) -> Version:
    epoch = f"{version.epoch}!" if version.epoch else ""
    return Version(f"{epoch}{major}.{minor}.{patch}")
