"""rollback.yank and unyank: against the sandbox's index, and against one that nobody here wrote."""

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tasks.project import find_project
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Answer, Fault
from tasks.rules.yanks import Aim
from tasks.vigil import Vigil
from tasks.yanking import plan

from .hosts import indexes
from .people import browser, go_to, typed
from .releases import TOKEN, World, world
from .running import Ended, arguments, changed, interrupted, program, start, wait_for

EVIL = "`rm -rf ~`\n\x1b[31m$(reboot) @everyone closes #1 <script> --> <!-- release-coordination: end of yanked -->"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """A project with 1.0.0 and 1.0.1 on the index, and a GitHub release of each."""
    with world(tmp_path) as found:
        found.publish("1.0.1")
        found.work.tag("v1.0.1")
        found.work.git("push", "--quiet", "origin", "v1.0.1")
        for version in ("1.0.0", "1.0.1"):
            found.github.tick()
            found.github.add_release(f"v{version}", body=f"notes of {version}\r\n")
        found.env["RELEASE_COORDINATION_INDEX__MANAGE"] = f"{found.servers['index'].url}/manage/project/"
        yield found


def page(made: World, version: str = "1.0.1") -> str:
    return f"{made.servers['index'].url}/manage/project/sample/release/{version}/"


def yank(made: World, *words: str) -> Ended:
    return made.call("rollback.yank", *words)


def body(made: World, version: str = "1.0.1") -> str:
    return str(next(one.body for one in made.github.hub.releases.values() if one.tag == f"v{version}"))


def latest(made: World) -> str:
    return str(made.servers["github"] and _get(made, "/releases/latest")["tag_name"])


def _get(made: World, path: str) -> Any:
    return requests.get(f"{made.servers['github'].url}/repos/owner/sample{path}", timeout=10).json()


def marked(version: str, reason: str, instead: str) -> str:
    return (
        f"<!-- release-coordination: yanked -->\n> [!WARNING]\n> **{version} was yanked** from the package index: "
        f"{reason}. {instead}\n<!-- release-coordination: end of yanked -->\n\nnotes of {version}\r\n"
    )


def test_typed_with_nothing_else(made: World, tmp_path: Path) -> None:
    """A person at a terminal: asked, shown the page, which they see to in the browser; the rest is proven."""
    env = {**made.env, "BROWSER": browser(tmp_path / "bin", "yank", "breaks start-up"), "DISPLAY": ":9"}
    code, screen = typed("rollback.yank", cwd=made.work.root, answer="y", env=env)
    assert code == 0, screen
    assert "sample 1.0.1: 2 files, not yanked" in screen
    assert "installers take 1.0.1 now, 1.0.0 once it is yanked" in screen
    assert "Yank sample 1.0.1? Installers then take 1.0.0. [y/N]" in screen
    assert f"opened   {page(made)}\nversion  1.0.1\n" in screen
    assert "sample 1.0.1 is yanked: a resolver takes 1.0.0" in screen
    assert "GitHub release of 1.0.1: marked; v1.0.0 is the latest" in screen
    assert "next: inv rollback.hosts" in screen
    assert "next: inv rollback.patch --version 1.0.1" in screen
    assert TOKEN not in screen
    assert body(made) == marked("1.0.1", "`breaks start-up`", "Installers take 1.0.0 instead.")
    assert (latest(made), body(made, "1.0.0")) == ("v1.0.0", "notes of 1.0.0\r\n")


def test_a_person_says_no(made: World, tmp_path: Path) -> None:
    env = {**made.env, "BROWSER": browser(tmp_path / "bin", "yank"), "DISPLAY": ":9"}
    code, screen = typed("rollback.yank", cwd=made.work.root, answer="n", env=env)
    assert (code, "not confirmed" in screen, "opened" in screen) == (4, True, False)
    assert (made.index.serial, made.writes()) == (4, [])


def test_without_a_terminal_the_page_is_printed(made: World) -> None:
    ended = made.inv("rollback.yank", "--reason", "breaks $HOME")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "sample 1.0.1: 2 files, not yanked",
        "installers take 1.0.1 now, 1.0.0 once it is yanked",
        f"open   {page(made)}",
        "version  1.0.1",
        "reason   breaks $HOME",
        "1.0.1 is not yanked yet",
        "next: inv rollback.yank --version 1.0.1 --reason 'breaks $HOME' --wait 900, once that is done on the page",
    ]
    assert (ended.err, made.writes()) == ("", [])


