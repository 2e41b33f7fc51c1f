"""The guard's own files, and which commands would change them."""

import re
from collections.abc import Iterable, Sequence

from ..errors import Refused
from .options import read_options
from .refusals import UNKNOWN
from .surroundings import Place, World, joined

# They change nothing by a file's name alone: most read it (awk, sed and find unless an option says otherwise).
_READING = (
    "[ [[ awk basename bat cat cd cksum cmp cut delta diff dirname du echo egrep fgrep file find fold gawk grep head "
    "hexdump jq less ll ls md5sum mkdir more nl od printf pushd readlink realpath rg sed sha1sum sha256sum shellcheck "
    "sort stat strings tac tail tar test tree type uniq wc which xxd"
)
_READERS = frozenset(_READING.split())
_COPIERS = frozenset(["cp", "install", "ln", "rsync", "scp"])
_REMOVERS = frozenset(["mv", "rm", "rmdir", "shred", "trash", "unlink"])
_GIT_WRITERS = frozenset(["checkout", "mv", "restore", "rm"])
_INTERPRETERS = re.compile(r"(?:python|perl|ruby|node|deno|bun|php|lua)[\d.]*", re.ASCII)
_IN_CODE = re.compile(r"hooks/pre-push|\.git/release-guard|\.claude/settings|core\.hookspath", re.IGNORECASE)
_TAG_FILE = re.compile(r"(?:^|/)\.git/(refs/tags/[^/]+)$")


def check_path(path: str, place: Place, world: World) -> None:
    """Refuse to change a file that is one of the guard's own, or a tag of a version."""
    if _touches(path, place, world):
        raise _refused(path)
    found = _TAG_FILE.search(path)
    what = world.guarded.what(found[1]) if found else ""
    if what:
        raise Refused(
            f"writing {path} makes {what}",
            expected="the tag is made after the merge, by the workflow",
            remedy="a maintainer types inv release.tag",
        )


def check_words(words: Sequence[str], place: Place, world: World) -> None:
    """Refuse a command that names one of the guard's files and does more than read it."""
    name, rest = words[0].rpartition("/")[2], words[1:]
    if _INTERPRETERS.fullmatch(name):
        check_code(" ".join(rest))
    for path in _changed(name, rest):
        check_path(path, place, world)
        if name in _REMOVERS and _holds(path, place, world):
            raise _refused(path)


def check_code(text: str) -> None:
    """Refuse a program that names one of the guard's files: what it does with it cannot be told."""
    found = _IN_CODE.search(text)
    if found:
        raise _refused(found[0])


def _refused(path: str) -> Refused:
    return Refused(
        f"{path} belongs to the guard, or switches it off",
        expected="the guard stays as a person installed it",
        remedy="a person types inv guard.install",
    )


def _changed(name: str, rest: Sequence[str]) -> Iterable[str]:
    """Return the operands that a command may change."""
    if name == "git":
        verbs = [word for word in rest if not word.startswith("-")]
        return verbs[1:] if verbs and verbs[0] in _GIT_WRITERS else ()
    if name == "dd":
        return [word.removeprefix("of=") for word in rest if word.startswith("of=")]
    if name in _COPIERS:
        options = read_options(rest, "-t --target-directory -m -o -g -S -e")
        return [*options.all("-t", "--target-directory"), *options.operands[-1:]]
    if name in _READERS and not _writes(name, rest):
        return ()
    return [word for word in rest if word and not word.startswith("-")]


def _writes(name: str, rest: Sequence[str]) -> bool:
    """Tell whether an option makes a writer of a reader."""
    if name == "sed":
        return any(re.match(r"-[a-zA-Z]*i|--in-place", word) for word in rest)
    if name == "find":
        return not {"-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint"}.isdisjoint(rest)
    return name in {"awk", "gawk"} and "inplace" in rest


def _touches(path: str, place: Place, world: World) -> bool:
    """Tell whether a path is one of the guard's files, lies in its folder, or is the folder such a file lies in."""
    whole = joined(place.folder, path)
    if whole is None:  # below a folder that cannot be told, such as $(git rev-parse --git-dir)
        head, _, tail = path.rpartition(UNKNOWN)
        tail = "/" + tail.lstrip("~/")
        telling = tail.count("/") > 1 or tail.startswith("/.")
        named = telling and any(file.endswith(tail) for file in world.kept)
        return named or (bool(head) and UNKNOWN not in head and _touches(head, place, world))
    pattern = _pattern(whole)
    return any(
        pattern.fullmatch(file) or pattern.fullmatch(file.rpartition("/")[0]) or whole.startswith(f"{file}/")
        for file in world.kept
    )


def _holds(path: str, place: Place, world: World) -> bool:
    """Tell whether one of the guard's files lies somewhere in a folder."""
    whole = joined(place.folder, path)
    if whole is None:
        return False
    pattern = _pattern(whole)
    return any(pattern.fullmatch(above) for file in world.kept for above in _above(file))


def _above(file: str) -> Iterable[str]:
    """Return the folders a file lies in."""
    parts = file.split("/")
    return ("/".join(parts[:count]) or "/" for count in range(1, len(parts)))


def _pattern(path: str) -> re.Pattern[str]:
    """Return what a path with the shell's stars stands for; a star does not stand for a leading dot."""
    pieces = re.split(r"(\*+|\?|\[[^\]/]*\])", path)
    pattern = ""
    for piece in pieces:
        if piece.startswith("*"):
            pattern += "(?!\\.)[^/]*" if pattern.endswith("/") else "[^/]*"
        elif piece == "?" or piece.startswith("["):
            pattern += "[^/]"
        else:
            pattern += re.escape(piece)
    return re.compile(pattern)
