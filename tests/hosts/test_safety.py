"""What must never happen on a host: foreign code, a token that leaves its file, a value that a shell obeys."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from . import prepared, service, telegram
from .indexes import Index, Indexes
from .lab import Lab
from .machines import Machine
from .maintainer import Operator, Said, at_work
from .roots import USER
from .shell import PATIENCE, sh
from .telegram import Answer, Telegram

HOME = f"/home/{USER}"
SETTING = "RELEASE_COORDINATION_HOSTS__HETZ__"

# Reads the token from standard input, then looks at every process's command line and environment until that closes.
WATCHER = """
import glob, os, select, sys
token, scans, found = sys.stdin.buffer.readline().strip(), 0, set()
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    scans += 1
    for name in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(name, "rb") as file:
                if token in file.read():
                    found.add(os.path.basename(name))
        except OSError:
            pass
print(scans, *sorted(found))
"""


def state(host: Machine) -> str:
    """Return what is live on a host, and its record."""
    return host.as_user(
        "readlink .local/bin/acme-bot; systemctl --user show -p InvocationID acme-bot;"
        "cat .local/state/release-coordination/*/record.jsonl 2>/dev/null || true"
    )


@pytest.fixture(scope="module")
def host(lab: Lab, prepared_layer: Path) -> Iterator[Machine]:
    with lab.fleet(1, prepared_layer) as [machine]:
        prepared.give_uv(machine)
        yield machine


@pytest.fixture(scope="module")
def operator(
    host: Machine, lab: Lab, published: Indexes, bot_server: Telegram, tmp_path_factory: pytest.TempPathFactory
) -> Operator:
    assert host.name == "hetz"
    return at_work(tmp_path_factory.mktemp("safety"), lab, published, bot_server, [host], settle=1, installer="uv")


def raw(operator: Operator, *words: str) -> Said:
    """Type `inv` and return how it ended, whatever it said."""
    with operator.start(*words) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return Said(process.returncode, out, err)


# -- dependency confusion -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("installer", "version"), [("pipx", "0.38.0rc8"), ("uv", "0.38.0rc9")])
def test_the_staging_index_gives_the_candidate_and_nothing_else(
    installer: str,
    version: str,
    host: Machine,
    operator: Operator,
    indexes: Indexes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    candidate = service.Build(version, requires=(f"{service.LIBRARY}>=1.0",)).distribution
    indexes.staging.add(candidate.wheel_name, candidate.wheel())
    monkeypatch.setenv(f"{SETTING}INSTALLER", installer)
    said = operator.ask("staging.install", f"--version={version}", "--allow-downgrade")
    indexes.staging.remove(candidate.wheel_name)
    assert said.code == 0, said
    live = said.host("hetz")["answer"]["live"]["path"]
    versions = f"{live}/bin/python -c 'import importlib.metadata as m; print(m.version(\"{service.LIBRARY}\"))'"
    assert host.as_user(versions).strip() == "1.2.0"
    assert not host.path(f"{HOME}/{service.MARK}").exists(), host.read_file(f"{HOME}/{service.MARK}")
    assert not host.path(f"/root/{service.MARK}").exists()
    assert foreign(indexes.staging) == []
    assert foreign(indexes.release), "the dependency came from somewhere else"


def foreign(index: Index) -> list[str]:
    """Return the requests to an index that were not for the service itself."""
    return [path for path in index.requests if not ("acme-bot" in path or "acme_bot" in path)]


# -- the token ------------------------------------------------------------------------------------------------------


@contextmanager
def watched(host: Machine) -> Iterator[list[str]]:
    """Watch the processes of a host; the list has what bore the token, once the block is over."""
    argv = host.command("python3", "-c", WATCHER)
    found: list[str] = []
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(service.TOKEN + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        yield found
        process.stdin.close()
        scans, *names = process.stdout.read().split()
    found += names
    assert int(scans) > 2


def bearers(host: Machine) -> list[str]:
    """Return the files below the folders that are written to, of which one has the token in it."""
    folders = [str(host.path(folder)) for folder in ("/home", "/root", "/var", "/etc", "/opt")]
    found = sh("grep", "-rlFf", "-", "--", *folders, data=service.TOKEN, check=False).split()
    running = host.run("grep", "-rlsFf", "-", "/tmp", "/run", "/dev/shm", data=service.TOKEN, check=False).split()
    return ["/" + str(Path(path).relative_to(host.overlay.root)) for path in found] + running


def test_the_watcher_sees_a_token_where_there_is_one(host: Machine) -> None:
    with watched(host) as found:
        host.run("sh", "-c", "sleep 1.5; :", service.TOKEN)  # as root: runuser would tell the journal
    assert found == ["cmdline"]
    with watched(host) as found:
        host.run("env", f"SECRET={service.TOKEN}", "sleep", "1.5")
    assert "environ" in found


def test_the_token_stays_in_its_file(host: Machine, operator: Operator, telegram: Telegram) -> None:
    with watched(host) as found:
        checked = raw(operator, "--debug", "staging.healthcheck")
        installed = raw(operator, "--debug", "staging.install", "--version=0.36.0rc2", "--allow-downgrade")
        restarted = raw(operator, "--debug", "staging.restart", "--json")
    assert (checked.code, installed.code, restarted.code) == (0, 0, 0), (checked, installed, restarted)
    assert found == []
    assert telegram.requests.count(f"/bot{service.TOKEN}/getMe") >= 3
    for said in (checked, installed, restarted):
        assert service.TOKEN not in said.out + said.err
    assert service.TOKEN not in host.run("journalctl", "--output=export")
    assert bearers(host) == [f"{HOME}/{service.CONFIG_PATH}"]


ECHO = {"ok": False, "error_code": 401, "description": f"Unauthorized: bot{service.TOKEN}"}
ANSWERS = {
    "401": telegram.UNAUTHORIZED,
    "401 that echoes it": Answer(401, ECHO),
    "500 that echoes it": Answer(500, ECHO),
    "not ok, and echoes it": Answer(200, ECHO),
    "a bot of that name": telegram.bot(service.TOKEN),
    "not found": Answer(404, {"ok": False, "description": f"/bot{service.TOKEN}/getMe"}),
    "no JSON object": Answer(200, replace(telegram.GOOD, body={"ok": service.TOKEN}).body),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_no_answer_of_the_bot_api_brings_the_token_out(
    answer: Answer, host: Machine, operator: Operator, telegram: Telegram
) -> None:
    telegram.answer = answer
    said = raw(operator, "--debug", "staging.healthcheck", "--json")
    assert said.code in {1, 3}, said
    assert telegram.requests, "it was not asked"
    assert service.TOKEN not in said.out + said.err
    liveness = next(check for check in said.host("hetz")["answer"]["checks"] if check["name"] == "liveness")
    assert liveness["result"] in {"FAIL", "UNKNOWN"}


def test_a_refused_installation_keeps_the_token_too(host: Machine, operator: Operator, telegram: Telegram) -> None:
    telegram.answer = ANSWERS["401 that echoes it"]
    said = raw(operator, "--debug", "staging.install", "--version=0.36.0rc1", "--allow-downgrade")
    assert said.code == 1, said
    assert service.TOKEN not in said.out + said.err + host.run("journalctl", "--output=export")
    assert bearers(host) == [f"{HOME}/{service.CONFIG_PATH}"]


@pytest.mark.parametrize(
    "content",
    [
        f'[transports.telegram]\nbot_token = "{service.TOKEN}\n',
        f"[transports.telegram]\nbot_token = {service.TOKEN}\n",
        f"transports = '{service.TOKEN}'\n",
        f'[transports.telegram]\nbot_token = "{service.TOKEN} \\n"\n',
        f'[transports.telegram]\nbot_token = "{service.TOKEN}/../x?"\n',
        f'[transports.telegram]\nbot_token = ["{service.TOKEN}"]\n',
    ],
    ids=["open string", "bare", "no table", "line end", "a path", "a list"],
)
def test_a_config_that_cannot_be_read_is_not_quoted(content: str, host: Machine, operator: Operator) -> None:
    host.write_file(f"{HOME}/{service.CONFIG_PATH}", content, owner=USER, mode=0o600)
    try:
        said = raw(operator, "--debug", "staging.healthcheck", "--json")
    finally:
        host.write_file(f"{HOME}/{service.CONFIG_PATH}", service.config(), owner=USER, mode=0o600)
    assert said.code in ({0, 1, 3} if " \\n" in content else {1, 3}), said
    assert service.TOKEN not in said.out + said.err


# -- values and shells ----------------------------------------------------------------------------------------------

TOUCH = "touch ${HOME}/pwned"
VALUES = [
    ("", "", ["--version=0.36.0rc1; touch ~/pwned"], {2}),
    ("", "", ["--version=$(touch ~/pwned)"], {2}),
    ("", "", ["--host=hetz; touch ~/pwned"], {2}),
    ("", "", ["--role=staging`touch ~/pwned`"], {2}),
    ("UNIT", f"acme-bot.service; {TOUCH}", [], {2}),
    ("UNIT", "--help.service", [], {1, 2, 4}),
    ("UNIT", f"$({TOUCH}).service", [], {2}),
    ("ADDRESS", f"hetz; {TOUCH}", [], {2, 3}),
    ("ADDRESS", f"-oProxyCommand={TOUCH}", [], {2, 3}),
    ("ADDRESS", f"$({TOUCH})@hetz", [], {2, 3}),
    ("PYTHON", f"$({TOUCH})", [], {2, 4}),
    ("PYTHON", f"python3; {TOUCH}", [], {2, 4}),
    ("LIVENESS__CONFIG", f"~/$({TOUCH})", [], {1, 3}),
    ("LIVENESS__TOKEN", f"a.b;{TOUCH}", [], {1, 3}),
    ("LIVENESS__BOT", f"'; {TOUCH} #", [], {1}),
    ("LIVENESS__API", f"http://127.0.0.1:9/$({TOUCH})", [], {1, 3}),
    ("ERROR_PATTERN", f"$({TOUCH})", [], {0}),
]


@pytest.mark.parametrize(("setting", "value", "words", "codes"), VALUES)
def test_no_value_is_obeyed_by_a_shell(
    setting: str,
    value: str,
    words: list[str],
    codes: set[int],
    host: Machine,
    operator: Operator,
    telegram: Telegram,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if setting:
        monkeypatch.setenv(SETTING + setting, value)
    before = state(host)
    task = ["staging.install", "--version=0.36.0rc1"] if setting == "PYTHON" else ["staging.healthcheck", "--json"]
    said = operator.inv(*task, *words)
    assert said.code in codes, said
    assert state(host) == before
    pwned = [*host.path("/home").glob("**/pwned*"), *operator.home.glob("pwned*"), *operator.project.glob("pwned*")]
    assert not [*pwned, *Path("/root").glob("pwned*")]


# -- host keys ------------------------------------------------------------------------------------------------------


@contextmanager
def known_hosts(lab: Lab, text: str) -> Iterator[None]:
    """Let the operator know other host keys for a while."""
    kept = lab.known_hosts.read_text("ascii")
    lab.known_hosts.write_text(text, "ascii")
    try:
        yield
    finally:
        lab.known_hosts.write_text(kept, "ascii")


def refused(operator: Operator, host: Machine, *words: str) -> str:
    """Return what is said of a host that is refused before anything was done there."""
    before = state(host)
    connections = host.run("journalctl", "--unit=ssh.service", "--output=cat").count("Accepted publickey")
    said = operator.ask(*words)
    assert said.code == 4, said
    row = said.host("hetz")
    assert row["outcome"] == "UNTOUCHED"
    assert state(host) == before
    assert host.run("journalctl", "--unit=ssh.service", "--output=cat").count("Accepted publickey") == connections
    return str(row["reason"])


def fingerprint(public: str) -> str:
    """Return a public key's fingerprint as OpenSSH shows it."""
    return sh("ssh-keygen", "-lf", "-", data=public).split()[1]


