"""The resolver: which version an installer takes from an index, asked of uv itself with nothing cached."""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.version import Version

from ..errors import Unreachable
from .process import run
from .tokens import VARIABLES
from .web.troubles import shown

# Whatever else the operator's environment and configuration name, the release comes from its index alone, and what an
# index serves is not shown our tokens. What says how to reach one, and where installers keep their own things, stays.
_CLEARED = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", *VARIABLES}
_KEPT = re.compile(
    "UV_(CACHE_DIR|PYTHON_(INSTALL_DIR|DOWNLOADS|PREFERENCE)|NATIVE_TLS|SYSTEM_CERTS|INSECURE_HOST|HTTP_.*|KEYRING_.*"
    "|CREDENTIALS_DIR|LINK_MODE|CONCURRENT_.*|OFFLINE)|PIP_(CERT|CLIENT_CERT|PROXY|TRUSTED_HOST|.*TIMEOUT|KEYRING_.*)"
)
_NOTHING = "no solution found"


def alone(environment: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """Return what is changed in the environment of whatever runs for a proof; None takes a variable out."""
    theirs = {name for name in environment if name.startswith(("PIP_", "UV_")) and not _KEPT.fullmatch(name)}
    return {**dict.fromkeys({*_CLEARED, *theirs}), "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


def choice(simple: str, requirement: str, python: Sequence[str] = ()) -> Version | None:
    """Return the version uv takes for a requirement from an index, None when none will do.

    `python` are options that say for which Python; by default the one that uv finds.
    """
    argv = ["uv", "pip", "compile", "--quiet", "--no-deps", "--no-header", "--no-annotate", "--no-cache", *python,
            "--default-index", simple, "-"]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="release-coordination-") as folder:  # no configuration lies about there
        said = run(argv, cwd=Path(folder), env=alone(), stdin=f"{requirement}\n".encode(), check=False)
    if said.code and _NOTHING not in said.complaint.lower():
        raise Unreachable(f"uv could not ask {shown(simple)}: {said.essence}", expected="an answer", remedy="try again")
    return next((_version(line) for line in said.text.splitlines() if "==" in line), None)


def _version(line: str) -> Version:
    return Version(line.split("==")[1].split(maxsplit=1)[0])
