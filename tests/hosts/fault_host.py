"""What the fault tests know of a host: its record, what really runs there, and whether anything was left half way."""

import json
from contextlib import suppress
from typing import Any

from . import prepared, service
from .machines import Machine
from .roots import USER
from .shell import PATIENCE, wait

HOME = f"/home/{USER}"
STATE = f"{HOME}/.local/state/release-coordination/{service.NAME}"
SLOTS = f"{HOME}/.local/share/release-coordination/{service.NAME}/slots"
LINK = f"{HOME}/.local/bin/{service.NAME}"
AGENT = f"release-coordination-{service.NAME}.service"
_ENABLED = f"{HOME}/.config/systemd/user/default.target.wants/{AGENT}"
_LOOK = f"""
for _ in $(seq 600); do
  state=$(systemctl --user show --property=ActiveState --value {service.UNIT})
  [ "$state" = active ] && break
  sleep 0.1
done
pid=$(systemctl --user show --property=MainPID --value {service.UNIT})
echo "$state"
tr '\\0' ' ' <"/proc/$pid/cmdline"
echo
{LINK} --version
"""

Line = dict[str, Any]


def prepare(machine: Machine) -> None:
    """Give a machine uv, which builds a slot in a second, and a unit that does not wait long for its start."""
    prepared.give_uv(machine)
    machine.write_file(f"{HOME}/{service.UNIT_PATH}", service.unit(start_limit=5), owner=USER)
    machine.as_user("systemctl --user daemon-reload")


def size(machine: Machine) -> int:
    """Return the length of the record: what is written from now on is behind it."""
    path = machine.path(f"{STATE}/record.jsonl")
    return path.stat().st_size if path.exists() else 0


def record(machine: Machine, offset: int = 0) -> list[Line]:
    """Return the whole lines of the record behind an offset; one that was cut off is none."""
    path = machine.path(f"{STATE}/record.jsonl")
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(offset)
        content = file.read()
    lines = []
    for line in content.split(b"\n")[:-1]:
        with suppress(ValueError):
            lines.append(json.loads(line))
    return lines


def found(machine: Machine, state: str, offset: int = 0, deploy: str = "") -> Line | None:
    """Return the last line of a state behind an offset."""
    lines = [line for line in record(machine, offset) if line["state"] == state]
    return next((line for line in reversed(lines) if deploy in {"", line["deploy"]}), None)


def await_state(machine: Machine, state: str, offset: int, seconds: float = PATIENCE) -> Line:
    """Return the line of a state when it is there."""
    wait(f"{state} on {machine.name}", lambda: found(machine, state, offset) is not None, seconds, 0.005)
    line = found(machine, state, offset)
    assert line is not None
    return line


def at_rest(machine: Machine) -> bool:
    """Say whether the agent's unit has switched itself off."""
    return not machine.path(_ENABLED).is_symlink()


def leftovers(machine: Machine) -> list[str]:
    """Return what a change should not leave: temporary links and files, wheels, its unit switched on, half a slot."""
    state = machine.path(STATE)
    names = [
        *machine.path(LINK).parent.glob(f".{service.NAME}*"),
        *state.rglob(".*.new"),
        *state.glob("deploys/*/*.whl"),
    ]
    names += [machine.path(_ENABLED)] if machine.path(_ENABLED).is_symlink() else []
    command = f"venvs/{service.NAME}/bin/{service.NAME}"
    names += [slot for slot in machine.path(SLOTS).glob("*") if not (slot / command).exists()]
    return [str(name) for name in names]


def look(machine: Machine) -> tuple[str, str, str]:
    """Return the unit's state, the command line of its process, and the version that answers."""
    lines = machine.as_user(_LOOK).splitlines()
    return lines[0], lines[1], lines[2].split()[-1]


def problems(machine: Machine, *, ended: bool = True) -> tuple[str, list[str]]:
    """Return the version that answers, and what is not as it must be after a change has come to its end."""
    with suppress(AssertionError):
        wait(f"the rest of {machine.name}", lambda: at_rest(machine), 60)
    state, command, version = look(machine)
    wrong = [] if state == "active" else [f"{service.UNIT} is {state}"]
    wrong += leftovers(machine)
    end = next((line for line in reversed(record(machine)) if line["state"] == "END"), None)
    if end is not None and ended:
        live = end["live"] or {"version": "", "path": "/nowhere"}
        wrong += [] if live["version"] == version else [f"{version} answers, the record says {live['version']}"]
        wrong += [] if command.startswith(live["path"] + "/") else [f"{command} runs, the record says {live['path']}"]
    return version, wrong


def sound(machine: Machine) -> str:
    """Return the version that runs, after making sure that the host is well and nothing was left half way."""
    version, wrong = problems(machine)
    assert wrong == [], "; ".join(wrong)
    return version
