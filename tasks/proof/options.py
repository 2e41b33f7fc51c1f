"""The options of the proof."""

import math
import os
from pathlib import Path

import pytest

from ..errors import WrongValue


def add_options(parser: pytest.Parser) -> None:
    """Add the suite's options; `--version` is free once the conftest has taken pytest's own away."""
    group = parser.getgroup("release", "proof of a release")
    group.addoption("--version", dest="release_version", default="", metavar="X.Y.Z",
                    help="the version to prove; default: the one pyproject.toml sets")  # fmt: skip
    group.addoption("--project", default="", metavar="PATH", help="the project's folder; default: the one you are in")
    group.addoption("--host", action="append", default=[], metavar="NAME",
                    help="a host of the settings; may be repeated; default: all that must run it")  # fmt: skip
    group.addoption("--wait", type=float, default=0.0, metavar="SECONDS",
                    help="wait so long at the most for what is not there yet (an index needs minutes)")  # fmt: skip
    group.addoption("--strict", action="store_true", help="fail when something is not configured or left out")
    group.addoption("--html", default="", metavar="FILE", help="write the summary as one self-contained page")
    group.addoption("--json", default="", metavar="FILE", help="write the summary as JSON")


def check_options(config: pytest.Config) -> None:
    """Refuse, before anything is asked, a wait that has no end and a report that cannot be written."""
    wait = config.getoption("--wait")
    if not 0 <= wait < math.inf:
        raise WrongValue(f"--wait is {wait}", expected="a number of seconds, 0 or more")
    for name in ("--html", "--json"):
        if config.getoption(name) and not _is_writable(Path(config.getoption(name)).absolute()):
            raise WrongValue(
                f"{name} {config.getoption(name)} cannot be written", expected="a file in a folder of yours"
            )


def _is_writable(path: Path) -> bool:
    place = path if path.exists() else path.parent
    return not path.is_dir() and place.exists() and os.access(place, os.W_OK)
