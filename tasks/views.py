"""How the things that several tasks show are put into words and into JSON."""

from typing import Any

from .history import Unreleased, utc_day
from .report import note, say
from .rules.commits import Change
from .rules.coverage import Coverage
from .rules.releases import ReleasePoint, Rule
from .rules.text import plural
from .rules.votes import Vote


def short(commit: str | None) -> str:
    """Return a commit's id as people write it."""
    return (commit or "")[:8]


def show_point(unreleased: Unreleased) -> None:
    """Print where the unreleased part of the history begins, and by which rule."""
    point = unreleased.point
    say(f"release point  {_point_words(point)}")
    if point.passed:
        names = [tag.name for tag in point.passed]
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004
        say(f"passed over    {shown}: this branch never had them")
    if point.warning:
        note(f"warning: {point.warning}")


def _point_words(point: ReleasePoint) -> str:
    if point.rule is Rule.FIRST_COMMIT:
        return "none: no release is in this history, so everything from the first commit on is unreleased"
    if point.tag is None or point.rule is Rule.GIVEN:
        return f"{short(point.commit)} (given)"
    dated = f"{point.tag.name} of {utc_day(point.tag.date)}"
    how = {
        Rule.ANCESTOR: "the tag is an ancestor",
        Rule.EQUAL_TREE: "a commit here has the tag's very tree: a squash merge",
        Rule.VERSION: f"a commit here set version {point.tag.version}",
    }
    return f"{dated} at {short(point.commit)} ({point.rule}: {how[point.rule]})"


def point_document(point: ReleasePoint) -> dict[str, Any]:
    """Return the release point for JSON."""
    return {
        "rule": str(point.rule),
        "commit": point.commit,
        "tag": point.tag.name if point.tag else None,
        "version": str(point.tag.version) if point.tag else None,
        "date": utc_day(point.tag.date) if point.tag else None,
        "passed": [tag.name for tag in point.passed],
        "warning": point.warning or None,
    }


def change_document(change: Change) -> dict[str, Any]:
    """Return what a commit says, for JSON."""
    return {
        "commit": change.commit.id,
        "date": change.commit.date,
        "author": change.commit.author,
        "subject": change.commit.subject,
        "kind": change.kind,
        "scope": change.title.scope or None,
        "breaking": change.breaking,
        "pull": change.title.pull,
        "references": [str(reference) for reference in change.references],
    }


def coverage_document(coverage: Coverage) -> dict[str, Any]:
    """Return a commit and whether it is covered, for JSON."""
    return {
        **change_document(coverage.change),
        "state": str(coverage.state),
        "reason": coverage.reason,
        "issues": [str(issue) for issue in coverage.issues],
        "pull": coverage.pull,
    }


def vote_document(vote: Vote) -> dict[str, Any]:
    """Return a commit and its vote, for JSON."""
    return {
        **change_document(vote.change),
        "vote": str(vote.part) if vote.part else None,
        "reason": vote.reason,
        "flagged": vote.flagged,
    }


def since_words(count: int) -> str:
    """Return how much is unreleased."""
    return f"{plural(count, 'commit')} since"
