"""Sessions on a pretended host: refusals, questions, what is recorded and what is concealed."""

import fcntl
import hashlib
import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.agent import agent

from .world import APP, ERROR_LINE, OWN, UNIT, FakeHost, Killed, World, live_version, make_environment, wheel

TOKEN = "7700112233:AAtests-ThisTokenMayAppearNowhereElse"
TELEGRAM = {"kind": "telegram", "config": "~/bot.toml", "token": "telegram.token", "bot": "good_bot"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def checks(result: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["result"], check["evidence"]) for check in result["checks"]}


def with_token(world: World, text: str = f'# token = "0:commented"\n[telegram]\ntoken = "{TOKEN}"\n') -> dict[str, Any]:
    (world.home / "bot.toml").write_text(text)
    return {"liveness": TELEGRAM}


# what is refused, and that nothing was touched then


@pytest.mark.parametrize(
    ("more", "code", "kind"),
    [
        ({"version": "0.36.0; rm -rf ~"}, 2, "value"),
        ({"unit": "nope.service"}, 4, "unit"),
        ({"sha256": "0" * 64}, 1, "hash"),
        ({"role": "dev"}, 4, "refused"),
        ({"version": "0.34.0"}, 4, "downgrade"),
        ({"python": "python9"}, 4, "python"),
        ({"need_bytes": 10**11}, 4, "refused"),
        ({"wheel": ""}, 2, "value"),
        ({"deploy": ""}, 2, "value"),
        ({"action": "explode"}, 2, "value"),
    ],
)
def test_a_refusal_touches_nothing(world: World, more: dict[str, Any], code: int, kind: str) -> None:
    action = more.pop("action", "install")
    version = more.pop("version", "0.36.0rc1")
    error = world.submit(action, version, **more)
    assert (error["event"], error["code"], error["kind"]) == ("error", code, kind), error
    assert world.record() == []
    assert not world.enabled
    assert live_version(world) == "0.35.0"


def test_a_lower_version_is_taken_when_that_is_wanted_and_by_reset(world: World) -> None:
    assert world.submit(version="0.34.0", allow_downgrade=True)["outcome"] == "OK"
    assert world.submit("reset", "0.33.0", deploy="d2")["outcome"] == "OK"
    assert live_version(world) == "0.33.0"


@pytest.mark.parametrize(
    ("words", "kind", "remedy"),
    [
        ("show --property=Version", "no-user-manager", "loginctl enable-linger"),
        ("loginctl", "no-linger", "loginctl enable-linger"),
    ],
)
def test_without_a_lasting_user_manager_the_remedy_is_linger(world: World, words: str, kind: str, remedy: str) -> None:
    world.answers[words] = agent.Ran(1, "", "Failed to connect to bus")
    error = world.submit()
    assert (error["code"], error["kind"]) == (4, kind)
    assert remedy in error["remedy"]
    assert world.record() == []


def test_without_systemd(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeHost, "has_systemd", lambda self: False)
    assert world.submit()["kind"] == "no-systemd"
    world.answers["systemctl"] = agent.Ran(127, "", "systemctl: No such file or directory")
    assert world.submit("status")["kind"] == "no-systemd"


def test_without_the_installer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeHost, "which", lambda self, program: None if program == "pipx" else f"/usr/bin/{program}")
    assert world.submit()["kind"] == "no-installer"


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("/bin/sh -c x", "does not start untether by an absolute path"),
        ("{home}/.local/share/pipx/venvs/untether/bin/untether", "lies inside an environment"),
        ("{home}/file/untether", "is a file and no link"),
    ],
)
def test_a_unit_that_does_not_start_through_a_link(
    world: World, command: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.home / "file").mkdir()
    (world.home / "file/untether").write_text("")
    text = world.service.show().replace(f"argv[]={world.link} run", f"argv[]={command.format(home=world.home)}")
    monkeypatch.setattr(world.service, "show", lambda: text)
    error = world.submit()
    assert error["kind"] == "unit"
    assert problem in error["found"]
    assert "ExecStart=%h/.local/bin/untether" in error["remedy"]


# two at once


def test_a_second_operator_is_refused_and_shown_the_holder(world: World) -> None:
    places = world.places
    agent.Record(world.host(), places).path.parent.mkdir(parents=True)
    world.kill = lambda _number, name: name == "ACCEPTED after"
    with pytest.raises(BaseException, match="ACCEPTED after"):
        world.submit(deploy="first", operator="alice")
    world.kill = lambda *_: False
    error = world.submit(deploy="second", operator="bob")
    assert (error["code"], error["kind"]) == (4, "busy")
    assert "alice is at work here: install 0.36.0rc1" in error["found"]
    assert error["holder"]["deploy"] == "first"
    world.systemd()  # the refusal has set the unfinished change going again
    assert world.submit(deploy="second", version="0.36.0rc2", operator="bob")["outcome"] == "OK"


