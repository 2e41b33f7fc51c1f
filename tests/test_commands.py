"""The list of commands, their help, and the wheel that brings them to another project."""

import inspect
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tasks import ns

from .proof.world import good
from .repositories import CHECKOUT, Repository, uv
from .running import INV, changed, run

_HOSTS = {"host", "role", "project", "json", "parallel"}
_CHANGES = _HOSTS | {"one-by-one", "canary"}
COMMANDS = {
    "audit.commits": {"since", "until", "offline", "project", "json"},
    "audit.file": {"commit", "dry-run", "yes", "project", "json"},
    "audit.issues": {"version", "project", "json"},
    "changelog.check": {"version", "all", "project", "json"},
    "changelog.draft": {"version", "write", "offline", "project", "json"},
    "changelog.show": {"version", "project", "json"},
    "guard.check": {"project"},
    "guard.install": {"agent", "chain", "remove", "dry-run", "project", "json"},
    "init": {"only", "dry-run", "yes", "project", "json"},
    "release.prepare": {"version", "skip", "offline", "dry-run", "yes", "project", "json"},
    "release.propose": {"wait", "skip", "offline", "dry-run", "yes", "project", "json"},
    "release.sync": {"pull", "dry-run", "yes", "project", "json"},
    "release.tag": {"dry-run", "yes", "project", "json"},
    "doctor.release": {"run", "version", "project", "json"},
    "doctor.setup": {"project", "json"},
    "release.rollout": _CHANGES - {"role"} | {"version", "allow-downgrade", "dry-run"},
    "release.run": {
        "version",
        "from",
        "until",
        "staging",
        "integration-reason",
        "promote-reason",
        "wait",
        "skip",
        "offline",
        "html",
        "yes",
        "dry-run",
        "project",
        "json",
    },
    "release.status": {"version", "html", "project", "json"},
    "release.validate": {"only", "skip", "offline", "project", "json"},
    "release.verify": {"version", "host", "only", "wait", "strict", "html", "junit", "project", "json"},
    "release.watch": {"version", "timeout", "project", "json"},
    "rollback.hosts": _CHANGES | {"to", "dry-run"},
    "staging.enter": {"version", "dry-run", "yes", "project", "json"},
    "staging.promote": {"reason", "dry-run", "yes", "project", "json"},
    "rollback.patch": {"version", "reason", "dry-run", "yes", "project", "json"},
    "rollback.revert": {"commit", "dry-run", "yes", "project", "json"},
    "rollback.tag": {"version", "dry-run", "yes", "project", "json"},
    "rollback.unyank": {"version", "wait", "dry-run", "yes", "project", "json"},
    "rollback.yank": {"version", "reason", "wait", "dry-run", "yes", "project", "json"},
    "staging.healthcheck": _HOSTS | {"version"},
    "staging.install": _CHANGES | {"version", "keep", "allow-downgrade", "dry-run"},
    "staging.logs": {"host", "role", "lines", "follow", "project"},
    "staging.prune": _HOSTS | {"dry-run"},
    "staging.reset": _CHANGES | {"to", "dry-run"},
    "staging.restart": _CHANGES | {"dry-run"},
    "staging.rollback": _CHANGES | {"to", "dry-run"},
    "staging.soak": _HOSTS | {"file-issues", "yes"},
    "staging.status": _HOSTS,
    "staging.wait": {"version", "seconds", "project", "json"},
    "version.bump": {"to", "part", "rc", "final", "dry-run", "project", "json"},
    "version.decide": {"since", "until", "project", "json"},
    "version.show": {"project", "json"},
    "workflow.bumped": {"base", "project"},
    "workflow.candidate": {"dist", "to", "project"},
    "workflow.match": {"tag", "project"},
    "workflow.tag": {"commit", "project"},
}


def inv(*words: str, cwd: Path) -> str:
    """Run `inv` in this checkout, which finds its tasks upwards by itself."""
    done = subprocess.run(
        [INV, *words], cwd=cwd, env=changed({"COLUMNS": "100"}), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("where", [".", "tests/cases"])
def test_list(where: str) -> None:
    listed = inv("--list", cwd=CHECKOUT / where)
    names = {line.split()[0] for line in listed.splitlines() if line.startswith("  ") and not line.startswith("   ")}
    assert names == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name: str) -> None:
    said = inv(name, "--help", cwd=CHECKOUT / ("docs" if name > "v" else "."))
    flags = {
        line.split("--")[1].split("=")[0].split()[0] for line in said.splitlines() if line.lstrip().startswith("--")
    }
    assert flags == COMMANDS[name]
    lines = said.splitlines()
    undescribed = [
        line
        for index, line in enumerate(lines)
        if line.lstrip().startswith("--")
        and len(line.split(maxsplit=1)) == 1
        and not lines[index + 1].startswith("     ")
    ]
    assert undescribed == []


def test_help_tells_the_default_of_every_number() -> None:
    """But for those that stand for something else that the help tells."""
    for name in COMMANDS:
        for parameter in inspect.signature(ns[name].body).parameters.values():
            told = ns[name].help.get(parameter.name, "")
            if type(parameter.default) is int and name not in {"doctor.release", "rollback.yank", "rollback.unyank"}:
                assert f"default: {parameter.default}." in told, (name, parameter)


