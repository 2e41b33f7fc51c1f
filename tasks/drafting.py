"""The changelog's draft: commits read, entries rendered, merged into what a person wrote."""

from dataclasses import dataclass, replace

from packaging.version import Version

from .errors import Refused
from .history import Unreleased, decision, observe, today
from .project import Project
from .rules.changelog import UNPLACED, Changelog, Section, is_final, read, version_key
from .rules.drafts import Draft, drafts, extend_section, insert_section, last_drafted, missing
from .rules.lineage import withdrawn
from .rules.versions import final_of, is_candidate
from .systems.cliff import draft as render_drafts
from .systems.cliff import project_config
from .systems.files import read_text
from .tracing import watch

_NEW = "# changelog\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A draft: the version, the Markdown to add, the changelog before and after, and what a person should know."""

    version: str
    markdown: str
    before: str
    after: str
    added: int
    present: int
    remarks: tuple[str, ...] = ()


def draft(project: Project, version: str = "", *, offline: bool = False) -> Outcome:
    """Return the draft for a version: by default the one that is set when it is to come, else the next final one.

    Unless it is made offline, GitHub is asked for the issues that the pull requests name.
    """
    project_config(project.root)
    unreleased = observe(project)
    if version and Version(version) in unreleased.versions:
        raise Refused(
            f"{version} was released: its section is not rewritten",
            expected="a version without a tag",
            remedy="inv version.decide shows the next one",
        )
    text = read_text(project.changelog_path) if project.changelog_path.exists() else ""
    changelog = read(text, project.settings.tag_prefix)
    wanted = version or _version_at_hand(project, unreleased, changelog)
    traced = watch(project, unreleased, offline=offline)
    entries = _placed(project, drafts(traced.coverages, project.settings.changelog.all_kinds))
    section = changelog.section(wanted)
    if section is None:
        made = _begun(project, unreleased, entries, wanted, text, changelog)
    else:
        made = _extended(project, unreleased, entries, section, text)
    asking = any(entry.unknown for entry in entries) and traced.trouble
    return replace(made, remarks=(f"GitHub was not asked: {asking.found}", *made.remarks)) if asking else made


def _placed(project: Project, entries: list[Draft]) -> list[Draft]:
    """Put entries whose section the settings do not have where a person must place them."""
    known = project.settings.changelog.sections
    return [entry if entry.section in known else replace(entry, section=UNPLACED) for entry in entries]


def _begun(
    project: Project, unreleased: Unreleased, entries: list[Draft], version: str, text: str, changelog: Changelog
) -> Outcome:
    if not entries:
        heading = project.house.heading(version, today())
        remark = f"no commit's kind has a section: write {heading!r} and what there is to say by hand"
        return Outcome(version, "", text, text, 0, 0, (remark,) if unreleased.changes else ())
    markdown = _render(project, unreleased, entries, version)
    return Outcome(
        version, markdown, text, _inserted(text or _NEW, changelog, version, markdown, unreleased.head), len(entries), 0
    )


def _extended(project: Project, unreleased: Unreleased, entries: list[Draft], section: Section, text: str) -> Outcome:
    seen = _seen(project, last_drafted(section), unreleased)
    new = missing(entries, section, seen)
    markdown = _render(project, unreleased, new, "") if new else ""
    order = project.settings.changelog.sections
    after = extend_section(text, section, _blocks(markdown), order, unreleased.head) if new else text
    remarks = (*_not_repeated(entries, new, seen), *_taken_back(unreleased, seen))
    return Outcome(section.version, markdown, text, after, len(new), len(entries) - len(new), remarks)


def _not_repeated(entries: list[Draft], new: list[Draft], seen: set[str]) -> list[str]:
    """Return a remark for each new commit that got no entry because one about its issues is there."""
    left = [entry for entry in entries if entry not in new and entry.commit not in seen]
    return [f"{entry.commit[:8]} {entry.text}: an entry links its issues or says the same already" for entry in left]


def _taken_back(unreleased: Unreleased, seen: set[str]) -> list[str]:
    """Return a remark for each commit that was drafted before and has been reverted since."""
    taken = withdrawn(unreleased.changes)
    subjects = {change.commit.id: change.commit.subject for change in unreleased.changes}
    return [
        f"{commit[:8]} {subjects[commit]}: drafted before, and taken back since by {by[:8]}: remove its entry"
        for commit, by in taken.items()
        if commit in seen and by not in seen
    ]


def _version_at_hand(project: Project, unreleased: Unreleased, changelog: Changelog) -> str:
    """Return the version to draft for: the one set or begun in the changelog if it is to come, else the next one."""
    base = unreleased.base
    begun = [Version(section.version) for section in changelog.sections[:1] if is_final(section.version)]
    for version in (project.version, *begun):
        if not is_candidate(version) and version not in unreleased.versions and (base is None or version > base):
            return str(version)
    return str(decision(project, unreleased).final or final_of(project.version))


def _render(project: Project, unreleased: Unreleased, entries: list[Draft], version: str) -> str:
    heading = (version, today())
    return render_drafts(project.root, unreleased.point.commit, unreleased.head, entries, project.house, heading)


def _inserted(text: str, changelog: Changelog, version: str, markdown: str, head: str) -> str:
    """Return the changelog with a new section above the first one that is older."""
    older = (section.line for section in changelog.sections if version_key(section.version) < version_key(version))
    return insert_section(text, markdown, next(older, None), head)


def _seen(project: Project, through: str, unreleased: Unreleased) -> set[str]:
    """Return the commits that an earlier draft saw; none when history was rewritten since."""
    later = project.git.descends(through, unreleased.head) if through else None
    if later is None:
        return set()
    return {change.commit.id for change in unreleased.changes} - set(later)


def _blocks(markdown: str) -> dict[str, list[str]]:
    """Return the lines under each `### ` heading of a rendered draft."""
    blocks: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in markdown.split("\n"):
        if line.startswith("### "):
            lines = blocks.setdefault(line.removeprefix("### "), [])
        elif line.strip():
            lines.append(line)
    return blocks
