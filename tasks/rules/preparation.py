"""A release before it is committed: its branch, its commit's message, its candidates' numbers, its section's date."""

from collections.abc import Collection, Sequence

from packaging.version import Version

from ..errors import Refused
from .changelog import Section
from .drafts import Written
from .versions import final_of


def topic_of(version: Version) -> str:
    """Return the branch that a release is prepared on."""
    return f"release/{version}"


def place_of(current: str, stable: str, development: str, version: Version, *, begun: bool) -> str:
    """Return the branch that a release is committed on: the topic branch we stand on, else one of its own.

    A release that is `begun` (its version is committed here) also stays on the development branch.
    """
    if not current:
        raise Refused(
            "no branch is checked out, but a single commit", expected="the branch with the work",
            remedy=f"git switch {development or stable}",
        )  # fmt: skip
    return topic_of(version) if current == stable or (current == development and not begun) else current


def off_stable(current: str, stable: str, development: str, what: str) -> None:
    """Refuse to do something on the stable branch, which takes nothing but the merge of a pull request."""
    if current in {"", stable}:
        raise Refused(
            f"{current or 'no branch'} is checked out: {what} never goes to the stable branch",
            expected="the development branch, or a topic branch",
            remedy=f"git switch {development}" if development else "git switch --create TOPIC",
        )


def foreign(changes: Sequence[str], own: Collection[str]) -> list[str]:
    """Return the uncommitted paths (`XY path` lines of git status) that are not among our own files."""
    return [line[3:] for line in changes if line[3:] not in own]


def next_candidate(final: Version, taken: Collection[Version]) -> Version:
    """Return the candidate of a final version that follows all that are taken."""
    numbers = [
        version.pre[1] for version in taken if version.pre and version.pre[0] == "rc" and final_of(version) == final
    ]
    return Version(f"{final}rc{max(numbers, default=0) + 1}")


def release_message(version: Version, reasons: Sequence[str] = (), *, begun: bool = False) -> str:
    """Return the message of the commit that sets a final version, or that changes what an earlier one `begun`."""
    return "\n".join([f"chore: {'update ' if begun else ''}release {version}", *(f"\n{line}" for line in reasons), ""])


def candidate_message(version: Version) -> str:
    """Return the message of the commit that sets a candidate."""
    return f"chore: staging {version}\n"


def redated(text: str, section: Section, heading: str) -> str:
    """Return a changelog's text with another heading for one section; every other byte stays as it was."""
    written = Written.of(text)
    ending = "\r" if written.lines[section.line - 1].endswith("\r") else ""
    return written.with_line(section.line - 1, heading + ending).text