def test_waiting_without_a_terminal(made: World) -> None:
    """The index shows it late, and file by file: waited for with questions that cost it nothing."""
    server = made.servers["index"]

    def person() -> None:
        wait_for(lambda: len(server.asked("GET", "/simple/sample/")) > 4, "some looks")
        go_to(page(made), "yank", "1.0.1", "breaks start-up")

    threading.Thread(target=person, daemon=True).start()
    ended = made.inv("rollback.yank", "--wait", "60", "--json")
    assert ended.code == 0, ended
    assert ended.json["state"] == "yanked"
    assert (ended.json["installers"], ended.json["resolver"]) == ({"before": "1.0.1", "after": "1.0.0"}, "1.0.0")
    assert ended.json["github"]["latest"] == "v1.0.0"
    assert ended.json["next"][1] == "inv rollback.patch --version 1.0.1"
    assert "waiting: 1.0.1: 2 files, not yanked" in ended.err
    own = [one for one in server.asked("GET", "/simple/sample/") if "release-coordination" in one.headers["user-agent"]]
    assert all("if-none-match" in one.headers for one in own[1:])


def test_the_page_is_shown_before_it_is_waited_for(made: World) -> None:
    """Also to a pipe, such as `| tee log`: else nobody would know what to do meanwhile."""
    with start("rollback.yank", "--wait", "60", cwd=made.work.root, env=made.env) as child:
        assert child.stdout
        lines = iter(child.stdout.readline, b"")
        address = next(line.split()[1].decode() for line in lines if line.startswith(b"open "))
        assert child.poll() is None
        go_to(address, "yank", "1.0.1", "breaks start-up")
        child.communicate(timeout=60)
    assert child.returncode == 0


def test_typed_twice(made: World) -> None:
    """The second time nothing is yanked, though an older version is the newest that is not yanked now."""
    made.index.yank("sample", "1.0.1", "breaks start-up")
    first = made.inv("rollback.yank")
    assert first.code == 0, first
    writes = made.writes()
    assert len(writes) == 2
    again = made.inv("rollback.yank")
    assert again.out.splitlines() == [
        "sample 1.0.1: 2 files, yanked (breaks start-up)",
        "installers take 1.0.0",
        "sample 1.0.1 is yanked: a resolver takes 1.0.0",
        "GitHub release of 1.0.1: as it should be",
        "next: inv rollback.hosts, for hosts that run it",
        "next: inv rollback.patch --version 1.0.1",
        "next: inv rollback.yank --version 1.0.0, if that is bad too",
    ]
    assert (again.code, made.writes()) == (0, writes)
    dry = yank(made, "--dry-run", "--json")
    assert (dry.code, dry.json["state"], made.writes()) == (0, "yanked", writes)


def test_a_dry_run_changes_nothing_and_needs_no_token(made: World) -> None:
    ended = made.call("rollback.yank", "--dry-run", "--reason=breaks start-up", env={"GITHUB_TOKEN": None})
    assert (ended.code, ended.err) == (0, "nothing was done\n")
    assert ended.out.splitlines()[1:] == [
        "installers take 1.0.1 now, 1.0.0 once it is yanked",
        "next: inv rollback.yank --version 1.0.1 --reason 'breaks start-up'",
    ]  # fmt: skip
    assert made.writes() == []


def test_interrupted_while_it_waits_and_typed_again(made: World) -> None:
    server = made.servers["index"]
    ended = interrupted("rollback.yank", "--wait", "60", cwd=made.work.root, env=made.env,
                        when=lambda: len(server.asked("GET", "/simple/sample/")) > 5)  # fmt: skip
    assert ended.code == 130
    assert "nothing is lost: inv rollback.yank --version 1.0.1 goes on from here" in ended.err
    assert made.writes() == []
    go_to(page(made), "yank", "1.0.1", "breaks start-up")
    again = yank(made)
    assert (again.code, latest(made)) == (0, "v1.0.0")


