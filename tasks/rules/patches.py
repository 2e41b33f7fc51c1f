"""Patches: the version that mends a bad release, its branch, its first commit, and the issue that says why."""

from packaging.version import Version

from ..errors import Refused
from .quoting import span
from .text import printable
from .versions import Part, is_candidate, raised

_MARK = "<!-- release-coordination: broken {version} -->"
_LONGEST = 120  # characters of a reason that fit a title


def patch_of(broken: Version) -> Version:
    """Return the version that mends a release."""
    if is_candidate(broken):
        raise Refused(f"{broken} is a candidate", expected="a final version: another candidate mends one",
                      remedy="inv staging.enter")  # fmt: skip
    return raised(broken, Part.PATCH)


def branch_of(patch: Version) -> str:
    """Return the topic branch on which a patch is made."""
    return f"fix/{patch}"


def message_of(patch: Version, broken: Version, issue: int | None) -> str:
    """Return the message of the commit that sets the patch's version."""
    why = f"{broken} is broken" + (f": #{issue}" if issue else "")
    return f"chore: begin {patch}\n\n{why}\n"


def issue_title(package: str, broken: Version, reason: str) -> str:
    """Return the title of the issue."""
    why = printable(reason).strip()
    short = why if len(why) <= _LONGEST else f"{why[: _LONGEST - 1]}…"
    return f"{package} {broken} is broken" + (f": {short}" if short else "")


def issue_body(package: str, broken: Version, reason: str, *, yanked: bool) -> str:
    """Return the issue's text; nothing in it that comes from outside is obeyed by GitHub."""
    patch = patch_of(broken)
    why = f": {span(reason)}" if reason.strip() else "."
    yank = "[x] withdrawn from installers" if yanked else "[ ] withdrawn from installers: `inv rollback.yank`"
    return (
        f"{_MARK.format(version=broken)}\n{span(f'{package} {broken}')} is broken{why}\n\n- {yank}\n"
        f"- [ ] hosts back on what ran before: `inv rollback.hosts`\n"
        f"- [ ] mended on `{branch_of(patch)}`, with a test that fails without it\n"
        f"- [ ] released: `inv release.prepare`, `inv release.propose`\n"
    )


def is_about(body: str, broken: Version) -> bool:
    """Tell whether an issue's text is of the one that was opened for a version."""
    return _MARK.format(version=broken) in body
