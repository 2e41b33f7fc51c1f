"""The connection for real: the constant command and its standard input, on this computer with a scratch home."""

import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tasks.agent import COMMAND, LOADER, agent, frame, loader, source

OLD = next((str(path) for path in Path("~/.pyenv/versions").expanduser().glob("3.9.*/bin/python")), None)
PYTHONS = [sys.executable, *([OLD] if OLD else [])]


def talk(
    home: Path, content: bytes, *, python: str = sys.executable, shell: str = ""
) -> tuple[int, list[dict[str, Any]], str]:
    """Start the loader as sshd would, and return its exit code, its events and what it wrote to standard error."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(home)}
    argv = [shell, "-c", f"echo banner; {COMMAND}"] if shell else [python, "-I", "-S", "-c", LOADER]
    done = subprocess.run(argv, input=content, capture_output=True, env=environment, timeout=60, check=False)
    lines = [line.partition(b"\x1e")[2] for line in done.stdout.split(b"\n") if b"\x1e" in line]
    return done.returncode, [json.loads(line) for line in lines], done.stderr.decode()


@pytest.mark.parametrize("python", PYTHONS)
def test_hello_comes_first_and_the_last_line_has_the_exit_code(tmp_path: Path, python: str) -> None:
    code, events, errors = talk(tmp_path, frame({"action": "follow", "package": "untether"}), python=python)
    assert [event["event"] for event in events] == ["hello", "error"]
    assert events[0]["protocol"] == 1
    assert (code, events[-1]["code"], events[-1]["kind"]) == (2, 2, "not-found")
    assert errors == ""


@pytest.mark.parametrize("python", PYTHONS)
def test_a_status_on_this_computer(tmp_path: Path, python: str) -> None:
    code, events, _ = talk(tmp_path, frame({"action": "status", "package": "untether"}), python=python)
    assert events[-1]["event"] in {"result", "error"}
    assert code == events[-1]["code"]
    assert not list(tmp_path.rglob("record.jsonl")), "a question writes nothing"


@pytest.mark.parametrize("shell", [shell for shell in ("sh", "bash", "zsh", "fish", "csh") if shutil.which(shell)])
def test_every_login_shell_passes_the_command_on(tmp_path: Path, shell: str) -> None:
    code, events, _ = talk(tmp_path, frame({"action": "x", "package": "untether"}), shell=shell)
    assert (code, events[-1]["kind"]) == (2, "value")


def test_the_command_is_constant_and_short_enough() -> None:
    assert not set("'$\\!`\n") & set(LOADER)
    assert len(COMMAND) < 300
    assert len(frame({})) < 60_000


@pytest.mark.parametrize("request_", [b"{", b"[]", b"null", b'{"action": 1}', b'{"action": "status"}', b"\xff"])
def test_a_request_that_is_none(tmp_path: Path, request_: bytes) -> None:
    head, _, body = frame({}).partition(b"\n")
    sizes = json.loads(head)
    agents = body[: sizes[0] + sizes[1]]
    content = json.dumps([*sizes[:2], len(request_), 0, sizes[4]]).encode() + b"\n" + agents + request_
    code, events, _ = talk(tmp_path, content)
    assert events[-1]["event"] == "error"
    assert code in {2, 3}


def test_a_payload_that_is_cut_off(tmp_path: Path) -> None:
    code, events, _ = talk(tmp_path, frame({"action": "status", "package": "x"}, b"12345")[:-1])
    assert (code, events[-1]["kind"]) == (3, "outside")


def kept_in(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{loader.KEPT}*"))


@pytest.mark.parametrize("python", PYTHONS)
def test_the_compiled_agent_is_kept_for_the_next_session(tmp_path: Path, python: str) -> None:
    (tmp_path / f"{loader.KEPT}of-another-one").write_text("")
    question = frame({"action": "follow", "package": "untether"})
    first = talk(tmp_path, question, python=python)
    [kept] = kept_in(tmp_path)
    assert kept.stat().st_mode & 0o777 == 0o600
    made = kept.stat().st_ino
    again = talk(tmp_path, question, python=python)
    assert [event["event"] for event in again[1]] == [event["event"] for event in first[1]] == ["hello", "error"]
    assert kept.stat().st_ino == made
    assert again[1][0]["agent"] == hashlib.sha256(source()).hexdigest()[:12]


def _cut(kept: Path) -> None:
    kept.write_bytes(kept.read_bytes()[:-100])


def _open_to_others(kept: Path) -> None:
    kept.chmod(0o622)


def _link(kept: Path) -> None:
    kept.replace(kept.with_name("elsewhere"))
    kept.symlink_to("elsewhere")


def _pipe(kept: Path) -> None:
    kept.unlink()
    os.mkfifo(kept, 0o600)


@pytest.mark.parametrize("spoil", [_cut, _open_to_others, _link, _pipe])
def test_kept_code_that_cannot_be_trusted_is_made_anew(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    question = frame({"action": "follow", "package": "untether"})
    talk(tmp_path, question)
    [kept] = kept_in(tmp_path)
    good = kept.read_bytes()
    spoil(kept)
    code, events, errors = talk(tmp_path, question)
    assert (code, events[-1]["kind"], errors) == (2, "not-found", "")
    assert kept.read_bytes() == good
    assert not kept.is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_without_a_runtime_folder_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, events, errors = talk(tmp_path / "file", frame({"action": "follow", "package": "untether"}))
    assert (code, events[-1]["kind"], errors) == (2, "not-found", "")


def test_code_is_not_kept_under_the_hash_of_something_else(tmp_path: Path) -> None:
    wrong = hashlib.sha256(source()).hexdigest().encode()
    code, _, _ = talk(tmp_path, frame({"action": "follow", "package": "untether"}).replace(wrong, b"0" * 64, 1))
    assert (code, kept_in(tmp_path)) == (2, [])


def test_an_old_python_is_told() -> None:
    pretended = f"import sys; sys.version_info = (3, 8, 1); {LOADER}"
    done = subprocess.run([sys.executable, "-I", "-c", pretended], input=frame({}), capture_output=True, check=False)
    event = json.loads(done.stdout.partition(b"\x1e")[2])
    assert (done.returncode, event["kind"], event["found"]) == (4, "python", "python3 is 3.8")
    assert event["expected"] == "Python 3.9 or newer"


def test_the_source_is_what_is_sent() -> None:
    assert source() == Path(agent.__file__).read_bytes()


@pytest.mark.parametrize("python", PYTHONS)
def test_the_command_line_on_the_host(tmp_path: Path, python: str) -> None:
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    argv = [python, str(Path(agent.__file__)), "healthcheck"]
    done = subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout == "error: no package is known here yet\nexpected: --package NAME\n"


# the real host class


@pytest.fixture
def host(tmp_path: Path) -> agent.Host:
    return agent.Host({"HOME": str(tmp_path), "PATH": os.environ["PATH"]})


def test_a_program_that_takes_too_long_is_killed_with_its_children(host: agent.Host, tmp_path: Path) -> None:
    begin = time.monotonic()
    done = host.run(["sh", "-c", f"sleep 30 & echo $! >{tmp_path}/pid; wait"], 0.5)
    assert done.code == 124
    assert time.monotonic() - begin < 5
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().split()[2] == "Z":
            return
        time.sleep(0.02)
    raise AssertionError("the child lives on")


def test_a_program_that_is_not_there_and_output_that_is_no_utf_8(host: agent.Host) -> None:
    assert host.run(["/no/such/program"]).code == 127
    done = host.run(["printf", "\\377ok"])
    assert done.out == "\ufffdok"


def test_a_file_is_written_whole_and_for_its_owner_alone(host: agent.Host, tmp_path: Path) -> None:
    path = tmp_path / "deep/file"
    host.write(path, b"one")
    host.write(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o600)
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_link_is_never_missing_while_it_is_flipped(host: agent.Host, tmp_path: Path) -> None:
    link = tmp_path / "bin/untether"
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    host.flip(link, str(tmp_path / "one"))
    seen, stop = set(), threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(link.read_text())

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(300):
        host.flip(link, str(tmp_path / "two"))
        host.flip(link, str(tmp_path / "one"))
    stop.set()
    watcher.join()
    assert seen <= {"one", "two"}
    assert [entry.name for entry in link.parent.iterdir()] == ["untether"]


SECRET = "7700112233:AAtests-ThisTokenMayAppearNowhereElse"


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers by the path."""

    def do_GET(self) -> None:
        if "redirect" in self.path:
            self.send_response(302)
            self.send_header("Location", "/fine")
            self.end_headers()
            return
        if "chunked" in self.path:
            self.send_response(502)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"40\r\ncut off")
            return
        if "slow" in self.path:
            self.send_response(200)
            self.end_headers()
            for _ in range(50):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)
            return
        body = b"x" * 2_000_000 if "large" in self.path else b"fine"
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as listening:
        listening.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()
        thread.join()


