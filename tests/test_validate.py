import contextlib
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.package import wheel
from tasks.rehearsal.server import Server
from tasks.rules.checks import Outcome, Result
from tasks.validation import Check, run_all

from .repositories import Repository, changelog, issue, lock, pyproject, released
from .running import Ended, alive, called, interrupted, program, run, wait_for

BUILT_IN = ["clean", "version", "changelog", "tag", "issues", "lockfile", "lint", "format", "tests", "entry-points"]
CHECKS = 'checks = { tests = "true", lint = "true", format = "true" }\n'

# A build back end that needs nothing but itself, so no test asks a package index.
BACKEND = """
import pathlib, tomllib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    info = f"sample-{project['version']}.dist-info"
    name = f"sample-{project['version']}-py3-none-any.whl"
    scripts = "".join(f"{key} = {value}\\n" for key, value in project.get("scripts", {}).items())
    needs = "".join(f"Requires-Dist: {item}\\n" for item in project.get("dependencies", ()))
    files = {
        "sample.py": pathlib.Path("sample.py").read_text(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: sample\\nVersion: {project['version']}\\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{info}/entry_points.txt": f"[console_scripts]\\n{scripts}",
    }
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
        wheel.writestr(f"{info}/RECORD", "")
    pathlib.Path("left-behind.txt").write_text("by the build")
    return name
"""
BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def validate(repository: Repository, *words: str, env: dict[str, str | None] | None = None) -> Ended:
    return called("release.validate", *words, cwd=repository.root, env=env)


def results(document: Any) -> dict[str, str]:
    return {item["check"]: item["result"] for item in document}


def checks(**lines: str) -> dict[str, str | None]:
    """Return the environment that sets commands; a dash in a name is written as an underscore."""
    return {f"RELEASE_COORDINATION_CHECKS__{name.upper()}": line for name, line in lines.items()}


def shell(script: str) -> str:
    return shlex.join(["sh", "-c", script])


@pytest.fixture(scope="session")
def ready_template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    sample = released(tmp_path_factory.mktemp("templates") / "ready", CHECKS)
    sample.commit("feat: add #2")
    lock(sample)
    text = changelog(("1.1.0", "2024-01-04"), ("1.0.0", "2024-01-01"))
    sample.write({"pyproject.toml": pyproject("1.1.0", CHECKS), "CHANGELOG.md": text})
    lock(sample)
    assert sample.day == "2024-01-04"
    return sample


@pytest.fixture
def ready(ready_template: Repository, tmp_path: Path) -> Repository:
    """A project whose version 1.1.0 passes every check; its section is dated by the day of its last commit."""
    return Repository(tmp_path / "ready", ready_template)


def test_all_pass(ready: Repository) -> None:
    before = ready.snapshot()
    ended = run("release.validate", "--json", cwd=ready.root)
    assert (ended.code, ended.err) == (0, "")
    assert results(ended.json) == dict.fromkeys(BUILT_IN, "PASS")
    assert all(item["evidence"] and item["findings"] == [] for item in ended.json)
    assert {item["check"]: item["evidence"] for item in ended.json}["issues"] == (
        "3 commits since v1.0.0: 1 covered, 2 exempt"
    )
    assert ready.snapshot() == before


def test_a_line_as_each_ends_and_a_table(ready: Repository) -> None:
    ended = run("release.validate", cwd=ready.root)
    assert ended.code == 0
    assert sorted(line.split()[:2] for line in ended.err.splitlines()) == sorted(["PASS", name] for name in BUILT_IN)
    table = [line.split()[:2] for line in ended.out.splitlines() if line.startswith("PASS")]
    assert table == [["PASS", name] for name in BUILT_IN]
    assert ended.out.splitlines()[-1] == "10 checks: 10 pass"


def dirty(repository: Repository) -> None:
    repository.write({"work.txt": "changed", "new file.txt": "x"})


def stale(repository: Repository) -> None:
    content = pyproject("1.1.0", CHECKS).replace(">=3.9", ">=3.10")
    repository.commit("chore: drop 3.9", {"pyproject.toml": content})


