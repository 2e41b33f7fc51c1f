import subprocess
import sys
from pathlib import Path

import pytest

from tasks.errors import Unreachable
from tasks.systems.process import find, run, run_within, started
from tasks.systems.programs import ProgramFailed, ProgramMissing, ProgramSlow

from ..running import alive, program


def test_output_is_given_back(tmp_path: Path) -> None:
    script = "import sys; sys.stdout.write(sys.stdin.read() * 2); sys.stderr.write('aside')"
    output = run([sys.executable, "-c", script], cwd=tmp_path, stdin=b"ab")
    assert (output.code, output.text, output.complaint) == (0, "abab", "aside")


def test_bytes_that_are_no_utf8_are_replaced(tmp_path: Path) -> None:
    fake = program(tmp_path, "fake", "printf 'a\\377b'")
    assert run([str(fake)], cwd=tmp_path).text == "a\ufffdb"


def test_nothing_is_given_to_a_shell(tmp_path: Path) -> None:
    fake = program(tmp_path, "fake", 'printf "%s|" "$@"')
    words = ["$(touch pwned)", "a b", "'", "", "*"]
    assert run([str(fake), *words], cwd=tmp_path).text == "$(touch pwned)|a b|'||*|"
    assert not (tmp_path / "pwned").exists()


def test_the_environment_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONE", "x")
    fake = program(tmp_path, "fake", 'echo "${GONE-unset} ${NEW-unset}"')
    assert run([str(fake)], cwd=tmp_path, env={"GONE": None, "NEW": "y"}).text == "unset y\n"


def test_a_failure_says_what_the_program_said(tmp_path: Path) -> None:
    script = "echo first >&2; echo 'error: the matter' >&2; echo middle >&2; echo '  cause: this' >&2; exit 3"
    fake = program(tmp_path, "fake", script)
    with pytest.raises(ProgramFailed) as caught:
        run([str(fake), "a b"], cwd=tmp_path)
    assert str(caught.value) == f"`{fake} 'a b'` failed (exit 3): error: the matter; cause: this"
    assert (caught.value.code, caught.value.exit_code) == (3, 3)
    assert run([str(fake)], cwd=tmp_path, check=False).code == 3


def test_a_failure_without_words(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="it said nothing"):
        run([str(program(tmp_path, "fake", "exit 1"))], cwd=tmp_path)


def test_a_missing_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramMissing) as caught:
        find("git")
    assert str(caught.value) == "git was not found\nexpected: git on PATH\nnext: install git"


@pytest.mark.parametrize("name", ["uv", "git-cliff"])
def test_a_missing_tool_is_not_installed_into_the_systems_python(name: str) -> None:
    assert ProgramMissing(name).remedy == f"pipx install {name}"


def test_uv_is_the_one_that_runs_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV", "/some/uv")
    assert find("uv") == "/some/uv"


def test_git_cliff_is_found_beside_this_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find("git-cliff") == str(Path(sys.executable).parent / "git-cliff")


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    path = program(tmp_path, "fake", "true")
    path.write_bytes(b"\x00\x01nonsense")
    with pytest.raises(Unreachable, match="could not be started"):
        run([str(path)], cwd=tmp_path)
    with pytest.raises(Unreachable, match="could not be started"), started([str(path)], cwd=tmp_path):
        pass


def test_what_was_started_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), started(["sleep", "60"], cwd=tmp_path) as child:
        _ = 1 / 0
    assert isinstance(child, subprocess.Popen)
    assert child.returncode is not None


def test_within_its_time_it_gives_back_both_outputs(tmp_path: Path) -> None:
    fake = program(tmp_path, "fake", "cat; echo aside >&2; exit 3")
    output = run_within(20, [str(fake)], cwd=tmp_path, stdin=b"given" * 100_000)
    assert (output.code, output.stdout, output.complaint) == (3, b"given" * 100_000, "aside\n")


def test_what_takes_too_long_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    fake = program(tmp_path, "fake", "sleep 60 & echo $! > pid; wait")
    with pytest.raises(ProgramSlow) as slow:
        run_within(1, [str(fake), "a b"], cwd=tmp_path)
    assert str(slow.value).startswith(f"`{fake} 'a b'` did not end within 1 s and was stopped")
    assert not alive(int((tmp_path / "pid").read_text()))


def test_what_it_leaves_running_is_not_waited_for(tmp_path: Path) -> None:
    fake = program(tmp_path, "fake", "echo said; sleep 60 & exit 0")
    output = run_within(20, [str(fake)], cwd=tmp_path)
    assert (output.code, output.text) == (0, "said\n")
