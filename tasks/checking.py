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
    released_last = unreleased.point.tag
    release = Release(
        wanted,
        today(),
        utc_day(tag.date) if tag else "",
        changelog_at(project, released_last) if released_last else None,
        newest=not version or final_of(project.version) == read_version(wanted, "--version"),
    )
    return Checked(wanted, tuple(check(changelog, release, project.house)))


def check_all(project: Project) -> list[Checked]:
    """Return what is wrong with the section of each version that has a tag, newest first, each by its own tag."""
    changelog = load_changelog(project)
    unreleased = observe(project)
    return [_check_released(project, changelog, tag) for tag in unreleased.tags]


def _check_released(project: Project, changelog: Changelog, tag: Tag) -> Checked:
    """Check a released section, and that it is what it was at its tag; other sections are judged by their own tags."""
    version = str(tag.version)
    release = Release(version, today(), utc_day(tag.date), newest=False)
    findings = check(changelog, release, project.house)
    before, now = changelog_at(project, tag), changelog.section(version)
    then = before.section(version) if before else None
    if now and (then is None or then.text != now.text):
        what = "was written after" if then is None else "is not what it was at"
        message = f"section {version} {what} {tag.name}"
        findings.append(Finding("retroactive", message, project.settings.changelog.path, now.line))
    return Checked(version, tuple(findings))


def changelog_at(project: Project, tag: Tag) -> Changelog | None:
    """Return the changelog as it was at a release's tag, None when there was no such file."""
    content = project.git.content(tag.commit, project.settings.changelog.path)
    return None if content is None else read(content.decode("utf-8", "replace"), project.settings.tag_prefix)


def release_notes(project: Project, version: str) -> tuple[Section, str]:
    """Return a version's section and its text without comments."""
    changelog = load_changelog(project)
    section = changelog.section(version)
    if section is None:
        known = ", ".join(item.version for item in changelog.sections[:5]) or "none"
        raise WrongValue(
            f"{project.changelog_path.name} has no section for {version}",
            expected=f"one of its versions: {known}{' …' if len(changelog.sections) > 5 else ''}",  # noqa: PLR2004
            remedy="inv changelog.draft --write",
        )
    return section, notes(section)
