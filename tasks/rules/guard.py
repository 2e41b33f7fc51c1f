"""The guard: whether a command line is allowed to a coding agent, and if not, why and what to do instead.

Forbidden is what only the release itself may do: version tags, pushes to the stable branch, releases, merges,
publishing, and taking the guard away. What may be one of these and cannot be understood is refused as well; what has
nothing to do with them is never looked at twice. A merge into the stable branch on this machine is allowed: nothing
leaves it, and the push is refused.
"""

import re
from collections.abc import Callable, Sequence

from ..errors import Refused
from .codecalls import calls
from .forge import check_gh, check_web
from .gitcommands import check_git
from .jujutsu import check_jj
from .publishing import check_publishing
from .pushes import PERMIT
from .refusals import UNKNOWN, Unclear
from .shelllines import KEYWORDS, read
from .shellwords import Scope
from .surroundings import Place, World
from .wards import check_code, check_path, check_words
from .wrappers import Inner, assignments, behind

_DEEPEST = 24
_INTERPRETERS = re.compile(r"(?:python|perl|ruby|node)[\d.]*", re.ASCII)
_HIDES = re.compile(r"GIT_CONFIG(?:_COUNT|_PARAMETERS|_GLOBAL|_SYSTEM|_KEY_\d+|_VALUE_\d+)\+?=", re.ASCII)
_WEB = frozenset(["curl", "http", "https", "wget", "xh"])
_EXPORTS = frozenset(["declare", "export", "local", "readonly", "typeset"])


def check_line(line: str, folder: str | None, world: World) -> None:
    """Refuse a command line, run in a folder, that does what is forbidden or may do so unseen."""
    try:
        _check(line.replace(UNKNOWN, ""), Place(folder), world, 0)
    except RecursionError:
        raise Unclear(
            "the command line is nested too deeply to be read", remedy="write it as separate commands"
        ) from None


def check_file(path: str, folder: str, world: World) -> None:
    """Refuse an edit of a file that is the guard's own."""
    check_path(path, Place(folder), world)


def _check(line: str, place: Place, world: World, deep: int) -> None:
    if deep > _DEEPEST:
        raise Unclear("the command line is nested too deeply to be read", remedy="write it as separate commands")
    places: dict[Scope, Place] = {(): place}
    printed = ""
    for command in read(line):
        scope = command.scope
        while scope not in places:
            scope = scope[:-1]
        here = places.setdefault(command.scope, places[scope].copy())
        text = command.text + (printed if command.piped else "")
        for path in command.writes:
            check_path(path, here, world)
        _check_words(command.words, text, here, world, deep)
        printed = _printed(command.words, text)


def _printed(words: Sequence[str], text: str) -> str:
    """Return what a command that only prints hands to the next one; `text` is what it reads."""
    name = words[0].rpartition("/")[2] if words else ""
    if name in {"echo", "printf"}:
        return " ".join(words[1:]).replace("\\n", "\n") + "\n"
    return text if name in {"cat", "tee"} else ""


def _check_words(words: Sequence[str], text: str, place: Place, world: World, deep: int) -> None:
    """Judge one simple command; `text` is what is known of its standard input."""
    while words and words[0] in KEYWORDS:
        words = words[1:]
    if words[:1] == ["function"]:
        _check_words(words[2:], text, place, world, deep)
        return
    settings, words = assignments(words)
    if words[:1] and words[0] in _EXPORTS:
        settings, words = [*settings, *words[1:]], []
    place = _with(settings, place, alone=not words)
    if words:
        _check_command(words, text, place, world, deep)


def _with(settings: Sequence[str], place: Place, *, alone: bool) -> Place:
    """Return the place as assignments make it: for one command, or (`alone`) for all that follow."""
    for pair in settings:
        name, _, value = pair.partition("=")
        if name == PERMIT:
            raise Refused(
                f"{PERMIT} is set by the command that a maintainer types, for one push",
                expected="a push that needs no permit",
                remedy="git push origin TOPIC",
            )
        if name in {"GIT_DIR", "GIT_WORK_TREE"} or _HIDES.match(pair):
            place = place if alone else place.copy()
            place.hidden = place.hidden or name.startswith("GIT_CONFIG")
            if name == "GIT_DIR":
                place.enter(value)
    return place


def _check_command(words: Sequence[str], text: str, place: Place, world: World, deep: int) -> None:
    """Judge a command without what stands before it: directly, or what it runs in turn."""
    name, rest = words[0].rpartition("/")[2], words[1:]
    if UNKNOWN in name:
        _check_unseen(words, text, place, world, deep)
        return
    found = behind(words)
    for inner in found:
        _check_inner(inner, text, place, world, deep + 1)
    if found and name != "find":
        return
    check_words([name, *rest], place, world)
    if _INTERPRETERS.fullmatch(name):
        _check_code(" ".join(rest), text, place, world, deep)
    if name in {"cd", "pushd", "popd"}:
        place.enter(_target(rest))
    elif name in {"git", "hub"} or name.startswith("git-"):
        words = [name[4:], *rest] if name.startswith("git-") else rest
        check_git(words, place, world, lambda line, at: _check(line, at, world, deep + 1))
        if name == "hub":  # git with GitHub's own commands beside
            check_gh(words, world)
    else:
        _check_program(name, rest, world)


def _check_program(name: str, rest: Sequence[str], world: World) -> None:
    """Judge a program that is not git."""
    if name == "gh":
        check_gh(rest, world)
    elif name == "jj":
        check_jj(rest, world)
    elif name in _WEB:
        check_web(name, rest, world)
    else:
        check_publishing(name, rest)


def _check_code(given: str, text: str, place: Place, world: World, deep: int) -> None:
    """Judge a program in another language by what it starts; most of what it does is not to be seen, and may be."""
    check_code(text)
    for line in calls(f"{given}\n{text}"):
        _unless_unclear(_later(line, place.copy(), world, deep + 1))


def _later(line: str, place: Place, world: World, deep: int) -> Callable[[], None]:
    return lambda: _check(line, place, world, deep)


def _target(rest: Sequence[str]) -> str:
    """Return where `cd` goes; home, back and the stack of `pushd` cannot be told."""
    folders = [word for word in rest if word[:1] not in {"-", "+"}]
    return folders[0] if folders else UNKNOWN


def _check_inner(inner: Inner, text: str, place: Place, world: World, deep: int) -> None:
    """Judge what a command runs."""
    there = place if inner.here else place.copy()
    if inner.folder:
        there.enter(inner.folder)
    if inner.reads:
        _check(text, there, world, deep)
    elif inner.line:
        _check(inner.line, there, world, deep)
    elif deep > _DEEPEST:
        raise Unclear("the command line is nested too deeply to be read", remedy="write it as separate commands")
    else:
        _check_words(inner.words, text, there, world, deep)


def _check_unseen(words: Sequence[str], text: str, place: Place, world: World, deep: int) -> None:
    """Judge a command whose name only running it would tell: it may be `sudo`, nothing, Python, git or gh."""
    rest = list(words[1:])
    if words[0] == UNKNOWN and rest:
        _check_words(rest[1:] if rest[0] == "-m" else rest, text, place, world, deep)
    _unless_unclear(lambda: check_git(rest, place.copy(), world, _ignored))
    _unless_unclear(lambda: check_gh(rest, world))


def _unless_unclear(check: Callable[[], None]) -> None:
    """Run a check of what need not be git at all: what it cannot tell is none of the guard's business then."""
    try:
        check()
    except Unclear:
        return


def _ignored(_line: str, _place: Place) -> None:
    """Leave a line unread."""
