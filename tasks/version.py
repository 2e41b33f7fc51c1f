"""version: what is set, what comes next, and setting it (workflow phase 2)."""

from typing import TYPE_CHECKING, Any

from invoke.context import Context

from .command import JSON, PROJECT, command, finish

if TYPE_CHECKING:
    from packaging.version import Version

    from .history import Unreleased
    from .project import Project
    from .rules.bumps import Wish
    from .rules.votes import Decision


@command(project=PROJECT, json=JSON)
def show(_c: Context, project: str = "", json: bool = False) -> None:
    """Show the version that is set, and the release before it."""
    from .history import observe
    from .project import find_project
    from .report import document, say
    from .views import point_document, show_point, since_words

    found = find_project(project)
    unreleased = observe(found)
    state = _state(found, unreleased)
    if json:
        point = point_document(unreleased.point)
        document({"package": found.package, "version": str(found.version), "state": state, "release_point": point})
        return
    say(f"{found.package} {found.version}  {state}")
    show_point(unreleased)
    say(since_words(len(unreleased.changes)))


def _state(project: "Project", unreleased: "Unreleased") -> str:
    from .rules.versions import is_candidate

    if unreleased.tag_of(project.version):
        return "released"
    return "candidate" if is_candidate(project.version) else "unreleased"


@command(
    since="Look at what follows this revision instead of the release point.",
    until="Look at the history of this revision; default: HEAD.",
    project=PROJECT,
    json=JSON,
)
def decide(_c: Context, since: str = "", until: str = "", project: str = "", json: bool = False) -> None:
    """Show each commit's vote, why it votes so, and the version that follows.

    A breaking change raises the major number, a feature the minor one, anything else the patch. Exits 1 when there
    is nothing to release.
    """
    from .history import decision, observe
    from .project import find_project

    found = find_project(project)
    unreleased = observe(found, since, until)
    decided = decision(found, unreleased)
    (_print_json if json else _print)(found, unreleased, decided)
    finish(0 if decided.final else 1)


def _print_json(project: "Project", unreleased: "Unreleased", decision: "Decision") -> None:
    from .report import document
    from .views import point_document, vote_document

    document(
        {
            "current": str(project.version),
            "release_point": point_document(unreleased.point),
            "part": str(decision.part) if decision.part else None,
            "final": _text(decision.final),
            "candidate": _text(decision.candidate),
            "notes": list(decision.notes),
            "votes": [vote_document(vote) for vote in decision.votes],
        }
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _print(project: "Project", unreleased: "Unreleased", decision: "Decision") -> None:
    from .report import say, table
    from .views import short, show_point

    show_point(unreleased)
    if decision.votes:
        say()
        rows = ((vote.part or "none", short(vote.change.commit.id), vote.change.commit.subject, vote.reason)
                for vote in decision.votes)  # fmt: skip
        table(("vote", "commit", "title", "why"), rows, wide="title")
        say()
    if decision.final:
        say(f"set now         {project.version}")
        say(f"next final      {decision.final}  ({decision.part})")
        say(f"next candidate  {decision.candidate or 'none: the final version is set already'}")
    for remark in decision.notes:
        say(f"note: {remark}")


@command(
    to="Set this version.",
    part="Raise this part of the last release: major, minor or patch.",
    rc="Set the next candidate instead of the final version.",
    final="Drop the candidate's suffix: 0.36.0rc2 becomes 0.36.0.",
    dry_run="Show what would be set, and change nothing.",
    project=PROJECT,
    json=JSON,
)
def bump(
    _c: Context,
    to: str = "",
    part: str = "",
    rc: bool = False,
    final: bool = False,
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Set the version in pyproject.toml and bring uv.lock in step.

    Without a flag it sets the version that the commits' votes give. Nothing else in pyproject.toml changes, and
    when uv.lock cannot be made both files are put back. Going backwards, skipping a candidate's number and a
    version whose tag exists are refused.
    """
    from .bumping import set_version
    from .history import observe
    from .project import find_project
    from .rules.bumps import Wish

    found = find_project(project)
    wanted = _wanted(found, observe(found), Wish(to, part, rc, final))
    changed = [] if dry_run else set_version(found, str(wanted))
    _print_bump(found, str(wanted), changed, dry_run=dry_run, json=json)


def _wanted(project: "Project", unreleased: "Unreleased", wish: "Wish") -> "Version":
    """Return the version to set, and refuse a wrong step to it.

    The lock file is written last: when it has another version than pyproject.toml, an earlier run may have been
    killed in between. If the same wish leads from there to what is set now, that run is carried to its end.
    """
    from .errors import ReleaseError
    from .history import decision
    from .rules.bumps import target
    from .rules.versions import check_step, read_version
    from .systems.uv import lock_file, locked_version

    lock = lock_file(project.root)
    locked = locked_version(lock, project.package) if lock else ""
    if locked and locked != str(project.version):
        before = read_version(locked, f"the project's version in {lock}")
        try:
            if target(wish, decision(project, unreleased, before), unreleased.base, before) == project.version:
                check_step(before, project.version, unreleased.versions)
                return project.version
        except ReleaseError:
            pass  # the wish leads nowhere from there, so it is no run that was cut short
    wanted = target(wish, decision(project, unreleased), unreleased.base, project.version)
    check_step(project.version, wanted, unreleased.versions)
    return wanted


def _print_bump(project: "Project", version: str, changed: list[str], *, dry_run: bool, json: bool) -> None:
    from .report import document, say

    if json:
        document({"from": str(project.version), "to": version, "changed": changed, "dry_run": dry_run})
    elif dry_run:
        say(f"would set {version} (now {project.version}); nothing was changed")
    elif changed:
        say(f"{project.version} -> {version}: changed {', '.join(changed)}")
    else:
        say(f"{version} is set already; nothing was changed")
