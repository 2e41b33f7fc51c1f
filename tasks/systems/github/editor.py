"""The editor: what is changed on GitHub, one change a second, none of them twice.

A change whose outcome is not known raises OutcomeUnknown: whoever asked for it looks before asking again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import TypeVar

from ..web import Answer, Web
from .api import JSON, VERSION, Row, meaning
from .client import Github
from .releases import Release
from .tracker import Issue, Pull
from .troubles import Unprocessable, refusal

T = TypeVar("T")
_BETWEEN_SECONDS = 1.0  # GitHub asks for a second between changes


@dataclass
class Pace:
    """When the last change was made."""

    last: float | None = None
    lock: Lock = field(default_factory=Lock, repr=False)

    def keep(self, web: Web, url: str) -> None:
        """Wait until the next change may be made."""
        with self.lock:
            now = web.clock.monotonic()
            if self.last is not None:
                web.rest(self.last + _BETWEEN_SECONDS - now, url, "GitHub wants a second between changes")
            self.last = web.clock.monotonic()


@dataclass(frozen=True)
class Editor:
    """A repository on GitHub, changed; text is given as it is to stand there."""

    github: Github
    pace: Pace = field(default_factory=Pace)

    def write(self, method: str, url: str, content: object = None) -> Answer:
        """Return the answer to a change that was made."""
        web, github = self.github.web, self.github
        self.pace.keep(web, url)
        answer = web.send(
            method, url, content, accept=JSON, token=github.token, headers=VERSION, deadline=github.deadline
        )  # fmt: skip
        if not answer.ok:
            raise refusal(answer, github.token)
        return answer

    def create_issue(self, title: str, body: str, labels: Sequence[str] = ()) -> Issue:
        """Open an issue."""
        content = {"title": title, "body": body, "labels": list(labels)}
        return self._made("POST", ("issues",), content, Issue.of)

    def update_issue(
        self, number: int, *, title: str | None = None, body: str | None = None, state: str | None = None,
        state_reason: str | None = None, labels: Sequence[str] | None = None,
    ) -> Issue:  # fmt: skip
        """Change an issue, only in what is given; `state_reason` counts only with a state that is new."""
        named = None if labels is None else list(labels)
        content = given(title=title, body=body, state=state, state_reason=state_reason, labels=named)
        return self._made("PATCH", ("issues", number), content, Issue.of)

    def comment(self, number: int, body: str) -> str:
        """Comment on an issue or a pull request, and return the comment's address."""
        answer = self.write("POST", self.github.url("issues", number, "comments"), {"body": body})
        return meaning(answer, answer.mapping(), lambda row: str(row["html_url"]))

    def ensure_label(self, name: str, *, color: str = "ededed", description: str = "") -> bool:
        """Create a label unless it is there; tell whether it was created."""
        if name.lower() in (label.lower() for label in self.github.labels()):  # as GitHub compares them
            return False
        content = {"name": name, "color": color, "description": description}
        try:
            self.write("POST", self.github.url("labels"), content)
        except Unprocessable as trouble:
            if "already_exists" not in trouble.codes:
                raise
            return False
        return True

    def create_pull(self, head: str, base: str, title: str, body: str, *, draft: bool = False) -> Pull:
        """Open a pull request."""
        content = {"head": head, "base": base, "title": title, "body": body, "draft": draft}
        return self._made("POST", ("pulls",), content, Pull.of)

    def update_pull(
        self, number: int, *, title: str | None = None, body: str | None = None, state: str | None = None,
        base: str | None = None,
    ) -> Pull:  # fmt: skip
        """Change a pull request, only in what is given."""
        return self._made("PATCH", ("pulls", number), given(title=title, body=body, state=state, base=base), Pull.of)

    def create_ref(self, ref: str, commit: str) -> None:
        """Create a reference such as `refs/tags/v1`; one that is there already is an error."""
        self.write("POST", self.github.url("git", "refs"), {"ref": ref, "sha": commit})

    def delete_ref(self, ref: str) -> bool:
        """Delete a reference such as `refs/tags/v1`; tell whether it was there."""
        try:
            self.write("DELETE", self.github.url("git", "refs", ref.removeprefix("refs/")))
        except Unprocessable as trouble:
            if "does not exist" not in trouble.reason:
                raise
            return False
        return True

    def create_release(
        self, tag: str, name: str, body: str, *, draft: bool = False, prerelease: bool = False, latest: str = "",
        target: str = "", notes: bool = False,
    ) -> Release:  # fmt: skip
        """Publish a release; `latest` is `true`, `false` or `legacy`, `notes` adds GitHub's own list of changes."""
        content = {"tag_name": tag, "name": name, "body": body, "draft": draft, "prerelease": prerelease}
        extra = given(make_latest=latest or None, target_commitish=target or None, generate_release_notes=notes or None)
        return self._made("POST", ("releases",), content | extra, Release.of)

    def update_release(
        self, release: int, *, name: str | None = None, body: str | None = None, draft: bool | None = None,
        prerelease: bool | None = None, latest: str | None = None,
    ) -> Release:  # fmt: skip
        """Change a release, only in what is given."""
        content = given(name=name, body=body, draft=draft, prerelease=prerelease, make_latest=latest)
        return self._made("PATCH", ("releases", release), content, Release.of)

    def cancel_run(self, run: int) -> bool:
        """Ask a run to end; tell whether it could still be asked."""
        try:
            self.write("POST", self.github.url("actions", "runs", run, "cancel"))
        except Unprocessable as trouble:
            if trouble.status != HTTPStatus.CONFLICT:
                raise
            return False
        return True

    def _made(self, method: str, parts: tuple[str | int, ...], content: object, read: Callable[[Row], T]) -> T:
        """Return what a change made."""
        answer = self.write(method, self.github.url(*parts), content)
        return meaning(answer, answer.mapping(), read)


def given(**fields: object) -> dict[str, object]:
    """Return the fields that are given."""
    return {name: value for name, value in fields.items() if value is not None}
