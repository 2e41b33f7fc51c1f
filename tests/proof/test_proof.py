"""The command as it is typed, its options, its reports, and how it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Fault, Server

from ..repositories import CHECKOUT
from ..running import changed, run
from .world import VERSION, World, good, world

PYTEST = Path(sys.executable).with_name("pytest")


@pytest.fixture
def release(tmp_path: Path) -> Iterator[World]:
    with good(tmp_path) as made:
        yield made


def wait_until(happened: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def test_a_good_release_passes_every_check(release: World) -> None:
    proved = release.prove(only="")
    assert proved.code == 0, proved.out + proved.err
    assert len(proved.of("PASS")) == 40
    assert set(proved.of("LEFT OUT")) == {"attestation[wheel]", "attestation[sdist]"}
    assert proved.content["left_out"] == ["not configured: service (no hosts in the settings)"]
    assert "sample 1.0.0 is proved; 42 checks: 40 pass, 2 left out" in proved.out


def test_a_release_of_wheels_alone(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.publish(kinds=("wheel",))
        made.show()
        assert set(made.prove("-k", "present or asset").wrong) == {"present[sdist]"}
        proved = made.prove("--strict", env={"RELEASE_COORDINATION_SDIST": "false"})
    assert {name for name in proved.of("PASS") if "sdist" in name} == set()
    assert (proved.wrong, "asset[wheel]" in proved.of("PASS")) == ({}, True), proved.out


def test_an_index_without_tls_is_taken_from_by_both_installers(release: World) -> None:
    """Also where it is not this machine's own: pip would pass such an index over without a word."""
    address = f"{release.index_server.url.replace('127.0.0.1', '0.0.0.0')}/simple/"  # noqa: S104 - asked, not bound
    proved = release.prove("-k", "test_install", only="install", env={"RELEASE_COORDINATION_INDEX__SIMPLE": address})
    assert set(proved.of("PASS")) >= {"install[pip]", "install[uv]"}, proved.out


def test_the_very_command_line_checks_something() -> None:
    """pytest 9 would print its own version and exit 0, and a release would look proved."""
    index = SandboxIndex()
    for name, content in (make("release-coordination", "0.36.0") for make in (wheel, sdist)):
        index.add(content, name)
    with Server(index) as server:
        done = subprocess.run(
            [PYTEST, "verify/", "--version", "0.36.0"],
            cwd=CHECKOUT,
            env=changed({
                "RELEASE_COORDINATION_INDEX__SIMPLE": f"{server.url}/simple/",
                "RELEASE_COORDINATION_INDEX__JSON": f"{server.url}/pypi/",
                "RELEASE_COORDINATION_GITHUB__API": f"{server.url}/github",
                "RELEASE_COORDINATION_GITHUB__WEB": server.url,
                "GITHUB_TOKEN": None,
            }),
            capture_output=True, check=False, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "proving release-coordination 0.36.0" in done.stdout
    assert "PASS      index wheel  not yanked" in done.stdout
    assert "release-coordination 0.36.0 is NOT proved" in done.stdout


def test_pytests_own_version_is_still_to_be_had() -> None:
    for words in (["--version"], ["verify/", "-V"]):
        done = subprocess.run([PYTEST, *words], cwd=CHECKOUT, capture_output=True, check=False, text=True, timeout=60)
        assert (done.returncode, done.stdout.split()[0]) == (0, "pytest"), done.stdout + done.stderr


def test_a_suite_that_cannot_be_loaded_is_no_proof(tmp_path: Path) -> None:
    """pytest would answer --version by its own version and exit 0 when a conftest does not load."""
    shutil.copytree(CHECKOUT / "verify", tmp_path / "verify")
    (tmp_path / "release_coordination").mkdir()
    (tmp_path / "release_coordination" / "__init__.py").write_text("raise ImportError('half installed')\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "verify/", "--version", "1.0.0"],
        cwd=tmp_path, env=changed({"PYTHONPATH": str(tmp_path)}), capture_output=True, check=False, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 4
    assert "cannot be loaded: ImportError: half installed" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--version", "one"), "--version is 'one', which is no version"),
        (("--project", "/nowhere"), "no pyproject.toml there"),
        (("--host", "hetz"), "the settings have no hosts"),
    ],
)
def test_a_wrong_value_ends_before_anything_is_asked(release: World, words: tuple[str, ...], said: str) -> None:
    proved = release.prove(*words)
    assert proved.code == 4
    assert said in proved.err
    assert release.index_server.seen == []