def test_help_tells_which_hosts_are_meant() -> None:
    roles = {name: ns[name].help["role"].rpartition("default: ")[2] for name in COMMANDS if "role" in COMMANDS[name]}
    assert roles.pop("staging.status") == "every host."
    assert roles.pop("rollback.hosts") == "all but those of developers."
    assert set(roles.values()) == {"staging."}


def test_help_may_come_first() -> None:
    assert inv("--help", "version.bump", cwd=CHECKOUT) == inv("version.bump", "--help", cwd=CHECKOUT)


def test_help_is_no_value_of_what_has_no_flag() -> None:
    said = inv("rollback.revert", "--help", cwd=CHECKOUT)
    assert said == inv("--help", "rollback.revert", cwd=CHECKOUT) == inv("rollback.revert", "a", "--help", cwd=CHECKOUT)


def test_a_flag_that_does_not_exist_is_invokes_own_error(sample: Repository) -> None:
    ended = run("version.show", "--nope", cwd=sample.root)
    assert (ended.code, ended.out) == (1, "")
    assert "No idea what '--nope' is!" in ended.err


def test_importing_the_tasks_loads_nothing_heavy() -> None:
    heavy = {"rich", "msgspec", "tomlkit", "requests", "fabric", "packaging"}
    script = f"import sys, tasks; print(*sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of what git would take, so that this checkout stays clean."""
    root = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [uv(), "build", "--wheel", "--out-dir", str(root), str(CHECKOUT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return next(root.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel where nothing else is and return the folder of its commands."""
    root = tmp_path_factory.mktemp("installed") / "venv"
    for words in (
        ["venv", "--python", sys.executable, str(root)],
        ["pip", "install", "--python", str(root), str(wheel)],
    ):
        done = subprocess.run([uv(), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return root / "bin"


def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"release_coordination"}
    assert {"release_coordination/cliff.toml", "release_coordination/verify/conftest.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]


def test_the_installed_command(installed: Path, sample: Repository) -> None:
    """In a project without a tasks.py, and without this checkout on any path."""
    commit = sample.commit("fix: mend #2")

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [installed / "release-coordination", *words],
            cwd=sample.root,
            capture_output=True,
            text=True,
            check=False,
            env=changed({"COLUMNS": "100", "PATH": os.environ["PATH"].removeprefix(f"{INV.parent}{os.pathsep}")}),
        )

    listed = command("--list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert COMMANDS.keys() <= set(listed.stdout.split())
    audited = command("audit.commits")
    assert (audited.returncode, audited.stderr) == (0, "")
    assert commit[:8] in audited.stdout
    drafted = command("changelog.draft")
    assert drafted.returncode == 0
    assert "### fixes\n\n- mend #2 [#2](" in drafted.stdout
    assert command("init", "--yes").returncode == 0
    workflow = sample.read(".github/workflows/auto-tag-on-master.yml").decode()
    assert f"uvx release-coordination=={command('--version').stdout.split()[1]} workflow.tag" in workflow
    assert command("release.validate", "--only", "tag", "--only", "clean").returncode == 1
    version = command("--version").stdout.split()
    assert version[0].lower() == "release-coordination"


def test_the_installed_command_proves_a_release_of_another_project(installed: Path, tmp_path: Path) -> None:
    """Whose own pytest settings and conftest have no say in it."""
    with good(tmp_path) as made:
        made.repository.write(
            {"conftest.py": "raise SystemExit(0)\n", "pytest.ini": "[pytest]\naddopts = --nonsense\n"}
        )
        done = subprocess.run(
            [installed / "release-coordination", "release.verify", "--only", "index", "--only", "github", "--json"],
            cwd=made.repository.root, env=changed({"GITHUB_TOKEN": made.token, "PATH": os.environ["PATH"]}),
            capture_output=True, check=False, text=True,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads(done.stdout)
    assert content["passed"]
    assert len(content["checks"]) == 36
    assert "not configured: attestations" in str(content) or "serves no attestation" in str(content)


def test_the_installed_package_in_another_projects_tasks(installed: Path, sample: Repository) -> None:
    """Two lines in a tasks.py of its own are all that another project needs."""
    sample.write({"tasks.py": "from release_coordination import ns\n\nnamespace = ns\n"})
    done = subprocess.run(
        [installed / "inv", "version.show", "--json"],
        cwd=sample.root,
        env=changed(None),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert '"version": "1.0.0"' in done.stdout


def test_the_guard_of_the_installed_package(installed: Path, sample: Repository) -> None:
    """What it installs needs neither the package nor its environment any more."""
    sample.write({"release-coordination.toml": 'stable-branch = "main"\n'})
    argv: list[str | Path] = [installed / "release-coordination", "guard.install", "--agent"]
    done = subprocess.run(argv, cwd=sample.root, env=changed(None), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    update = f"refs/heads/x {sample.head} refs/heads/main {'0' * 40}\n"
    for words, said, code in ((["pre-push"], update, 2), (["agent"], '{"tool_name": "Bash"}', 0)):
        argv = ["sh", sample.root / ".git" / "release-guard" / "run", *words]
        ended = subprocess.run(argv, cwd=sample.root, input=said, capture_output=True, text=True, check=False)
        assert ended.returncode == code
        assert ("the stable branch main" in ended.stderr) if code else ('"deny"' in ended.stdout)
    assert str(installed) not in (sample.root / ".git" / "release-guard" / "run").read_text("utf-8")
