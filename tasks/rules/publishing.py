"""Publishing on a command line: uploads to an index, and this project's own commands that release."""

import re
from collections.abc import Sequence
from itertools import takewhile

from ..errors import Refused
from .options import read_options
from .refusals import shown

_UPLOADS = {
    "flit": {"publish"},
    "hatch": {"publish"},
    "maturin": {"publish", "upload"},
    "pdm": {"publish"},
    "poetry": {"publish"},
    "rye": {"publish"},
    "twine": {"upload"},
    "uv": {"publish"},
}
_TAGGERS = {"commitizen": {"bump"}, "cz": {"bump"}, "semantic-release": {"", "publish", "version"}}
_LOOKS = frozenset(["--dry-run", "--get-next", "--noop", "--print", "--print-tag", "--files-only", "--version"])
_VALUED = "-C --cache-dir --color --config-file --directory -p --project -P -e --env -f --ini-file --data-dir"
_OURS = frozenset(["inv", "invoke", "release-coordination"])
_TASK = re.compile(r"[a-z]+\.[a-z-]+")
_TASKS = frozenset(["guard.install", "release.tag", "rollback.tag"])


def check_publishing(name: str, words: Sequence[str]) -> None:
    """Refuse a program (and its words) that uploads to an index, or one of our tasks that is a person's alone."""
    said = shown(name, *words)
    if {"--help", "-h"} & set(words):
        return
    if name in _OURS:
        _check_tasks(words, said)
        return
    _check_taggers(name, words, said)
    if "--dry-run" in words:
        return
    verbs = read_options(words, _VALUED, stop=True).operands[:1]
    if _UPLOADS.get(name, set()).intersection(verbs) or (name.startswith("python") and _is_setup(words)):
        raise Refused(
            f"{said} publishes to an index",
            expected="the workflows publish: candidates from the development branch, releases from the tag",
            remedy="git push origin TOPIC",
        )


def _check_taggers(name: str, words: Sequence[str], said: str) -> None:
    """Refuse other programs that tag and release by themselves."""
    verb = next(iter(read_options(words, "-n --name -c --config", stop=True).operands), "")
    if verb in _TAGGERS.get(name, set()) and not _LOOKS.intersection(words):
        raise Refused(
            f"{said} makes version tags or releases",
            expected="the tag is made after the merge, by the workflow",
            remedy="inv version.bump, inv changelog.draft --write",
        )


def _check_tasks(words: Sequence[str], said: str) -> None:
    """Refuse our tasks that are a person's alone, unless the flags that follow one make it a dry run."""
    for at, task in enumerate(words):
        flags = takewhile(lambda word: not _TASK.fullmatch(word), words[at + 1 :])
        if task in _TASKS and "--dry-run" not in flags:
            raise Refused(f"{said}: {task} is for people", expected="a person decides this", remedy=f"ask for {task}")


def _is_setup(words: Sequence[str]) -> bool:
    """Tell whether this is the old `python setup.py sdist upload`."""
    return bool(words) and words[0].rpartition("/")[2] == "setup.py" and "upload" in words[1:]
