"""What git command lines change for those after them: the branch that is checked out, and settings."""

from collections.abc import Sequence

from ..errors import Refused
from .options import read_options
from .refusals import UNKNOWN, shown
from .surroundings import Place, World, setting

_READS = ("--get", "--get-all", "--get-regexp", "--get-urlmatch", "-l", "--list", "--get-color", "--edit", "-e")
_VERBS = frozenset(["set", "unset", "rename-section", "remove-section"])


def note_config(rest: Sequence[str], place: Place) -> None:
    """Note a setting that is written; refuse one that would switch the guard off."""
    options = read_options(rest, "-f --file --blob --type --default --comment --value")
    operands = list(options.operands)
    verb = operands.pop(0) if operands and operands[0] in _VERBS else ""
    removing = options.has("--unset", "--unset-all", "--remove-section", "--rename-section")
    writing = verb or removing or (len(operands) > 1 and operands[0] not in {"get", "list"})
    if not writing or not operands or options.has(*_READS):
        return
    key = setting(operands[0]) if "." in operands[0] else operands[0].lower()
    if key in {"core.hookspath", "core", "include.path"} or key.startswith("includeif.") or UNKNOWN in key:
        raise Refused(
            f"{shown('git config', *rest)} can switch the guard's pre-push hook off",
            expected="core.hooksPath, and the files that can set it, stay as they are",
            remedy="a person sets it and types inv guard.install",
        )
    place.config[key] = tuple(operands[1:2])


def note_checkout(rest: Sequence[str], place: Place, world: World) -> None:
    """Note the branch that `git checkout` leads to; what is no branch is a file or a commit."""
    options = read_options(rest, "-b -B --orphan --conflict --pathspec-from-file")
    made = options.last("-b", "-B", "--orphan")
    if made:
        place.branch = made
    elif "--" not in rest and len(options.operands) == 1:
        name = options.operands[0]
        _note(name.partition("/")[2] if options.has("-t", "--track") else name, place, world)


def note_switch(rest: Sequence[str], place: Place, world: World) -> None:
    """Note the branch that `git switch` leads to."""
    options = read_options(rest, "-c -C --create --force-create --orphan --conflict")
    made = options.last("-c", "-C", "--create", "--force-create", "--orphan")
    if made or options.has("-d", "--detach"):
        place.branch = made
    elif options.operands:
        name = options.operands[0]
        _note(name.partition("/")[2] if options.has("-t", "--track") else name, place, world)


def _note(name: str, place: Place, world: World) -> None:
    """Note a branch by its name; the one before (`-`) and one that cannot be told make the place unknown."""
    if name == "-" or UNKNOWN in name:
        place.folder = None
        return
    seen = place.repository(world.look)
    if seen and any(_short(branch) == name for branch in seen.branches):
        place.branch = name


def _short(ref: str) -> str:
    """Return the name by which a branch, here or on a remote, is checked out."""
    kind, _, name = ref.removeprefix("refs/").partition("/")
    return name if kind == "heads" else name.partition("/")[2]


def note_branch(rest: Sequence[str], place: Place, world: World) -> None:
    """Note the new name of the branch that is checked out."""
    options = read_options(rest, "-u --set-upstream-to")
    if options.has("-m", "-M", "--move") and options.operands:
        seen = place.repository(world.look)
        if len(options.operands) == 1 or not seen or seen.branch == options.operands[0]:
            place.branch = options.operands[-1]
