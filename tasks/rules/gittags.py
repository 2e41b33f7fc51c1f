"""Tags in git command lines: which commands make, move or delete the tag of a version."""

from collections.abc import Sequence

from ..errors import Refused
from .options import read_options
from .refusals import UNKNOWN, Unclear, shown
from .surroundings import World

_VALUED = "-m --message -F --file -u --local-user --cleanup --trailer --sort --format --points-at"
_LISTS = ("-l", "--list", "-n", "--contains", "--no-contains", "--points-at", "--merged", "--no-merged", "-v",
              "--verify")  # fmt: skip


def check_tag(rest: Sequence[str], world: World) -> None:
    """Refuse `git tag` when it makes or deletes the tag of a version."""
    numbered = ["-n" if word[:2] == "-n" and word[2:].isdigit() else word for word in rest]
    options = read_options(
        numbered, _VALUED, "--annotate --sign --force --delete --create-reflog --no-sign " + " ".join(_LISTS[1:])
    )
    if options.help or options.has(*_LISTS) or not options.operands:
        return
    deleted = options.has("-d", "--delete")
    for name in options.operands if deleted else options.operands[:1]:
        _check_tag(name, "deletes" if deleted else "makes", shown("git tag", *rest), world)


def _check_tag(name: str, verb: str, said: str, world: World) -> None:
    """Refuse a tag by its short name when it is a version's."""
    if UNKNOWN in name:
        raise Unclear(
            f"{said} {verb} a tag whose name only running it would tell",
            expected="the name written out",
            remedy="git tag NAME",
        )
    if world.guarded.version(name.removeprefix("refs/tags/")):
        raise Refused(
            f"{said} {verb} the version tag {name}",
            expected="the tag is made after the merge, by the workflow",
            remedy="a maintainer types " + ("inv rollback.tag" if verb == "deletes" else "inv release.tag"),
        )


def check_refs(rest: Sequence[str], world: World) -> None:
    """Refuse `git update-ref` and `git symbolic-ref` when they move the tag of a version."""
    options = read_options(rest, "-m")
    said = shown("git update-ref", *rest)
    if options.has("--stdin"):
        raise Unclear(f"{said} reads what it does", expected="the ref written out", remedy="git update-ref REF SHA")
    reading = options.has("--short", "-q", "--quiet") and len(options.operands) == 1
    for name in [] if reading else options.operands[:1]:
        if name.startswith("refs/tags/") or UNKNOWN in name:
            _check_tag(name, "moves", said, world)


def check_fetch(rest: Sequence[str], world: World) -> None:
    """Refuse a fetch that would write a tag under a name it does not have on the remote."""
    for spec in read_options(rest, "-o --depth --deepen --shallow-since --upload-pack -j --jobs").operands[1:]:
        source, colon, target = spec.removeprefix("+").partition(":")
        moved = target.startswith(("refs/tags/", "tags/")) and source.rpartition("/")[2] != target.rpartition("/")[2]
        if colon and moved:
            _check_tag(target.rpartition("tags/")[2], "makes", shown("git fetch", *rest), world)
