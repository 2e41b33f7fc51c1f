"""The fixture itself: what the other tests take for granted, shown once."""

import http.client
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from . import needs, prepared, roots, service, telegram
from .embedded import EmbeddedHost
from .indexes import Fault, Index, Indexes, ask
from .lab import Fleet, Lab, open_lab
from .machines import Machine
from .maintainer import CHECKOUT
from .roots import USER
from .shell import PATIENCE, find_uv, sh, wait
from .telegram import SILENT, Answer, Telegram

Note = Callable[[str, object], None]
_SHOW = ("systemctl", "--user", "show", "--value", "--property")
_STATUS = "systemctl --user show --property=ActiveState,SubState --value acme-bot.service"


def _ask(url: str) -> tuple[int, str]:
    parts = urlsplit(url)
    status, _, body = ask(parts.netloc, parts.path, {"Accept": "application/vnd.pypi.simple.v1+json"})
    return status, body.decode()


def _json(url: str) -> Any:
    status, body = _ask(url)
    assert status == 200
    return json.loads(body)


def test_three_machines_boot_and_answer_by_their_names(lab: Lab, fleet: Fleet, record_property: Note) -> None:
    machines = fleet(3)
    times = ", ".join(f"{machine.name} {machine.boot_seconds:.1f} s" for machine in machines)
    record_property("note", f"three machines booted side by side: {times}")
    names = [lab.ssh(machine.name, "hostname; id -un; systemctl --user is-system-running") for machine in machines]
    assert names == [f"{name}\n{USER}\nrunning\n" for name in ("hetz", "web1", "web2")]
    ids = {machine.read_file("/etc/machine-id") for machine in machines}
    assert len(ids) == 3


def test_machines_share_no_control_group(fleet: Fleet) -> None:
    first, second = fleet(2, bare=True)
    first.run("systemctl", "stop", "ssh.service")
    assert second.run("systemctl", "is-active", "ssh.service").strip() == "active"
    assert first.run("systemctl", "is-system-running", check=False).strip() == "running"


def test_the_first_version_runs_and_its_journal_is_readable(lab: Lab, hetz: Machine) -> None:
    assert lab.ssh("hetz", _STATUS).split() == ["active", "running"]
    assert lab.ssh("hetz", ".local/bin/acme-bot --version") == f"acme-bot {service.FIRST}\n"
    journal = lab.ssh("hetz", "journalctl --user --no-pager -u acme-bot.service")
    assert "Started acme-bot.service" in journal
    assert "[info    ] ready" in journal
    assert json.loads(lab.ssh("hetz", "pipx list --json"))["venvs"].keys() == {service.NAME}


def test_a_reboot_keeps_the_lingering_service(lab: Lab, hetz: Machine) -> None:
    before = lab.ssh("hetz", "cat /proc/sys/kernel/random/boot_id; systemctl --user show -P InvocationID acme-bot")
    lab.ssh("hetz", "echo kept >note")
    hetz.reboot()
    after = lab.ssh("hetz", "cat /proc/sys/kernel/random/boot_id; systemctl --user show -P InvocationID acme-bot")
    assert after.split()[1] != before.split()[1]
    assert lab.ssh("hetz", f"{_STATUS}; cat note").split() == ["active", "running", "kept"]


def test_a_power_cut_and_a_restore(lab: Lab, hetz: Machine) -> None:
    lab.ssh("hetz", "echo kept >note; sync")
    hetz.kill()
    assert not hetz.running
    hetz.start()
    assert lab.ssh("hetz", f"{_STATUS}; cat note").split() == ["active", "running", "kept"]
    hetz.restore()
    assert lab.ssh("hetz", f"{_STATUS}; ls").split() == ["active", "running"]


def test_a_cut_link_is_silent_and_mends(lab: Lab, hetz: Machine) -> None:
    lab.ssh("hetz", "true")
    hetz.link_down()
    with pytest.raises(subprocess.TimeoutExpired):
        lab.ssh("hetz", "true", seconds=4)
    assert hetz.as_user("id -un").strip() == USER
    hetz.link_up()
    assert lab.ssh("hetz", "echo back") == "back\n"


