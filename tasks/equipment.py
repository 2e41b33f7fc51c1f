"""The equipment: whether the programs are here, and the hosts can be reached."""

from collections.abc import Callable
from functools import partial

from .errors import Unreachable
from .project import Project
from .rules.checks import Result
from .rules.protection import Look
from .systems.process import ProgramMissing, run
from .systems.web import Web

_TOOLS = ("git", "uv", "git-cliff")
_OPTIONAL = {"gh": "a token may also be in GITHUB_TOKEN"}


def equipment(project: Project, _web: Web) -> dict[str, Callable[[], Look]]:
    """Return the checks of programs and hosts."""
    hosts = {f"host {name}": partial(_host, project, name) for name in project.settings.hosts}
    return {
        **{name: partial(_tool, project, name) for name in (*_TOOLS, *_OPTIONAL)},
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
