"""The checklist, gone through as a step of something larger: told as it goes, and stopping what must not go on."""

from collections.abc import Sequence
from typing import ClassVar

from .errors import ReleaseError, Unreachable
from .project import Project
from .report import note, say, waiting_for
from .rules.checks import Result, exit_code
from .rules.findings import Finding
from .rules.text import plural
from .validation import Done, checklist, chosen, run_all


class Unready(ReleaseError):
    """Something is not as a release must be; a person has to see to it."""

    exit_code: ClassVar[int] = 1


def unready(findings: Sequence[Finding], *, remedy: str) -> Unready:
    """Return the error that several findings come to, which are shown first."""
    for finding in findings:
        say(str(finding))
    return Unready(
        f"{plural(len(findings), 'thing')} to put right", expected="none of the findings above", remedy=remedy
    )


def check_names(project: Project, skip: Sequence[str]) -> None:
    """Refuse to leave out what is no check, before anything is changed."""
    if skip:
        chosen(checklist(project, offline=True), (), skip)


def go_through(project: Project, *, skip: Sequence[str] = (), offline: bool = False) -> list[Done]:
    """Return what the checks found, in their order, telling of each as it ends."""
    checks = chosen(checklist(project, offline=offline), (), skip)
    names = [check.name for check in checks]
    left, done = list(names), list[Done]()
    with waiting_for(lambda: f"running {', '.join(left)}") as update:
        for item in run_all(checks):
            left.remove(item.name)
            update()
            note(f"{item.outcome.result:8}{item.name} ({item.seconds:.1f} s)")
            done.append(item)
    return sorted(done, key=lambda item: names.index(item.name))


def demand(done: Sequence[Done], *, remedy: str) -> None:
    """Refuse to go on when a check failed (exit 1) or could not be made (exit 3)."""
    bad = [item for item in done if item.outcome.result in {Result.FAIL, Result.UNKNOWN}]
    for item in bad:
        say(f"{item.outcome.result} {item.name}: {item.outcome.evidence}")
        for line in item.outcome.output.splitlines():
            say(f"| {line}")
        for finding in item.outcome.findings if len(item.outcome.findings) > 1 and not item.outcome.output else ():
            say(f"- {finding}")
    names = ", ".join(item.name for item in bad)
    code = exit_code(item.outcome.result for item in done)
    if code == Unready.exit_code:
        raise Unready(f"not valid: {names}", expected="a checklist that passes", remedy=remedy)
    if code:
        raise Unreachable(f"not known to be valid: {names}", expected="a checklist that passes", remedy=remedy)