def unlinked(repository: Repository) -> None:
    text = repository.read("CHANGELOG.md").decode().replace(f"mend it {issue(1)}\n\n##", "mend it\n\n##")
    repository.commit("chore: forget the link", {"CHANGELOG.md": text})


def rewritten(repository: Repository) -> None:
    text = repository.read("CHANGELOG.md").decode()
    repository.commit("chore: rewrite history", {"CHANGELOG.md": text.replace("2024-01-01", "2024-01-02")})


def tagged(repository: Repository) -> None:
    repository.tag("v1.1.0")


def uncovered(repository: Repository) -> None:
    repository.commit("fix: nobody asked for it")


@pytest.mark.parametrize(
    ("spoil", "check", "evidence"),
    [
        (dirty, "clean", "work.txt: M work.txt is not committed (and 1 more)"),
        (stale, "lockfile", "exit "),
        (unlinked, "changelog", "CHANGELOG.md:7: links no issue: mend it"),
        (rewritten, "changelog", "CHANGELOG.md:9: section 1.0.0 was changed since the last release"),
        (tagged, "tag", "tag v1.1.0 exists: 1.1.0 was released"),
        (uncovered, "issues", "fix: nobody asked for it: names no issue"),
    ],
)
def test_each_fails_alone(ready: Repository, spoil: Any, check: str, evidence: str) -> None:
    spoil(ready)
    before = ready.snapshot()
    ended = validate(ready, "--json")
    assert results(ended.json) == {name: "FAIL" if name == check else "PASS" for name in BUILT_IN}
    assert evidence in next(item["evidence"] for item in ended.json if item["check"] == check)
    assert ended.code == 1
    assert ready.snapshot() == before


def test_version_and_changelog_differ(ready: Repository) -> None:
    ready.write({"pyproject.toml": pyproject("1.2.0", CHECKS)})
    lock(ready)
    found = results(validate(ready, "--json").json)
    assert [name for name, result in found.items() if result == "FAIL"] == ["version", "changelog"]


@pytest.mark.parametrize("name", ["tests", "lint", "format", "lockfile", "entry_points", "my_own"])
def test_a_command_that_fails(ready: Repository, name: str) -> None:
    """Settings replace built-in checks and add their own."""
    ended = validate(ready, "--json", env=checks(**{name: shell("echo one; echo the last word >&2; exit 7")}))
    failed = next(item for item in ended.json if item["result"] == "FAIL")
    assert (ended.code, failed["check"]) == (1, name.replace("_", "-"))
    assert (failed["evidence"], failed["output"]) == ("exit 7: the last word", "one\nthe last word")
    assert len(ended.json) == len(BUILT_IN) + (name == "my_own")


def test_every_problem_at_once(ready: Repository) -> None:
    for spoil in (unlinked, uncovered, stale, dirty):
        spoil(ready)
    ended = run("release.validate", cwd=ready.root, env=checks(tests="false"))
    assert ended.code == 1
    failed = {line.split()[1] for line in ended.out.splitlines() if line.startswith("FAIL")}
    assert failed == {"clean", "changelog", "issues", "lockfile", "tests"}
    assert ended.out.splitlines()[-1] == "10 checks: 5 fail, 5 pass"
    for said in ("work.txt is not committed", "new file.txt", "links no issue", "nobody asked for it"):
        assert said in ended.out


def test_a_missing_program_is_unknown(ready: Repository) -> None:
    ended = run("release.validate", "--json", cwd=ready.root, env=checks(tests="no-such-program --flag"))
    assert (ended.code, results(ended.json)["tests"]) == (3, "UNKNOWN")
    evidence = next(item["evidence"] for item in ended.json if item["check"] == "tests")
    assert evidence == (
        "no-such-program was not found; expected no-such-program on PATH; "
        "next: install no-such-program, or correct the command in the settings"
    )
    assert validate(ready, "--json", env=checks(tests="no-such-program", lint="false")).code == 1


