import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tasks import ns

from .repositories import Repository, changelog, pyproject
from .running import arguments, called, changed, run

LONG = "fix: " + "a long title that goes on and on " * 10 + "to its end #2"


@pytest.fixture(scope="session")
def busy_template(sample_template: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = Repository(tmp_path_factory.mktemp("templates") / "busy", sample_template)
    for number in range(2, 12):
        repository.commit(f"feat(scope): \u00fcber \U0001f680 number {number} #{number}")
    repository.commit(LONG)
    return repository


@pytest.fixture
def busy(busy_template: Repository, tmp_path: Path) -> Repository:
    """A project with a dozen commits since its release, the newest with a long title."""
    return Repository(tmp_path / "busy", busy_template)


def terminal(*words: str, cwd: Path, columns: int, env: dict[str, str | None] | None = None) -> tuple[int, str]:
    """Run `inv …` on a terminal of some width and return its exit code and what is on the screen."""
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = changed({"TERM": "xterm-256color", **(env or {})})
    with subprocess.Popen(
        arguments(*words), cwd=cwd, env=environment, stdin=slave, stdout=slave, stderr=slave
    ) as child:
        os.close(slave)
        said = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # Linux's way of saying that the other end is closed
                break
            if not piece:
                break
            said += piece
    os.close(master)
    return child.returncode, said.decode("utf-8", "replace")


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_help_is_as_wide_as_the_terminal(busy: Repository, columns: int) -> None:
    for name in ("release.prepare", "rollback.revert", "changelog.draft"):
        code, screen = terminal("--help", name, cwd=busy.root, columns=columns)
        described = screen.replace("\r\n", "\n").partition("Docstring:\n")[2].partition("\nOptions:")[0]
        assert code == 0
        assert " ".join(described.split()) == " ".join((ns[name].__doc__ or "").split())
        long = [line for line in described.splitlines() if len(line) > columns]
        assert not [line for line in long if len(line.split()) > 1], long


COMMANDS = [
    ["audit.commits"],
    ["version.decide"],
    ["version.show"],
    ["changelog.draft"],
    ["changelog.check"],
    ["changelog.show"],
    ["release.validate", "--skip", "entry-points"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=[words[0] for words in COMMANDS])
def test_a_pipe_gets_plain_text(busy: Repository, words: list[str]) -> None:
    """No colour (asserted for every run), and no line that a terminal's width folded."""
    env: dict[str, str | None] = {"COLUMNS": "40", "TERM": "xterm-256color"}
    ended = run(
        *words, cwd=busy.root, env=env | {"RELEASE_COORDINATION_CHECKS": '{tests="true", lint="true", format="true"}'}
    )
    assert ended.code in {0, 1}
    if words[0] in {"audit.commits", "version.decide"}:
        assert any(LONG in line for line in ended.out.splitlines())
    assert [line for line in ended.out.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("command", ["audit.commits", "version.decide", "release.validate"])
@pytest.mark.parametrize("columns", [12, 40])
def test_a_narrow_terminal(busy: Repository, command: str, columns: int) -> None:
    checks: dict[str, str | None] = {"RELEASE_COORDINATION_CHECKS": '{tests="true", lint="true", format="false"}'}
    code, said = terminal(command, cwd=busy.root, columns=columns, env=checks)
    assert code in {0, 1}
    assert "Traceback" not in said
    assert "to its end" in " ".join(said.replace("\r\n", " ").split()) or command == "release.validate"


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_a_pipe_gets_plain_text_whatever_the_environment(busy: Repository, variable: str) -> None:
    """CI services set these; a log is no terminal, and nothing is animated there (asserted for every run)."""
    checks: dict[str, str | None] = {"RELEASE_COORDINATION_CHECKS": '{tests="true", lint="true", format="true"}'}
    assert run("audit.commits", cwd=busy.root, env={variable: "1"}).code == 0
    assert run("release.validate", cwd=busy.root, env={**checks, variable: "1"}).code == 1


def test_a_terminal_gets_colour_unless_told(busy: Repository) -> None:
    assert "\x1b[" in terminal("audit.commits", cwd=busy.root, columns=100)[1]
    assert "\x1b[3" not in terminal("audit.commits", cwd=busy.root, columns=100, env={"NO_COLOR": "1"})[1]


@pytest.mark.parametrize("command", ["audit.commits", "version.decide", "changelog.draft", "changelog.check --all"])
def test_a_reader_that_has_seen_enough(busy: Repository, command: str) -> None:
    name, *words = command.split()
    head = busy.head
    tags = "".join(f"create refs/tags/v0.{number}.0 {head}\n" for number in range(20, 220))
    busy.git("update-ref", "--stdin", stdin=tags.encode())
    shell = f'{" ".join(arguments(name, *words))} | head -1; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", shell], cwd=busy.root, env=changed(None), capture_output=True, text=True, check=False
    )
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert done.returncode in {0, 1, 141}


def test_a_reader_that_is_gone_at_once(busy: Repository) -> None:
    """The pipe is closed before anything is written: no complaint, however little was to be said."""
    for command in ("version.show", "audit.commits"):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            arguments(command), cwd=busy.root, env=changed(None), stdout=write, stderr=subprocess.PIPE, check=False
        )
        os.close(write)
        assert (done.returncode, done.stderr) == (141, b""), command


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C", "LANG": None},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
)
def test_a_terminal_that_knows_ascii_alone(busy: Repository, env: dict[str, str | None]) -> None:
    for command in ("audit.commits", "changelog.draft"):
        ended = run(command, cwd=busy.root, env=env)
        assert ended.code == 0, ended
        assert "number 3" in ended.out


