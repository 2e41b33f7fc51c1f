"""Hosts: what a question to one costs beside plain OpenSSH, what many cost, and how soon a rollback answers.

Real machines, so it needs root and what `.ci/run` installs: `uv run python benchmarks/hosts.py [--runs N]`.
"""

import argparse
import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

import msgspec  # noqa: E402 - the checkout's tests and tasks are found only from here on

from tasks.agent import COMMAND, frame  # noqa: E402
from tests.hosts import indexes, prepared, service, telegram  # noqa: E402
from tests.hosts.lab import Lab, open_lab  # noqa: E402
from tests.hosts.machines import Machine  # noqa: E402
from tests.hosts.maintainer import Operator, at_work  # noqa: E402
from tests.hosts.roots import USER  # noqa: E402

MANY = 16


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(works: Sequence[Callable[[], object]], runs: int) -> list[float]:
    """Return the median seconds of each, all in turn after one turn to warm up."""
    turns = [[seconds(work) for work in works] for _ in range(runs + 1)][1:]
    return [median(turn[index] for turn in turns) for index in range(len(works))]


def own_work(machine: Machine, request: dict[str, Any]) -> Callable[[], object]:
    """Return what the host does for a request, run there without any connection."""
    command, data = machine.command(*shlex.split(COMMAND), user=USER), frame(request)
    return lambda: subprocess.run(command, input=data, stdout=subprocess.DEVNULL, check=True)


def typed(operator: Operator, *words: str) -> Callable[[], object]:
    """Return a command as the operator types it."""

    def run() -> None:
        said = operator.inv(*words)
        assert said.code == 0, said

    return run


def one_host(lab: Lab, operator: Operator, machine: Machine, runs: int) -> list[tuple[str, float, float]]:
    """Return, for status and health check, the seconds beyond start-up and what is allowed."""
    with_what = {"package": service.NAME, "unit": service.UNIT, "settle": 2}
    liveness = msgspec.to_builtins(
        {"kind": "telegram", "config": f"~/{service.CONFIG_PATH}", "token": "transports.telegram.bot_token",
         "bot": telegram.BOT, "api": operator_api(operator)}
    )  # fmt: skip
    rows = []
    for action in ("status", "healthcheck"):
        request = {**with_what, "action": action, "liveness": liveness}
        words = (f"staging.{action}", "--host", machine.name)
        asked, ssh, own, start_up = interleaved(
            [typed(operator, *words), lambda: lab.ssh(machine.name, "true"), own_work(machine, request),
             typed(operator, "--list")], runs,
        )  # fmt: skip
        rows.append((f"{action} of one host, start-up taken off", asked - start_up, 1.5 * ssh + own))
    return rows


def operator_api(operator: Operator) -> str:
    """Return the Bot API's address that the operator's settings name."""
    text = (operator.project / "pyproject.toml").read_text("utf-8")
    return next(line.split('"')[1] for line in text.splitlines() if line.startswith("api = "))


def many_hosts(operator: Operator, first: Machine, runs: int) -> tuple[str, float, float]:
    """Return the seconds of a status of all hosts and three times those of one."""
    every, one = interleaved(
        [typed(operator, "staging.status", "--host", "all"), typed(operator, "staging.status", "--host", first.name)],
        runs,
    )
    return (f"status of {MANY} hosts on this one computer", every, 3 * one)


def way_back(operator: Operator, machine: Machine) -> tuple[str, float, float]:
    """Return the seconds from a rollback's flip to the old version's answer, network cut, and what is allowed."""
    assert operator.inv("staging.install", "--version=0.36.0rc1", f"--host={machine.name}").code == 0
    start_up = seconds(lambda: machine.as_user(f"systemctl --user restart {service.UNIT}"))
    machine.link_down()
    request = {"package": service.NAME, "unit": service.UNIT, "settle": 0, "action": "rollback", "deploy": "bench"}
    began = time.perf_counter()
    with subprocess.Popen(
        machine.command(*shlex.split(COMMAND), user=USER), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as agent:
        assert agent.stdin
        agent.stdin.write(frame(request))
        agent.stdin.close()
        while not _answers(machine):
            time.sleep(0.05)
        took = time.perf_counter() - began
    machine.link_up()
    return ("rollback until the version before answers, network cut", took, start_up + 2.0)


def _answers(machine: Machine) -> bool:
    """Tell whether the version before is what started last, and said that it is ready."""
    said = machine.journal(service.UNIT)
    started = said[said.rfind(" starting") - len(service.FIRST) :]
    return started.startswith(f"{service.FIRST} starting") and "ready" in started


def main() -> int:
    """Measure, print, and return 1 when something takes longer than allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        lab = stack.enter_context(open_lab())
        both = stack.enter_context(indexes.serve(lab.folder / "indexes", lab.network.gateway))
        prepared.publish(both.release, both.staging)
        prepared.publish_installers(both.release)
        lab.files.update(prepared.point_to(both.release))
        bot = stack.enter_context(telegram.serve(lab.network.gateway, service.TOKEN))
        machines = stack.enter_context(lab.fleet(MANY, prepared.layer(lab)))
        operator = at_work(folder, lab, both, bot, machines)
        rows = one_host(lab, operator, machines[0], runs)
        rows += [many_hosts(operator, machines[0], max(3, runs // 2)), way_back(operator, machines[0])]
    for name, took, allowed in rows:
        print(f"{name:<60} {took:6.2f} s, allowed {allowed:5.2f} s  {'met' if took <= allowed else 'NOT MET'}")
    print(f"\n{os.cpu_count()} cores for the operator and all hosts")
    return 0 if all(took <= allowed for _, took, allowed in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
