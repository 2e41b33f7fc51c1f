"""The pytest plugin behind verify/: options, subjects as fixtures, and all checks tried side by side from the start.

Loaded by verify/conftest.py under whichever name the package has (DESIGN.md section 9).
"""

import math
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from ..errors import ReleaseError, WrongValue
from ..project import find_project
from ..report import say
from ..rules.groups import GROUPS, group_of
from ..rules.text import plural
from ..rules.versions import read_version
from .progress import Progress
from .proof import INSTALLERS, Proof, hosts_of
from .release import Release
from .reports import Row, print_summary, write_html, write_json
from .waiting import Trial, Verdict

_SUBJECTS = ("release", "index", "github", "host", "environment", "choice")


@dataclass
class Suite:
    """One run of the suite: its proof, the trials under way and what became of them."""

    proof: Proof
    wait: float
    strict: bool
    began: float = field(default_factory=time.monotonic)
    trials: dict[str, Trial] = field(default_factory=dict)
    futures: "dict[str, Future[Verdict]]" = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    unasked: int = 0
    unwritten: list[str] = field(default_factory=list)  # why reports are missing
    ended: bool = False  # pytest came to the end of the run, and found nothing wrong that is no check's

    @cached_property
    def progress(self) -> Progress:
        """Return who tells of what is awaited."""
        return Progress(self.awaited)

    @property
    def passed(self) -> bool:
        """Tell whether something was checked, to the end, and passed, and nothing was left out where that counts."""
        checked = [row for row in self.rows if row.result != "LEFT OUT"]
        complete = not self.strict or not (self.unconfigured or len(checked) < len(self.rows))
        ended = self.ended and len(self.rows) == len(self.trials)
        return ended and bool(checked) and all(row.result == "PASS" for row in checked) and complete

    @property
    def unconfigured(self) -> list[str]:
        """Return what the settings do not configure."""
        return [reason for reason in self.left_out if reason.startswith("not configured")]

    def start(self, items: Sequence[pytest.Function]) -> None:
        """Start every check in a thread of its own; the threads die with the process, so Ctrl-C waits for nothing."""
        for item in items:
            trial = Trial(lambda item=item: item.obj(**self._arguments(item)), self.began + self.wait)  # type: ignore[misc]
            future: Future[Verdict] = Future()
            self.trials[item.nodeid], self.futures[item.nodeid] = trial, future
            threading.Thread(target=lambda f, t: f.set_result(t.run()), args=(future, trial), daemon=True).start()

    def _arguments(self, item: pytest.Function) -> dict[str, Any]:
        given: Mapping[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
        return {
            name: self.proof.subject(name, given.get(name, "")) if name in _SUBJECTS else given[name]
            for name in item._fixtureinfo.argnames  # noqa: SLF001 - pytest has no public word for it
        }

    def verdict(self, item: pytest.Item) -> Verdict:
        """Wait for a check's verdict and keep it for the reports."""
        found = self.futures[item.nodeid].result()
        self.rows.append(_row(item, found))
        return found

    def give_up(self, items: Sequence[pytest.Item]) -> None:
        """Keep for the reports, of the checks whose verdict nobody waited for, that nobody knows."""
        told = {row.id for row in self.rows}
        for item in items:
            if item.nodeid in self.trials and item.nodeid not in told:
                trial = self.trials[item.nodeid]
                evidence = ": ".join(filter(None, ("the run ended before its verdict", trial.waiting)))
                verdict = Verdict("UNKNOWN", evidence, trial.attempts, time.monotonic() - self.began)
                self.rows.append(_row(item, trial.verdict or verdict))

    def awaited(self) -> list[str]:
        """Return the names of the checks that have no verdict yet."""
        return [nodeid.rpartition("::test_")[2] for nodeid, trial in self.trials.items() if trial.verdict is None]


_SUITE = pytest.StashKey[Suite]()


def _row(item: pytest.Item, verdict: Verdict) -> Row:
    name, _, subject = item.name.removeprefix("test_").removesuffix("]").partition("[")
    group = group_of([marker.name for marker in item.iter_markers()])
    return Row(verdict.result, group, subject, name.replace("_", " "), verdict.evidence, verdict.attempts,
               verdict.seconds, item.nodeid)  # fmt: skip


# -- options and settings ------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
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


def pytest_configure(config: pytest.Config) -> None:
    """Read the project's settings; a wrong one ends the run before anything is asked."""
    for name, meaning in GROUPS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    if config.option.help or config.option.markers or config.option.showfixtures:
        return
    option = config.getoption
    try:
        _check_options(config)
        project = find_project(option("--project"))
        version = read_version(option("release_version"), "--version") if option("release_version") else project.version
        proof = Proof(Release(project, version), hosts_of(project, version, option("--host")))
    except ReleaseError as error:
        raise pytest.UsageError(str(error)) from None
    config.option.tbstyle, config.option.reportchars = "no", ""  # the summary says it all, once
    config.stash[_SUITE] = Suite(proof, option("--wait"), option("--strict"))


def _check_options(config: pytest.Config) -> None:
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


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is proved."""
    suite = config.stash.get(_SUITE, None)
    if suite is None:
        return []
    release = suite.proof.release
    return [f"proving {release.package} {release.version} ({release.project.root})", f"index: {release.simple}"]


# -- subjects ------------------------------------------------------------------------------------------------------


def _given(request: pytest.FixtureRequest) -> Any:
    return request.config.stash[_SUITE].proof.subject(str(request.fixturename), getattr(request, "param", ""))


release, index, github, host, environment, choice = (pytest.fixture(_given, name=name) for name in _SUBJECTS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a check for each host, and for each installer."""
    suite = metafunc.config.stash.get(_SUITE, None)
    if suite is None:
        return
    if "host" in metafunc.fixturenames:
        metafunc.parametrize("host", suite.proof.hosts or ["none"], indirect=True)
    if "environment" in metafunc.fixturenames:
        metafunc.parametrize("environment", INSTALLERS, indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot be checked, and remember why."""
    suite = config.stash.get(_SUITE, None)
    if suite is None:
        return
    reasons = suite.proof.left_out()
    mine = {item: group_of([marker.name for marker in item.iter_markers()]) for item in items if _is_check(item)}
    out = [item for item in mine if mine[item] in reasons]
    suite.left_out += dict.fromkeys(reasons[mine[item]] for item in out)
    suite.left_out += [f"not asked for: {plural(suite.unasked, 'check')}"] if suite.unasked else []
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count what -k, -m and the like take away: a proof of a part must not read as one of the whole."""
    for item in items:
        suite = item.config.stash.get(_SUITE, None)
        if suite is not None and _is_check(item):
            suite.unasked += 1


def _is_check(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in GROUPS)


# -- the run -------------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Start all checks at once."""
    suite = session.config.stash.get(_SUITE, None)
    if suite is not None and not session.config.option.collectonly and not session.testsfailed:
        suite.start([item for item in session.items if isinstance(item, pytest.Function) and _is_check(item)])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Wait for a check's verdict while nothing is captured, so that what is awaited can be shown."""
    suite = item.config.stash.get(_SUITE, None)
    if suite is not None and item.nodeid in suite.futures:
        suite.progress.wait(suite.futures[item.nodeid])
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Take the verdict of a check that runs since the start, in place of calling it."""
    suite = pyfuncitem.config.stash.get(_SUITE, None)
    if suite is None or pyfuncitem.nodeid not in suite.futures:
        return None
    verdict = suite.verdict(pyfuncitem)
    pyfuncitem.user_properties += [("result", verdict.result), ("evidence", verdict.evidence),
                                   ("attempts", verdict.attempts), ("seconds", round(verdict.seconds, 3))]  # fmt: skip
    if verdict.result == "LEFT OUT":
        pytest.skip(verdict.evidence)
    if verdict.result != "PASS":
        pytest.fail(f"{verdict.result}: {verdict.evidence}", pytrace=False)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Let a run in which nothing was checked fail, and with --strict one that left something out.

    A run that was interrupted, or in which something else than a check failed, proves nothing.
    """
    suite = session.config.stash.get(_SUITE, None)
    if suite is None or session.config.option.collectonly:
        return
    suite.give_up(session.items)
    suite.ended = exitstatus == pytest.ExitCode.OK
    if exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED} and not suite.passed:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    suite.unwritten = _write_reports(session.config, suite)
    if suite.unwritten and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


def _write_reports(config: pytest.Config, suite: Suite) -> list[str]:
    """Write the files that were asked for; return why some could not be written."""
    problems = []
    for option, write in (("--json", write_json), ("--html", write_html)):
        path = config.getoption(option)
        try:
            if path:
                write(Path(path), _document(suite))
        except OSError as error:
            problems.append(f"error: {option} {path} could not be written: {error.strerror}")
    return problems


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the summary."""
    suite = config.stash.get(_SUITE, None)
    if suite is None or config.option.collectonly:
        return
    with _uncaptured(config):
        terminalreporter.section("proof")
        terminalreporter.flush()
        print_summary(_document(suite), strict=suite.strict)
        for problem in suite.unwritten:
            say(problem)


def _document(suite: Suite) -> Mapping[str, Any]:
    release = suite.proof.release
    return {
        "package": release.package, "version": str(release.version), "passed": suite.passed,
        "seconds": round(time.monotonic() - suite.began, 3), "requests": suite.proof.web.sent,
        "checks": [row.document() for row in suite.rows], "left_out": suite.left_out,
    }  # fmt: skip


def _uncaptured(config: pytest.Config) -> Any:
    from contextlib import nullcontext

    capture = config.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled() if capture else nullcontext()