def test_the_lock_ends_with_its_holder(world: World) -> None:
    one, other = agent.Lock(world.places, {"operator": "alice"}), agent.Lock(world.places, {"operator": "bob"})
    assert one.take()
    assert not other.take()
    assert other.said() == {"operator": "alice"}
    assert other.held()
    error = world.submit()
    assert error["kind"] == "busy"
    assert "alice" in error["found"]
    one.release()
    assert not other.held()
    assert other.take()
    other.release()


def test_the_lock_is_not_inherited_by_programs(world: World) -> None:
    lock = agent.Lock(world.places, {})
    assert lock.take()
    assert not os.get_inheritable(lock.descriptor)
    assert fcntl.fcntl(lock.descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    lock.release()


def test_the_same_request_again_attaches(world: World) -> None:
    first = world.submit()
    again = world.submit()
    assert (first["outcome"], again["outcome"]) == ("OK", "OK")
    assert world.states().count("ACCEPTED") == 1


def test_follow_goes_on_from_an_offset(world: World) -> None:
    world.submit()
    everything = agent.Record(world.host(), world.places).since()
    events: list[dict[str, Any]] = []
    request = {"action": "follow", "package": APP, "deploy": "d1", "offset": everything[3][0]}
    agent.session(world.host(), request, events.append, b"", b"").answer()
    assert [event["line"] for event in events if event["event"] == "record"] == [line for _, line in everything[4:]]
    with pytest.raises(agent.Stop, match="knows no change"):
        agent.session(world.host(), {**request, "deploy": "other"}, events.append, b"", b"").answer()


# the record


def test_a_truncated_last_line_is_ended_and_skipped(world: World) -> None:
    record = agent.Record(world.host(), world.places)
    record.path.parent.mkdir(parents=True)
    record.write("a", "ACCEPTED")
    with record.path.open("ab") as file:
        file.write(b'{"deploy": "a", "sta')
    assert [line["state"] for line in record.lines()] == ["ACCEPTED"]
    record.write("a", "PREFLIGHT")
    assert [line["state"] for line in record.lines()] == ["ACCEPTED", "PREFLIGHT"]


@pytest.mark.parametrize("garbage", [b"\n", b"null\n", b"[1]\n", b'{"deploy": 3}\n', b"\xff\xfe\n", b"{" * 50 + b"\n"])
def test_garbage_in_the_record_is_skipped(world: World, garbage: bytes) -> None:
    record = agent.Record(world.host(), world.places)
    record.path.parent.mkdir(parents=True)
    record.path.write_bytes(garbage)
    record.write("a", "ACCEPTED")
    assert [line["state"] for line in record.lines()] == ["ACCEPTED"]


def test_a_full_disk_leaves_room_for_the_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    record = agent.Record(world.host(), world.places)
    record.keep_ballast()
    assert record.ballast.stat().st_size == agent.BALLAST
    append = FakeHost.append

    def full(self: FakeHost, path: Path, line: bytes) -> None:
        if record.ballast.exists():
            raise OSError(28, "No space left on device")
        append(self, path, line)

    monkeypatch.setattr(FakeHost, "append", full)
    record.write("a", "INTENT")
    assert [line["state"] for line in record.lines()] == ["INTENT"]


# going back


def test_a_rollback_walks_back_through_what_ran_before(world: World) -> None:
    world.submit(version="0.36.0rc1", deploy="d1")
    world.submit(version="0.36.0rc2", deploy="d2")
    assert world.submit("rollback", deploy="r1")["live"]["version"] == "0.36.0rc1"
    assert world.submit("rollback", deploy="r2")["live"]["version"] == "0.35.0"
    error = world.submit("rollback", deploy="r3")
    assert error["code"] == 4
    assert "marked bad" in error["found"]
    assert world.submit("rollback", deploy="r4", to="0.36.0rc2")["live"]["version"] == "0.36.0rc2"
    assert world.submit("rollback", deploy="r5", to="0.30.0")["code"] == 4


def test_a_rollback_that_is_sent_again_goes_no_further_back(world: World) -> None:
    world.submit(version="0.36.0rc1", deploy="d1")
    world.submit(version="0.36.0rc2", deploy="d2")
    assert world.submit("rollback", deploy="r1", once=True)["live"]["version"] == "0.36.0rc1"
    before = world.service.invocation
    again = world.submit("rollback", deploy="r2", once=True)
    assert (again["outcome"], again["live"]["version"], again["reason"]) == ("OK", "0.36.0rc1", "it was back already")
    assert (world.service.invocation, world.record()[-1]["changed"]) == (before, False)
    assert world.submit("rollback", deploy="r3", once=True, to="0.35.0")["live"]["version"] == "0.35.0"
    world.submit(version="0.36.0rc3", deploy="d3")
    assert world.submit("rollback", deploy="r4", once=True)["live"]["version"] == "0.35.0"


def test_a_rollback_after_one_that_the_host_made_by_itself_stays(world: World) -> None:
    world.submit(version="0.36.0rc1", deploy="d1")
    world.behaviours["0.36.0rc2"] = "crash"
    assert world.submit(version="0.36.0rc2", deploy="d2")["outcome"] == "ROLLED_BACK"
    again = world.submit("rollback", deploy="r1", once=True)
    assert (again["outcome"], again["live"]["version"]) == ("OK", "0.36.0rc1")


def test_a_rollback_to_what_is_live_judges_it(world: World) -> None:
    world.submit(version="0.36.0rc1", deploy="d1")
    before = world.service.invocation
    result = world.submit("rollback", deploy="r1", to="0.36.0rc1")
    assert (result["outcome"], result["reason"], world.service.invocation) == ("OK", "it was back already", before)
    world.service.active, world.service.sub = "failed", "failed"
    result = world.submit("rollback", deploy="r2", to="0.36.0rc1")
    assert (result["outcome"], result["code"], "--to VERSION" in result["remedy"]) == ("FAILED", 1, True)


def test_a_rollback_that_has_nothing_to_do_needs_no_network(world: World) -> None:
    more = with_token(world)
    world.submit(deploy="d1", **more)
    world.submit("rollback", deploy="r1", once=True, **more)
    world.telegram = OSError("no answer: Network is unreachable")
    assert world.submit("rollback", deploy="r2", once=True, **more)["outcome"] == "OK"


def test_a_rollback_needs_no_network(world: World) -> None:
    more = with_token(world)
    world.submit(deploy="d1", **more)
    world.telegram = OSError("no answer: Network is unreachable")
    result = world.submit("rollback", deploy="r1", **more)
    assert result["outcome"] == "OK"
    assert checks(result)["liveness"][0] == "UNKNOWN"


def test_an_installation_that_cannot_ask_the_bot_api_stays_and_is_unknown(world: World) -> None:
    world.telegram = OSError("no answer: timed out")
    result = world.submit(**with_token(world))
    assert (result["outcome"], result["code"], result["live"]["version"]) == ("UNKNOWN", 3, "0.36.0rc1")
    assert not any(line["state"] == "ROLLING_BACK" for line in world.record())


def test_a_wrong_bot_rolls_back_and_keep_does_not(world: World) -> None:
    world.telegram = (200, b'{"ok":true,"result":{"username":"other_bot"}}')
    more = with_token(world)
    assert world.submit(deploy="d1", **more)["outcome"] == "ROLLED_BACK"
    result = world.submit(deploy="d2", keep=True, **more)
    assert (result["outcome"], result["code"], result["live"]["version"]) == ("FAILED", 1, "0.36.0rc1")


def test_an_unhealthy_rollback_ends_and_does_not_loop(world: World) -> None:
    world.behaviours |= {"0.36.0rc1": "crash", "0.35.0": "crash"}
    result = world.submit()
    assert (result["outcome"], result["code"], result["live"]["version"]) == ("FAILED", 1, "0.35.0")
    assert "it is unhealthy" in result["reason"]
    assert world.states().count("ROLLING_BACK") == 1


def test_what_was_rolled_back_is_bad_until_it_is_healthy(world: World) -> None:
    world.behaviours["0.36.0rc1"] = "crash"
    world.submit(deploy="d1")
    assert [bad["version"] for bad in world.submit("status")["bad"]] == ["0.36.0rc1"]
    world.behaviours.clear()
    world.submit(deploy="d2")
    assert world.submit("status")["bad"] == []


def test_a_first_installation_has_nothing_to_go_back_to(tmp_path: Path) -> None:
    world = World(tmp_path, live="")
    assert world.submit("status")["live"] is None
    result = world.submit()
    assert (result["outcome"], result["live"]["version"], result["previous"]) == ("OK", "0.36.0rc1", None)
    empty = World(tmp_path / "other", live="", behaviours={"0.36.0rc1": "crash"})
    assert empty.submit()["outcome"] == "FAILED"


def test_a_link_that_somebody_moved_in_the_middle_needs_a_person(world: World) -> None:
    make_environment(world.home / "third", "0.1.0")

    def move(_number: int, name: str) -> bool:
        if name == "INTENT after":
            world.link.unlink()
            world.link.symlink_to(world.home / "third/bin" / APP)
        return False

    world.kill = move
    result = world.submit()
    assert (result["outcome"], result["code"]) == ("FAILED", 1)
    assert "look at the link" in result["remedy"]
    assert world.link.readlink() == world.home / "third/bin" / APP


# drift


def test_drift_is_shown_and_adopted(world: World) -> None:
    world.submit(deploy="d1")
    ordinary = world.home / ".local/share/pipx/venvs" / APP
    world.link.unlink()
    world.link.symlink_to(ordinary / "bin" / APP)
    status = world.submit("status")
    assert any("the link points to" in sentence for sentence in status["drift"])
    assert any("the process runs in" in sentence for sentence in status["drift"])
    world.service.start()
    result = world.submit(version="0.36.0rc2", deploy="d2")
    assert result["previous"]["version"] == "0.35.0", "what really ran is the previous"
    assert any(line["state"] == "ADOPTED" for line in world.record())
    assert world.submit("status")["drift"] == []


def test_an_upgrade_in_place_is_drift(world: World) -> None:
    world.submit("reset", "0.35.0", deploy="d0")
    world.submit(deploy="d1")
    live = Path(agent.environment_behind(world.host(), world.link))
    site = live / "lib/python3.11/site-packages"
    (site / f"{APP}-0.36.0rc1.dist-info").rename(site / f"{APP}-0.36.0rc5.dist-info")
    assert any("holds 0.36.0rc5" in sentence for sentence in world.submit("status")["drift"])


def test_the_same_version_again_changes_nothing(world: World) -> None:
    world.submit(deploy="d1")
    invocation = world.service.invocation
    result = world.submit(deploy="d2")
    assert (result["outcome"], world.service.invocation) == ("OK", invocation)
    assert [line["state"] for line in world.record() if line["deploy"] == "d2" and line["state"] != "WORKER"] == [
        "ACCEPTED", "PREFLIGHT", "END",
    ]  # fmt: skip


def test_the_same_version_that_does_not_run_yet_is_restarted(world: World) -> None:
    world.submit(deploy="d1")
    old = world.home / ".local/share/pipx/venvs" / APP
    world.service.runs = str(old)
    assert world.submit(deploy="d2")["outcome"] == "OK"
    assert world.service.version() == "0.36.0rc1"


# slots


def test_a_slot_that_holds_another_version_is_never_made_live(world: World) -> None:
    lying = wheel("0.36.9")
    sha = hashlib.sha256(lying).hexdigest()
    request = {"action": "install", "package": APP, "unit": UNIT, "deploy": "d1", "version": "0.36.0rc1", "sha256": sha,
               "wheel": f"{APP}-0.36.0rc1-py3-none-any.whl", "settle": 1}  # fmt: skip
    result = agent.session(world.host(), request, lambda _: None, b"", lying).answer()
    assert (result["outcome"], result["code"]) == ("UNTOUCHED", 1)
    assert "holds untether 0.36.9" in result["reason"]
    assert live_version(world) == "0.35.0"
    assert not list(world.places.slots.glob("*"))


def test_a_failing_installer_leaves_nothing(world: World) -> None:
    world.answers["pipx install"] = agent.Ran(1, "ERROR: No matching distribution found for x>=1", "long tail\nof pipx")
    result = world.submit()
    assert (result["outcome"], result["code"]) == ("UNTOUCHED", 1)
    assert "No matching distribution" in result["reason"]
    assert not list(world.places.slots.glob("*"))


def test_an_installer_that_exits_0_and_does_nothing(world: World) -> None:
    world.answers["pipx install"] = agent.Ran(0, "already installed", "")
    assert world.submit()["outcome"] == "UNTOUCHED"


def test_a_command_that_says_another_version_is_found_before_it_is_live(world: World) -> None:
    world.answers["bin/untether --version"] = agent.Ran(0, "untether 0.36.9\n", "")
    result = world.submit()
    assert (result["outcome"], result["reason"]) == ("UNTOUCHED", "untether --version says 0.36.9, expected 0.36.0rc1")


def test_old_slots_are_pruned_but_never_the_live_or_the_previous(world: World) -> None:
    for number in range(1, 7):
        world.submit(version=f"0.36.0rc{number}", deploy=f"d{number}")
    slots = {slot["version"] for slot in world.submit("status")["slots"]}
    assert slots == {"0.36.0rc6", "0.36.0rc5", "0.36.0rc4"}
    would = world.submit("prune", keep_slots=0, dry_run=True)
    assert (would["removed"], len(world.submit("status")["slots"])) == ([], 3)
    result = world.submit("prune", keep_slots=0)
    assert len(result["removed"]) == 1
    assert (result["removed"], result["kept"]) == (would["would_remove"], would["kept"])
    assert {slot["version"] for slot in world.submit("status")["slots"]} == {"0.36.0rc6", "0.36.0rc5"}
    assert world.submit("rollback", deploy="r1")["live"]["version"] == "0.36.0rc5"


def test_the_installers_get_the_release_index_alone(tmp_path: Path) -> None:
    request = agent.Request.of({"action": "install", "package": "untether", "sha256": "a" * 64,
                                "index": "https://pypi.example/simple/"})  # fmt: skip
    [(argv, environment)] = agent.pipx_build(
        "pipx", request, Path("/w/untether-1-py3-none-any.whl"), Path("/s"), "python3", "/l"
    )
    assert argv == ["pipx", "install", "--force", "--python", "python3",
                    "--pip-args=--index-url https://pypi.example/simple/ --only-binary :all:",
                    f"untether @ file:///w/untether-1-py3-none-any.whl#sha256={'a' * 64}"]  # fmt: skip
    assert environment["PIP_CONFIG_FILE"] == "/dev/null"
    assert environment["PIPX_HOME"] == "/s"
    uv = agent.uv_build("uv", request, Path("/w/x.whl"), Path("/s/venvs/untether"), "python3")
    assert [argv for argv, _ in uv] == [
        ["uv", "venv", "--python", "python3", "/s/venvs/untether"],
        ["uv", "pip", "install", "--python", "/s/venvs/untether/bin/python", "--no-build", "--default-index",
         "https://pypi.example/simple/", "/w/x.whl"],
    ]  # fmt: skip
    assert all(settings["UV_NO_CONFIG"] == "1" for _, settings in uv)


def test_programs_get_no_settings_of_installers(tmp_path: Path) -> None:
    host = agent.Host({"HOME": str(tmp_path), "PIP_EXTRA_INDEX_URL": "https://test", "UV_INDEX": "x", "PIPX_HOME": "y",
                       "PYTHONPATH": "/evil", "VIRTUAL_ENV": "/v", "HTTPS_PROXY": "http://p"})  # fmt: skip
    environment = host.child_environment()
    assert not {"PIP_EXTRA_INDEX_URL", "UV_INDEX", "PIPX_HOME", "PYTHONPATH", "VIRTUAL_ENV"} & set(environment)
    assert environment["HTTPS_PROXY"] == "http://p"
    assert environment["XDG_RUNTIME_DIR"] == f"/run/user/{os.getuid()}"
    assert environment["DBUS_SESSION_BUS_ADDRESS"].startswith("unix:path=/run/user/")


# health and questions


def test_a_health_check_names_every_check_with_evidence(world: World) -> None:
    world.submit(deploy="d1", **with_token(world))
    result = world.submit("healthcheck", liveness=TELEGRAM)
    assert (result["code"], result["verdict"]) == (0, "PASS")
    assert list(checks(result)) == ["unit", "steady", "version", "journal", "liveness", "sign of life"]
    assert "0.36.0rc1 runs in" in checks(result)["version"][1]


def test_a_health_check_fails_for_another_version_than_the_one_asked_for(world: World) -> None:
    result = world.submit("healthcheck", version="0.36.0")
    assert (result["code"], checks(result)["version"][0]) == (1, "FAIL")


def test_an_unreadable_journal_is_unknown_not_healthy(world: World) -> None:
    world.answers["journalctl"] = agent.Ran(1, "", "No journal files were opened due to insufficient permissions.")
    result = world.submit("healthcheck")
    assert (result["code"], checks(result)["journal"][0]) == (3, "UNKNOWN")


def test_errors_on_standard_output_are_found_by_the_pattern(world: World) -> None:
    world.behaviours["0.35.0"] = "error"
    world.service.start()
    world.clock += 3600
    result = world.submit("healthcheck")
    assert checks(result)["journal"] == ("FAIL", "1 error, the first: 2025-01-01 12:00:00 [error] it broke")
    assert checks(world.submit("healthcheck", error_pattern=""))["journal"][0] == "PASS", "its priority is 6"


def test_errors_of_the_predecessor_do_not_count(world: World) -> None:
    world.behaviours["0.35.0"] = "error"
    world.service.start()
    world.behaviours.clear()
    world.service.start()
    assert checks(world.submit("healthcheck"))["journal"][0] == "PASS"


def test_restarts_before_a_fix_do_not_count_and_those_after_it_do(world: World) -> None:
    world.service.restarts = 7
    assert world.submit("restart")["outcome"] == "OK"
    assert world.submit("healthcheck")["code"] == 0
    world.service.start(automatic=True)
    result = world.submit("healthcheck")
    assert checks(result)["steady"][0] == "FAIL"


def test_a_young_process_is_watched_until_it_has_settled(world: World) -> None:
    world.behaviours["0.35.0"] = "late"
    world.service.start()
    assert checks(world.submit("healthcheck"))["steady"][0] == "FAIL"


def test_systemctl_that_does_not_answer_is_unknown(world: World) -> None:
    world.answers[f"-- {UNIT}"] = agent.Ran(1, "", "Connection reset by peer")
    result = world.submit("healthcheck")
    assert (result["code"], checks(result)["unit"][0]) == (3, "UNKNOWN")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (f'[telegram]\ntoken = "{TOKEN}"\n', "PASS"),
        (f'[telegram]\n# token = "{TOKEN}"\n', "UNKNOWN"),
        (f'[telegram]\ntoken = "{TOKEN}\n', "UNKNOWN"),
        ("", "UNKNOWN"),
        ('[telegram]\ntoken = "a b/../c"\n', "FAIL"),
    ],
)
def test_the_token_comes_from_its_file(world: World, text: str, result: str) -> None:
    answer = world.submit("healthcheck", **with_token(world, text))
    assert checks(answer)["liveness"][0] == result
    assert TOKEN not in json.dumps(answer)


