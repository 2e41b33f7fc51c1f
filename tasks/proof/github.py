"""GitHub, as the proof of one release sees it."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from typing import Any

from ..errors import ReleaseError
from ..rules.changelog import Section, read
from ..rules.references import references
from ..rules.versions import same_version, version_of
from ..systems.github import Asset, Facts, Github, Issue, Run, TagRef
from ..systems.github import Release as GithubRelease
from .release import Release, table_of
from .waiting import NotYet, Observed, Once, needs


@dataclass
class GithubProof:
    """What GitHub shows of a release."""

    release: Release
    github: Github
    _repository: Once[Facts] = field(init=False)
    _release: Observed[GithubRelease | None] = field(init=False)
    _tag: Observed[TagRef | None] = field(init=False)
    _runs: Observed[Sequence[Run]] = field(init=False)
    _latest: Observed[GithubRelease | None] = field(init=False)
    _relation: Observed[str] = field(init=False)
    _files: dict[str, Once[bytes]] = field(default_factory=dict)
    _digests: dict[str, Once[str]] = field(default_factory=dict)
    _issues: dict[int, Observed[Issue | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._repository = Once(self.github.facts)
        self._release = Observed(partial(self.github.release, self.release.tag))
        self._tag = Observed(partial(self.github.tag, self.release.tag))
        self._latest = Observed(self.github.latest_release)
        self._relation = Observed(self._relation_to_stable)
        workflow = self.release.project.settings.github.workflows.release
        self._runs = Observed(lambda: list(self.github.runs(workflow=workflow, head_sha=self.commit())))
        names = ("pyproject.toml", self.release.project.settings.changelog.path)
        self._files = {name: Once(partial(self._content, name)) for name in names}

    def stable_branch(self) -> str:
        """Return the name of the branch that is released."""
        return self.release.project.settings.stable_branch or self._repository.now().default_branch

    def page(self) -> GithubRelease:
        """Return the published GitHub Release of the tag; for the check that it is there."""
        found = self._release.now()
        if found is None:
            raise NotYet(f"GitHub has no release for {self.release.tag}", expected="a release made by the workflow")
        if found.draft:
            raise ReleaseError(f"the release {found.tag} is a draft", expected="a published release")
        return found

    def marked(self) -> GithubRelease:
        """Return the release, marked as what it is: a pre-release or not."""
        found = needs("release", self.page)
        if found.prerelease != self.release.candidate:
            raise ReleaseError(f"the release is {'' if found.prerelease else 'not '}marked pre-release")
        return found

    def tag(self) -> TagRef:
        """Return the tag; for the check that it is there."""
        found = self._tag.now()
        if found is None:
            raise NotYet(f"{self.github.repository} has no tag {self.release.tag}", expected="the tag")
        return found

    def commit(self) -> str:
        """Return the commit that the tag leads to."""
        return needs("tag", self.tag).commit

    def tagged_version(self) -> str:
        """Return the version that pyproject.toml sets at the tag, which must be the release's."""
        found = table_of(self._pyproject()).get("version")
        if not same_version(str(found), self.release.version):
            raise ReleaseError(f"pyproject.toml at {self.release.tag} sets {found}", expected=str(self.release.version))
        return str(found)

    def right_commit(self) -> str:
        """Return the tag's commit, which carries the release's version."""
        needs("tagged_version", self.tagged_version)
        return self.commit()

    def run(self) -> Run:
        """Return the release workflow's newest run for the tag, else for its commit, when it has ended."""
        commit = self.right_commit()
        runs = [run for run in self._runs.now() if run.head_branch == self.release.tag] or self._runs.now()
        workflow = self.release.project.settings.github.workflows.release
        if not runs:
            raise NotYet(f"no run of {workflow} for {self.release.tag} ({commit[:12]})")
        newest = max(runs, key=lambda run: run.id)
        if newest.status != "completed":
            raise NotYet(f"{newest.url} is {newest.status}", expected="completed")
        return newest

    def _pyproject(self) -> dict[str, Any]:
        """Return pyproject.toml as it is at the tag."""
        try:
            return tomllib.loads(self._file("pyproject.toml"))
        except tomllib.TOMLDecodeError as error:
            raise ReleaseError(f"pyproject.toml at {self.release.tag} is no TOML: {error}") from None

    def project_table(self) -> Mapping[str, Any]:
        """Return the [project] table at the tag."""
        self.right_commit()
        return table_of(self._pyproject())

    def section(self) -> Section:
        """Return the changelog's section of the version, as it is at the tag; for the check that it is there."""
        self.right_commit()
        settings = self.release.project.settings
        found = read(self._file(settings.changelog.path), settings.tag_prefix).section(str(self.release.version))
        if found is None:
            raise ReleaseError(
                f"{settings.changelog.path} at {self.release.tag} has no section {self.release.version}",
                expected=f"## {settings.tag_prefix}{self.release.version} (the date)",
            )
        return found

    def latest_problem(self) -> str:
        """Return why another release should not be GitHub's latest, or nothing; a newer version may be."""
        needs("prerelease_mark", self.marked)
        latest = self._latest.now()
        tag = latest.tag if latest else "none"
        newer = version_of(tag.removeprefix(self.release.project.settings.tag_prefix))
        if tag == self.release.tag or (newer is not None and newer > self.release.version):
            return ""
        return f"GitHub's latest release is {tag}"

    def asset_digest(self, filename: str) -> str:
        """Return the sha256 of a release's asset: as GitHub names it, else of its content."""
        asset = next((asset for asset in needs("release", self.page).assets if asset.name == filename), None)
        if asset is None or asset.state != "uploaded":
            raise NotYet(f"the release has no asset {filename}", expected="the index's files as assets")
        return asset.sha256 or self._digests.setdefault(filename, Once(partial(self._digest, asset))).now()

    def _digest(self, asset: Asset) -> str:
        return hashlib.sha256(self.github.download(asset)).hexdigest()

    def distributions(self) -> set[str]:
        """Return the names of the release's assets that are wheels or sdists."""
        return {asset.name for asset in needs("release", self.page).assets if asset.name.endswith((".whl", ".tar.gz"))}

    def relation_to_stable(self) -> str:
        """Return how the tag's commit lies to the stable branch: behind and identical mean that it is on it."""
        return self._relation.now()

    def _relation_to_stable(self) -> str:
        found = self.github.relation(self.stable_branch(), self.commit())
        return found.status if found else "unrelated"

    def date(self) -> str:
        """Return the date of the changelog's section."""
        return needs("changelog_section", self.section).date

    def day(self) -> str:
        """Return the tag's day in UTC, ISO 8601."""
        moment = needs("tag", self.tag).date
        return moment.astimezone(UTC).date().isoformat() if moment else "of an unknown day"

    def linked(self) -> list[int]:
        """Return the issues of this repository that the changelog's section links."""
        found = references("", needs("changelog_section", self.section).text)
        own = {reference.within(self.github.repository) for reference in found}
        return sorted(reference.number for reference in own if not reference.repository)

    def issues_problem(self) -> str:
        """Return which linked issues do not exist or are open, or nothing."""
        problems = [self._issue_problem(number) for number in self.linked()]
        return "; ".join(problem for problem in problems if problem)

    def _issue_problem(self, number: int) -> str:
        issue = self._issues.setdefault(number, Observed(partial(self.github.issue, number))).now()
        if issue is None:
            return f"#{number} does not exist"
        return "" if issue.state == "closed" else f"#{number} is {issue.state}: {issue.title}"

    def _file(self, name: str) -> str:
        return self._files[name].now().decode("utf-8-sig", "replace")

    def _content(self, name: str) -> bytes:
        commit = self.commit()
        found = self.github.content(f"{self.release.project.git.prefix}{name}", commit)
        if found is None:
            raise ReleaseError(f"there is no {name} at {self.release.tag} ({commit[:12]})", expected=name)
        return found
