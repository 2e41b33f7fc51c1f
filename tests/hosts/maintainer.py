"""The operator: a project with these hosts in its settings, and `inv` typed in it with the lab's own SSH home."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import service
from .indexes import Indexes
from .lab import Lab
from .machines import Machine
from .telegram import BOT, Telegram

CHECKOUT = Path(__file__).resolve().parents[2]
_PYPROJECT = """[project]
name = "{name}"
version = "0.36.0rc1"
[tool.release-coordination]
issues = false
[tool.release-coordination.index]
simple = "{release}"
[tool.release-coordination.staging-index]
simple = "{staging}"
"""
_HOST = """\
[tool.release-coordination.hosts.{name}]
role = "{role}"
unit = "{unit}"
installer = "{installer}"
settle = {settle}
error-pattern = '\\[(error|critical)'
[tool.release-coordination.hosts.{name}.liveness]
kind = "telegram"
config = "~/{config}"
token = "transports.telegram.bot_token"
bot = "{bot}"
api = "{api}"
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command ended with and wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return standard output as JSON."""
        return json.loads(self.out)

    def host(self, name: str) -> dict[str, Any]:
        """Return what --json says of one host."""
        found: dict[str, Any] = next(row for row in self.json if row["host"] == name)
        return found


@dataclass(frozen=True, slots=True)
class Operator:
    """A person in a project's folder."""

    project: Path
    home: Path

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start `inv` with these words and return it while it runs."""
        return subprocess.Popen(
            [sys.executable, "-m", "invoke", "--search-root", str(CHECKOUT), *words],
            cwd=self.project, env={**os.environ, "HOME": str(self.home)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def inv(self, *words: str, seconds: float = 600) -> Said:
        """Type `inv` with these words and wait for its end."""
        with self.start(*words) as typed:
            out, err = typed.communicate(timeout=seconds)
        said = Said(typed.returncode, out, err)
        assert "Traceback" not in err, err
        assert service.TOKEN not in out + err
        return said

    def ask(self, *words: str, **options: Any) -> Said:
        """Type `inv` with these words and --json."""
        return self.inv(*words, "--json", **options)


def table(host: Machine, telegram: Telegram, *, settle: int = 2, role: str = "staging", installer: str = "pipx") -> str:
    """Return a host's settings."""
    return _HOST.format(name=host.name, role=role, unit=service.UNIT, settle=settle, config=service.CONFIG_PATH,
                        bot=BOT, api=telegram.api, installer=installer)  # fmt: skip


def at_work(
    folder: Path, lab: Lab, indexes: Indexes, telegram: Telegram, hosts: Sequence[Machine], *, settle: int = 2,
    role: str = "staging", installer: str = "pipx",
) -> Operator:  # fmt: skip
    """Return an operator whose project has these hosts; uv installs in a fifth of pipx's time."""
    project = folder / "project"
    project.mkdir()
    text = _PYPROJECT.format(name=service.NAME, release=indexes.release.simple, staging=indexes.staging.simple)
    for host in hosts:
        text += table(host, telegram, settle=settle, role=role, installer=installer)
    (project / "pyproject.toml").write_text(text, "utf-8")
    return Operator(project, lab.home)
