"""How the tests are shared out; fixtures: a clean environment, the history of untether, repositories."""

import lzma
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs
import pytest
from xdist.scheduler import LoadScopeScheduling

from .hosts import needs
from .rehearsal.fixtures import emulate, github_sandbox, schemas
from .repositories import CHECKOUT, Repository, released, uv
from .running import INV

__all__ = ["emulate", "github_sandbox", "schemas"]  # fixtures for any test
HISTORY = CHECKOUT.parent / "shared" / "data" / "untether-history.fi.xz"
_FOREIGN = (
    "GIT_",
    "RELEASE_COORDINATION_",
    "INVOKE_",
    "GITHUB_",
    "GH_",
    "UV_FROZEN",
    "VIRTUAL_ENV",
    "FORCE_COLOR",
    "NO_COLOR",
    "COLUMNS",
    "LINES",
    "PYTHONDONTWRITEBYTECODE",  # commands are typed by the hundred, and each would compile all anew
    "PYTHONWARNINGS",
    "PYTHONIOENCODING",
    "PYTHONUNBUFFERED",  # what is shown in time must be so without it
    "TTY_",
)


# -- many at once: workers of pytest-xdist, each with folders, machines and networks of its own ---------------------

_HOSTS = "tests/hosts/"
# Tests of one file that build on each other stay on one worker; these files come first among the hosts' because they
# are the longest that cannot be divided. The rest follows one test at a time, the shortest tests at the end.
_WHOLE = [f"{_HOSTS}test_{name}.py" for name in ("fleet", "scripts", "bad_input", "release", "way_back", "staging")]
_DIVIDED = [f"{_HOSTS}test_{name}.py" for name in ("kills", "faults", "safety", "fixture")]


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _rank(item: pytest.Item) -> int:
    """Return when a test's file has its turn: what needs no machine first, then the hosts' files as above."""
    file, order = _file(item.nodeid), [*_WHOLE, *_DIVIDED]
    if not file.startswith(_HOSTS):
        return -1
    return order.index(file) if file in order else 0


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist tells no types
    """Gives a worker a whole file, or one test of those that can be divided, when it has nearly nothing left to do."""

    def _split_scope(self, nodeid: str) -> str:
        """Return the name of what is given as a whole."""
        return nodeid if _file(nodeid) in _DIVIDED else _file(nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Share these tests out unless somebody says how, or wants to watch one; a worker has no workers."""
    said = config.option.numprocesses is not None or config.option.dist != "no" or config.option.capture == "no"
    if not said and not hasattr(config, "workerinput"):
        config.option.numprocesses = "auto"


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return 0, which is no worker, for tests that are named one by one; two a processor where machines are booted."""
    if config.args and all("::" in argument for argument in config.args):
        return 0
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors if needs.missing() else 2 * processors


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


def pytest_configure() -> None:
    """Let SIGTERM be what Ctrl-C is: everything that was set up is torn down. `uv run` may send another.

    Ctrl-C itself is back: who runs the tests in the background has it ignored, and what they start would ignore it too.
    """

    def interrupt(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests have measured."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    notes = [str(text) for report in reports for name, text in report.user_properties if name == "note"]
    if notes:
        terminalreporter.section("notes")
        terminalreporter.write("\n".join([*notes, ""]))


# -- fixtures -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep whoever runs the tests out of them: their git, their settings of this project, their terminal."""
    home = tmp_path_factory.mktemp("home")
    folders = {
        name: subprocess.run([uv(), *words], check=True, capture_output=True, text=True).stdout.strip()
        for name, words in {"UV_CACHE_DIR": ["cache", "dir"], "UV_PYTHON_INSTALL_DIR": ["python", "dir"]}.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_FOREIGN):
                patch.delenv(name)
        clean = {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(platformdirs.user_cache_path()),  # the hosts' Debian root outlives a run
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PATH": f"{INV.parent}{os.pathsep}{os.environ['PATH']}",
        }
        for name, value in (folders | clean).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def sample_template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return released(tmp_path_factory.mktemp("templates") / "sample")


@pytest.fixture
def sample(sample_template: Repository, tmp_path: Path) -> Repository:
    """A project with one release, v1.0.0, and nothing since."""
    return Repository(tmp_path / "sample", sample_template)


@pytest.fixture(scope="session")
def untether(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real history of untether, a bare repository."""
    if not HISTORY.exists():
        pytest.skip(f"the untether history is not there: {HISTORY}")
    root = tmp_path_factory.mktemp("untether") / "untether.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(root)], check=True)
    stream = lzma.decompress(HISTORY.read_bytes())
    subprocess.run(["git", "-C", str(root), "fast-import", "--quiet"], input=stream, check=True)
    return root


@pytest.fixture(scope="session")
def branch_of_untether(untether: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that checks a branch of untether out, once."""
    root = tmp_path_factory.mktemp("branches")

    def checked_out(branch: str) -> Path:
        if not (root / branch).exists():
            subprocess.run(
                ["git", "-C", str(untether), "worktree", "add", "--quiet", "--force", str(root / branch), branch],
                check=True,
                capture_output=True,
            )
        return root / branch

    return checked_out