def test_a_command_that_cannot_be_read_is_a_wrong_setting(ready: Repository) -> None:
    """Exit 3 means that something outside failed; quotes that do not match are the settings' own fault."""
    ended = validate(ready, "--json", env=checks(tests='echo "half'))
    assert ended.code in {1, 2}


def test_a_changelog_that_cannot_be_read_fails(ready: Repository) -> None:
    ready.commit("chore: garble", {"CHANGELOG.md": b"# changelog\n\n\xff\n"})
    ended = validate(ready, "--json")
    assert ended.code in {1, 2}


def test_an_empty_command_switches_a_check_off(ready: Repository) -> None:
    uncovered(ready)
    ended = validate(ready, "--json", env=checks(issues="", tests="  "))
    found = results(ended.json)
    assert (ended.code, found["issues"], found["tests"]) == (0, "SKIPPED", "SKIPPED")
    assert next(item["evidence"] for item in ended.json if item["check"] == "tests") == "switched off by the settings"


def test_without_a_lock_file_it_is_skipped(ready: Repository) -> None:
    ready.commit("chore: unlock", {"uv.lock": None})
    ended = validate(ready, "--json")
    assert (ended.code, results(ended.json)["lockfile"]) == (0, "SKIPPED")


def test_only_and_skip(ready: Repository) -> None:
    dirty(ready)
    assert list(results(validate(ready, "--json", "--only=tag", "--only=clean").json)) == ["clean", "tag"]
    ended = validate(ready, "--json", "--skip=clean", "--skip=tests")
    assert (ended.code, list(results(ended.json))) == (0, [name for name in BUILT_IN if name not in {"clean", "tests"}])
    ended = run("release.validate", "--only", "tag", "--only", "version", "--json", cwd=ready.root)
    assert (ended.code, list(results(ended.json))) == (0, ["version", "tag"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only=lints"], "'lints' is no check\nexpected: one of clean, version, changelog, tag, issues, "),
        (["--skip=x"], "'x' is no check"),
        (["--only=tag", "--skip=tag"], "--only and --skip leave no check"),
    ],
)
def test_names_that_are_no_check(ready: Repository, words: list[str], said: str) -> None:
    ended = validate(ready, *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error: {said}")


def test_a_candidate_needs_no_changelog(ready: Repository) -> None:
    ready.write({"pyproject.toml": pyproject("1.2.0rc1", CHECKS), "CHANGELOG.md": "nonsense\n"})
    lock(ready)
    ended = run("release.validate", cwd=ready.root)
    assert ended.code == 0
    skipped = [line.split(maxsplit=3) for line in ended.out.splitlines() if line.startswith("SKIPPED")]
    assert [(row[1], row[3].strip()) for row in skipped] == [
        ("version", "1.2.0rc1 is a candidate, which has no section"),
        ("changelog", "1.2.0rc1 is a candidate, which has no section"),
    ]


def test_what_only_github_could_tell_is_unknown(ready: Repository) -> None:
    ready.commit("feat: by a pull request (#9)")
    ended = validate(ready, "--json")
    assert (ended.code, results(ended.json)["issues"]) == (3, "UNKNOWN")
    ended = validate(ready, "--json", "--offline")
    assert (ended.code, results(ended.json)["issues"]) == (0, "PASS")


def test_run_from_a_subfolder(ready: Repository) -> None:
    (ready.root / "src").mkdir()
    script = shell("test -f pyproject.toml")
    ended = called("release.validate", "--only=tests", cwd=ready.root / "src", env=checks(tests=script))
    assert ended.code == 0


@pytest.mark.parametrize(
    ("module", "point", "said"),
    [
        ("def main():\n    pass\n", "sample:main", ""),
        ("def main():\n    pass\n", "sample:missing", "AttributeError: "),
        ("def main():\n    pass\n", "simple:main", "ModuleNotFoundError: "),
        ("import notinstalled\n", "sample:main", "ModuleNotFoundError: "),
        ("raise SystemExit(3)\n", "sample:main", "the import ends the program (exit 3)"),
        ("print('noise')\nimport sys; sys.stdout = None\nmain = 1\n", "sample:main", ""),
    ],
)
def test_entry_points_are_loaded_from_the_wheel(ready: Repository, module: str, point: str, said: str) -> None:
    content = pyproject("1.1.0", CHECKS, f'scripts.sample = "{point}"\n') + BUILD
    ready.commit("chore: build", {"pyproject.toml": content, "sample.py": module, "backend.py": BACKEND})
    before = ready.snapshot()
    ended = validate(ready, "--json", "--only=entry-points")
    (item,) = ended.json
    if said:
        assert (ended.code, item["result"]) == (1, "FAIL"), item
        assert f"console_scripts sample = {point}: {said}" in item["evidence"]
        assert item["findings"][0]["file"] == "pyproject.toml"
    else:
        assert (ended.code, item["evidence"]) == (0, "1 entry point of the wheel can be loaded"), item
    assert ready.snapshot() == before


def test_what_a_wheel_needs_comes_from_the_release_index_alone(ready: Repository) -> None:
    """Under its name another index may have a stranger's code, which would be run here."""
    name, content = wheel("sample-library", "1.0", modules={"sample_library.py": "main = print\n"})
    release, other = SandboxIndex(), SandboxIndex()
    release.add(content, name)
    evil = wheel("sample-library", "9.0", modules={"sample_library.py": "raise SystemExit('stranger')\n"})
    other.add(evil[1], evil[0])
    project = 'dependencies = ["sample-library"]\nscripts.sample = "sample:main"\n'
    with Server(release) as ours, Server(other) as theirs:
        settings = f'{CHECKS}index.simple = "{ours.url}/simple/"\n'
        module = "from sample_library import main\n"
        text = pyproject("1.1.0", settings, project) + BUILD
        ready.commit("chore: build", {"pyproject.toml": text, "sample.py": module, "backend.py": BACKEND})
        env: dict[str, str | None] = {"UV_INDEX": f"{theirs.url}/simple/"}
        (item,) = validate(ready, "--json", "--only=entry-points", env=env).json
    assert item["evidence"] == "1 entry point of the wheel can be loaded", item
    assert not theirs.asked()


def test_what_builds_a_wheel_comes_from_where_the_project_says(ready: Repository) -> None:
    name, content = wheel("sample-backend", "1.0", modules={"sample_backend.py": BACKEND})
    index = SandboxIndex()
    index.add(content, name)
    build = BUILD.replace("[]", '["sample-backend"]').replace('"backend"\nbackend-path = ["."]', '"sample_backend"')
    with Server(index) as server:
        uv = f'[[tool.uv.index]]\nurl = "{server.url}/simple/"\ndefault = true\n'
        text = pyproject("1.1.0", CHECKS, 'scripts.sample = "sample:main"\n') + build + uv
        ready.commit("chore: build", {"pyproject.toml": text, "sample.py": "main = print\n"})
        (item,) = validate(ready, "--json", "--only=entry-points").json
    assert item["evidence"] == "1 entry point of the wheel can be loaded", item


def test_a_wheel_that_cannot_be_built_fails(ready: Repository) -> None:
    content = pyproject("1.1.0", CHECKS, 'scripts.sample = "sample:main"\n') + BUILD
    ready.commit("chore: build", {"pyproject.toml": content, "backend.py": "raise ValueError('no luck')\n"})
    ended = validate(ready, "--json", "--only=entry-points")
    assert (ended.code, results(ended.json)) == (1, {"entry-points": "FAIL"})
    assert "no luck" in ended.json[0]["output"]


def test_without_uv_what_needs_it_is_unknown(ready: Repository) -> None:
    ended = validate(ready, "--json", env={"UV": "/nonexistent/uv"})
    assert (ended.code, results(ended.json)["lockfile"]) == (3, "UNKNOWN")


def test_checks_run_side_by_side(ready: Repository, tmp_path: Path) -> None:
    """Each of two commands ends only when it sees the other."""

    def meet(mine: str, theirs: str) -> str:
        return shell(
            f"touch {tmp_path / mine}; n=0; while [ ! -e {tmp_path / theirs} ]; do n=$((n+1)); "
            "[ $n -lt 200 ] || exit 1; sleep 0.05; done"
        )

    ended = validate(ready, "--json", env=checks(lint=meet("a", "b"), tests=meet("b", "a")))
    assert (ended.code, results(ended.json)["lint"], results(ended.json)["tests"]) == (0, "PASS", "PASS")


def test_a_stale_lock_is_not_mended_by_a_command_beside(ready: Repository) -> None:
    stale(ready)
    before = ready.read("uv.lock")
    ended = validate(ready, "--json", env=checks(tests="uv run --no-sync python --version"))
    assert (results(ended.json)["tests"], results(ended.json)["lockfile"]) == ("PASS", "FAIL")
    assert ready.read("uv.lock") == before


@contextlib.contextmanager
def killing(*files: Path) -> Iterator[None]:
    """Kill what a test may have left running."""
    try:
        yield
    finally:
        for file in files:
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(file.read_text("utf-8")), signal.SIGKILL)


