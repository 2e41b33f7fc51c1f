"""Changes on a pretended host: what each ends with, and that a kill at any edge changes nothing of that."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.agent import agent

from .world import APP, UNIT, Killed, World, live_version

NEXT = "0.36.0rc1"
ENDS = {"good": ("OK", NEXT), "crash": ("ROLLED_BACK", "0.35.0"), "late": ("ROLLED_BACK", "0.35.0"),
        "error": ("ROLLED_BACK", "0.35.0"), "never": ("ROLLED_BACK", "0.35.0")}  # fmt: skip


def one_end(world: World, deploy: str = "d1") -> dict[str, Any]:
    ends = [line for line in world.record() if line["state"] == "END" and line["deploy"] == deploy]
    assert len(ends) == 1, world.states()
    return ends[0]


def consistent(world: World, outcome: str, version: str) -> None:
    """What must hold after every change, however it was interrupted."""
    end = one_end(world)
    assert (end["outcome"], end["live"]["version"]) == (outcome, version), end["reason"]
    assert live_version(world) == version
    assert world.service.version() == version
    assert world.service.active == "active"
    assert not world.enabled
    assert world.states().count("ROLLING_BACK") <= 1, "it never loops"
    assert not agent.unfinished(world.record())
    environment = agent.environment_behind(world.host(), world.link)
    assert not agent.inspect(world.host(), environment, APP).problem
    assert Path(world.home / ".local/share/pipx/venvs" / APP / "pyvenv.cfg").exists(), (
        "the ordinary one is left as it is"
    )


@pytest.mark.parametrize("behaviour", ENDS)
def test_an_installation_ends_on_the_new_version_or_the_old_one(tmp_path: Path, behaviour: str) -> None:
    world = World(tmp_path, behaviours={NEXT: behaviour})
    result = world.submit()
    consistent(world, *ENDS[behaviour])
    assert result["event"] == "result"
    assert result["outcome"] == ENDS[behaviour][0]
    assert (result["previous"] or {}).get("version") == ("0.35.0" if behaviour == "good" else None)


def test_the_states_come_in_the_order_of_the_design(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.submit()
    assert world.states() == [
        "ACCEPTED", "PREFLIGHT", "STAGED", "BUILT", "PROBED", "INTENT", "FLIPPED", "RESTARTED", "VERIFYING", "HEALTHY",
        "END",
    ]  # fmt: skip
    world.behaviours["0.36.0rc2"] = "crash"
    world.submit(version="0.36.0rc2", deploy="d2")
    assert world.states()[-5:] == ["VERIFYING", "ROLLING_BACK", "RESTARTED", "ROLLED_BACK", "END"]


def edges_of(folder: Path, behaviour: str, prepare: str) -> list[str]:
    world = prepared(folder, behaviour, prepare)
    act(world, prepare)
    return list(world.edges)


def prepared(folder: Path, behaviour: str, action: str) -> World:
    folder.mkdir()
    world = World(folder, behaviours={NEXT: behaviour})
    if action == "rollback":
        world.submit(version="0.36.0rc0", deploy="d0")
    world.edges.clear()
    return world


def act(world: World, action: str) -> None:
    world.submit(action, NEXT)


SCENES = [
    ("install", "good", "OK", NEXT),
    ("install", "crash", "ROLLED_BACK", "0.35.0"),
    ("install", "late", "ROLLED_BACK", "0.35.0"),
    ("install", "error", "ROLLED_BACK", "0.35.0"),
    ("install", "never", "ROLLED_BACK", "0.35.0"),
    ("restart", "good", "OK", "0.35.0"),
    ("rollback", "good", "OK", "0.35.0"),
]


def survive(world: World, action: str) -> None:
    """Act, and after every death go on as the host and the client do: the unit again, and the same command again."""
    for _ in range(100):
        try:
            act(world, action)
        except Killed:
            continue
        return
    raise AssertionError("the client never came to an end")


@pytest.mark.parametrize("reboot", [False, True], ids=["", "reboot"])
@pytest.mark.parametrize(("action", "behaviour", "outcome", "version"), SCENES, ids=str)
def test_a_kill_at_every_edge_converges(
    tmp_path: Path, action: str, behaviour: str, outcome: str, version: str, reboot: bool
) -> None:
    edges = edges_of(tmp_path / "plain", behaviour, action)
    assert len(edges) > 20
    for number, name in enumerate(edges):
        world = prepared(tmp_path / f"{number}", behaviour, action)
        killed: list[str] = []

        def kill(at: int, now: str, number: int = number, killed: list[str] = killed, world: World = world) -> bool:
            if at == number and not killed:
                killed.append(now)
                return True
            return False

        world.kill = kill
        if reboot:
            dying(world)
        survive(world, action)
        assert killed, name
        try:
            consistent(world, outcome, version)
        except AssertionError as error:
            raise AssertionError(f"killed at {number}, {name}: {error} {world.states()}") from error


def dying(world: World) -> None:
    """Let the kill take the machine with it."""
    inner = world.kill

    def kill(number: int, name: str) -> bool:
        if inner(number, name):
            world.reboot()
            return True
        return False

    world.kill = kill


@given(kills=st.lists(st.integers(0, 40), max_size=12), behaviour=st.sampled_from(sorted(ENDS)), reboots=st.booleans())
@example(kills=[26, 33, 0, 0, 0, 0], behaviour="late", reboots=False)  # time passes while the agent is dead
@settings(max_examples=200, deadline=None)
def test_random_sequences_of_kills_converge(
    tmp_path_factory: pytest.TempPathFactory, kills: list[int], behaviour: str, reboots: bool
) -> None:
    world = World(tmp_path_factory.mktemp("home"), behaviours={NEXT: behaviour})
    left, since = list(kills), [0]

    def kill(number: int, _name: str) -> bool:
        if left and number - since[0] >= left[0]:
            left.pop(0)
            since[0] = number
            if reboots:
                world.reboot()
            return True
        return False

    world.kill = kill
    survive(world, "install")
    consistent(world, *ENDS[behaviour])


@pytest.mark.parametrize(
    ("action", "edge"),
    [
        ("install", "INTENT after"),
        ("install", "flip after"),
        ("install", "FLIPPED after"),
        ("install", f"reset-failed {UNIT} after"),
        ("rollback", "ROLLING_BACK after"),
        ("rollback", "flip after"),
        ("rollback", f"reset-failed {UNIT} after"),
    ],
)
def test_an_automatic_restart_out_of_a_crash_loop_is_not_taken_for_the_own_one(
    tmp_path: Path, action: str, edge: str
) -> None:
    world = prepared(tmp_path / "host", "good", action)
    world.service.restarts = 4  # the version that runs is in a crash loop
    happened = 0

    def kill(_number: int, name: str) -> bool:
        nonlocal happened
        if name == edge:
            happened += 1
            world.service.start(automatic=True)
        return False

    world.kill = kill
    assert world.submit(action, NEXT if action == "install" else "")["outcome"] == "OK"
    assert happened == 1


def test_a_restart_that_systemd_did_not_take_is_tried_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    refused = agent.Ran(1, "", "Failed to restart: Connection timed out")

    def kill(_number: int, name: str) -> bool:
        world.answers.update({"restart --no-block -- untether": refused} if name == "FLIPPED after" else {})
        if name == "ERROR after":
            world.answers.clear()
        return False

    world.kill = kill
    assert world.submit()["outcome"] == "OK"
    assert [line["text"] for line in world.record() if line["state"] == "ERROR"] == [
        "OSError: systemctl restart untether.service: Failed to restart: Connection timed out"
    ]


def test_a_service_that_reloads_while_it_settles_is_steady(tmp_path: Path) -> None:
    world = World(tmp_path, behaviours={NEXT: "reloads"})
    assert world.submit()["outcome"] == "OK"
