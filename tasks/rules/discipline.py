"""The changelog's rules for one version (workflow phase 3); standard library alone (DESIGN.md section 9)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from .changelog import UNKNOWN_ISSUE, UNPLACED, Changelog, Entry, Section, is_candidate, is_final, version_key
from .findings import Finding

_LINK = re.compile(r"\[(?P<shown>[^\[\]]*?#(?P<number>\d+))\]\((?P<url>[^()\s]+)\)")
_ISSUE_URL = re.compile(r"(?P<web>https?://[^/]+)/(?P<repository>[^/]+/[^/]+)/issues/(?P<number>\d+)/?")


@dataclass(frozen=True, slots=True)
class House:
    """What a project's settings say of its changelog; `issues`: every entry must link one."""

    path: str = "CHANGELOG.md"
    prefix: str = "v"
    sections: tuple[str, ...] = ("fixes", "changes", "breaking", "docs", "tests")
    issues: bool = True
    repository: str = ""
    web: str = "https://github.com"

    def heading(self, version: str, day: str) -> str:
        """Return the heading of a version's section."""
        return f"## {self.prefix}{version} ({day})"

    def issue_url(self, number: int, repository: str = "") -> str:
        """Return the address of an issue, by default in the project's own repository."""
        return f"{self.web}/{repository or self.repository}/issues/{number}"


@dataclass(frozen=True, slots=True)
class Release:
    """What is known of the version whose section is judged.

    `tagged` is the day of its tag (UTC, ISO 8601) once it has one, and `released` the changelog at that tag; until
    then the section's date may be any day up to `today`. `previous` is the changelog at the last release's tag, whose
    sections must not have changed since; `merged` are sections of older series as they were at tags of their own,
    which may have come in since.
    """

    version: str
    today: str
    tagged: str = ""
    previous: Changelog | None = None
    newest: bool = True
    released: Changelog | None = None
    merged: tuple[Section, ...] = ()


def check(changelog: Changelog, release: Release, house: House) -> list[Finding]:
    """Return everything that is wrong with a version's section, in the file's order; empty when nothing is."""
    return sorted(_check(changelog, release, house), key=lambda finding: finding.line)


def _check(changelog: Changelog, release: Release, house: House) -> Iterator[Finding]:
    sections = [section for section in changelog.sections if section.version == release.version]
    if not sections:
        wanted = house.heading(release.version, release.tagged or release.today)
        yield Finding("section", f"no section for {release.version}: expected {wanted!r}", house.path)
    for section in sections[:1]:
        yield from _check_heading(section, release, house)
        yield from _check_place(changelog, section, release, house)
        yield from _check_groups(section, house)
        yield from _check_entries(section, house)
        yield from _check_released(section, release, house)
    for section in sections[1:]:
        yield Finding(
            "section", f"a second section for {release.version}: expected one a release", house.path, section.line
        )
    if release.newest:
        for line, heading in changelog.strays:
            yield Finding("heading", f"{heading!r} names no version", house.path, line)
    if release.previous is not None:
        yield from _check_untouched(changelog, release, release.previous, house)


def _check_heading(section: Section, release: Release, house: House) -> Iterator[Finding]:
    where = (house.path, section.line)
    if not is_final(section.version):
        yield Finding("heading", f"{section.version} is not of the form X.Y.Z", *where)
    if section.date and section.heading.rstrip() != house.heading(section.version, section.date):
        expected = house.heading(section.version, section.date)
        yield Finding("heading", f"heading {section.heading!r}: expected {expected!r}", *where)
    try:
        date.fromisoformat(section.date)
    except ValueError:
        yield Finding("date", f"heading {section.heading!r} has no date: expected (YYYY-MM-DD)", *where)
        return
    if release.tagged and section.date != release.tagged:
        yield Finding("date", f"dated {section.date}, but the release was tagged on {release.tagged} (UTC)", *where)
    elif not release.tagged and section.date > release.today:
        yield Finding("date", f"dated {section.date}, which is yet to come: today is {release.today} (UTC)", *where)


def _check_place(changelog: Changelog, section: Section, release: Release, house: House) -> Iterator[Finding]:
    index = changelog.sections.index(section)
    if release.newest and index > 0:
        above = changelog.sections[0]
        yield Finding("order", f"stands below {above.version}: expected at the top", house.path, section.line)
    for below in changelog.sections[index + 1 : index + 2]:
        if version_key(below.version) > version_key(section.version):
            yield Finding("order", f"stands above {below.version}, which is newer", house.path, section.line)


def _check_groups(section: Section, house: House) -> Iterator[Finding]:
    if not section.groups:
        yield Finding("empty", f"the section for {section.version} has no entry", house.path, section.line)
    seen: list[str] = []
    for group in section.groups:
        problem = _group_problem(group.name, seen, house.sections)
        if problem:
            yield Finding("group", problem, house.path, group.line)
        if group.name and not group.entries:
            yield Finding("empty", f"section {group.name!r} has no entry: leave it out", house.path, group.line)
        if group.name in house.sections:
            seen.append(group.name)


