"""Reversion: a commit taken back by one of its own; its branch, its message, and its pull request's text."""

import re

from .commits import Change
from .quoting import span
from .text import printable
from .titles import without_pull

_MERGE = re.compile(r"Merge pull request #[1-9]\d* from \S+")
_CLOSING = re.compile(
    r"\b(?P<word>(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?[ \t]+)(?:[\w.-]+/[\w.-]+)?(?:#|GH-)(?P<number>\d+)", re.I
)
_SHORT = 8
_MARK = "<!-- release-coordination: revert {commit} -->"


def branch_of(commit: str) -> str:
    """Return the topic branch on which a commit is taken back."""
    return f"revert/{commit[:_SHORT]}"


def title_of(change: Change) -> str:
    """Return the title of a commit that takes a change back; of GitHub's merges its pull request's title counts.

    What the change closed is not to be closed by taking it back.
    """
    subject = change.commit.subject
    if _MERGE.fullmatch(subject):
        subject = next((line.strip() for line in change.commit.body.splitlines() if line.strip()), subject)
    return "revert: " + printable(_CLOSING.sub(r"\g<word>issue \g<number>", without_pull(subject)))


def message_of(change: Change) -> str:
    """Return the message of the commit that takes a change back; it names the commit, its pull request, its issues."""
    commit = change.commit
    merge = f", reversing\nchanges made to {commit.parents[0]}" if len(commit.parents) > 1 else ""
    pull = [f"Reverts #{change.title.pull}"] if change.title.pull else []
    issues = [f"Refs {reference.repository}#{reference.number}" for reference in change.about]
    return "\n\n".join([title_of(change), f"This reverts commit {commit.id}{merge}.", *pull, *issues]) + "\n"


def takes_back(message: str, commit: str) -> bool:
    """Tell whether a message is of a commit that takes another back, as git's own and ours say it."""
    named = re.findall(r"^This reverts commit ([0-9a-f]{7,64})\b", message, re.MULTILINE)
    return any(commit.startswith(name) for name in named)


def body_of(change: Change, base: str) -> str:
    """Return the pull request's text; nothing in it that comes from the commit is obeyed by GitHub."""
    commit = change.commit
    through = f", which came through #{change.title.pull}" if change.title.pull else ""
    issues = ", ".join(f"{reference.repository}#{reference.number}" for reference in change.about)
    still = f"\n\nIt was about {issues}: open that again if it is not solved any more." if issues else ""
    return (
        f"{_MARK.format(commit=commit.id)}\nTakes {commit.id} ({span(commit.subject)}) back{through}.{still}\n\n"
        f"Once it is merged into {span(base)}, a release follows: `inv rollback.patch`, or `inv release.prepare`.\n"
    )
