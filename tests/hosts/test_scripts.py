"""The workflow's scripts on a real machine: typed there, by the user whose service it is, without Invoke."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import service
from .indexes import Indexes
from .lab import Lab
from .machines import Machine
from .maintainer import CHECKOUT, Operator, Said, at_work
from .roots import USER
from .shell import sh
from .telegram import Telegram

HOME = f"/home/{USER}"
HEALTHCHECK, STAGING = "bin/healthcheck.sh", "bin/staging.sh"


def typed(host: Machine, *words: str) -> Said:
    """Type a command in the user's home folder and return how it ended."""
    line = f"{shlex.join(words)} >/tmp/out 2>/tmp/err; echo $?"
    code = int(host.run("sh", "-c", line, user=USER))
    out, err = (host.run("cat", f"/tmp/{stream}") for stream in ("out", "err"))
    assert "Traceback" not in out + err
    assert service.TOKEN not in out + err
    return Said(code, out, err)


def version(host: Machine) -> str:
    """Return the version that answers on a host."""
    return host.as_user(".local/bin/acme-bot --version").split()[-1]


def copy_scripts(host: Machine, folder: str) -> None:
    """Copy both scripts onto a host, as a person would."""
    for name in ("healthcheck.sh", "staging.sh"):
        content = (CHECKOUT / "scripts" / name).read_bytes()
        host.write_file(f"{HOME}/{folder}/{name}", content, owner=USER, mode=0o755)


@pytest.fixture(scope="module")
def machine(lab: Lab, prepared_layer: Path) -> Iterator[Machine]:
    """Give one machine for the module: the scripts are there, nothing was installed by the agent."""
    with lab.fleet(1, prepared_layer) as [host]:
        copy_scripts(host, "bin")
        yield host


@pytest.fixture(scope="module")
def operator(
    machine: Machine, lab: Lab, published: Indexes, bot_server: Telegram, tmp_path_factory: pytest.TempPathFactory
) -> Operator:
    return at_work(tmp_path_factory.mktemp("scripts"), lab, published, bot_server, [machine], settle=1)


@pytest.fixture(scope="module")
def installed(machine: Machine, operator: Operator) -> Machine:
    """Give the machine after the first installation by Invoke, which leaves the agent and the host file there."""
    said = operator.inv("staging.install", "--version=0.36.0rc1", f"--host={machine.name}")
    assert said.code == 0, said
    return machine


@pytest.mark.parametrize("script", ["healthcheck.sh", "staging.sh"])
def test_a_script_is_plain_posix_shell(script: str) -> None:
    text = (CHECKOUT / "scripts" / script).read_text("utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert (CHECKOUT / "scripts" / script).stat().st_mode & 0o111 == 0o111
    sh("sh", "-n", str(CHECKOUT / "scripts" / script))
    assert "eval" not in text


def test_help_says_what_can_be_typed(machine: Machine) -> None:
    for words in ([HEALTHCHECK, "--help"], [STAGING, "-h"], [STAGING, "install", "--help"]):
        said = typed(machine, *words)
        assert said.code == 0
        assert said.out.startswith(f"usage: {Path(words[0]).name}")
        assert "Exit codes" in said.out


def test_nothing_installed_yet(lab: Lab, prepared_layer: Path) -> None:
    with lab.fleet(1, prepared_layer) as [fresh]:
        copy_scripts(fresh, "bin")
        for words in ([HEALTHCHECK], [STAGING, "status"], [STAGING, "rollback"], [STAGING, "install", "0.36.0rc1"]):
            said = typed(fresh, *words)
            assert said.code == 2, said
            assert "nothing was installed on this machine yet" in said.err
            assert "inv staging.install" in said.err
        copy_scripts(fresh, "work/scripts")
        agent = (CHECKOUT / "tasks/agent/agent.py").read_bytes()
        fresh.write_file(f"{HOME}/work/tasks/agent/agent.py", agent, owner=USER)
        said = typed(fresh, "work/scripts/healthcheck.sh")
        assert said.code == 2, said
        assert "--package" in said.out + said.err
        told = ["--package", service.NAME, "--settle", "1"]
        said = typed(fresh, "work/scripts/healthcheck.sh", *told, "--version", service.FIRST)
        assert said.code == 0, said
        assert not fresh.path(f"{HOME}/.local/state/release-coordination").exists()


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        ([STAGING], "nothing: no such command"),
        ([STAGING, ""], "nothing: no such command"),
        ([STAGING, "work"], "work: no such command"),
        ([STAGING, "promote", "0.36.0"], "promote: no such command"),
        ([STAGING, "install"], "which version?"),
        ([STAGING, "install", "0.36.0; touch ~/pwned"], "touch ~/pwned"),
        ([STAGING, "install", "$(touch ~/pwned)"], "touch ~/pwned"),
        ([STAGING, "rollback", "`touch ~/pwned`"], "a version such as 0.36.0rc1"),
        ([STAGING, "status", "--package", "../../pwned"], "pwned"),
        ([STAGING, "status", "--nonsense"], "--nonsense"),
        ([STAGING, "install", "0.36.0rc99"], "0.36.0rc99"),
        ([HEALTHCHECK, "--version", "0.36; touch ~/pwned"], "a version such as 0.36.0rc1"),
        ([HEALTHCHECK, "--version"], "--version"),
        ([HEALTHCHECK, "--settle", "soon"], "soon"),
        ([HEALTHCHECK, "--unit", "acme-bot.service; touch ~/pwned"], "a systemd unit such as"),
    ],
)
def test_wrong_input_ends_with_2_and_changes_nothing(installed: Machine, words: list[str], saying: str) -> None:
    before = installed.as_user("readlink .local/bin/acme-bot; cat .local/state/release-coordination/*/record.jsonl")
    said = typed(installed, *words)
    assert said.code == 2, said
    assert saying in said.out + said.err
    after = installed.as_user("readlink .local/bin/acme-bot; cat .local/state/release-coordination/*/record.jsonl")
    assert after == before
    assert not list(installed.path(HOME).glob("**/pwned*"))