@pytest.mark.parametrize(("version", "code", "said"), [
    ("9.9.9", 4, "sample 9.9.9 is not on"), ("1.0", 0, "1.0.0"), ("one", 2, "--version is 'one'"),
    ("1.0.1; reboot", 2, "which is no version"),
])  # fmt: skip
def test_versions_that_are_named(made: World, version: str, code: int, said: str) -> None:
    ended = yank(made, f"--version={version}", "--dry-run")
    assert ended.code == code, ended
    assert said in ended.out + ended.err


def test_nothing_would_be_left(made: World) -> None:
    made.index.yank("sample", "1.0.0", "older")
    ended = yank(made, "--dry-run")
    assert "warning: installers would be left with nothing" in ended.err
    made.publish("1.1.0rc1")
    ended = yank(made, "--dry-run", "--json")
    assert ended.json["warnings"] == [
        "installers would get the candidate 1.1.0rc1: there is no other final version that they take"
    ]
    older = made.call("rollback.unyank", "--version=1.0.0", "--dry-run", "--json").json
    assert (older["installers"], older["warnings"]) == (
        {"before": "1.0.1", "after": "1.0.1"}, ["installers take 1.0.1 all the same"]
    )  # fmt: skip


def test_a_package_that_was_never_published(made: World) -> None:
    made.index.remove("sample", "1.0.0")
    made.index.remove("sample", "1.0.1")
    assert yank(made).code == 4


def test_in_vain(made: World) -> None:
    ended = made.inv("rollback.yank", "--wait", "1")
    assert ended.code == 1
    assert ended.err.splitlines()[-3:] == [
        "error: 1.0.1: 2 files, not yanked after 1 s",
        f"expected: every file yanked; {page(made)}",
        "next: inv rollback.yank --version 1.0.1 goes on waiting",
    ]


def test_an_index_that_fails_while_it_is_awaited(made: World) -> None:
    server = made.servers["index"]
    child = start("rollback.yank", "--wait", "40", cwd=made.work.root, env=made.env)
    try:
        wait_for(lambda: len(server.asked("GET", "/simple/sample/")) > 3, "some looks")
        server.fault(Fault("/simple/sample/", times=6, answer=Answer(503)))
        time.sleep(1)
        made.index.yank("sample", "1.0.1")
        out, err = child.communicate(timeout=60)
        assert child.returncode == 0, (out, err)
    finally:
        child.kill()
        child.wait()


def test_an_index_that_cannot_be_asked(made: World) -> None:
    made.servers["index"].fault(Fault("/simple/sample/", answer=Answer(403)))
    assert yank(made).code == 3


def test_a_page_older_than_one_seen_before_proves_nothing(made: World) -> None:
    """Unyanking: a cache that still shows the time before the yank would look like success."""
    before = made.index.serial
    made.index.yank("sample", "1.0.1")
    planned = plan(find_project(str(made.work.root)), Aim.UNYANK)
    with made.index.stale(before), pytest.raises(Exception, match="older page than before"):
        Vigil(planned).wait(0)


def test_a_resolver_that_still_takes_it_proves_the_opposite(made: World, tmp_path: Path) -> None:
    """Not what the index shows is the proof, but what an installer takes."""
    made.index.yank("sample", "1.0.1", "breaks start-up")
    made.env["UV"] = str(program(tmp_path, "uv", "cat > /dev/null; echo sample==1.0.1"))
    ended = yank(made)
    assert (ended.code, made.writes()) == (1, []), ended
    assert "1.0.1: 2 files, yanked; but a resolver still takes 1.0.1" in ended.err


def test_it_looks_less_and_less_often(made: World) -> None:
    planned, pauses = plan(find_project(str(made.work.root)), Aim.YANK), list[float]()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Vigil(planned, sleep).wait(30)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.5, 15.0)


def test_a_latest_release_that_a_person_chose_stays_so(made: World) -> None:
    made.github.tick()
    made.github.add_release("v9.0.0")
    made.index.yank("sample", "1.0.1", "breaks start-up")
    ended = yank(made)
    assert ended.code == 0, ended
    assert "GitHub release of 1.0.1: marked\n" in ended.out
    assert latest(made) == "v9.0.0"