def test_a_command_on_a_cut_link_goes_on_when_the_link_is_back(lab: Lab, hetz: Machine) -> None:
    argv = ["ssh", "-F", str(lab.ssh_config), "hetz", "sleep 1; echo done"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as command:
        wait("the command", lambda: "sleep 1" in hetz.run("ps", "-ww", "-eo", "args"))
        hetz.link_down()
        time.sleep(2)
        hetz.link_up()
        assert command.communicate(timeout=PATIENCE)[0] == "done\n"


def test_host_keys_are_verified(lab: Lab, hetz: Machine) -> None:
    lab.ssh("hetz", "true")
    lab.known_hosts.write_text("", "ascii")
    assert not lab.ssh("hetz", "echo no", check=False)


def test_a_changed_host_key_is_refused(lab: Lab, hetz: Machine) -> None:
    hetz.change_host_key()
    assert not lab.ssh("hetz", "echo no", check=False)


def test_a_machine_without_linger_boots_without_a_user_manager(fleet: Fleet) -> None:
    [machine] = fleet(1)
    machine.run("rm", f"/var/lib/systemd/linger/{USER}")
    machine.reboot()
    assert machine.run("systemctl", "is-active", "user@1000.service", check=False).strip() == "inactive"


def test_a_jump_from_machine_to_machine(lab: Lab, fleet: Fleet) -> None:
    _, second = fleet(2, bare=True)
    proxy = f"ProxyCommand=ssh -F {lab.ssh_config} -W %h:%p hetz"
    assert sh("ssh", "-F", str(lab.ssh_config), "-o", proxy, second.name, "hostname").strip() == "web1"


def test_a_small_disk_and_faketime(hetz: Machine) -> None:
    with hetz.small_disk(f"/home/{USER}/small", "1M"):
        full = hetz.as_user("head -c 2M /dev/zero >small/file 2>&1 || echo full")
    assert full.strip().endswith("full")
    assert hetz.as_user("faketime '2031-05-06 07:08:09' date +%Y").strip() == "2031"


def test_nothing_but_the_lab_is_reached_from_a_machine(hetz: Machine) -> None:
    assert "default" not in hetz.run("ip", "route")
    answer = hetz.as_user("getent hosts example.org || echo unknown")
    assert answer.strip() == "unknown"


def test_pipx_and_uv_install_a_release_and_see_no_candidate(
    indexes: Indexes, fleet: Fleet, record_property: Note
) -> None:
    [machine] = fleet(1, bare=True)
    begin = time.monotonic()
    machine.as_user("pipx install acme-bot==0.36.0")
    record_property("note", f"the first pipx install: {time.monotonic() - begin:.1f} s")
    assert machine.as_user("acme-bot --version") == "acme-bot 0.36.0\n"
    assert any(path.endswith("acme_bot-0.36.0-py3-none-any.whl") for path in indexes.release.requests)
    assert "refused" in machine.as_user("pipx install --suffix @rc acme-bot==0.36.0rc1 || echo refused")
    prepared.give_uv(machine)
    machine.as_user(f"uv tool install --force --default-index {indexes.release.simple} acme-bot==0.36.1")
    assert machine.as_user("acme-bot --version") == "acme-bot 0.36.1\n"


def test_the_trap_on_the_staging_index_snaps_for_the_careless(indexes: Indexes, hetz: Machine) -> None:
    staging, release = indexes.staging, indexes.release
    trusted = f"--trusted-host {staging.host} --disable-pip-version-check"
    hetz.as_user("python3 -m venv careless")
    careless = f"--index-url {staging.simple} --extra-index-url {release.simple} --only-binary :all:"
    hetz.as_user(f"careless/bin/pip install {trusted} {careless} acme-bot==0.38.0rc1")
    hetz.as_user("careless/bin/acme-bot --version")
    assert "library imported" in hetz.read_file(f"/home/{USER}/{service.MARK}")


def test_the_trap_does_not_snap_for_the_careful(indexes: Indexes, hetz: Machine) -> None:
    wheel = service.CANDIDATES["with-dependency"].distribution
    hetz.write_file(f"/home/{USER}/{wheel.wheel_name}", wheel.wheel(), owner=USER)
    careful = f"--index-url {indexes.release.simple} --only-binary :all:"
    hetz.as_user(f"pipx install --suffix @new --pip-args='{careful}' ./{wheel.wheel_name}")
    assert hetz.as_user("acme-bot@new --version") == "acme-bot 0.38.0rc1\n"
    assert not hetz.path(f"/home/{USER}/{service.MARK}").exists()


def test_the_trapped_source_and_the_trapped_pip_are_there_too(indexes: Indexes, hetz: Machine) -> None:
    trusted = f"--index-url {indexes.staging.simple} --trusted-host {indexes.staging.host} --disable-pip-version-check"
    hetz.as_user("python3 -m venv careless")
    hetz.as_user(f"careless/bin/pip install {trusted} acme-lib 2>&1 || true")
    assert "library built" in hetz.read_file(f"/home/{USER}/{service.MARK}")
    hetz.as_user(f"careless/bin/pip install {trusted} --upgrade pip && careless/bin/python -m pip --version || true")
    assert "pip imported" in hetz.read_file(f"/home/{USER}/{service.MARK}")


def test_pip_and_uv_install_a_candidate_from_this_side(indexes: Indexes, tmp_path: Path) -> None:
    staging, python = indexes.staging, str(tmp_path / "env" / "bin" / "python")
    clean_room = ["env", "-i", f"HOME={tmp_path}", f"PATH={os.environ['PATH']}"]
    sh(sys.executable, "-m", "venv", str(tmp_path / "env"))
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", f"--trusted-host={staging.host}"]
    uv = [find_uv() or "uv", "pip", "install", "--quiet", f"--python={python}"]
    sh(*clean_room, *pip, f"--index-url={staging.simple}", "acme-bot==0.36.0rc1")
    assert sh(str(tmp_path / "env" / "bin" / "acme-bot"), "--version") == "acme-bot 0.36.0rc1\n"
    sh(*clean_room, *uv, f"--default-index={staging.simple}", "acme-bot==0.36.0rc2")
    assert sh(str(tmp_path / "env" / "bin" / "acme-bot"), "--version") == "acme-bot 0.36.0rc2\n"


def test_both_json_apis_tell_the_same(indexes: Indexes) -> None:
    yanked = service.CANDIDATES["yanked"]
    simple = _json(f"{indexes.staging.simple}acme-bot/")
    [file] = [file for file in simple["files"] if yanked.version in file["filename"]]
    [url] = _json(f"{indexes.staging.json}/acme-bot/{yanked.version}/json")["urls"]
    assert file["hashes"] == url["digests"]
    assert file["upload-time"] == url["upload_time_iso_8601"]
    assert file["requires-python"] == url["requires_python"] == ">=3.9"
    assert (file["yanked"], url["yanked"], url["yanked_reason"]) == ("broken", True, "broken")
    assert _ask(f"{indexes.staging.json}/acme-bot/9.9.9/json")[0] == 404
    assert _ask(f"{indexes.staging.simple}Acme_Bot/")[0] == 301


def test_uploads_yanks_and_removals_are_seen_at_once(indexes: Indexes) -> None:
    late = replace(service.CANDIDATES["good"], version="0.39.0rc1").distribution
    page = f"{indexes.staging.json}/acme-bot/0.39.0rc1/json"
    assert _ask(page)[0] == 404
    indexes.staging.add(late.wheel_name, late.wheel(), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert _json(page)["urls"][0]["upload_time_iso_8601"] == "2026-01-02T03:04:05Z"
    indexes.staging.yank(service.NAME, late.version, "a mistake")
    assert _json(page)["info"]["yanked_reason"] == "a mistake"
    indexes.staging.yank(service.NAME, late.version, "")
    assert _json(page)["info"]["yanked"] is False
    indexes.staging.remove(late.wheel_name)
    assert _ask(page)[0] == 404


def _fetch(index: Index) -> tuple[int, bytes]:
    try:
        status, _, body = ask(
            f"{index.host}:{index.port}", "/resources/acme-bot/acme_bot-0.36.0rc1-py3-none-any.whl", {}
        )
    except http.client.IncompleteRead as error:
        return 200, error.partial
    return status, body


def test_faults_of_an_index(indexes: Indexes) -> None:
    staging = indexes.staging
    wheel = service.CANDIDATES["good"].distribution.wheel()
    assert _fetch(staging) == (200, wheel)
    with staging.failing(Fault(".whl", status=404)):
        assert _fetch(staging)[0] == 404
    with staging.failing(Fault(".whl", status=503)):
        assert _fetch(staging)[0] == 503
    with staging.failing(Fault(".whl", cut=0.5)):
        assert _fetch(staging)[1] == wheel[: len(wheel) // 2]
    with staging.failing(Fault(".whl", corrupt=True)):
        assert len(_fetch(staging)[1]) == len(wheel)
        assert _fetch(staging)[1] != wheel
    for fault in (Fault(".whl", delay=0.5), Fault(".whl", slow=0.1)):
        begin = time.monotonic()
        with staging.failing(fault):
            assert _fetch(staging) == (200, wheel)
        assert time.monotonic() - begin > 0.5
    assert _fetch(staging) == (200, wheel)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("good", ["active"]),
        ("never-ready", ["activating"]),
        ("crash-loop", ["activating", "failed"]),
        ("logs-error", ["active"]),
        ("crashes-late", ["activating", "active", "failed"]),
    ],
)
def test_versions_behave_as_they_should(hetz: Machine, kind: str, expected: list[str]) -> None:
    build = service.CANDIDATES[kind].distribution
    hetz.write_file(f"/home/{USER}/{build.wheel_name}", build.wheel(), owner=USER)
    hetz.as_user(f"pipx install --force ./{build.wheel_name}")
    hetz.as_user("systemctl --user restart --no-block acme-bot.service")
    traces = {"good": "ready", "logs-error": "[error] something broke", "crashes-late": "giving up"}
    begin, trace = f"acme-bot {build.version} starting", traces.get(kind, "\n")
    wait(f"{trace!r}", lambda: trace in hetz.journal(service.UNIT).partition(begin)[2], pause=0.2)
    state = [*_SHOW, "ActiveState", service.UNIT]
    wait(f"one of {expected}", lambda: hetz.run(*state, user=USER).strip() in expected, pause=0.2)


def test_the_lying_version_says_another(hetz: Machine) -> None:
    build = service.CANDIDATES["lies"].distribution
    hetz.write_file(f"/home/{USER}/{build.wheel_name}", build.wheel(), owner=USER)
    hetz.as_user(f"pipx install --force ./{build.wheel_name}")
    assert hetz.as_user("acme-bot --version") == "acme-bot 0.36.9\n"
    venv = json.loads(hetz.as_user("pipx list --json"))["venvs"][service.NAME]
    assert venv["metadata"]["main_package"]["package_version"] == "0.37.0rc3"


@pytest.mark.parametrize(
    ("answer", "status"),
    [(telegram.GOOD, 200), (telegram.NOT_OK, 200), (telegram.UNAUTHORIZED, 401), (telegram.TOO_MANY, 429)],
)
def test_the_bot_api_answers_on_a_machine(telegram: Telegram, hetz: Machine, answer: Answer, status: int) -> None:
    telegram.answer = answer
    code = (
        "import json, sys, urllib.request, urllib.error\n"
        "try: answer = urllib.request.urlopen(sys.stdin.read().strip())\n"
        "except urllib.error.HTTPError as error: answer = error\n"
        "print(json.dumps([answer.status, json.load(answer)]))"
    )
    said = hetz.run("python3", "-c", code, user=USER, data=f"{telegram.api}/bot{service.TOKEN}/getMe")
    assert json.loads(said) == [status, answer.body]
    assert telegram.requests == [f"/bot{service.TOKEN}/getMe"]


def test_a_silent_bot_api_hangs(telegram: Telegram) -> None:
    telegram.answer = SILENT
    connection = http.client.HTTPConnection(telegram.host, telegram.port, timeout=0.5)
    connection.request("GET", f"/bot{service.TOKEN}/getMe")
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()


def test_wheels_are_the_same_every_time() -> None:
    build = service.CANDIDATES["good"].distribution
    assert build.wheel() == build.wheel()


@pytest.fixture
def elsewhere(lab: Lab) -> Iterator[dict[str, str]]:
    """Give an environment whose labs know nothing of those of other runs, and are not cleaned up by them."""
    cache = Path(tempfile.mkdtemp(dir=lab.folder))
    folder = cache / "release-coordination-tests"
    folder.mkdir()
    (folder / roots.debian().name).symlink_to(roots.debian())
    (folder / "last-network").write_text(str(os.getpid() % 254), "ascii")
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    yield environment
    _clean(environment)


def _clean(env: dict[str, str]) -> None:
    """Be the next run, as far as it cleans up."""
    code = "from tests.hosts.lab import clean; clean()"
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=env, check=True)


