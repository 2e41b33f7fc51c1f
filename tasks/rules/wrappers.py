"""Commands that run another command: `sudo`, `env`, `timeout 5`, `sh -c …`, `find -exec …`, `uv run …`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from .elsewhere import LINES
from .options import read_options
from .refusals import UNKNOWN
from .shellwords import quoted

_UV_RUN = (
    "--with --with-editable --with-requirements --python -p --extra --group --only-group --env-file --directory "
    "--project --package --index --index-url"
)
# What stands before the command: the options that take a value, and how many operands.
_PREFIXES = {
    "builtin": ("", 0),
    "busybox": ("", 0),
    "caffeinate": ("-t -w", 0),
    "bunx": ("", 0),
    "chronic": ("", 0),
    "chrt": ("", 1),
    "command": ("", 0),
    "coproc": ("", 0),
    "doas": ("-C -u", 0),
    "env": ("-u --unset -C --chdir -S --split-string", 0),
    "exec": ("-a", 0),
    "gtimeout": ("-k -s --kill-after --signal", 1),
    "ionice": ("-c -n -p", 0),
    "nice": ("-n --adjustment", 0),
    "nohup": ("", 0),
    "npx": ("-p --package", 0),
    "parallel": ("-j --jobs", 0),
    "screen": ("-S -t -c -e -h -p -T", 0),
    "runuser": ("-c --command -u -g", 0),
    "setsid": ("", 0),
    "ssh-agent": ("-a -E -O -P -t", 0),
    "stdbuf": ("-i -o -e --input --output --error", 0),
    "strace": ("-e -o -p -s", 0),
    "sudo": ("-C -D -g -h -p -R -r -T -t -U -u --user --group --chdir --host --prompt", 0),
    "systemd-run": ("-E -H -M -p -u --description --property --setenv --slice --unit --working-directory", 0),
    "taskset": ("", 1),
    "time": ("-f -o --format --output", 0),
    "timeout": ("-k -s --kill-after --signal", 1),
    "unbuffer": ("", 0),
    "uvx": ("--from --with -p --python --index --index-url", 0),
    "devbox run": ("-c --config -e --env", 0),
    "dbus-run-session": ("--config-file --dbus-daemon", 0),
    "direnv exec": ("", 1),
    "hatch run": ("", 0),
    "mise exec": ("", 0),
    "npm exec": ("-p --package -w --workspace", 0),
    "op run": ("--env-file", 0),
    "pdm run": ("-p --project", 0),
    "pipenv run": ("", 0),
    "pipx run": ("--spec --python --pip-args", 0),
    "pnpm exec": ("", 0),
    "poetry run": ("-C -P --directory --project", 0),
    "rye run": ("", 0),
    "uv run": (_UV_RUN, 0),
}
_UV_OPTIONS = "--directory --project --cache-dir --config-file --color -C"
_SHELLS = re.compile(r"(?:r?bash|dash|zsh|ksh\d*|mksh|ash|yash|fish|sh)(?:-[\d.]+)?", re.ASCII)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=", re.ASCII)
_FIND_RUNS = frozenset(["-exec", "-execdir", "-ok", "-okdir"])


@dataclass(frozen=True, slots=True)
class Inner:
    """What a command runs: other words, or a line for a shell; `folder` is where, when it says so.

    `reads`: a shell that takes its commands from standard input. `here`: in the shell itself, as `eval` does.
    """

    words: Sequence[str] = ()
    line: str = ""
    folder: str = ""
    reads: bool = False
    here: bool = False


def assignments(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the assignments that stand before a command, and the command."""
    count = next((at for at, word in enumerate(words) if not _ASSIGNMENT.match(word)), len(words))
    return list(words[:count]), list(words[count:])


def behind(words: Sequence[str]) -> list[Inner]:
    """Return what a command runs, nothing when it runs no other."""
    name, rest = words[0].rpartition("/")[2], list(words[1:])
    if _SHELLS.fullmatch(name):
        return [_shell(rest)]
    if name in LINES and name not in _SPECIAL:
        return [Inner(line=line) for line in LINES[name](rest)]
    special = _SPECIAL.get(name)
    if special:
        return special(rest)
    if re.fullmatch(r"python[\d.]*|py", name, re.ASCII):
        options = read_options(rest, "-m -c -W -X", stop=True)
        return [Inner([options.last("-m"), *options.operands])] if options.has("-m") else []
    return _prefixed(name, rest)


