"""Questions to a host that change nothing there, and their answers as results."""

from typing import Any

from .fleet import HostResult, host
from .project import Project
from .report import say
from .rules.fleet import HostOutcome
from .systems.hosts import ConnectionLost, Event

_BY_CODE = {0: HostOutcome.OK, 1: HostOutcome.FAILED, 3: HostOutcome.UNKNOWN, 4: HostOutcome.UNTOUCHED}


def asked(project: Project, name: str, action: str, **fields: Any) -> HostResult:
    """Ask a host and return its answer."""
    settings = project.settings.hosts[name]
    answer = host(project, name).ask(action, keep_slots=settings.keep_slots, **fields)
    code = int(answer["code"])
    reason = "; ".join(f"{item['name']}: {item['evidence']}" for item in answer.get("checks", ()) if _bad(item))
    return HostResult(name, _BY_CODE.get(code, HostOutcome.UNKNOWN), code, answer, reason)


def _bad(check: dict[str, Any]) -> bool:
    return check["result"] in {"FAIL", "UNKNOWN"}


def logged(project: Project, name: str, lines: int, *, follow: bool) -> HostResult:
    """Print a host's journal as it comes; a connection that drops is taken up where it was."""
    cursor = ""

    def show(event: Event) -> None:
        nonlocal cursor
        if event["event"] == "log":
            cursor = event.get("cursor", cursor)
            say(f"{name}  {event['at']}  {event['message']}")

    asked_for = host(project, name, quiet=True)
    asked_for.watch = show
    while True:
        try:
            answer = asked_for.ask("logs", lines=lines, cursor=cursor, follow=follow)
            return HostResult(name, HostOutcome.OK, int(answer["code"]), answer)
        except ConnectionLost:
            if not follow:
                raise
            asked_for.link.close()