def test_the_token_appears_nowhere(world: World) -> None:
    more = with_token(world)
    world.telegram = OSError(f"no answer: {TOKEN}")
    world.behaviours["0.36.0rc1"] = "error"
    for lines in world.service.lines.values():
        lines.append({"MESSAGE": f"GET https://api/bot{TOKEN}/getUpdates", "PRIORITY": "3"})
    world.submit(**more)
    world.submit("healthcheck", **more)
    for path in world.home.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.name != "bot.toml":
            assert TOKEN.encode() not in path.read_bytes(), path
    assert TOKEN not in json.dumps(world.commands)


def test_soak_counts_time_errors_and_restarts(world: World) -> None:
    world.submit(deploy="d1")
    early = world.submit("soak", days=7)
    assert (early["code"], checks(early)["time"][0]) == (1, "FAIL")
    world.clock += 8 * 86400
    earned = world.submit("soak", days=7)
    assert (earned["verdict"], earned["version"], earned["errors"]) == ("PASS", "0.36.0rc1", [])
    for number in range(3):
        line = world.service.line(f"[error] chat {number} failed")
        world.service.lines[world.service.invocation].append(line)
    world.service.lines[world.service.invocation].append(
        {**world.service.line("Scheduled restart job", manager=True), "MESSAGE_ID": agent.RESTART_SCHEDULED}
    )
    broken = world.submit("soak", days=7)
    assert [(group["count"], group["signature"]) for group in broken["errors"]] == [(3, "[error] chat <n> failed")]
    assert broken["restarts"] == 1
    assert {name for name, (result, _) in checks(broken).items() if result == "FAIL"} == {"errors", "restarts"}
    assert world.submit("soak", days=7, max_errors=3, max_restarts=1)["verdict"] == "PASS"