def _end_a_run_with(env: dict[str, str], *ends: str) -> tuple[str, str]:
    """Return the bridge and the folder of a run that these kills ended while a machine was up."""
    code = (
        "import os, signal, subprocess, time\nfrom tests.hosts.lab import open_lab\n"
        "with open_lab() as lab, lab.fleet(1):\n    print(lab.network.bridge, lab.folder, flush=True)\n"
        "    subprocess.Popen(['sleep', '99'], env={'HOME': str(lab.home)}, stdout=-3, stderr=-3)\n"
        f"    {'; '.join(ends)}\n    time.sleep(9)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False
    )
    assert ended.stdout, ended.stderr
    bridge, folder = ended.stdout.split()
    return bridge, folder


def _starts_with(text: str, what: str) -> bool:
    """Say whether a process has a word of its command line or its environment that begins so."""
    for file in Path("/proc").glob(f"[0-9]*/{what}"):
        with suppress(OSError):
            if b"\0" + text.encode() in b"\0" + file.read_bytes():
                return True
    return False


def _leavings(bridge: str, folder: str) -> list[str]:
    """Return which kinds of leavings are there."""
    found = {
        "bridge": f" {bridge}: " in sh("ip", "-o", "link", "show", "type", "bridge"),
        "namespace": f"{bridge}-10" in sh("ip", "netns", "list"),
        "machine": _starts_with(f"--directory={folder}/", "cmdline"),
        "child": _starts_with(f"HOME={folder}/", "environ"),
        "mount": folder in Path("/proc/self/mounts").read_text("utf-8"),
        "folder": Path(folder).exists(),
    }
    return [kind for kind, there in found.items() if there]


