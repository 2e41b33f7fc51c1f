"""release.verify: the suite in verify/, run as pytest runs it, its outcome as an exit code of ours."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import Unreachable
from .project import Project

_USAGE = 4  # pytest's exit code
_GRACE_SECONDS = 3.0
_PACKAGE = Path(__file__).resolve().parent


def suite() -> Path:
    """Return the folder of the suite: beside the package in a checkout, inside it when installed."""
    inside = _PACKAGE / "verify"
    return inside if inside.is_dir() else _PACKAGE.parent / "verify"


def pytest_arguments(
    project: Project, version: str, *, wait: float, strict: bool, hosts: Sequence[str] = (), only: Sequence[str] = (),
    html: str = "", junit: str = "",
) -> list[str]:  # fmt: skip
    """Return the words after `pytest` that prove a release."""
    words = [str(suite()), "--version", version, "--project", str(project.root), "--wait", str(wait)]
    words += ["--strict"] * strict
    words += [word for name in hosts for word in ("--host", name)]
    words += ["-m", " or ".join(only)] if only else []
    words += ["--html", str(Path(html).absolute())] if html else []
    words += ["--junit-xml", str(Path(junit).absolute())] if junit else []
    return words


def prove(arguments: Sequence[str], *, quiet: bool) -> tuple[int, Mapping[str, Any]]:
    """Run the suite; return the exit code (DESIGN.md section 1) and the summary as a document.

    The suite runs in a process of its own and outside the project, whose pytest settings and conftest it would take
    for its own otherwise.
    """
    with tempfile.TemporaryDirectory(prefix="release-coordination-") as folder:
        report, settings = Path(folder) / "proof.json", Path(folder) / "pytest.ini"
        settings.write_text("[pytest]\naddopts = --import-mode=importlib\n", encoding="utf-8")
        argv = [sys.executable, "-m", "pytest", "-c", str(settings), "--rootdir", folder, "-p", "no:cacheprovider",
                "-q", *arguments, "--json", str(report)]  # fmt: skip
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        with subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL if quiet else None) as child:
            return _outcome(_ended(child), report)


def _ended(child: "subprocess.Popen[bytes]") -> int:
    """Wait for the suite and return how it ended; when interrupted let it say what it has and clean up first."""
    try:
        return child.wait()
    except KeyboardInterrupt:
        for number in (0, signal.SIGINT, signal.SIGKILL):  # first none: Ctrl-C in a terminal reached it as well
            child.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                child.wait(_GRACE_SECONDS)
                break
        raise


def _outcome(code: int, report: Path) -> tuple[int, Mapping[str, Any]]:
    if code == _USAGE:
        return 2, {}
    try:
        content = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Unreachable(f"the suite left no report (pytest ended with {code})", expected="a proof") from None
    if content["passed"] and code:
        raise Unreachable(
            f"the suite proved it, but pytest ended with {code}: what it wrote is not complete", expected="0"
        )
    return exit_code(content), content


def exit_code(content: Mapping[str, Any]) -> int:
    """Return 0 for a proof, 3 when all that is wrong is that something could not be asked, else 1."""
    if content["passed"]:
        return 0
    wrong = {check["result"] for check in content["checks"]} - {"PASS", "LEFT OUT", "BLOCKED"}
    return 3 if wrong == {"UNKNOWN"} else 1
