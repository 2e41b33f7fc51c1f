"""Installing the guard: what is to be written, moved or taken away, and doing it."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import Refused, WrongValue
from .project import Project
from .rules.hooks import FOLDER, PRE_PUSH, ours, runner, with_agent, without_agent
from .sentry import FILES, SCOPE
from .systems.files import read_text, write_bytes

_PROGRAM = 0o755
_DATA = 0o644
RUNNER = "run"


@dataclass(frozen=True, slots=True)
class Step:
    """One change: `write` a file, `keep` what stands there under the name `to`, or `remove` it."""

    verb: str
    path: Path
    content: bytes = b""
    mode: int = _DATA
    to: Path | None = None

    def perform(self) -> None:
        """Make the change."""
        if self.verb == "keep" and self.to:
            self.path.rename(self.to)
        elif self.verb == "remove":
            shutil.rmtree(self.path) if self.path.is_dir() else self.path.unlink()
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self.path, self.content)
            self.path.resolve().chmod(self.mode)


def stable_branch(project: Project) -> str:
    """Return the stable branch: the settings' own, else the remote's default."""
    branch = project.settings.stable_branch or project.git.default_branch()
    if not branch:
        raise WrongValue(
            "which branch is the stable one cannot be told: no setting, and no remote with a default",
            expected='stable-branch = "main" in [tool.release-coordination]',
            remedy="git remote set-head origin --auto, or add the setting",
        )
    return branch


def scope(project: Project) -> dict[str, Any]:
    """Return what the installed guard needs to know of the project, so that no later edit changes what it guards."""
    github = project.settings.github
    return {
        "stable": stable_branch(project),
        "prefix": project.settings.tag_prefix,
        "hooks": str(project.git.hooks),
        "workflows": [github.workflows.release, github.workflows.tag],
        "api": github.api.partition("://")[2].partition("/")[0],
    }


def folder_of(project: Project) -> Path:
    """Return the folder in which the guard lies; all work trees of the repository share it."""
    return project.git.common / FOLDER


def install_steps(project: Project, *, agent: bool, chain: bool) -> list[Step]:
    """Return what is missing of the guard; nothing when it is in place."""
    folder, source = folder_of(project), Path(__file__).parent
    wanted = [Step("write", folder / name, (source / name).read_bytes()) for name in FILES]
    wanted.append(Step("write", folder / SCOPE, (json.dumps(scope(project), indent=2) + "\n").encode()))
    wanted.append(Step("write", folder / RUNNER, runner(str(Path(sys.executable).resolve())).encode()))
    hook = Step("write", project.git.hooks / "pre-push", PRE_PUSH.encode(), _PROGRAM)
    missing = [step for step in [*wanted, hook] if not _done(step)]
    if agent:
        missing += _settings_steps(project, wanted=True)
    return [*_kept(project, chain=chain), *missing]


def _done(step: Step) -> bool:
    if not step.path.is_file() or step.path.read_bytes() != step.content:
        return False
    return step.mode != _PROGRAM or bool(step.path.stat().st_mode & 0o100)


def _kept(project: Project, *, chain: bool) -> Iterator[Step]:
    """Yield what becomes of a hook that somebody else put where the guard's belongs; refuse what would harm it."""
    git = project.git
    if git.hooks_shared():
        raise Refused(
            f"core.hooksPath is {git.hooks}, set outside this repository: its hooks run in others too",
            expected="hooks of this repository's own",
            remedy='git config core.hooksPath "$(git rev-parse --git-common-dir)/hooks", then inv guard.install',
        )
    hook, local = git.hooks / "pre-push", git.hooks / "pre-push.local"
    if _ours(hook) or not (hook.exists() or hook.is_symlink()):
        return
    if not chain:
        raise Refused(
            f"{hook} is another hook",
            expected="no pre-push hook, or the guard's",
            remedy="inv guard.install --chain keeps it as pre-push.local and runs it after the guard",
        )
    if local.exists():
        raise Refused(
            f"{hook} is another hook, and {local.name} is there already",
            expected="one other hook at the most",
            remedy=f"join the two in {local}, remove the first, then inv guard.install",
        )
    yield Step("keep", hook, to=local)


def _ours(hook: Path) -> bool:
    return hook.is_file() and ours(hook.read_bytes().decode("utf-8", "replace"))


def remove_steps(project: Project) -> list[Step]:
    """Return what is to be taken away so that nothing of the guard is left and everything else is as it was."""
    hook, local = project.git.hooks / "pre-push", project.git.hooks / "pre-push.local"
    steps: list[Step] = []
    if _ours(hook):
        steps.append(Step("remove", hook))
        if local.exists():
            steps.append(Step("keep", local, to=hook))
    steps += _settings_steps(project, wanted=False)
    return [*steps, *([Step("remove", folder_of(project))] if folder_of(project).exists() else [])]


def _settings_steps(project: Project, *, wanted: bool) -> list[Step]:
    """Return the change of the agent's settings, nothing when they are as they should be."""
    path = project.git.top / ".claude" / "settings.json"
    text = read_text(path) if path.exists() else ""
    try:
        before = json.loads(text or "{}")
    except ValueError as error:
        raise WrongValue(f"{path} is no JSON: {error}", expected="a JSON object", remedy="mend it first") from None
    if not isinstance(before, dict):
        raise WrongValue(f"{path} is no JSON object", expected='{"hooks": …}', remedy="mend it first")
    after = with_agent(before) if wanted else without_agent(before)
    if after == before:
        return []
    if not after:
        return [Step("remove", path)]
    return [Step("write", path, (json.dumps(after, indent=_indent(text), ensure_ascii=False) + "\n").encode())]


def _indent(text: str) -> str:
    """Return the indentation of a JSON text."""
    lines = (line for line in text.splitlines()[1:] if line.strip())
    first = next(lines, "  x")
    return first[: len(first) - len(first.lstrip())] or "  "
