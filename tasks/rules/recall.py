"""Recall: a tag taken back after a release that published nothing; when that is allowed, and what it takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.version import Version

from ..errors import Refused

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of the release workflow for the tag; `conclusion` is empty until it ends."""

    id: int
    conclusion: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Recall:
    """A version's tag: which object it is here and on the remote, and all that speaks against taking it back."""

    version: Version
    tag: str
    remote: str
    here: str = ""
    there: str = ""
    files: Sequence[str] = ()
    released: str = ""
    draft: str = ""
    runs: Sequence[Ran] = ()

    @property
    def ref(self) -> str:
        """Return the tag's full name."""
        return f"refs/tags/{self.tag}"

    @property
    def running(self) -> list[Ran]:
        """Return the runs that have not ended."""
        return [run for run in self.runs if not run.conclusion]

    @property
    def places(self) -> list[str]:
        """Return where the tag is."""
        return [*([f"on {self.remote}"] if self.there else []), *(["here"] if self.here else [])]

    @property
    def steps(self) -> list[str]:
        """Return what is to be done, in order."""
        cancel = [f"cancel the run {run.url or run.id}" for run in self.running]
        there = [f"delete {self.ref} on {self.remote}, at {self.there[:8]}"] if self.there else []
        return [*cancel, *there, *([f"delete {self.ref} here, at {self.here[:8]}"] if self.here else [])]

    @property
    def warnings(self) -> list[str]:
        """Return what a person should know beforehand."""
        good = [run for run in self.runs if run.conclusion == "success"]
        said = "its release workflow ended well: make sure that it published nothing, an index may show files late"
        moved = "the tag here and the one on the remote are not the same"
        return [*([said] if good else []), *([moved] if self.here and self.there and self.here != self.there else [])]


def check(recall: Recall) -> None:
    """Refuse to take a tag back once anything was published under it."""
    if recall.files:
        named = ", ".join(recall.files[:_SHOWN])
        raise Refused(
            f"{recall.version} is on the index ({named}): its number is spent for ever, and its tag stays",
            expected="an index that never had a file of it", remedy=f"inv rollback.yank --version {recall.version}",
        )  # fmt: skip
    if recall.released:
        raise Refused(
            f"{recall.tag} has a published GitHub Release: {recall.released}",
            expected="no release, or a draft, as nothing is on the index",
            remedy=f"gh release delete {recall.tag}, or mark it: gh release edit {recall.tag} --draft; then again",
        )


def left_to_do(recall: Recall) -> list[str]:
    """Return what is left once the tag is gone."""
    draft = [f"gh release delete {recall.tag}: a draft of it is left, {recall.draft}"] if recall.draft else []
    again = "put right what failed and merge it, then tag again: inv release.tag"
    return [*draft, again]
