"""Jujutsu (`jj`) on a command line: it pushes with git, but past git's hooks, so the guard judges it by its text."""

from collections.abc import Sequence

from ..errors import Refused
from .options import read_options
from .refusals import UNKNOWN, Unclear, shown
from .surroundings import World

_GLOBAL = "-R --repository --at-operation --at-op --color --config --config-file"
_PUSH = "--remote -b --bookmark -c --change --named -r --revisions -o --option"
_NAMES = frozenset("*?[")


def check_jj(words: Sequence[str], world: World) -> None:
    """Refuse a `jj` command (its words after `jj`) that pushes the stable branch, or may, or makes a version's tag."""
    command = list(read_options(words, _GLOBAL, stop=True).operands)
    said = shown("jj", *words)
    if command[:1] == ["tag"] and command[1:2] in (["set"], ["delete"], ["create"]):
        for name in read_options(command[2:], "-r --revision --to").operands:
            _check_name(name, said, world)
    if command[:2] != ["git", "push"]:
        return
    options = read_options(command[2:], _PUSH)
    if options.help:
        return
    names = [*options.all("-b", "--bookmark"), *(name.partition("=")[0] for name in options.all("--named"))]
    for name in names:
        _check_name(name, said, world)
    if options.has("--all", "--tracked", "--deleted", "-r", "--revisions") or not (
        names or options.has("-c", "--change")
    ):
        raise Unclear(
            f"{said} does not say which bookmarks it pushes, and goes past the guard's pre-push hook",
            expected="the bookmark written out",
            remedy="jj git push --bookmark TOPIC",
        )


def _check_name(name: str, said: str, world: World) -> None:
    """Refuse a name that is guarded, and a pattern or a word that may stand for one."""
    kind, colon, rest = name.partition(":")
    name = rest if colon and kind in {"exact", "exact-i"} else name
    if UNKNOWN in name or ":" in name or _NAMES & set(name):
        raise Unclear(f"{said} names a bookmark that only running it would tell", expected="the bookmark written out")
    what = world.guarded.what(name)
    if what:
        raise Refused(
            f"{said} moves {what}",
            expected=f"a topic branch, and a pull request into {world.guarded.stable}",
            remedy="jj git push --bookmark TOPIC",
        )
