"""Npm's `emulate` starts, and does what our clients' tests need of it."""

from .emulate import Emulator


def test_it_answers(emulate: Emulator) -> None:
    emulate.seed()
    issues = {one["number"]: one["state"] for one in emulate.call("GET", "/issues?state=all")}
    pull = emulate.call("GET", "/pulls/3")
    compared = emulate.call("GET", "/compare/main...dev")
    assert (issues[1], issues[2]) == ("open", "closed")
    assert (pull["head"]["ref"], pull["state"], compared["status"]) == ("dev", "open", "ahead")