def test_soak_after_a_clock_jump_is_unknown(world: World) -> None:
    world.submit(deploy="d1")
    world.offset = timedelta(days=-30)
    assert checks(world.submit("soak"))["time"][0] == "UNKNOWN"


def test_logs_with_cursor(world: World) -> None:
    events: list[dict[str, Any]] = []
    request = {"action": "logs", "package": APP}
    result = agent.session(world.host(), request, events.append, b"", b"").answer()
    assert [event["message"] for event in events] == ["Started", "ready"]
    assert result["cursor"] == events[-1]["cursor"]
    agent.session(world.host(), {**request, "cursor": result["cursor"]}, events.append, b"", b"").answer()
    assert f"--after-cursor={result['cursor']}" in world.commands[-1]


def test_status_says_origin_and_since_when(world: World) -> None:
    found = world.submit("status")
    assert (found["live"]["origin"], found["live"]["adopted"]) == ("found on the host", True)
    world.submit(deploy="d1")
    status = world.submit("status")
    assert (status["live"]["version"], status["live"]["origin"], status["live"]["deploy"]) == (
        "0.36.0rc1",
        "staging index",
        "d1",
    )
    assert status["last"]["outcome"] == "OK"
    assert status["last"]["operator"] == "nathan"
    assert status["previous"] == {
        "version": "0.35.0",
        "path": str(world.home / ".local/share/pipx/venvs" / APP),
        "bad": False,
    }
    assert status["work"] is None