def test_the_week_of_a_candidate_without_invoke(installed: Machine) -> None:
    said = typed(installed, HEALTHCHECK, "--version", version(installed))
    assert said.code == 0, said
    assert {line.split()[0] for line in said.out.splitlines()[:-1]} == {"PASS"}
    said = typed(installed, HEALTHCHECK, "--version=0.36.0rc9")
    assert said.code == 1, said
    assert "expected 0.36.0rc9" in said.out
    status = json.loads(typed(installed, STAGING, "status", "--json").out)
    assert (status["live"]["version"], status["live"]["origin"]) == ("0.36.0rc1", "staging index")
    said = typed(installed, STAGING, "install", "0.36.0rc2")
    assert (said.code, version(installed)) == (0, "0.36.0rc2"), said
    said = typed(installed, STAGING, "rollback")
    assert (said.code, version(installed)) == (0, "0.36.0rc1"), said
    said = typed(installed, STAGING, "rollback", service.FIRST)
    assert (said.code, version(installed)) == (0, service.FIRST), said
    said = typed(installed, STAGING, "reset", "0.36.0")
    assert (said.code, version(installed)) == (0, "0.36.0"), said
    status = json.loads(typed(installed, STAGING, "status", "--json").out)
    assert (status["live"]["origin"], status["last"]["operator"]) == ("release index", USER)
    said = typed(installed, STAGING, "reset")  # the newest release is a bad one
    assert (said.code, version(installed)) == (1, "0.36.0"), said
    assert "0.36.0 is live" in said.out
    said = typed(installed, STAGING, "status")
    assert said.code == 0
    assert "acme-bot.service active" in said.out


def test_the_service_of_a_checkout(installed: Machine) -> None:
    said = typed(installed, HEALTHCHECK, "--dev")
    assert said.code == 1, said
    assert "acme-bot-dev.service" in said.out
    module = service.Build("0.40.0.dev1").distribution.files["acme_bot.py"]
    project = f"""[build-system]
requires = ["setuptools", "wheel"]
build-backend = "setuptools.build_meta"
[project]
name = "{service.NAME}"
version = "0.40.0.dev1"
scripts = {{ {service.NAME} = "acme_bot:main" }}
[tool.setuptools]
py-modules = ["acme_bot"]
"""
    installed.write_file(f"{HOME}/src/acme_bot.py", module, owner=USER)
    installed.write_file(f"{HOME}/src/pyproject.toml", project, owner=USER)
    installed.as_user("python3 -m venv src/.venv && src/.venv/bin/pip --quiet install --editable src")
    unit = service.unit().replace(f"%h/.local/bin/{service.NAME}", f"%h/src/.venv/bin/{service.NAME}")
    installed.write_file(f"{HOME}/.config/systemd/user/acme-bot-dev.service", unit, owner=USER)
    installed.as_user("systemctl --user daemon-reload && systemctl --user start acme-bot-dev")
    installed.write_file(f"{HOME}/src/pyproject.toml", project.replace("dev1", "dev2"), owner=USER)
    said = typed(installed, HEALTHCHECK, "--dev", "--version", "0.40.0.dev2")
    assert said.code == 0, said
    assert "its metadata still says 0.40.0.dev1" in said.out
    assert typed(installed, HEALTHCHECK, "--dev", "--version", "0.40.0.dev1").code == 1
