"""audit: whether an issue stands behind every commit (workflow phase 1)."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command, finish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .history import Unreleased
    from .rules.coverage import Coverage, State

_SHOWN = 3  # issues in a row of the table; --json has them all


@command(
    since="Look at what follows this revision instead of the release point.",
    until="Look at the history of this revision; default: HEAD.",
    offline="Accept what only GitHub could tell: unknown commits do not fail the audit.",
    project=PROJECT,
    json=JSON,
)
def commits(
    _c: Context, since: str = "", until: str = "", offline: bool = False, project: str = "", json: bool = False
) -> None:
    """Show every commit since the last release, its issues, and whether one covers it.

    Exits 1 when a commit is uncovered, and 3 when one is unknown: its pull request could name an issue, but GitHub
    was not asked. With --offline unknown commits are accepted.
    """
    from .history import coverage, observe
    from .project import find_project
    from .rules.coverage import summary

    found = find_project(project)
    unreleased = observe(found, since, until)
    audited = coverage(found, unreleased.changes)
    counts = summary(audited)
    if json:
        _print_json(unreleased, audited, counts)
    else:
        _print(unreleased, audited, counts)
    finish(exit_code(counts, offline=offline))


def exit_code(counts: "Mapping[State, int]", *, offline: bool) -> int:
    """Return 1 when something is uncovered, else 3 when something is unknown and that was not accepted."""
    from .rules.coverage import State

    if counts[State.UNCOVERED]:
        return 1
    return 3 if counts[State.UNKNOWN] and not offline else 0


def _print_json(unreleased: "Unreleased", audited: "Sequence[Coverage]", counts: "Mapping[State, int]") -> None:
    from .report import document
    from .views import coverage_document, point_document

    document(
        {
            "head": unreleased.head,
            "release_point": point_document(unreleased.point),
            "commits": [coverage_document(item) for item in audited],
            "summary": {str(state): count for state, count in counts.items()},
        }
    )


def _print(unreleased: "Unreleased", audited: "Sequence[Coverage]", counts: "Mapping[State, int]") -> None:
    from .report import say, table
    from .rules.coverage import State
    from .rules.text import plural
    from .views import short, show_point

    show_point(unreleased)
    if audited:
        say()
        table(
            ("state", "commit", "kind", "title", "issues"),
            ((item.state, short(item.change.commit.id), item.change.kind, item.change.commit.subject, _issues(item))
             for item in audited),
            wide="title",
        )  # fmt: skip
        say()
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    say(f"{plural(len(audited), 'commit')} since" + (f": {told}" if told else ""))
    if counts[State.UNKNOWN]:
        say("unknown: the pull request may name an issue; only GitHub could tell, and it was not asked")
    if counts[State.UNCOVERED]:
        say("next: open an issue for each uncovered commit, and name it in the changelog")


def _issues(item: "Coverage") -> str:
    if item.issues:
        more = f" +{len(item.issues) - _SHOWN}" if len(item.issues) > _SHOWN else ""
        return " ".join(str(issue) for issue in item.issues[:_SHOWN]) + more
    return f"? (pull request #{item.pull})" if item.state == "unknown" else ""