def test_probe_says_what_the_preflight_would(world: World) -> None:
    result = world.submit("probe", requires_python=">=3.99")
    assert checks(result)["python"][0] == "FAIL"
    assert result["python"] is None
    assert result["pythons"][0]["version"] == "3.11.2"
    assert world.record() == []


def test_the_host_file_completes_what_a_request_lacks(world: World) -> None:
    world.submit(deploy="d1", staging_index="https://staging.example/simple/")
    events: list[dict[str, Any]] = []
    session = agent.session(world.host(), {"action": "status", "package": APP}, events.append, b"", b"")
    assert (session.request.unit, session.request.settle) == (UNIT, 5.0)
    assert session.request.staging_index == "https://staging.example/simple/"


# dev hosts


def dev(world: World, version: str = "0.40.0.dev1") -> dict[str, Any]:
    checkout = world.home / "src"
    checkout.mkdir()
    (checkout / "pyproject.toml").write_text(f'[project]\nname = "untether"\nversion = "{version}"\n')
    facts = {"prefix": str(world.home / ".local/share/pipx/venvs" / APP), "versions": ["0.35.0"], "python": "3.11.2",
             "url": json.dumps({"url": f"file://{checkout}", "dir_info": {"editable": True}})}  # fmt: skip
    world.answers["import importlib.metadata"] = agent.Ran(0, agent.RS + json.dumps(facts) + "\n", "")
    return {"role": "dev"}


