"""The guard as git and coding agents start it: a file of its own, with the standard library alone.

`inv guard.install` copies this file and the rules it needs into `release-guard/` in the repository's git folder, where
neither a checkout of another branch nor a missing environment can take them away. There it is started as
`python -I -S sentry.py pre-push|agent`. Where the guard cannot run, it refuses.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
if not __package__:  # started as a file: its folder is the package, so that the imports below find the rules
    __package__ = "release_guard"
    sys.modules[__package__] = ModuleType(__package__)
    sys.modules[__package__].__path__ = [str(HERE)]

from .errors import Refused  # noqa: E402

if TYPE_CHECKING:
    from .rules.refspecs import Repository
    from .rules.surroundings import World

RULES = ("__init__", "agenttools", "codecalls", "elsewhere", "forge", "gitcommands", "gitplaces", "gittags", "guard",
         "jujutsu", "options", "publishing", "pushes", "refspecs", "refusals", "shelllines", "shellwords",
         "surroundings", "wards", "wrappers")  # fmt: skip
FILES = ("sentry.py", "errors.py", *(f"rules/{name}.py" for name in RULES))
SCOPE = "scope.json"
_OLDEST = (3, 11)
_REFUSED = 3  # Python itself ends with 1 and 2
_SECONDS = 10
_EDITS = frozenset(["Edit", "MultiEdit", "NotebookEdit", "Write"])
_REPAIR = "a person types inv guard.install"


class NotUnderstood(Refused):
    """What an agent sent is not what its protocol says."""


def answer(text: str, folder: Path, scope: Mapping[str, Any]) -> str:
    """Return what an agent is told about the call it announced: a document that denies it, or nothing."""
    try:
        _check_call(text, folder, scope)
    except Refused as refused:
        return denial(str(refused))
    return ""


def denial(reason: str) -> str:
    """Return the document that denies a call."""
    said = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": reason}
    return json.dumps({"hookSpecificOutput": said}) + "\n"


def _check_call(text: str, folder: Path, scope: Mapping[str, Any]) -> None:
    from .rules.agenttools import check_tool
    from .rules.guard import check_file, check_line

    tool, given, place = _call(text)
    world = _world(folder, scope, place)
    command, path = given.get("command"), given.get("file_path", given.get("notebook_path"))
    if tool == "Bash" and not isinstance(command, str):
        raise NotUnderstood("a Bash call without a command", expected='{"tool_input": {"command": "…"}}')
    if tool in _EDITS and not isinstance(path, str):
        raise NotUnderstood(f"a call of {tool} without a path", expected='{"tool_input": {"file_path": "…"}}')
    check_tool(tool, given, world)
    if tool in _EDITS:
        check_file(os.path.normpath(Path(place) / str(path)), place, world)
    elif isinstance(command, str):
        check_line(command, place, world)


def _call(text: str) -> tuple[str, Mapping[str, Any], str]:
    """Return the tool that is called, its input and the folder it is called in."""
    expected = '{"tool_name": "Bash", "tool_input": {"command": "…"}, "cwd": "…"}'
    try:
        call = json.loads(text)
    except (ValueError, RecursionError):
        raise NotUnderstood(f"the guard was told no JSON: {text[:40]!r}", expected=expected) from None
    call = call if isinstance(call, dict) else {}
    tool, given, place = call.get("tool_name"), call.get("tool_input"), call.get("cwd", "")
    if not isinstance(tool, str) or not tool or not isinstance(given, dict) or not isinstance(place, str):
        raise NotUnderstood(f"the guard was told {text[:40]!r}", expected=expected)
    return tool, given, os.path.realpath(place or ".")


def _world(folder: Path, scope: Mapping[str, Any], place: str) -> "World":
    from .rules.pushes import Guarded
    from .rules.surroundings import World

    @lru_cache
    def cached(path: str) -> "Repository | None":
        return look(path or place)

    guarded = Guarded(scope["stable"], scope["prefix"])
    return World(guarded, cached, _kept(folder, scope["hooks"]), scope["workflows"], scope["api"])


def _kept(folder: Path, hooks: str) -> list[str]:
    """Return the guard's own files by every name that they have."""
    common = folder.parent
    agents = os.environ.get("CLAUDE_PROJECT_DIR")
    tops = [Path.home(), common.parent, *([Path(agents)] if agents else [])]
    files = [
        folder,
        common / "config",
        *(Path(place) / name for place in (hooks, common / "hooks") for name in ("pre-push", "pre-push.local")),
        Path.home() / ".gitconfig",
        Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "git" / "config",
        *(top / ".claude" / name for top in tops for name in ("settings.json", "settings.local.json")),
    ]
    return sorted({name for file in files for name in (str(file.absolute()), os.path.realpath(file))})


def look(folder: str) -> "Repository | None":
    """Return what git says of a folder's work tree, None when there is none."""
    from .rules.refspecs import Repository

    config = _git(folder, "config", "--list", "-z")
    branches = _git(folder, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
    if config is None or branches is None:
        return None
    values: dict[str, tuple[str, ...]] = {}
    for key, _, value in (entry.partition("\n") for entry in config.split("\0") if entry):
        values[key] = (*values.get(key, ()), value)
    branch = _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or ""
    return Repository(branch.strip(), frozenset(branches.split()), values)


def _git(folder: str, *words: str) -> str | None:
    try:
        argv = ["git", "-C", folder, *words]
        done = subprocess.run(argv, capture_output=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def check_push(text: str, scope: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Refuse the updates that git tells a pre-push hook of, when one of them is the release's own."""
    from .rules.pushes import PERMIT, Guarded, check_updates, read_updates

    guarded = Guarded(scope["stable"], scope["prefix"])
    check_updates(read_updates(text), guarded, environment.get(PERMIT, ""))


def main(words: Sequence[str]) -> int:
    """Answer git or an agent by exit code and document; whatever goes wrong is a refusal."""
    agent = list(words) == ["agent"]
    try:
        if sys.version_info < _OLDEST:
            raise Refused(
                f"the guard was started with Python {sys.version.split()[0]}", expected="3.11", remedy=_REPAIR
            )
        text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
        scope = json.loads((HERE / SCOPE).read_text("utf-8"))
        if agent:
            sys.stdout.write(answer(text, HERE, scope))
        else:
            check_push(text, scope, os.environ)
    except Refused as refused:
        return _refuse(str(refused), agent=agent)
    except Exception as error:  # noqa: BLE001 - a guard that fails must not let anything through
        return _refuse(f"the guard failed: {type(error).__name__}: {error}\nnext: {_REPAIR}", agent=agent)
    return 0


def _refuse(reason: str, *, agent: bool) -> int:
    if agent:
        sys.stdout.write(denial(reason))
        return 0
    sys.stderr.write("".join(f"release-guard: {line}\n" for line in reason.splitlines()))
    return _REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
