"""What a check finds, and where; standard library alone (DESIGN.md section 9)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the rule it breaks, what was found, and the place when it has one (lines from 1)."""

    rule: str
    message: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        """Return the place and the message, as compilers print them."""
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.message}"


def annotation(finding: Finding, title: str) -> str:
    """Return the finding as a GitHub workflow command, with what would end the command early escaped."""
    properties = [f"title={_property(title)}"]
    if finding.file:
        properties.insert(0, f"file={_property(finding.file)}")
        if finding.line:
            properties.insert(1, f"line={finding.line}")
    return f"::error {','.join(properties)}::{_data(finding.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
