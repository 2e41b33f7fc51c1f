"""The changelog held against its rules, with what the repository knows of releases."""

from dataclasses import dataclass
from typing import Any

from .errors import WrongValue
from .history import Unreleased, observe, today, utc_day
from .project import Project
from .rules.changelog import Changelog, Section, is_candidate, notes, read
from .rules.discipline import Release, check
from .rules.findings import Finding
from .rules.releases import Tag
from .rules.text import plural
from .rules.versions import final_of, read_version
from .systems.files import read_text


@dataclass(frozen=True, slots=True)
class Checked:
    """A version and what is wrong with its section; a candidate has none, so nothing is looked at."""

    version: str
    findings: tuple[Finding, ...]
    skipped: bool = False

    @property
    def summary(self) -> str:
        """Return the outcome in a line."""
        if self.skipped:
            return f"skipped: {self.version} is a candidate, which has no section"
        return f"{self.version}: {plural(len(self.findings), 'finding')}"

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        findings = [
            {"rule": item.rule, "message": item.message, "file": item.file or None, "line": item.line or None}
            for item in self.findings
        ]
        return {"version": self.version, "skipped": self.skipped, "findings": findings}


def load_changelog(project: Project) -> Changelog:
    """Return the project's changelog; nothing in it when the file is missing."""
    text = read_text(project.changelog_path) if project.changelog_path.exists() else ""
    return read(text, project.settings.tag_prefix)


def check_one(project: Project, version: str = "", unreleased: Unreleased | None = None) -> Checked:
    """Return what is wrong with one version's section, by default that of the version that is set."""
    wanted = str(read_version(version, "--version")) if version else str(project.version)
    if is_candidate(wanted):
        return Checked(wanted, (), skipped=True)
    changelog = load_changelog(project)
    unreleased = unreleased or observe(project)
    tag = unreleased.tag_of(read_version(wanted, "--version"))
    last = unreleased.point.tag
    previous = changelog_at(project, last) if last else None
    release = Release(
        wanted,
        today(),
        utc_day(tag.date) if tag else "",
        previous,
        newest=not version or final_of(project.version) == read_version(wanted, "--version"),
        released=_at_own_tag(project, tag),
        merged=_merged(project, changelog, previous, unreleased),
    )
    return Checked(wanted, tuple(check(changelog, release, project.house)))


def check_all(project: Project) -> list[Checked]:
    """Return what is wrong with the section of each version that has a tag, newest first, each by its own tag."""
    changelog = load_changelog(project)
    return [_check_tagged(project, changelog, tag) for tag in observe(project).tags]


def _check_tagged(project: Project, changelog: Changelog, tag: Tag) -> Checked:
    version = str(tag.version)
    released = _at_own_tag(project, tag)
    release = Release(version, today(), utc_day(tag.date), newest=False, released=released)
    return Checked(version, tuple(check(changelog, release, project.house)))


def _at_own_tag(project: Project, tag: Tag | None) -> Changelog | None:
    """Return the changelog at a release's own tag, an empty one when it had none; nothing without a tag."""
    return (changelog_at(project, tag) or Changelog(())) if tag else None


def _merged(
    project: Project, changelog: Changelog, previous: Changelog | None, unreleased: Unreleased
) -> tuple[Section, ...]:
    """Return the sections that came in since the last release from releases of older series, as at their tags."""
    if previous is None:
        return ()
    added = [section.version for section in changelog.sections if previous.section(section.version) is None]
    tags = [tag for tag in unreleased.tags if str(tag.version) in added]
    found = ((changelog_at(project, tag) or Changelog(())).section(str(tag.version)) for tag in tags)
    return tuple(section for section in found if section)


def changelog_at(project: Project, tag: Tag) -> Changelog | None:
    """Return the changelog as it was at a release's tag, None when there was no such file."""
    content = project.git.content(tag.commit, project.settings.changelog.path)
    return None if content is None else read(content.decode("utf-8", "replace"), project.settings.tag_prefix)


def release_notes(project: Project, version: str) -> tuple[Section, str]:
    """Return a version's section and its text without comments."""
    changelog = load_changelog(project)
    section = changelog.section(version)
    if section is None and is_candidate(version):
        raise WrongValue(
            f"{version} is a candidate, which has no section",
            expected="a final version",
            remedy=f"inv changelog.show --version {final_of(read_version(version, '--version'))}",
        )
    if section is None:
        known = ", ".join(item.version for item in changelog.sections[:5]) or "none"
        raise WrongValue(
            f"{project.changelog_path.name} has no section for {version}",
            expected=f"one of its versions: {known}{' …' if len(changelog.sections) > 5 else ''}",  # noqa: PLR2004
            remedy="inv changelog.draft --write",
        )
    return section, notes(section)
