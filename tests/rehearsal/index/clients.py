"""The programs that others wrote for a package index, as they are started against the sandbox's."""

import os
import subprocess
import sys
from pathlib import Path

from tasks.rehearsal.server import Server

from ...repositories import uv as found_uv

TOKEN = "pypi-right"
Run = subprocess.CompletedProcess[str]
_OURS = ("PIP_", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_PUBLISH", "TWINE_", "GITHUB_", "FORCE_COLOR")


def pip(*words: str | Path) -> Run:
    """Run pip, which remembers nothing and reads nobody's configuration."""
    return _run([sys.executable, "-m", "pip", "--no-cache-dir", "--disable-pip-version-check", *words])


def uv(*words: str | Path) -> Run:
    """Run uv, which remembers nothing and reads nobody's configuration."""
    return _run([found_uv(), "--no-config", "--no-cache", *words])


def twine(server: Server, *words: str | Path, token: str = TOKEN) -> Run:
    """Let twine upload."""
    address = [f"--repository-url={server.url}/legacy/", "--non-interactive", "--disable-progress-bar"]
    who = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token}
    return _run([sys.executable, "-m", "twine", "upload", *address, "--config-file", os.devnull, *words], who)


def publish(server: Server, *words: str | Path, token: str = TOKEN) -> Run:
    """Let uv upload."""
    quiet = ["--trusted-publishing", "never", "--keyring-provider", "disabled"]
    return uv("publish", "--publish-url", f"{server.url}/legacy/", "--token", token, *quiet, *words)


def _run(argv: list[str | Path], more: dict[str, str] | None = None) -> Run:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    environment = kept | {"PIP_CONFIG_FILE": os.devnull, "NO_COLOR": "1", "COLUMNS": "1000"} | (more or {})
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=60)