def test_a_dev_host_is_judged_by_its_checkout(world: World) -> None:
    more = dev(world)
    result = world.submit("healthcheck", version="0.40.0.dev1", **more)
    assert result["code"] == 0
    assert "metadata still says 0.35.0" in checks(result)["version"][1]
    assert world.submit("healthcheck", version="0.35.0", **more)["code"] == 1
    assert world.submit("restart", deploy="d1", **more)["outcome"] == "OK"
    assert world.submit("install", deploy="d2", **more)["code"] == 4


# when the agent itself fails


def test_something_unexpected_before_the_change_ends_untouched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> str:
        raise RuntimeError(f"boom {TOKEN}")

    monkeypatch.setattr(agent.Change, "_probe", broken)
    result = world.submit()
    assert (result["outcome"], result["code"]) == ("UNTOUCHED", 1)
    assert "boom ***" in result["reason"]
    assert not world.enabled


def test_something_unexpected_after_the_flip_goes_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> str:
        raise RuntimeError("boom")

    monkeypatch.setattr(agent.Change, "_verify", broken)
    result = world.submit()
    assert (result["outcome"], result["live"]["version"]) == ("ROLLED_BACK", "0.35.0")
    assert world.service.version() == "0.35.0"


def test_something_unexpected_on_the_way_back_ends_with_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> str:
        raise RuntimeError("boom")

    world.behaviours["0.36.0rc1"] = "crash"
    monkeypatch.setattr(agent.Change, "_restart_back", broken)
    result = world.submit()
    assert (result["outcome"], result["code"]) == ("FAILED", 1)
    assert "a person must look" in result["reason"]


