"""The changelog's draft: commits read, entries rendered, merged into what a person wrote."""

from dataclasses import dataclass

from packaging.version import Version

from .errors import Refused
from .history import Unreleased, coverage, decision, observe, today
from .project import Project
from .rules.changelog import Changelog, is_final, read, version_key
from .rules.drafts import Draft, drafts, extend_section, insert_section, last_drafted, missing
from .rules.versions import final_of, is_candidate
from .systems.cliff import draft as render_drafts
from .systems.cliff import project_config
from .systems.files import read_text

_NEW = "# changelog\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A draft: the version, the Markdown to add, the changelog's text before and after, and what was left out."""

    version: str
    markdown: str
    before: str
    after: str
    added: int
    present: int


def draft(project: Project, version: str = "") -> Outcome:
    """Return the draft for a version: by default the one that is set when it is to come, else the next final one."""
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
    audited = coverage(project, unreleased.changes)
    entries = drafts(audited, project.settings.changelog.all_kinds)
    section = changelog.section(wanted)
    if section is None:
        markdown = _render(project, unreleased, entries, wanted)
        after = _inserted(text or _NEW, changelog, wanted, markdown, unreleased.head) if entries else text
        return Outcome(wanted, markdown if entries else "", text, after, len(entries), 0)
    seen = _seen(project, last_drafted(section), unreleased)
    new = missing(entries, section, seen)
    markdown = _render(project, unreleased, new, "") if new else ""
    blocks = _blocks(markdown)
    order = project.settings.changelog.sections
    after = extend_section(text, section, blocks, order, unreleased.head) if new else text
    return Outcome(wanted, markdown, text, after, len(new), len(entries) - len(new))


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