_INTERRUPT = "os.kill(os.getpid(), signal.SIGINT)"
_KILL_THE_JANITOR = "os.kill(lab.janitor, signal.SIGKILL)"
_KILL = "os.kill(os.getpid(), signal.SIGKILL)"


def test_an_interrupted_run_leaves_nothing(elsewhere: dict[str, str]) -> None:
    assert _leavings(*_end_a_run_with(elsewhere, _INTERRUPT)) == []


def test_a_killed_run_leaves_nothing_once_its_janitor_is_done(elsewhere: dict[str, str]) -> None:
    run = _end_a_run_with(elsewhere, _KILL)
    wait("the janitor's work", lambda: _leavings(*run) == [], pause=0.2)


def test_the_leavings_of_a_run_killed_with_its_janitor_are_removed_by_the_next(elsewhere: dict[str, str]) -> None:
    run = _end_a_run_with(elsewhere, _KILL_THE_JANITOR, _KILL)
    assert _leavings(*run) == ["bridge", "namespace", "machine", "child", "mount", "folder"]
    _clean(elsewhere)
    assert _leavings(*run) == []


def test_a_network_is_not_given_again_at_once(lab: Lab) -> None:
    with open_lab() as first:
        pass
    with open_lab() as second:
        assert second.network != first.network