@pytest.mark.parametrize(
    ("step", "outcome"),
    [("fill", "UNTOUCHED"), ("slot_problem", "UNTOUCHED"), ("note_drift", "UNTOUCHED"), ("can_go_back", "FAILED")],
)
def test_a_step_that_breaks_again_and_again_is_given_up_soon(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, outcome: str
) -> None:
    def broken(*_: Any) -> str:
        raise RuntimeError("boom")

    monkeypatch.setattr(agent.Change, step, broken)
    assert world.submit()["outcome"] == outcome
    assert sum(line["state"] == "WORKER" for line in world.record()) <= 2 * agent.ERRORS_IN_A_STATE + 1


def test_a_judge_that_breaks_is_no_reason_to_stay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    judge, calls = agent.judge, []

    def broken(*arguments: Any) -> list[agent.Check]:
        calls.append(1)
        if len(calls) <= agent.ERRORS_IN_A_STATE:
            raise RuntimeError("boom")
        return judge(*arguments)

    monkeypatch.setattr(agent, "judge", broken)
    assert world.submit()["outcome"] == "ROLLED_BACK"
    assert live_version(world) == "0.35.0"


def test_a_request_that_cannot_be_read_any_more_ends_too(world: World) -> None:
    world.kill = lambda _number, name: name == "ACCEPTED after"
    with pytest.raises(BaseException, match="ACCEPTED"):
        world.submit()
    world.kill = lambda *_: False
    (world.places.deploy("d1") / "request.json").write_text("{")
    world.wanted = True
    world.systemd()
    assert world.record()[-1]["outcome"] == "FAILED"
    assert not world.enabled


def test_a_unit_that_does_not_start_is_told_before_anything_is_accepted(world: World) -> None:
    world.answers[f"restart --no-block -- {OWN}"] = agent.Ran(1, "", "Unit is masked.")
    error = world.submit()
    assert (error["code"], error["kind"]) == (3, "outside")
    assert "Unit is masked" in error["found"]
    assert world.record() == []


def test_a_unit_that_does_not_start_for_an_accepted_change_is_told(world: World) -> None:
    world.kill = lambda _number, name: name == "ACCEPTED after"
    with pytest.raises(Killed):
        world.submit()
    world.kill, world.wanted = lambda *_: False, False
    world.answers[f"start --no-block -- {OWN}"] = agent.Ran(1, "", "Unit is masked.")
    error = world.submit()
    assert (error["code"], error["kind"]) == (3, "outside")
    assert "Unit is masked" in error["found"]


