"""From a bad release on: it crash-loops after it came through the rollout, and three commands lead back from it.

One story, on real hosts, with the sandbox's index and GitHub; each command is typed twice.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..people import go_to
from ..releases import World, today, world
from ..repositories import uv
from ..running import start
from . import prepared, service
from .lab import Fleet, Lab
from .machines import Machine
from .maintainer import table
from .scenes import Scene, version
from .shell import PATIENCE, wait
from .telegram import Telegram

PACKAGE = service.NAME
UPDATE = ".acme-bot/update"  # what nobody had thought of comes in, hours after the release
GOOD = service.Build("1.0.0", requires=(f"{service.LIBRARY}>=1.0",))
BAD = service.Build("1.1.0", service.Behaviour(crash_on=UPDATE), (f"{service.LIBRARY}>=1.0",))
REASON = "an update breaks it"


def restarts(host: Machine) -> int:
    return int(host.as_user(f"systemctl --user show --value --property=NRestarts {service.UNIT}"))


def upload(made: World, build: service.Build) -> None:
    """Put a version onto the index."""
    for name, content in ((build.distribution.wheel_name, build.distribution.wheel()),
                          (build.distribution.sdist_name, build.distribution.sdist())):  # fmt: skip
        made.index.add(content, name)


def release(made: World) -> None:
    """Release 1.1.0 as the workflows do: the merge, the tag, the GitHub release, the files."""
    work = made.work
    text = {name: work.read(name).decode() for name in ("pyproject.toml", "uv.lock", "CHANGELOG.md")}
    for name in ("pyproject.toml", "uv.lock"):
        text[name] = text[name].replace('version = "1.0.0"', 'version = "1.1.0"')
    entry = f"## v1.1.0 ({today()})\n\n### changes\n\n- add it [#2](https://github.com/owner/sample/issues/2)\n"
    text["CHANGELOG.md"] = text["CHANGELOG.md"].replace("# changelog\n", f"# changelog\n\n{entry}")
    work.commit("chore: release 1.1.0 (#3)", text)
    work.tag("v1.1.0")
    work.git("push", "--quiet", "origin", "main", "v1.1.0")
    made.github.tick()
    made.github.add_release("v1.1.0", body="notes of 1.1.0")
    upload(made, BAD)


@pytest.fixture
def night(tmp_path: Path, lab: Lab, fleet: Fleet, telegram: Telegram) -> Iterator[Scene]:
    """Serve a project whose 1.0.0 is released, and boot a staging and a production host."""
    hosts = fleet(2)
    prepared.give_uv(hosts[1])
    with world(tmp_path, indexes=lab.network.gateway) as made:
        work, tables = made.work, "".join((
            table(hosts[0], telegram, settle=1), table(hosts[1], telegram, settle=1, role="production", installer="uv"),
        ))  # fmt: skip
        work.switch("main")
        text = work.read("pyproject.toml").decode()
        head = "[tool.release-coordination]\n"
        text = text.replace(head, f'{head}package = "{PACKAGE}"\n') + tables
        work.commit("chore: say where it runs", {"pyproject.toml": text})
        made.github.add_release("v1.0.0", body="notes of 1.0.0")
        for title in ("begin", "add"):
            made.github.open_issue(title)
        made.index.add(service.GOOD_LIBRARY.wheel(), service.GOOD_LIBRARY.wheel_name)
        upload(made, GOOD)
        made.env["HOME"] = str(lab.home)
        made.env["RELEASE_COORDINATION_INDEX__MANAGE"] = f"{made.servers['index'].url}/manage/project/"
        yield Scene(made, hosts)


def test_from_a_bad_release_to_a_healthy_fleet_and_a_prepared_patch(night: Scene) -> None:
    """As the commands name each other."""
    comes_through_the_rollout(night)
    crash_loops(night)
    every_host_goes_back(night)
    nobody_gets_it_any_more(night)
    the_patch_is_begun(night)
    the_patch_is_prepared(night)


def comes_through_the_rollout(night: Scene) -> None:
    night.inv("release.rollout", "--version=1.0.0")
    release(night.made)
    night.inv("release.rollout", "--version=1.1.0")
    assert [version(host) for host in night.hosts] == ["1.1.0", "1.1.0"]


def crash_loops(night: Scene) -> None:
    for host in night.hosts:
        host.write_file(f"/home/deploy/{UPDATE}", "?", owner="deploy")
    for host in night.hosts:
        wait(f"the crash loop of {host.name}", lambda host=host: restarts(host) >= 3)  # type: ignore[misc]
    shown = re.findall(r"(\w+) +1\.1\.0 .* systemd restarted it \d+ times", night.inv("staging.status").out)
    assert shown == ["hetz", "web1"]
    rows = json.loads(night.inv("staging.status", "--json").out)
    assert [row["answer"]["live"]["version"] for row in rows] == ["1.1.0", "1.1.0"]
    assert all(row["answer"]["unit"]["restarts"] >= 3 for row in rows), rows
    ended = night.made.inv("staging.healthcheck", "--host=all", "--json")
    assert (ended.code, {row["answer"]["verdict"] for row in ended.json}) == (1, {"FAIL"}), ended


def every_host_goes_back(night: Scene) -> None:
    ended = night.inv("rollback.hosts")
    assert re.findall(r"OK +(\w+) +1\.0\.0 +[\d.]+\n", ended.out) == ["hetz", "web1"], ended
    assert "next: inv rollback.yank" in ended.out
    well(night)
    again = night.twice("rollback.hosts")
    assert re.findall(r"OK +(\w+) +1\.0\.0 +[\d.]+ +it was back already\n", again.out) == ["hetz", "web1"], again
    well(night)


def well(night: Scene) -> None:
    """Hold that every host is healthy on the version before."""
    assert [version(host) for host in night.hosts] == ["1.0.0", "1.0.0"]
    night.inv("staging.healthcheck", "--host=all", "--version=1.0.0")


def nobody_gets_it_any_more(night: Scene) -> None:
    """A person does it on the page whose address the command has printed."""
    made, words = night.made, ("rollback.yank", f"--reason={REASON}", f"--wait={PATIENCE:.0f}")
    assert taken(night) == "1.1.0"
    with start(*words, cwd=made.work.root, env=made.env) as child:
        assert child.stdout
        page = next(found[1] for line in child.stdout if (found := re.match(r"open +(\S+)\n", line.decode())))
        go_to(page, "yank", "1.1.0", REASON)
        out, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0, (out, err)
    assert f"{PACKAGE} 1.1.0 is yanked: a resolver takes 1.0.0" in out.decode()
    assert taken(night) == "1.0.0"
    assert "1.1.0 was yanked" in str(next(one.body for one in made.github.hub.releases.values() if one.tag == "v1.1.0"))
    night.twice(*words)


def taken(night: Scene) -> str:
    """Return which version an installer on a host takes."""
    index = f"{night.made.servers['index'].url}/simple/"
    said = night.hosts[1].as_user(f"echo {PACKAGE} | uv pip compile --quiet --no-cache --default-index {index} -")
    found = re.search(rf"{PACKAGE}==(\S+)", said)
    assert found, said
    return found[1]


def the_patch_is_begun(night: Scene) -> None:
    made = night.made
    ended = night.inv("rollback.patch", "--yes")
    assert "1.1.1 is begun on fix/1.1.1, for #3 (open)" in ended.out, ended
    issue = made.github.hub.issues[3]
    assert (issue.title, issue.state) == (f"{PACKAGE} 1.1.0 is broken: {REASON}", "open")
    assert made.work.git("log", "--format=%s", "main..") == "chore: begin 1.1.1"
    is_at_the_patch(made)
    night.twice("rollback.patch", "--yes")


def is_at_the_patch(made: World) -> None:
    assert made.work.git("symbolic-ref", "--short", "HEAD") == "fix/1.1.1"
    for name in ("pyproject.toml", "uv.lock"):
        assert 'name = "sample"\nversion = "1.1.1"' in made.work.read(name).decode()
    subprocess.run([uv(), "lock", "--check", "--quiet"], cwd=made.work.root, check=True)
    assert made.work.git("status", "--porcelain") == ""


def the_patch_is_prepared(night: Scene) -> None:
    made = night.made
    made.work.commit("fix: take any update\n\nCloses #3", {"mended.txt": "1"})
    night.inv("release.prepare", "--yes")
    is_at_the_patch(made)
    section = made.work.read("CHANGELOG.md").decode().split("\n## ")[1]
    assert section.startswith(f"v1.1.1 ({today()})\n")
    assert "### fixes\n\n- take any update [#3](https://github.com/owner/sample/issues/3)\n" in section
    for words in (["rollback.hosts"], ["rollback.yank"], ["rollback.patch", "--version=1.1.0", "--yes"]):
        night.twice(*words)
    well(night)
