"""Git command lines: which of them make, move or push what is guarded."""

from collections.abc import Callable, Sequence

from ..errors import Refused
from .gitplaces import note_branch, note_checkout, note_config, note_switch
from .gittags import check_fetch, check_refs, check_tag
from .options import read_options, unknown
from .refspecs import check_push
from .refusals import UNKNOWN, Unclear, shown
from .shelllines import read
from .shellwords import quoted
from .surroundings import Place, World, setting

Run = Callable[[str, Place], None]  # judges a line that git hands to a shell

_GLOBAL = "-C -c --git-dir --work-tree --namespace --config-env --super-prefix --attr-source"
_PUSH_SETTINGS = ("alias.", "branch.", "include", "push.", "remote.")
_DEEPEST = 8
# Commands that git lets no alias replace and that need no look.
_PLAIN = (
    "add am apply archive blame bundle cat-file check-ignore cherry cherry-pick clean clone commit commit-tree "
    "count-objects describe diff diff-tree difftool for-each-ref format-patch fsck gc grep hash-object help init "
    "lfs log ls-files ls-remote ls-tree merge merge-base mergetool mv name-rev notes range-diff read-tree reflog "
    "remote reset restore rev-list rev-parse revert rm shortlog show show-ref sparse-checkout stash status var "
    "verify-tag version whatchanged worktree write-tree"
)
_BUILTINS = frozenset(_PLAIN.split())


def check_git(words: Sequence[str], place: Place, world: World, run: Run, deep: int = 0) -> None:
    """Refuse a git command (its words after `git`) when it does what is forbidden or when that cannot be told."""
    options = read_options(words, _GLOBAL, stop=True)
    if not options.operands:
        return
    name, *rest = options.operands
    if UNKNOWN in name:
        raise Unclear(
            f"{shown('git', *words)}: which git command this is only running it would tell",
            expected="the command written out",
            remedy="git push origin TOPIC",
        )
    there = place.copy()
    for folder in options.all("-C", "--git-dir"):
        there.enter(folder)
    for key, _, value in (pair.partition("=") for pair in options.all("-c")):
        there.config[setting(key)] = (value,)
    for pair in options.all("--config-env"):
        there.config[setting(pair.partition("=")[0])] = (UNKNOWN,)
    _check_named(name, rest, there, world, run, deep)
    if not options.has("-C", "--git-dir"):
        place.folder, place.branch = there.folder, there.branch
        place.config |= there.config if name == "config" else {}


def _check_named(name: str, rest: list[str], place: Place, world: World, run: Run, deep: int) -> None:
    if name == "push":
        _check_push(rest, place, world)
    elif name in _REFS:
        _REFS[name](rest, world)
    elif name in _PLACES:
        _PLACES[name](rest, place, world)
    elif name in {"submodule", "rebase", "bisect"}:
        _check_nested(rest, place, run)
    elif name == "subtree" and rest[:1] == ["push"]:
        _check_push(list(read_options(rest[1:], "-P --prefix -m --message").operands), place, world)
    elif (
        name in {"send-pack", "http-push"}
        or (name, *rest[:1]) == ("town", "ship")
        or (name == "flow" and {"finish", "publish"} & set(rest))
    ):
        raise Refused(
            f"{shown('git', name, *rest)} moves refs where the guard does not see which",
            expected="git push, and a pull request that the approver merges",
            remedy="git push origin TOPIC",
        )
    elif name not in _BUILTINS:
        _check_alias(name, rest, place, world, run, deep)


def _check_push(rest: list[str], place: Place, world: World) -> None:
    said = shown("git push", *rest)
    if "core.hookspath" in place.config:
        raise Refused(
            f"{said} with another core.hooksPath goes past the guard's pre-push hook",
            expected="a push that the guard sees",
            remedy="git push",
        )
    if place.hidden:
        raise Unclear(
            f"{said} takes settings from the environment, where they cannot be seen",
            expected="git's settings as they are",
            remedy="git push origin TOPIC",
        )
    if any(unknown(values) for key, values in place.config.items() if key.startswith(_PUSH_SETTINGS)):
        raise Unclear(f"{said} takes settings that only running it would tell", remedy="git push origin TOPIC")
    check_push(rest, place.repository(world.look), world.guarded)


def _check_nested(rest: list[str], place: Place, run: Run) -> None:
    """Judge what `git submodule foreach`, `git rebase --exec` and `git bisect run` run."""
    for line in read_options(rest, "-x --exec").all("-x", "--exec"):
        run(line, place)
    for mark in {"foreach", "run"} & set(rest):
        words = [word for word in rest[rest.index(mark) + 1 :] if word != "--recursive"]
        run(words[0] if len(words) == 1 else " ".join(map(_passed, words)), place)


def _check_alias(name: str, rest: list[str], place: Place, world: World, run: Run, deep: int) -> None:
    """Judge what an alias stands for; where the work tree cannot be seen, the settings of the first one count."""
    seen = place.repository(world.look) or world.look("")
    value = next(iter(place.config.get(f"alias.{name}", ())), "") or (seen.get(f"alias.{name}") if seen else "")
    if deep > _DEEPEST:
        raise Unclear(f"git {name} is an alias that stands for itself", expected="the command written out")
    if value.startswith("!"):
        run(" ".join([value[1:], *map(_passed, rest)]), place)
        return
    for command in read(value)[:1]:
        check_git([*command.words, *rest], place, world, run, deep + 1)


def _passed(word: str) -> str:
    """Return a word for a shell that is to read it as one; what cannot be told stays so."""
    return word if UNKNOWN in word else quoted(word)


_REFS: dict[str, Callable[[Sequence[str], World], None]] = {
    "fetch": check_fetch,
    "pull": check_fetch,
    "symbolic-ref": check_refs,
    "tag": check_tag,
    "update-ref": check_refs,
}
_PLACES: dict[str, Callable[[Sequence[str], Place, World], None]] = {
    "branch": note_branch,
    "checkout": note_checkout,
    "config": lambda rest, place, _world: note_config(rest, place),
    "switch": note_switch,
}
