"""What can go wrong, in words a person can act on: what was found, what was expected, what to type next."""

from typing import ClassVar


class ReleaseError(Exception):
    """Anything this project refuses or fails at; `exit_code` is what the process ends with (DESIGN.md section 1)."""

    exit_code: ClassVar[int] = 2

    def __init__(self, found: str, *, expected: str = "", remedy: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        """Return one to three lines: found, expected, the next command."""
        lines = [self.found]
        if self.expected:
            lines.append(f"expected: {self.expected}")
        if self.remedy:
            lines.append(f"next: {self.remedy}")
        return "\n".join(lines)

    @property
    def line(self) -> str:
        """Return the same in one line, for a table's cell."""
        expected = self.expected and f"expected {self.expected}"
        return "; ".join(filter(None, (self.found, expected, self.remedy and f"next: {self.remedy}")))


class WrongValue(ReleaseError):
    """A value, a setting or a file's content is not what it must be."""

    exit_code = 2


class Unreachable(ReleaseError):
    """An outside program or service failed or is not there, so the outcome is unknown."""

    exit_code = 3


class Refused(ReleaseError):
    """The state of things, or somebody else at work, forbids what was asked."""

    exit_code = 4
