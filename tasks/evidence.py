"""What is known of a release that is proposed: its votes, its notes, its audit, its checks, and who tested it where."""

from collections.abc import Sequence

from .checking import release_notes
from .history import Unreleased, decision, version_setters
from .ownfiles import foreign_since
from .project import Project
from .rules.commits import Change
from .rules.summary import Facts
from .soaking import line_of, soaks
from .steps.diary import Diary
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
        integration_evidence(project), staging,
    )  # fmt: skip


def _named(change: Change) -> tuple[str, str]:
    return short(change.commit.id), change.commit.subject


def integration_evidence(project: Project) -> list[str]:
    """Return what was said of the integration tests and when, and whether that is of what HEAD has.

    Who said it stays in the journal: the name of a person's computer is nobody else's business.
    """
    line = Diary.of(project, str(project.version)).done("integration")
    if not line:
        return []
    tested = str(line.get("commit", ""))
    return [f"{line.get('evidence', '')}", f"said {line.get('at', '')} of {_compared(project, tested)}"]


def _compared(project: Project, tested: str) -> str:
    """Return what a tested commit has to do with HEAD."""
    head = project.git.resolve("HEAD")
    if tested == head:
        return f"{short(head)}, which is proposed"
    named, proposed, others = short(tested) or "no commit", short(head), foreign_since(project, tested)
    if others is None:
        return f"{named}, which is not in this clone: NOT of {proposed}, which is proposed"
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        return f"{named}: NOT of {proposed}, which is proposed; since then changed {others[0]}{more}"
    return f"{named}; {proposed}, which is proposed, differs from it in the release's own files alone"


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
