"""What is known of a release that is proposed: its votes, its notes, its audit, its checks, and where it was tried."""

from collections.abc import Sequence

from .checking import release_notes
from .history import Unreleased, decision, version_setters
from .project import Project
from .rules.commits import Change
from .rules.summary import Facts
from .soaking import line_of, soaks
from .tracing import trace
from .validation import Done
from .views import short

_MOST_ISSUES = 5


def facts_of(
    project: Project, unreleased: Unreleased, done: Sequence[Done], staging: Sequence[str], *, offline: bool
) -> Facts:
    """Return the facts of the version that is set."""
    decided, version = decision(project, unreleased), str(project.version)
    return Facts(
        version, str(unreleased.base or ""), str(decided.part or ""),
        [(str(vote.part or "none"), *_named(vote.change), vote.reason) for vote in decided.votes],
        release_notes(project, version)[1],
        [(str(item.state), *_named(item.change), " ".join(map(str, item.issues[:_MOST_ISSUES])))
         for item in trace(project, unreleased, offline=offline).coverages],
        [(str(item.outcome.result), item.name, item.outcome.evidence) for item in done],
        staging=staging,
    )  # fmt: skip


def _named(change: Change) -> tuple[str, str]:
    return short(change.commit.id), change.commit.subject


def staging_evidence(project: Project, unreleased: Unreleased) -> list[str]:
    """Return what staging showed: why the candidate was promoted, and what the hosts say now."""
    return [*_promotion(project, unreleased), *(line_of(result) for result in soaks(project))]


def _promotion(project: Project, unreleased: Unreleased) -> list[str]:
    """Return what the commit that set the version says of its promotion."""
    setters = version_setters(project.git, unreleased.point.commit, unreleased.head)
    commit = next((commit for commit, text in setters if text == str(project.version)), None)
    messages = {change.commit.id: change.commit.message for change in unreleased.changes}
    body = messages.get(commit or "", "").partition("\n")[2]
    return [line for line in body.splitlines() if line.startswith("Promoted ")]