def test_a_run_without_a_check_fails(release: World) -> None:
    proved = release.prove("-k", "nothing_of_that_name")
    assert proved.code == 1
    assert "is NOT proved; 0 checks: nothing was checked" in proved.out


def test_strict_fails_on_what_is_not_configured(release: World) -> None:
    part = release.prove("-k", "listed", only="index")
    assert (part.code, part.content["left_out"]) == (0, ["not asked for: 47 checks"])
    proved = release.prove("-k", "listed or unit", "--strict", only="")
    assert proved.code == 1
    assert "not configured: service (no hosts in the settings) (--strict: this fails)" in proved.out


def test_without_github_the_rest_is_proved_and_the_gap_is_named(release: World) -> None:
    text = release.repository.read("pyproject.toml").decode()
    release.repository.write({"pyproject.toml": text.replace('repository = "owner/sample"\n', "").replace(
        "https://github.com/owner/sample", "https://example.org/sample")})  # fmt: skip
    proved = release.prove()
    assert proved.code == 0, proved.out
    assert "not configured: github (no repository in the settings, project.urls or origin)" in proved.out
    assert proved.of("PASS")["version[wheel]"] == "as in pyproject.toml at v1.0.0"


def test_a_candidate_must_not_be_what_installers_pick(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.publish("1.1.0rc1")
        alone = made.prove("--version", "1.1.0rc1", only="index")
        assert alone.wrong["installers_choice"] == "an installer asked for sample takes the candidate 1.1.0rc1"
        assert alone.code == 1
        made.publish("1.0.0")
        proved = made.prove("--version", "1.1.0rc1")
    assert {name for name in proved.wrong if name != "listed"} == set(), proved.out
    assert "github: a candidate is never tagged, so there is nothing to see" in proved.out
    assert "installers_choice" in proved.of("PASS")


def test_the_reports_say_the_same(release: World, tmp_path: Path) -> None:
    release.index.yank("sample", VERSION, "<b>broken</b>")
    page, junit = tmp_path / "proof.html", tmp_path / "proof.xml"
    proved = release.prove("--html", str(page), "--junit-xml", str(junit))
    html = page.read_text("utf-8")
    assert "&lt;b&gt;broken&lt;/b&gt;" in html
    assert "<b>" not in html
    assert html.count("<tr>") == len(proved.content["checks"]) + 1
    suite = ET.fromstring(junit.read_text("utf-8"))[0]  # noqa: S314 - pytest wrote it
    failed = {case.attrib["name"] for case in suite if case.find("failure") is not None}
    assert failed == {f"test_{name}" for name in (proved.wrong | proved.of("BLOCKED"))}
    evidence = {one.attrib["name"]: one.attrib["value"] for one in suite[0].iter("property")}
    assert set(evidence) == {"result", "evidence", "attempts", "seconds"}
    assert not proved.content["passed"]
    assert proved.content["requests"]


def test_what_is_not_there_yet_is_waited_for_side_by_side(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.publish()
        made.show()
        with made.index.stale(0):
            at_once = made.prove()
            assert at_once.code == 1
            assert set(at_once.wrong) == {"listed"}
            later = ThreadPoolExecutor().submit(made.prove, "--wait", "300")
            asked = len(made.index_server.asked("GET", "/simple/sample/$"))
            wait_until(lambda: len(made.index_server.asked("GET", "/simple/sample/$")) > asked + 1)
        proved = later.result()
        assert proved.code == 0, proved.out
        waited = [row for row in proved.content["checks"] if row["attempts"] > 1]
        assert len(waited) > 10
        assert len(waited) > 3 * len(made.index_server.asked("GET", "/simple/sample/$")), "one look serves all checks"


def test_what_is_wrong_is_not_waited_for(release: World) -> None:
    release.index.yank("sample", VERSION)
    began = time.monotonic()
    proved = release.prove("--wait", "600")
    assert proved.code == 1
    assert time.monotonic() - began < 100
    assert set(proved.wrong) == {"not_yanked[wheel]", "not_yanked[sdist]"}


def test_ctrl_c_ends_the_waiting(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        argv = [sys.executable, "-m", "pytest", str(CHECKOUT / "verify"), "--version", VERSION, "--wait", "600"]
        child = subprocess.Popen(argv, cwd=made.repository.root, env=changed({"GITHUB_TOKEN": None}),
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
        wait_until(lambda: made.index_server.asked("GET", "/simple/sample/$"))
        time.sleep(1)
        os.kill(child.pid, signal.SIGINT)
        said, _ = child.communicate(timeout=30)
    assert child.returncode == 2, said
    assert "NOT proved" in said


def test_what_nobody_waited_for_is_not_proved(release: World) -> None:
    """What passed until then must not read as a proof of the whole."""
    release.index_server.fault(Fault("[.]tar[.]gz$", delay=30))
    report = release.repository.root.parent / "proof.json"
    argv = [sys.executable, "-m", "pytest", str(CHECKOUT / "verify"), "--version", VERSION, "-k", "listed or content",
            "--json", str(report)]  # fmt: skip
    child = subprocess.Popen(argv, cwd=release.repository.root, env=changed({"GITHUB_TOKEN": None}),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    wait_until(lambda: release.index_server.asked("GET", "[.]tar[.]gz$"))
    time.sleep(1)
    os.kill(child.pid, signal.SIGINT)
    said, _ = child.communicate(timeout=30)
    assert child.returncode == 2, said
    assert "sample 1.0.0 is NOT proved; 3 checks: 2 pass, 1 unknown" in said
    content = json.loads(report.read_text("utf-8"))
    assert not content["passed"]
    assert content["checks"][-1]["evidence"] == "the run ended before its verdict"


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_asked(release: World, tmp_path: Path) -> None:
    for words in (("--html", str(tmp_path / "no" / "proof.html")), ("--html", str(tmp_path)), ("--wait", "nan")):
        proved = release.prove(*words)
        assert (proved.code, release.index_server.seen) == (4, []), proved.out
        assert f"{words[0]} " in proved.err


def test_a_report_that_could_not_be_written_after_all_hides_no_summary(release: World) -> None:
    proved = release.prove("-k", "listed", "--html", "/dev/full")
    assert proved.code == 4
    assert "sample 1.0.0 is proved; 1 check: 1 pass" in proved.out
    assert "error: --html /dev/full could not be written: No space left on device" in proved.out


# -- release.verify ------------------------------------------------------------------------------------------------


def _verify(made: World, *words: str) -> tuple[int, str, str]:
    ended = run("release.verify", *words, cwd=made.repository.root, env={"GITHUB_TOKEN": made.token})
    return ended.code, ended.out, ended.err


def test_release_verify_is_the_same_for_any_project(release: World) -> None:
    code, out, _ = _verify(release, "--only", "index", "--only", "github", "--json")
    content = json.loads(out)
    assert (code, content["passed"], content["version"]) == (0, True, VERSION)
    code, out, _ = _verify(release, "--only", "index", "--version", "1.0.1")
    assert code == 1
    assert "sample 1.0.1 is NOT proved" in out


def test_release_verify_tells_wrong_from_unknown(release: World) -> None:
    release.github_server.__exit__(None, None, None)
    code, out, _ = _verify(release, "--only", "github")
    assert code == 3, out
    release.github_server = Server(release.github)
    release.github_server.__enter__()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--only", "hosts"), "--only hosts: no such group of checks"),
        (("--version", "x"), "--version is 'x', which is no version"),
    ],
)
def test_release_verify_refuses_wrong_values(release: World, words: tuple[str, ...], said: str) -> None:
    code, _, err = _verify(release, *words)
    assert code == 2
    assert said in err