@pytest.mark.parametrize(
    ("script", "number"),
    [
        pytest.param("echo $$ > {pid}; exec sleep 60", signal.SIGINT, id="child"),
        pytest.param("sleep 60 & echo $! > {pid}; wait", signal.SIGINT, id="grandchild"),
        pytest.param("sleep 60 & echo $! > {pid}; wait", signal.SIGTERM, id="grandchild, SIGTERM"),
        pytest.param('(trap "" TERM; exec sleep 60) & echo $! > {pid}; wait', signal.SIGINT, id="stubborn grandchild"),
    ],
)
def test_an_interrupt_leaves_nothing_running(ready: Repository, tmp_path: Path, script: str, number: int) -> None:
    pid, before = tmp_path / "pid", ready.snapshot()
    env = checks(tests=shell(script.format(pid=pid)), lint=shell("exec sleep 60"))
    with killing(pid):
        ended = interrupted(
            "release.validate",
            cwd=ready.root,
            env=env,
            number=number,
            when=lambda: pid.exists() and bool(pid.read_text("utf-8").strip()),
        )
        assert (ended.code, ended.err.splitlines()[-1]) == (130, "interrupted")
        wait_for(lambda: not alive(int(pid.read_text("utf-8"))), "the check to be gone", 2)
    assert ready.snapshot() == before