def test_a_malicious_reason_is_only_a_reason(made: World) -> None:
    shown = yank(made, f"--reason={EVIL}", "--dry-run", "--json").json
    assert (
        shown["reason"]
        == r"`rm -rf ~` \x1b[31m$(reboot) @everyone closes #1 <script> --> <!-- release-coordination: end of yanked -->"
    )
    made.index.yank("sample", "1.0.1", EVIL)
    ended = yank(made)
    assert ended.code == 0
    quoted = EVIL.replace("\n", " ").replace("\x1b", r"\x1b").replace("<!--", "<! --")
    assert f": `` {quoted} ``. Installers" in body(made)
    assert yank(made).code == 0
    made.index.unyank("sample", "1.0.1")
    assert made.call("rollback.unyank").code == 0
    assert body(made) == "notes of 1.0.1\r\n"


def test_without_a_token_all_but_the_mark_is_done(made: World) -> None:
    made.index.yank("sample", "1.0.1")
    ended = made.call("rollback.yank", env={"GITHUB_TOKEN": None, "PATH": "/usr/bin:/bin:/usr/local/bin"})
    assert ended.code == 2
    assert "sample 1.0.1 is yanked" in ended.out
    assert "error: no token for GitHub was found" in ended.err
    assert yank(made).code == 0


def test_no_token_in_what_debugging_prints(made: World) -> None:
    made.index.yank("sample", "1.0.1")
    argv = [arguments()[0], "--debug", *arguments("rollback.yank")[1:]]
    done = subprocess.run(argv, cwd=made.work.root, env=changed(made.env), capture_output=True, check=False, text=True)
    assert (done.returncode, TOKEN in done.stdout + done.stderr) == (0, False)


def test_back_again(made: World) -> None:
    made.index.yank("sample", "1.0.1", "a mistake")
    assert yank(made).code == 0
    ended = made.call("rollback.unyank")
    assert ended.code == 1
    assert ended.out.splitlines()[:2] == [
        "sample 1.0.1: 2 files, yanked (a mistake)", "installers take 1.0.0 now, 1.0.1 once it is not yanked",
    ]  # fmt: skip
    go_to(page(made), "unyank", "1.0.1")
    ended = made.call("rollback.unyank", "--json")
    assert (ended.code, ended.json["state"], ended.json["resolver"]) == (0, "not yanked", "1.0.1")
    assert (latest(made), body(made)) == ("v1.0.1", "notes of 1.0.1\r\n")
    writes = made.writes()
    assert made.call("rollback.unyank").code == 0
    assert made.writes() == writes


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[indexes.Index]:
    """simple-repository, with its yank component, in an environment of its own."""
    with indexes.serve(tmp_path_factory.mktemp("indexes"), "127.0.0.1") as both:
        yield both.release


def test_against_an_index_that_nobody_here_wrote(made: World, foreign: indexes.Index) -> None:
    for version in ("2.0.0", "2.0.1"):
        for make in (wheel, sdist):
            foreign.add(*make("sample", version))
    made.env |= {"RELEASE_COORDINATION_INDEX__SIMPLE": foreign.simple, "RELEASE_COORDINATION_INDEX__JSON": foreign.json}
    ended = interrupted("rollback.yank", "--wait", "60", cwd=made.work.root, env=made.env,
                        when=lambda: len(foreign.requests) > 5)  # fmt: skip
    assert (ended.code, "2.0.1: 2 files, not yanked" in ended.out) == (130, True)
    seen = len(foreign.requests)
    child = start("rollback.yank", "--wait", "60", "--json", cwd=made.work.root, env=made.env)
    try:
        wait_for(lambda: len(foreign.requests) > seen + 5, "some looks")
        foreign.yank("sample", "2.0.1", "breaks start-up")
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait()
    ended = Ended(child.returncode, out.decode(), err.decode())
    assert (ended.code, ended.json["state"], ended.json["resolver"]) == (0, "yanked", "2.0.0"), ended
    assert ended.json["github"]["state"] == "there is none"
    again = yank(made)
    assert (again.code, "sample 2.0.1: 2 files, yanked (breaks start-up)" in again.out) == (0, True)
    foreign.yank("sample", "2.0.1", "")
    assert made.call("rollback.unyank", "--json").json["resolver"] == "2.0.1"
