"""Which version a bump means: from the votes, or from what a person asked for."""

from dataclasses import dataclass
from typing import ClassVar

from packaging.version import Version

from ..errors import Refused, ReleaseError, WrongValue
from .versions import Part, candidate_of, final_of, is_candidate, raised, read_part, read_version
from .votes import Decision


class NothingToRelease(ReleaseError):
    """No commit asks for a new version."""

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked of a bump; all empty: what the votes decide."""

    to: str = ""
    part: str = ""
    rc: bool = False
    final: bool = False

    def check(self) -> None:
        """Refuse wishes that contradict each other."""
        if self.to and (self.part or self.rc or self.final):
            raise WrongValue(
                "--to names the version already", expected="--to alone, or --part, --rc, --final without it"
            )
        if self.final and (self.rc or self.part):
            raise WrongValue(
                "--final only drops the candidate's suffix", expected="--final alone, or --part and --rc without it"
            )


def target(wish: Wish, decision: Decision, base: Version | None, current: Version) -> Version:
    """Return the version that is wished for, where `base` was released last and `current` is set now."""
    wish.check()
    if wish.to:
        return read_version(wish.to, "--to")
    if wish.final:
        return _final(current)
    if wish.part:
        final = raised(base or final_of(current), read_part(wish.part))
        return _candidate(final, current) if wish.rc else final
    if decision.final is None:
        raise NothingToRelease(
            decision.notes[0], expected="a commit since the last release", remedy="inv version.bump --to VERSION"
        )
    return _candidate(decision.final, current) if wish.rc else decision.final


def _final(current: Version) -> Version:
    if not is_candidate(current):
        raise Refused(f"{current} is no candidate", expected="a version such as 0.36.0rc1", remedy="inv version.decide")
    return final_of(current)


def _candidate(final: Version, current: Version) -> Version:
    candidate = candidate_of(final, current)
    if candidate is None:
        raise Refused(
            f"{current} is set now, which is past the candidates of {final}",
            expected="a candidate of a later version",
            remedy=f"inv version.bump --to {raised(current, Part.MINOR)}rc1",
        )
    return candidate
