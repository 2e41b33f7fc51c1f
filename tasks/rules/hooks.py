"""The texts that the guard installs: git's hook, what starts the guard, and a coding agent's settings."""

import re
from collections.abc import Mapping
from typing import Any

from ..errors import WrongValue
from .agenttools import MATCHER
from .shellwords import quoted

FOLDER = "release-guard"
_MARK = "# release-guard: "
_RUN = f"{FOLDER}/run"

PRE_PUSH = f"""\
#!/bin/sh
{_MARK}refuses to push version tags and the stable branch. Written by `inv guard.install`.
# A hook that stood here before is kept as pre-push.local; it runs after the guard, with the same input.
hooks=$(dirname -- "$0")
run=$(git rev-parse --git-common-dir)/{_RUN}
if [ ! -f "$run" ]; then
    echo 'release-guard: the guard is not installed in this clone, so nothing is pushed' >&2
    echo 'release-guard: next: inv guard.install' >&2
    exit 2
fi
updates=$(cat)
say() {{ [ -z "$updates" ] || printf '%s\\n' "$updates"; }}
say | sh "$run" pre-push || exit 2
if [ -x "$hooks/pre-push.local" ]; then say | "$hooks/pre-push.local" "$@"; fi
"""

# An agent takes exit code 2 for a refusal and any other failure for a hiccup, so every way on ends in one or in 0.
AGENT = (
    f'cd "${{CLAUDE_PROJECT_DIR:-.}}" && run="$(git rev-parse --git-common-dir)/{_RUN}" && [ -f "$run" ] '
    '&& exec sh "$run" agent; '
    "echo 'release-guard is not installed in this clone; a person types: inv guard.install --agent' >&2; exit 2"
)
_MATCHER = f"Bash|Edit|MultiEdit|NotebookEdit|Write|{MATCHER}"


def runner(python: str) -> str:
    """Return the script that starts the guard with the Python it was installed by, else with any other."""
    return f"""\
#!/bin/sh
{_MARK}starts the guard with a Python that is there, and refuses when none can. Written by `inv guard.install`.
folder=$(dirname -- "$0")
for python in {quoted(python)} python3; do
    command -v "$python" >/dev/null 2>&1 || continue
    "$python" -I -S "$folder/sentry.py" "$@"
    case $? in 0) exit 0 ;; 3) exit 2 ;; *) break ;; esac
done
echo 'release-guard: the guard cannot run, so this is refused' >&2
echo 'release-guard: next: a person types inv guard.install' >&2
exit 2
"""


def ours(text: str) -> bool:
    """Tell whether a hook is one that the guard installed."""
    return any(line.startswith(_MARK) for line in text.splitlines()[:3])


def with_agent(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return an agent's settings with the guard among its hooks, once, and everything else as it is."""
    entry = {"matcher": _MATCHER, "hooks": [{"type": "command", "command": AGENT}]}
    before = _entries(settings)
    if entry in before:
        return dict(settings)
    hooks = {**settings.get("hooks", {}), "PreToolUse": [*_foreign(before), entry]}
    return {**settings, "hooks": hooks}


def without_agent(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return an agent's settings without the guard; what held nothing else goes with it."""
    left = _foreign(_entries(settings))
    hooks = {key: value for key, value in settings.get("hooks", {}).items() if key != "PreToolUse" or left}
    if "PreToolUse" in hooks:
        hooks["PreToolUse"] = left
    result = {key: value for key, value in settings.items() if key != "hooks" or hooks}
    return result | ({"hooks": hooks} if hooks else {})


def _entries(settings: Mapping[str, Any]) -> list[Any]:
    """Return the hooks that run before a tool; refuse settings of another shape."""
    hooks = settings.get("hooks", {})
    entries = hooks.get("PreToolUse", []) if isinstance(hooks, dict) else None
    if not isinstance(entries, list):
        raise WrongValue(
            "the agent's settings have hooks that are no table of lists",
            expected='{"hooks": {"PreToolUse": […]}}',
            remedy="mend .claude/settings.json",
        )
    return entries


def _foreign(entries: list[Any]) -> list[Any]:
    """Return the hooks that are not the guard's, also not those of an older one."""
    return [entry for entry in entries if not re.search(rf"\b{_RUN}\b", str(entry))]
