"""The equipment: whether the programs are here, the guard is awake, and the hosts can be reached."""

from collections.abc import Callable
from functools import partial

from .errors import ReleaseError, Unreachable
from .guarding import RUNNER, folder_of, install_steps
from .project import Project
from .rules.checks import Result
from .rules.protection import Look
from .systems.process import run
from .systems.programs import ProgramMissing
from .systems.web import Web

_TOOLS = ("git", "uv", "git-cliff")
_OPTIONAL = {"gh": "a token may also be in GITHUB_TOKEN"}


def equipment(project: Project, _web: Web) -> dict[str, Callable[[], Look]]:
    """Return the checks of programs, the guard and hosts."""
    hosts = {f"host {name}": partial(_host, project, name) for name in project.settings.hosts}
    return {
        **{name: partial(_tool, project, name) for name in (*_TOOLS, *_OPTIONAL)},
        "guard": partial(_guard, project),
        **(hosts or {"hosts": lambda: Look(Result.SKIPPED, "none in the settings")}),
    }


def _tool(project: Project, name: str) -> Look:
    try:
        said = run([name, "--version"], cwd=project.root).text.strip().partition("\n")[0]
    except ProgramMissing as error:
        if name in _OPTIONAL:
            return Look(Result.SKIPPED, f"not installed; {_OPTIONAL[name]}")
        return Look(Result.FAIL, error.found, error.remedy)
    return Look(Result.PASS, said or f"{name} is here")


def _guard(project: Project) -> Look:
    """Look whether the guard is in place, where it was installed: other tools set hooks of their own, too.

    Which Python its runner names is no matter: it may be another one's that installed it.
    """
    if not folder_of(project).exists():
        return Look(Result.SKIPPED, "not installed; inv guard.install keeps tags and the stable branch from a slip")
    try:
        missing = [step for step in install_steps(project, agent=False, chain=True) if step.path.name != RUNNER]
    except ReleaseError as error:
        return Look(Result.FAIL, f"installed, but asleep: {error.found}", error.remedy)
    if missing:
        names = ", ".join(dict.fromkeys(step.path.name for step in missing))
        return Look(Result.FAIL, f"installed, but not as it should be: {names}", "inv guard.install")
    return Look(Result.PASS, f"{project.git.hooks / 'pre-push'} is its hook")


def _host(project: Project, name: str) -> Look:
    """Ask a host's agent how things are, which shows that it can be reached and asked."""
    from .fleet import host
    from .systems.ssh import HostUnreachable

    asked = host(project, name, quiet=True)
    try:
        answer = asked.ask("status", keep_slots=project.settings.hosts[name].keep_slots)
    except HostUnreachable as error:
        return Look(Result.FAIL, error.found, error.remedy)
    except Unreachable as error:
        return Look(Result.UNKNOWN, error.found, error.remedy)
    finally:
        asked.link.close()
    live = answer.get("live") or {}
    return Look(Result.PASS, f"answers; {live.get('version') or 'no version'} is live")
