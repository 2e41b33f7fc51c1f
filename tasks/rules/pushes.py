"""Pushes: the refs that only the release itself may move (version tags, the stable branch), and who else may not."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import Refused

PERMIT = "RELEASE_COORDINATION_PUSH"  # "REF SHA": the one push that a maintainer's own command is about to make

_UPDATE = re.compile(r"(?P<source>\S+) (?P<new>[0-9a-f]{40,64}) (?P<ref>refs/\S+) (?P<old>[0-9a-f]{40,64})")


@dataclass(frozen=True, slots=True)
class Guarded:
    """What only the release itself may move: the stable branch, and the tags of versions."""

    stable: str
    prefix: str

    def what(self, ref: str) -> str:
        """Return in words which of them a ref is, or nothing; a short name may be a branch or a tag."""
        kind, _, name = ref.removeprefix("refs/").partition("/")
        branch = name if kind == "heads" else "" if ref.startswith("refs/") else ref
        tag = name if kind == "tags" else "" if ref.startswith("refs/") else ref
        if branch == self.stable:
            return f"the stable branch {self.stable}"
        return f"the version tag {tag}" if self.version(tag) else ""

    def version(self, tag: str) -> bool:
        """Tell whether a tag is one of a version: a workflow that waits for `v*` does not look closer either."""
        return tag.startswith(self.prefix) and tag[len(self.prefix) :][:1].isdigit()

    def within(self, pattern: str) -> str:
        """Return in words which of them a pattern with a star can be, or nothing."""
        before, _, after = pattern.partition("*")
        branch = f"refs/heads/{self.stable}"
        if branch.startswith(before) and branch.endswith(after):
            return f"the stable branch {self.stable}"
        tags = f"refs/tags/{self.prefix}"
        return "version tags" if tags.startswith(before) or self.what(before) else ""


@dataclass(frozen=True, slots=True)
class Update:
    """What a push is about to do to one ref of the remote; `new` is all zeros when it deletes it."""

    new: str
    ref: str


def read_updates(text: str) -> list[Update]:
    """Return what git tells a pre-push hook on its standard input; refuse what it would never say."""
    updates = []
    for line in filter(None, text.split("\n")):
        match = _UPDATE.fullmatch(line)
        if not match:
            raise Refused(
                f"git told the hook {line[:80]!r}",
                expected="LOCAL-REF SHA REMOTE-REF SHA",
                remedy="run it from git push; it is no command of its own",
            )
        updates.append(Update(match["new"], match["ref"]))
    return updates


def permitted(update: Update, permit: str) -> bool:
    """Tell whether a permit, `REF SHA`, is for exactly this update (of an annotated tag: the tag object's id)."""
    return permit == f"{update.ref} {update.new}"


def check_updates(updates: Iterable[Update], guarded: Guarded, permit: str) -> None:
    """Refuse a push that moves what is guarded, unless each such update is the one that the permit is for."""
    for update in updates:
        what = guarded.what(update.ref)
        if what and not permitted(update, permit):
            verb = "deletes" if set(update.new) == {"0"} else "moves"
            raise Refused(
                f"this push {verb} {what} on the remote",
                expected=f"a topic branch, and a pull request into {guarded.stable}; its tag follows after the merge",
                remedy="git push origin TOPIC, or for a tag: inv release.tag",
            )
