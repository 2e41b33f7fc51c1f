"""Programs that hand a whole line to a shell elsewhere: on another host, as another user, in a window of its own."""

from collections.abc import Callable, Mapping

from .options import read_options

_KEYS = frozenset(["C-c", "C-j", "C-m", "Enter"])
_SSH = " ".join(f"-{letter}" for letter in "BbcDEeFIiJLlmOopQRSWw")


def _option_c(rest: list[str]) -> list[str]:
    """Return the line of `su -c`, `script -c`, `flock FILE -c`."""
    return read_options(rest, "-c --command -E -w -T -o -O -I -B -s -g -G").all("-c", "--command")


def _nix_shell(rest: list[str]) -> list[str]:
    return read_options(rest, "--run --command -p").all("--run", "--command")


def _ssh(rest: list[str]) -> list[str]:
    return [" ".join(read_options(rest, _SSH, stop=True).operands[1:])]


def _tmux(rest: list[str]) -> list[str]:
    """Return the line that tmux runs in a window of its own, or types into one."""
    _command, *words = [*read_options(rest, "-L -S -f", stop=True).operands, "", ""]
    options = read_options(words, "-c -e -F -n -s -t -x -y", stop=True)
    return [" ".join(word for word in options.operands if word not in _KEYS)]


def _watch(rest: list[str]) -> list[str]:
    return [" ".join(read_options(rest, "-n --interval", stop=True).operands)]


LINES: Mapping[str, Callable[[list[str]], list[str]]] = {
    "flock": _option_c,
    "nix-shell": _nix_shell,
    "script": _option_c,
    "ssh": _ssh,
    "su": _option_c,
    "tmux": _tmux,
    "watch": _watch,
}