def _group_problem(name: str, seen: list[str], known: tuple[str, ...]) -> str:
    """Return what is wrong with a group's heading after those that were seen, or nothing."""
    allowed = ", ".join(known)
    if not name:
        return f"entries above the first heading: expected one of {allowed}"
    if name == UNPLACED:
        return f"{UNPLACED!r}: a person must move these under one of {allowed}"
    if name not in known:
        return f"unknown section {name!r}: expected one of {allowed}"
    if name in seen:
        return f"a second section {name!r}"
    if seen and known.index(name) < known.index(seen[-1]):
        return f"{name!r} stands after {seen[-1]!r}: the order is {allowed}"
    return ""


def _check_entries(section: Section, house: House) -> Iterator[Finding]:
    for group in section.groups:
        for entry in group.entries:
            yield from _check_entry(entry, house)


def _check_entry(entry: Entry, house: House) -> Iterator[Finding]:
    shown = entry.text if len(entry.text) <= 60 else entry.text[:59] + "…"  # noqa: PLR2004 - fits a line
    where = (house.path, entry.line)
    if UNKNOWN_ISSUE in entry.text:
        yield Finding("issue", f"{UNKNOWN_ISSUE} stands for an issue yet to be named: {shown}", *where)
        return
    linked = False
    for link in _LINK.finditer(entry.text):
        url = _ISSUE_URL.fullmatch(link["url"])
        if url is None:
            continue
        if url["number"] != link["number"]:
            yield Finding("issue", f"{link['shown']} links to issue {url['number']}: {link['url']}", *where)
        linked = linked or _is_ours(url, house) or _is_spelled_out(link["shown"], url)
    if house.issues and not linked:
        expected = f"[#N]({house.web}/{house.repository}/issues/N)" if house.repository else "[#N](…/issues/N)"
        yield Finding("issue", f"links no issue: {shown} (expected {expected})", *where)


def _is_ours(url: re.Match[str], house: House) -> bool:
    return not house.repository or (url["web"], url["repository"].lower()) == (house.web, house.repository.lower())


def _is_spelled_out(shown: str, url: re.Match[str]) -> bool:
    """Tell whether a link to another repository's issue says so: `owner/name#12`."""
    return shown.lower() == f"{url['repository']}#{url['number']}".lower()


def _check_released(section: Section, release: Release, house: House) -> Iterator[Finding]:
    if release.released is None:
        return
    then = release.released.section(section.version)
    if then is None or then.text != section.text:
        what = "was written after" if then is None else "is not what it was at"
        message = f"section {section.version} {what} {house.prefix}{section.version}"
        yield Finding("retroactive", message, house.path, section.line)


def _check_untouched(changelog: Changelog, release: Release, previous: Changelog, house: House) -> Iterator[Finding]:
    """Compare every older section with what it was at the last release: releases are not rewritten."""
    bound = version_key(release.version)
    before: dict[str, list[Section]] = {}
    for section in previous.sections:
        if version_key(section.version) < bound:
            before.setdefault(section.version, []).append(section)
    for section in changelog.sections:
        if version_key(section.version) >= bound:
            continue
        old = before[section.version].pop(0) if before.get(section.version) else None
        merged = any(other.version == section.version and other.text == section.text for other in release.merged)
        if old is None and not merged:
            message = f"section {section.version} was added since the last release"
            yield Finding("retroactive", message, house.path, section.line)
        elif old is not None and old.text != section.text:
            message = f"section {section.version} was changed since the last release: {_first_difference(old, section)}"
            yield Finding("retroactive", message, house.path, section.line)
    for gone in (section for sections in before.values() for section in sections):
        yield Finding("retroactive", f"section {gone.version} was there at the last release and is gone", house.path)


def _first_difference(old: Section, new: Section) -> str:
    old_lines, new_lines = old.text.split("\n"), new.text.split("\n")
    for offset, (before, now) in enumerate(zip(old_lines, new_lines, strict=False)):
        if before != now:
            return f"first at line {new.line + offset}"
    return f"{abs(len(new_lines) - len(old_lines))} lines {'more' if len(new_lines) > len(old_lines) else 'fewer'}"


def check_version(changelog: Changelog, version: str, house: House) -> list[Finding]:
    """Return what is wrong between pyproject.toml's version and the changelog's newest section.

    A candidate needs no section (workflow phase 6), so nothing is wrong with one.
    """
    if is_candidate(version):
        return []
    if not is_final(version):
        return [Finding("version", f"version {version} is not of the form X.Y.Z", "pyproject.toml")]
    if not changelog.sections:
        return [Finding("version", f"no section at all: expected {version}", house.path)]
    newest = changelog.sections[0]
    if newest.version == version:
        return []
    message = f"pyproject.toml says {version}, the newest section is {newest.version}"
    return [Finding("version", message, house.path, newest.line)]