def test_the_embedded_host_speaks_to_fabric(embedded: EmbeddedHost) -> None:
    from fabric import Config, Connection

    config = Config(runtime_ssh_path=str(embedded.ssh_config))
    with Connection("laptop", config=config) as connection:
        done = connection.run('echo "$HOME"; echo bad >&2; exit 3', hide=True, warn=True, in_stream=False)
    assert done.exited == 3
    assert done.stdout.strip() == str(embedded.home)
    assert done.stderr.strip() == "bad"


def test_the_embedded_host_speaks_to_openssh(embedded: EmbeddedHost) -> None:
    big = "x" * 300_000
    ssh = ["ssh", "-F", str(embedded.ssh_config), "laptop"]
    assert sh(*ssh, "cat", data=big) == big
    embedded.client_key = None
    assert sh(*ssh, "true", check=False) == ""


def test_the_embedded_host_with_a_release_and_a_bot(
    embedded: EmbeddedHost, loopback_indexes: Indexes, loopback_telegram: Telegram
) -> None:
    ssh = ["ssh", "-F", str(embedded.ssh_config), "laptop"]
    uv, python = shlex.quote(find_uv() or "uv"), shlex.quote(sys.executable)
    sh(*ssh, f"{uv} venv -q --python {python} slot")
    sh(*ssh, f"{uv} pip install -q -p slot --default-index {loopback_indexes.release.simple} acme-bot==0.36.0")
    assert sh(*ssh, "slot/bin/acme-bot --version") == "acme-bot 0.36.0\n"
    assert telegram.BOT in _ask(f"{loopback_telegram.api}/bot{service.TOKEN}/getMe")[1]


def test_roots_are_kept(lab: Lab) -> None:
    root = roots.debian()
    built = (root / "etc" / "debian_version").stat().st_ctime_ns
    assert (roots.debian() / "etc" / "debian_version").stat().st_ctime_ns == built


def test_what_is_missing_skips_a_laptop_and_fails_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="need root"):
        needs.require()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="need root"):
        needs.require()


def test_missing_programs_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install iproute2 mmdebstrap" in str(needs.missing())
