"""Hosts and their outcomes, for people and for programs."""

from collections.abc import Sequence
from typing import Any

from .fleet import HostResult
from .report import document, say, table
from .rules.text import plural


def print_json(results: Sequence[HostResult]) -> None:
    """Print every host's outcome with the agent's whole answer."""
    document(
        [
            {
                "host": result.name,
                "outcome": str(result.outcome),
                "code": result.code,
                "reason": result.reason,
                "seconds": round(result.seconds, 3),
                **({"answer": dict(result.answer)} if result.answer else {}),
            }
            for result in results
        ]
    )


def print_results(results: Sequence[HostResult], action: str) -> None:
    """Print a table of hosts, and the checks of each that is not well."""
    {"status": _print_status, "soak": _print_soak, "prune": _print_pruned}.get(action, _print_outcomes)(results)
    for result in results:
        _print_checks(result, every=action == "healthcheck")


def _print_outcomes(results: Sequence[HostResult]) -> None:
    rows = [
        (result.outcome, result.name, _live(result.answer), f"{result.seconds:.1f}", result.reason)
        for result in results
    ]
    table(("outcome", "host", "version", "seconds", "why"), rows, wide="why")


def _print_pruned(results: Sequence[HostResult]) -> None:
    _print_outcomes(results)
    for result in results:
        for verb, key in (("removed", "removed"), ("would remove", "would_remove")):
            for path in result.answer.get(key, ()):
                say(f"{result.name}: {verb} {path}")


def _live(answer: Any) -> str:
    live = answer.get("live") or answer.get("status", {}).get("live") or {}
    return str(live.get("version", ""))


def _print_status(results: Sequence[HostResult]) -> None:
    rows = []
    for result in results:
        answer = result.answer
        live, unit, work = (answer.get(key) or {} for key in ("live", "unit", "work"))
        busy = f"{work.get('operator') or 'somebody'}: {work.get('action')} {work.get('version')}" if work else ""
        again = f"systemd restarted it {plural(unit['restarts'], 'time')}" if unit.get("restarts") else ""
        remarks = "; ".join(part for part in (busy, again, *answer.get("drift", ()), result.reason) if part)
        rows.append((result.name, live.get("version", "none" if answer else "?"), live.get("origin") or "",
                     _moment(live.get("since")), unit.get("active", "?"), remarks))  # fmt: skip
    table(("host", "version", "origin", "since", "unit", "remarks"), rows, wide="remarks")


def _moment(text: str | None) -> str:
    """Return an ISO 8601 time as people read it, to the minute, in UTC."""
    return f"{text[:16].replace('T', ' ')} UTC" if text else ""


def _print_soak(results: Sequence[HostResult]) -> None:
    rows = []
    for result in results:
        answer = result.answer
        days = f"{answer['seconds'] / 86400:.1f}" if answer.get("seconds") is not None else "?"
        rows.append((answer.get("verdict", "UNKNOWN"), result.name, answer.get("version") or "?", days,
                     answer.get("restarts", "?"), result.reason))  # fmt: skip
    table(("verdict", "host", "version", "days", "restarts", "why"), rows, wide="why")
    for result in results:
        for error in result.answer.get("errors", ()):
            say(f"{result.name}: {plural(error['count'], 'time')}, last {_moment(error['last'])}: {error['example']}")


def _print_checks(result: HostResult, *, every: bool) -> None:
    checks = result.answer.get("checks", ())
    if not checks or not (every or result.code):
        return
    say()
    say(f"{result.name}:")
    rows = [(check["result"], check["name"], check["evidence"]) for check in checks]
    table(("result", "check", "evidence"), rows, wide="evidence")