def _prefixed(name: str, rest: list[str]) -> list[Inner]:
    """Return what stands behind a command that does something before it runs the rest of its words."""
    if name == "uv":
        rest = list(read_options(rest, _UV_OPTIONS, stop=True).operands)
        name, rest = ("uvx", rest[2:]) if rest[:2] == ["tool", "run"] else (name, rest)
    if name not in _PREFIXES and rest and f"{name} {rest[0]}" in _PREFIXES:
        name, rest = f"{name} {rest[0]}", rest[1:]
    if name not in _PREFIXES:
        return []
    valued, skipped = _PREFIXES[name]
    options = read_options(rest, valued, stop=True)
    if name == "command" and options.has("-v", "-V"):
        return []
    lines = [Inner(line=line) for line in options.all("-c", "--command")] if name == "runuser" else []
    words = list(options.operands)[skipped:]
    if words[:1] in (["-"], ["--"]):  # `env -` is `env -i`
        words = words[1:]
    if name == "env" and options.has("-S", "--split-string"):
        line = " ".join([options.last("-S", "--split-string"), *map(quoted, words)])
        return [Inner(line=line)]
    folder = options.last("-C", "--chdir") if name == "env" else options.last("-D", "--chdir")
    return [*lines, Inner(words, folder=folder if name in {"env", "sudo"} else "")]


def _shell(rest: list[str]) -> Inner:
    """Return what a shell runs: the line after `-c`, or what it reads when it is given no file."""
    words, line = [*rest], False
    while words and words[0][:1] in {"-", "+"} and words[0] not in {"-", "--"}:
        option = words.pop(0)
        short = not option.startswith("--")
        line = line or (short and "c" in option)
        if option in {"--rcfile", "--init-file"} or (short and option[-1] in "oO"):
            words = words[1:]
        if short and "s" in option and not line:
            return Inner(reads=True)
    if words[:1] in (["-"], ["--"]):
        words = words[1:]
    if line:
        return Inner(line=words[0] if words else "")
    return Inner(reads=not words or words[0] == "/dev/stdin")


def _xargs(rest: list[str]) -> list[Inner]:
    """Return what xargs runs; the words it adds cannot be told."""
    valued = "-a -d -E -I -i -L -l -n -P -s --arg-file --delimiter --max-args --max-procs --max-lines --replace"
    options = read_options(rest, valued.replace(" -i", "").replace(" -l", ""), stop=True)
    mark = options.last("-I", "--replace")
    words = [word.replace(mark, UNKNOWN) if mark else word for word in options.operands]
    return [Inner(words if mark else [*words, UNKNOWN])] if words else []


def _find(rest: list[str]) -> list[Inner]:
    """Return the commands of find's actions; the files it puts in cannot be told."""
    runs = [rest[at + 1 :] for at, word in enumerate(rest) if word in _FIND_RUNS]
    ended = [takewhile(lambda word: word not in {";", "+"}, words) for words in runs]
    return [Inner([word.replace("{}", UNKNOWN) for word in words]) for words in ended]


def _line(rest: list[str]) -> list[Inner]:
    return [Inner(line=" ".join(rest), here=True)]


def _trap(rest: list[str]) -> list[Inner]:
    return [Inner(line=word, here=True) for word in read_options(rest).operands[:1]]


def _alias(rest: list[str]) -> list[Inner]:
    return [Inner(line=word.partition("=")[2]) for word in rest if "=" in word]


def _flock(rest: list[str]) -> list[Inner]:
    options = read_options(rest, "-E -w --timeout --conflict-exit-code", stop=True)
    return [*(Inner(line=line) for line in LINES["flock"](rest)), Inner(list(options.operands[1:]))]


def _at(rest: list[str]) -> list[Inner]:
    return [Inner(reads=True)] if not {"-c", "-d", "-f", "-l", "-r"} & set(rest) else []


_SPECIAL = {
    "alias": _alias,
    "at": _at,
    "batch": _at,
    "eval": _line,
    "find": _find,
    "flock": _flock,
    "trap": _trap,
    "xargs": _xargs,
}