def test_json_keeps_every_character(busy: Repository) -> None:
    document = run("audit.commits", "--json", cwd=busy.root, env={"PYTHONIOENCODING": "ascii"}).json
    assert document["commits"][1]["subject"] == "feat(scope): \u00fcber \U0001f680 number 11 #11"


def test_the_draft_is_written_in_utf8_whatever_the_locale(busy: Repository) -> None:
    env: dict[str, str | None] = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    assert run("changelog.draft", "--write", cwd=busy.root, env=env).code == 0
    assert "\u00fcber \U0001f680 number 11" in busy.read("CHANGELOG.md").decode()


JSON = [
    ["audit.commits"],
    ["version.show"],
    ["version.decide"],
    ["version.bump"],
    ["version.bump", "--dry-run"],
    ["changelog.draft"],
    ["changelog.draft", "--write"],
    ["changelog.check"],
    ["changelog.check", "--all"],
    ["changelog.show"],
    ["release.validate"],
]


@pytest.mark.parametrize("words", JSON, ids=[" ".join(words) for words in JSON])
def test_json_is_one_document(busy: Repository, words: list[str]) -> None:
    checks: dict[str, str | None] = {"RELEASE_COORDINATION_CHECKS": '{tests="echo {}", lint="true", format="true"}'}
    ended = run(*words, "--json", cwd=busy.root, env={**checks, "GITHUB_ACTIONS": "true"})
    json.loads(ended.out)
    assert ended.out.endswith("\n")
    assert ended.out[0] in "[{"


def test_warnings_stay_out_of_json(sample: Repository) -> None:
    sample.branch("dev")
    sample.commit(
        "release: v1.1.0", {"pyproject.toml": pyproject("1.1.0"), "CHANGELOG.md": changelog(("1.1.0", "2024-01-02"))}
    )
    sample.switch("main")
    sample.squash("dev", "release: v1.1.0 (#4)")
    sample.commit("docs: touch up", {"README.md": "x"})
    sample.tag("v1.1.0")
    sample.switch("dev")
    document = run("audit.commits", "--json", cwd=sample.root).json
    assert document["release_point"]["warning"].startswith("no commit here has v1.1.0's tree")
    assert called("audit.commits", cwd=sample.root).err.startswith("warning: ")


def test_python_itself_finds_nothing_to_warn_of(busy: Repository) -> None:
    """An unclosed file or a deprecated call would be said on standard error."""
    env: dict[str, str | None] = {"PYTHONDEVMODE": "1", "PYTHONWARNINGS": "default::ResourceWarning"}
    ended = run("release.validate", "--only", "clean", "--only", "tag", "--json", cwd=busy.root, env=env)
    assert "ResourceWarning" not in ended.err
    assert sys.executable