def test_a_change_does_not_wait_when_the_worker_before_is_about_to_exit(world: World) -> None:
    world.submit()
    world.ending, began = True, world.clock
    assert world.submit("rollback", deploy="d2")["outcome"] == "OK"
    accepted, first = [line for line in world.record() if line["deploy"] == "d2"][:2]
    assert (accepted["state"], first["state"]) == ("ACCEPTED", "WORKER")
    assert world.clock - began < agent.HEARTBEAT + 5  # it settles for 5 s


def test_a_session_killed_once_the_change_is_accepted_leaves_it_to_the_unit(world: World) -> None:
    world.submit()
    world.ending, world.kill = True, lambda _number, name: name == "ACCEPTED after"
    with pytest.raises(Killed):
        world.submit("rollback", deploy="d2")
    world.kill = lambda *_: False
    world.systemd()
    assert world.record()[-1]["outcome"] == "OK"


@pytest.mark.parametrize("holder", [{"deploy": "d1", "operator": "alice"}, {"pid": 1}, {}])
def test_a_change_waits_until_the_one_before_is_cleared_up(
    world: World, monkeypatch: pytest.MonkeyPatch, holder: dict[str, Any]
) -> None:
    world.submit()
    lock, free_at, sleep = (
        agent.Lock(world.places, holder),
        world.clock + 8,
        FakeHost.sleep,
    )
    assert lock.take()

    def sleeping(host: FakeHost, seconds: float) -> None:
        sleep(host, seconds)
        if lock.descriptor >= 0 and world.clock > free_at:
            lock.release()

    monkeypatch.setattr(FakeHost, "sleep", sleeping)
    assert world.submit("rollback", deploy="d2")["outcome"] == "OK"


@pytest.mark.parametrize(("pid", "late", "result"), [("66", 0, "PASS"), ("66", 60, "FAIL"), ("88", 0, "FAIL")])
def test_the_last_words_of_the_process_before_are_not_held_against_the_new_one(
    world: World, pid: str, late: float, result: str
) -> None:
    service = world.service
    service.lines[service.invocation].append({**service.line("running"), "_PID": "66"})
    service.start()
    world.clock += late
    error = {**service.line(ERROR_LINE), "_PID": pid}  # journald was behind: it takes them for the new invocation's
    service.lines[service.invocation].append(error)
    world.clock += 100
    assert checks(world.submit("healthcheck"))["journal"][0] == result


def test_a_placeholder_instead_of_a_token_does_not_garble_the_answer(world: World) -> None:
    host = world.host()
    (world.home / "bot.toml").write_text('[telegram]\ntoken = "e"\n')
    assert agent.read_token(host, TELEGRAM) == "e"
    assert agent.concealed('{"event": "result"}', host.secrets) == '{"event": "result"}'


def test_a_refusal_names_every_field_of_the_holder(world: World) -> None:
    stop = agent.busy({"pid": 12}, agent.Record(world.host(), world.places))
    assert "process 12 is at work here: a change, since ?" in stop.found
    assert set(stop.event()["holder"]) == {"deploy", "operator", "action", "version", "since", "pid", "state"}


def test_lines_that_come_together_are_all_said_at_once(world: World) -> None:
    said: list[float] = []
    host = agent.Host({"HOME": str(world.home), "PATH": os.environ["PATH"]})
    request = agent.Request.of({"action": "logs", "package": APP, "follow": True})
    session = agent.Session(host, request, lambda event: said.append(time.monotonic()), b"")
    line = json.dumps({"MESSAGE": "hello", "__CURSOR": "c"})
    result = session.stream(["sh", "-c", f"printf '%s\\n' '{line}' '{line}' '{line}'; sleep 1"])
    ended = time.monotonic()
    assert (result["code"], result["cursor"], len(said)) == (3, "c", 3)
    assert ended - max(said) > 0.5


def test_a_question_that_takes_long_is_not_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "HEARTBEAT", 0.05)
    monkeypatch.setattr(agent.Session, "soak", lambda _: time.sleep(0.5))
    events: list[dict[str, Any]] = []
    host = agent.Host({"HOME": str(world.home), "PATH": os.environ["PATH"]})
    request = agent.Request.of({"action": "soak", "package": APP})
    agent.Session(host, request, events.append, b"").answer()
    assert {(event["event"], event["text"]) for event in events} == {("progress", "soak")}


def test_following_reads_only_what_is_new(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    read = FakeHost.read

    def counted(host: FakeHost, path: Path, offset: int = 0) -> bytes | None:
        content = read(host, path, offset)
        if path.name == "record.jsonl" and not host.working:
            reads.append(len(content or b""))
        return content

    world.submit()
    size = world.places.record.stat().st_size
    monkeypatch.setattr(FakeHost, "read", counted)
    world.submit("follow", deploy="d1", offset=size)
    assert reads[-1] == 0, "the record is read from where the client is"
