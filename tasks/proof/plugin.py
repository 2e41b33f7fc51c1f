"""The pytest plugin behind verify/: options, subjects as fixtures, and all checks tried side by side from the start.

Loaded by verify/conftest.py under whichever name the package has (DESIGN.md section 9).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ..errors import ReleaseError
from ..project import find_project
from ..report import say
from ..rules.distributions import KINDS
from ..rules.groups import GROUPS, group_of
from ..rules.text import plural
from ..rules.versions import read_version
from .options import add_options, check_options
from .proof import INSTALLERS, Proof, hosts_of
from .release import Release
from .reports import print_summary, write_html, write_json
from .suite import SUBJECTS, Suite

_SUITE = pytest.StashKey[Suite]()


# -- options and settings ------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Read the project's settings; a wrong one ends the run before anything is asked."""
    for name, meaning in GROUPS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    if config.option.help or config.option.markers or config.option.showfixtures:
        return
    option = config.getoption
    try:
        check_options(config)
        project = find_project(option("--project"))
        version = read_version(option("release_version"), "--version") if option("release_version") else project.version
        proof = Proof(Release(project, version), hosts_of(project, version, option("--host")))
    except ReleaseError as error:
        raise pytest.UsageError(str(error)) from None
    config.option.tbstyle, config.option.reportchars = "no", ""  # the summary says it all, once
    config.stash[_SUITE] = Suite(proof, option("--wait"), option("--strict"))


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


release, index, github, host, environment, choice = (pytest.fixture(_given, name=name) for name in SUBJECTS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a check for each kind of file, for each host, and for each installer."""
    suite = metafunc.config.stash.get(_SUITE, None)
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", suite.proof.release.project.kinds if suite else KINDS)
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
                write(Path(path), suite.document())
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
        print_summary(suite.document(), strict=suite.strict)
        for problem in suite.unwritten:
            say(problem)


def _uncaptured(config: pytest.Config) -> Any:
    from contextlib import nullcontext

    capture = config.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled() if capture else nullcontext()
