"""How the audit's findings are shown."""

from .history import Unreleased
from .report import document, note, say, table
from .rules.coverage import Coverage, State, summary
from .rules.text import plural
from .tracing import Traced
from .views import coverage_document, point_document, short, show_point

_SHOWN = 3  # issues in a row of the table; --json has them all


def print_commits_json(unreleased: Unreleased, traced: Traced) -> None:
    """Print the commits as one JSON document."""
    document(
        {
            "head": unreleased.head,
            "release_point": point_document(unreleased.point),
            "commits": [coverage_document(item) for item in traced.coverages],
            "summary": {str(state): count for state, count in summary(traced.coverages).items()},
            "trouble": traced.trouble.found if traced.trouble else None,
        }
    )


def print_commits(unreleased: Unreleased, traced: Traced) -> None:
    """Print the commits as a table, and what to do next."""
    audited, counts = traced.coverages, summary(traced.coverages)
    show_point(unreleased)
    if audited:
        rows = ((item.state, short(item.change.commit.id), item.change.kind, item.change.commit.subject, _named(item))
                for item in audited)  # fmt: skip
        say()
        table(("state", "commit", "kind", "title", "issues"), rows, wide="title")
        say()
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    say(f"{plural(len(audited), 'commit')} since" + (f": {told}" if told else ""))
    if traced.trouble:
        note(f"warning: GitHub was not asked, or not to the end: {traced.trouble}")
    if counts[State.UNKNOWN]:
        say("unknown: the pull request may name an issue; only GitHub could tell, and it was not asked")
    if counts[State.UNCOVERED]:
        say("next: open an issue for each uncovered commit, and name it in the changelog")


def _named(item: Coverage) -> str:
    if item.issues:
        more = f" +{len(item.issues) - _SHOWN}" if len(item.issues) > _SHOWN else ""
        return " ".join(str(issue) for issue in item.issues[:_SHOWN]) + more
    return f"? (pull request #{item.pull})" if item.state == "unknown" else ""