def test_an_unknown_host_key_is_refused_with_the_command_that_adds_it(
    lab: Lab, host: Machine, operator: Operator
) -> None:
    key = host.identity.host_key.with_suffix(".pub").read_text("ascii")
    with known_hosts(lab, ""):
        reason = refused(operator, host, "staging.install", "--version=0.36.0rc1", "--allow-downgrade")
        assert fingerprint(key) in reason
        assert "next: ssh -o StrictHostKeyChecking=ask hetz" in reason
        refused(operator, host, "staging.status")
        assert lab.known_hosts.read_text("ascii") == "", "nothing is added by itself"
    assert operator.inv("staging.status").code == 0


def test_a_changed_host_key_is_refused_and_names_both(lab: Lab, host: Machine, operator: Operator) -> None:
    known = host.identity.host_key.with_suffix(".pub").read_text("ascii")
    host.change_host_key()
    try:
        shown = host.run("ssh-keygen", "-yf", "/etc/ssh/ssh_host_ed25519_key")
        before = lab.known_hosts.read_text("ascii")
        for words in (["staging.status"], ["staging.restart"], ["staging.rollback"]):
            reason = refused(operator, host, *words)
            assert fingerprint(known) in reason
            assert fingerprint(shown) in reason
            assert " -R " in reason
        assert lab.known_hosts.read_text("ascii") == before
    finally:
        host.write_file("/etc/ssh/ssh_host_ed25519_key", host.identity.host_key.read_bytes(), mode=0o600)
        host.run("systemctl", "restart", "ssh.service")
    assert operator.inv("staging.status").code == 0


def test_a_record_holds_what_was_done_and_no_secret(host: Machine, operator: Operator, telegram: Telegram) -> None:
    assert operator.inv("staging.install", "--version=0.38.0rc1", "--allow-downgrade").code == 0
    path = host.path(f"{HOME}/.local/state/release-coordination/acme-bot")
    lines = [json.loads(line) for line in (path / "record.jsonl").read_text("utf-8").splitlines()]
    assert {"ACCEPTED", "INTENT", "FLIPPED", "END"} <= {line["state"] for line in lines}
    for file in path.glob("**/*"):
        if file.is_file():
            assert file.stat().st_mode & 0o077 == 0, f"{file.name} can be read by others"