def test_addresses_are_fetched_without_following_a_redirect(host: agent.Host) -> None:
    with server() as base:
        assert host.fetch(f"{base}/fine", 5) == (200, b"fine")
        assert host.fetch(f"{base}/missing", 5) == (404, b"fine")
        assert host.fetch(f"{base}/redirect", 5)[0] == 302
        assert host.fetch(f"{base}/redirect", 5, redirects=True) == (200, b"fine")
        for path in ("slow", "large", "chunked"):
            with pytest.raises(OSError, match=r"too|no answer"):
                host.fetch(f"{base}/{path}", 0.5)


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1:9", "http://no such host", "nonsense://x", "http://[::1", "http://a\nb"]
)
def test_a_failing_address_never_names_the_token(host: agent.Host, base: str) -> None:
    with pytest.raises(OSError, match="no answer") as caught:
        host.fetch(f"{base}/bot{SECRET}/getMe", 2)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert SECRET not in str(chain)
        chain = chain.__cause__


def test_a_server_that_accepts_and_says_nothing(host: agent.Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(OSError, match="no answer"):
        host.fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/bot{SECRET}/getMe", 0.5)


def test_processes_are_seen(host: agent.Host) -> None:
    mine = subprocess.Popen(["sleep", "30"], env={"VIRTUAL_ENV": "/some/where"})
    try:
        for _ in range(100):
            if host.arguments(mine.pid)[:2] == ["sleep", "30"]:
                break
            time.sleep(0.01)
        assert host.arguments(mine.pid)[:2] == ["sleep", "30"]
        assert host.virtual_environment(mine.pid) == "/some/where"
        assert host.connections(mine.pid) == 0
    finally:
        mine.kill()
        mine.wait()
    assert host.arguments(mine.pid) == [""]


def test_an_open_connection_is_a_sign_of_life(host: agent.Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()):
        assert host.connections(os.getpid()) >= 1


@pytest.mark.parametrize("python", PYTHONS)
def test_an_environment_is_asked_with_its_own_python(host: agent.Host, tmp_path: Path, python: str) -> None:
    subprocess.run([python, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    [site] = (tmp_path / "env/lib").glob("python*/site-packages")
    missing = agent.inspect(host, str(tmp_path / "env"), "untether")
    assert missing.problem == "it holds untether not at all"
    for version in ("0.36.0rc1", "0.36.0"):
        (site / f"untether-{version}.dist-info").mkdir()
        (site / f"untether-{version}.dist-info/METADATA").write_text(
            f"Metadata-Version: 2.1\nName: untether\nVersion: {version}\n"
        )
        if version == "0.36.0rc1":
            assert agent.inspect(host, str(tmp_path / "env"), "untether").version == "0.36.0rc1"
            assert agent.quick_version(str(tmp_path / "env"), "untether") == "0.36.0rc1"
    assert "0.36.0 and 0.36.0rc1" in agent.inspect(host, str(tmp_path / "env"), "untether").problem
    (tmp_path / "env/pyvenv.cfg").unlink()
    assert agent.inspect(host, str(tmp_path / "env"), "untether").problem
    assert agent.inspect(host, str(tmp_path / "none"), "untether").problem
