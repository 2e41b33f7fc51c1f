"""changelog: drafted from the commits, checked against the house's rules, shown (workflow phase 3)."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command, finish

if TYPE_CHECKING:
    from .drafting import Outcome
    from .project import Project


@command(
    version="Draft for this version; default: the next final one.",
    write="Write it into the changelog; what a person wrote there stays.",
    offline="Do not ask GitHub which issues the pull requests name.",
    project=PROJECT,
    json=JSON,
)
def draft(
    _c: Context, version: str = "", write: bool = False, offline: bool = False, project: str = "", json: bool = False
) -> None:
    """Draft the changelog's section from the commits since the last release.

    Every entry links its issues, those that GitHub knows of its pull request among them; [#?] stands where only a
    person knows. Commits without a type are put under "to be placed". With --write the section is inserted above the
    older ones, which are not touched; a section that is there already gets only the entries it lacks.
    """
    from .drafting import draft as make
    from .project import find_project
    from .rules.versions import final_of, read_version
    from .systems.files import write_text

    found = find_project(project)
    wanted = str(final_of(read_version(version, "--version"))) if version else ""
    outcome = make(found, wanted, offline=offline)
    if write and outcome.after != outcome.before:
        write_text(found.changelog_path, outcome.after)
    _print_draft(found, outcome, write=write, json=json)


def _print_draft(project: "Project", outcome: "Outcome", *, write: bool, json: bool) -> None:
    from .report import document, note, say
    from .rules.text import plural

    if json:
        document(
            {
                "version": outcome.version,
                "markdown": outcome.markdown,
                "added": outcome.added,
                "present": outcome.present,
                "remarks": list(outcome.remarks),
                "written": write and outcome.after != outcome.before,
            }
        )
        return
    if not write:
        for line in outcome.markdown.rstrip("\n").split("\n") if outcome.markdown else ():
            say(line, tabs=True)
    for remark in outcome.remarks:
        note(f"note: {remark}")
    verb = "wrote" if write and outcome.added else "drafted" if outcome.added else "found"
    words = plural(outcome.added, "new entry")
    kept = f"; already there or dropped by a person: {plural(outcome.present, 'commit')}" if outcome.present else ""
    note(f"{project.changelog_path.name}: {verb} {words} for {outcome.version}{kept}")


@command(
    version="Check this version's section; default: the version that is set.",
    all="Check the section of every released version, each against its own tag.",
    project=PROJECT,
    json=JSON,
)
def check(_c: Context, version: str = "", all: bool = False, project: str = "", json: bool = False) -> None:  # noqa: A002 - the flag's name
    """Check a version's section against every rule of the house.

    Heading and date, one section a release, known sections in their order and none empty, an issue linked in every
    entry, and older sections as they were at the last release's tag.
    """
    from .checking import check_all, check_one
    from .errors import WrongValue
    from .project import find_project
    from .report import document, say
    from .rules.text import plural

    if all and version:
        raise WrongValue("--all looks at every version", expected="--all or --version, not both")
    found = find_project(project)
    checked = check_all(found) if all else [check_one(found, version)]
    findings = [finding for item in checked for finding in item.findings]
    if json:
        document([item.document() for item in checked])
    else:
        for finding in findings:
            say(str(finding))
        for item in checked if len(checked) == 1 else ():
            say(item.summary)
        if len(checked) != 1:
            bad = sum(bool(item.findings) for item in checked)
            say(f"{plural(len(checked), 'section')} checked, {bad} with findings, {plural(len(findings), 'finding')}")
    finish(1 if findings else 0)


@command(version="Show this version's section; default: the version that is set.", project=PROJECT, json=JSON)
def show(_c: Context, version: str = "", project: str = "", json: bool = False) -> None:
    """Print one version's section: its release notes, without comments."""
    from .checking import release_notes
    from .project import find_project
    from .report import document, say
    from .rules.versions import read_version

    found = find_project(project)
    wanted = str(read_version(version, "--version") if version else found.version)
    section, notes = release_notes(found, wanted)
    if json:
        document({"version": section.version, "date": section.date, "markdown": notes})
        return
    for line in notes.split("\n"):
        say(line, tabs=True)