def waiting(stop: threading.Event) -> Outcome:
    """Run until an interrupt stops it; nothing else ends it in time."""
    assert stop.wait(8)
    return Outcome(Result.PASS, "stopped")


def passing(_stop: threading.Event) -> Outcome:
    return Outcome(Result.PASS, "done")


def test_leaving_early_stops_what_runs() -> None:
    began = time.monotonic()
    done: Any = run_all([Check("quick", passing), Check("slow", waiting)])
    assert next(done).name == "quick"
    done.close()
    assert time.monotonic() - began < 5


def test_an_interrupt_while_checks_are_started_stops_those(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ThreadPoolExecutor.submit
    started: list[Any] = []

    def submit(pool: ThreadPoolExecutor, *words: Any) -> Any:
        if started:
            raise KeyboardInterrupt
        started.append(words)
        return real(pool, *words)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(run_all([Check("slow", waiting), Check("never", passing)]))
    assert time.monotonic() - began < 5


def test_an_interrupt_while_a_result_is_shown_stops_the_rest(
    ready: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C may hit any line of the main thread, not only the one that waits."""
    pid = tmp_path / "pid"

    def note(text: str) -> None:
        wait_for(lambda: pid.exists() and bool(pid.read_text("utf-8").strip()), "the check to run")
        if text.startswith("PASS"):
            raise KeyboardInterrupt

    monkeypatch.setattr("tasks.validationviews.note", note)
    with killing(pid):
        assert validate(ready, env=checks(tests=shell(f"echo $$ > {pid}; exec sleep 30"))).code == 130
        wait_for(lambda: not alive(int(pid.read_text("utf-8"))), "the check to be gone", 2)


@pytest.mark.parametrize("output", ["", ">/dev/null 2>&1"], ids=["holding the pipe", "on its own"])
def test_what_a_command_leaves_running_is_stopped(ready: Repository, tmp_path: Path, output: str) -> None:
    pid, began = tmp_path / "pid", time.monotonic()
    with killing(pid):
        ended = validate(ready, "--only=tests", env=checks(tests=shell(f"sleep 20 {output} & echo $! > {pid}")))
        assert (ended.code, time.monotonic() - began < 15) == (0, True)
        wait_for(lambda: not alive(int(pid.read_text("utf-8"))), "what was left to be gone", 1)


HOSTILE = "100%, a::b\x1b[31m \x07 ::warning::pwned"


def annotations(ended: Ended) -> list[str]:
    return [line for line in ended.out.splitlines() if line.lstrip().startswith("::")]


def test_annotations_on_github(ready: Repository) -> None:
    unlinked(ready)
    ready.commit(f"fix: {HOSTILE}")
    script = f"echo 'work.txt:3:1: E1 wrong {HOSTILE}'; exit 1"
    environment = {**checks(lint=shell(script)), "GITHUB_ACTIONS": "true"}
    ended = run("release.validate", cwd=ready.root, env=environment)
    found = annotations(ended)
    assert ended.code == 1
    assert any(
        line.startswith("::error file=CHANGELOG.md,line=7,title=changelog::links no issue: mend it") for line in found
    )
    assert any(
        line.startswith("::error file=work.txt,line=3,title=lint::E1 wrong 100%25, a::b\\x1b[31m") for line in found
    )
    assert any(line.startswith("::error title=issues::") and "100%25, a::b\\x1b[31m" in line for line in found)
    assert len(found) == 3
    assert annotations(run("release.validate", cwd=ready.root, env=checks(lint=shell(script)))) == []


def test_every_failure_has_an_annotation(ready: Repository) -> None:
    """Also one that points at no line: a tag that is taken, a command that only exits 1."""
    tagged(ready)
    environment = {**checks(tests="false"), "GITHUB_ACTIONS": "true"}
    found = annotations(validate(ready, env=environment))
    assert any("title=tag::" in line for line in found)
    assert any("title=tests::" in line for line in found)


def test_a_commands_output_cannot_command_github(ready: Repository) -> None:
    """The runner obeys `::…::` at the start of a line, also after blanks."""
    script = shell("echo '::stop-commands::x'; echo '::add-mask::e'; exit 1")
    ended = validate(ready, env={**checks(tests=script), "GITHUB_ACTIONS": "true"})
    assert [line for line in annotations(ended) if not line.startswith("::error ")] == []


def test_a_files_name_cannot_command_github(ready: Repository) -> None:
    ready.write({"::add-mask::e": "x", "a,line=1::b\nc": "x"})
    ended = validate(ready, "--only=clean", env={"GITHUB_ACTIONS": "true"})
    found = annotations(ended)
    assert all(line.startswith("::error file=") for line in found)
    assert any("file=a%2Cline=1%3A%3Ab%0Ac,title=clean::" in line for line in found)


def test_strange_output_of_a_command(ready: Repository) -> None:
    code = r"import os; os.write(1, b'\xff\x1b[2J\r\x00 end\n' * 3000); raise SystemExit(1)"
    ended = validate(ready, "--only=tests", env=checks(tests=shlex.join([sys.executable, "-c", code])))
    assert ended.code == 1
    assert not set("\x1b\x00\r") & set(ended.out)
    assert len(ended.out.splitlines()) < 60


def test_uv_without_network_is_unknown(ready: Repository) -> None:
    """What another command says of the network is its own failure."""
    offline = "echo 'error: Failed to fetch: x'; exit 2"
    env = {
        **checks(tests="uv run x", lint=shell(offline)),
        "UV": str(program(ready.root.parent / "bin", "uv", offline)),
    }
    ended = validate(ready, "--json", "--only=tests", "--only=lint", env=env)
    assert (ended.code, results(ended.json)) == (1, {"lint": "FAIL", "tests": "UNKNOWN"})
