"""Releases: what GitHub shows of a version, and the files attached to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from .api import VERSION, Api, Row, moment

_FILE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of a release; `state` is `uploaded`, or `starter` when the upload failed."""

    id: int
    name: str
    size: int
    sha256: str
    state: str
    url: str

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the asset that a row describes."""
        kind, _, digest = (row.get("digest") or "").partition(":")
        return cls(
            row["id"], row["name"], row["size"], digest if kind == "sha256" else "", row["state"],
            row["browser_download_url"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Release:
    """A release; a draft has no tag in git yet."""

    id: int
    tag: str
    name: str
    body: str = field(repr=False)
    draft: bool
    prerelease: bool
    url: str
    target: str = ""
    immutable: bool = False
    created: datetime | None = None
    published: datetime | None = None
    assets: tuple[Asset, ...] = ()

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return the release that a row describes."""
        return cls(
            row["id"], row["tag_name"], row["name"] or "", row.get("body") or "", row["draft"], row["prerelease"],
            row["html_url"], row.get("target_commitish") or "", bool(row.get("immutable")),
            moment(row["created_at"]), moment(row["published_at"]),
            tuple(Asset.of(asset) for asset in row["assets"]),
        )  # fmt: skip


class Releases(Api):
    """The releases of a repository."""

    def release(self, tag: str) -> Release | None:
        """Return the release of a tag, a draft too when the token may see drafts."""
        found = self.one(self.url("releases", "tags", tag), Release.of)
        if found is not None or self.token is None:
            return found
        return next((release for release in self.releases() if release.tag == tag), None)

    def releases(self, most: int = 100) -> Iterator[Release]:
        """Yield the newest releases, drafts among them when the token may see them."""
        return self.many(self.url("releases"), Release.of, most=most)

    def latest_release(self) -> Release | None:
        """Return the release that GitHub calls the latest."""
        return self.one(self.url("releases", "latest"), Release.of)

    def download(self, asset: Asset) -> bytes:
        """Return an asset's content once its size and digest are those that GitHub lists."""
        return self.web.download(
            self.url("releases", "assets", asset.id), name=asset.name, size=asset.size, sha256=asset.sha256,
            accept=_FILE, token=self.token, headers=VERSION, deadline=self.deadline,
        )  # fmt: skip
