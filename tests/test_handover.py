"""From the work to the release and back, in one go, from two checkouts, and with names that mean harm."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks import gates, soaking
from tasks.fleet import HostResult
from tasks.rules.fleet import HostOutcome

from .rehearsal.validation import Schemas
from .releases import TOKEN, World, today, world
from .repositories import Repository
from .running import interrupted


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(gates, "PAUSE_SECONDS", 0.05)
    with world(tmp_path, schemas) as found:
        found.github.gate.token = TOKEN
        yield found


def elsewhere(made: World) -> None:
    """Go on from another checkout, which knows only what was pushed."""
    branch = made.work.git("symbolic-ref", "--short", "HEAD")
    root = made.work.root
    shutil.rmtree(root)
    made.work = Repository(root)
    made.work.git("remote", "add", "origin", str(made.bare.root))
    made.work.git("fetch", "--quiet", "--tags", "origin")
    made.work.git("switch", "--quiet", "--track", f"origin/{branch}")
    made.work.git("branch", "--quiet", "--force", "main", "origin/main")


def test_with_staging_from_checkout_to_checkout(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made.env["RELEASE_COORDINATION_HOSTS__HETZ__ROLE"] = "staging"
    answer = {"verdict": "PASS", "version": "1.1.0rc2", "seconds": 8 * 86400, "restarts": 0, "errors": []}
    monkeypatch.setattr(soaking, "asked", lambda _p, name, _a, **_: HostResult(name, HostOutcome.OK, 0, answer))
    made.work.commit("ci: release", {".github/workflows/release.yml": "on:\n  push:\n    tags: ['v*']\njobs: {}\n"})
    for _ in range(2):
        assert made.call("staging.enter", "--yes").code == 0
        elsewhere(made)
        made.work.count += 3
    made.work.commit("fix: mend it\n\nCloses #3")
    assert made.call("staging.enter", "--yes", "--json").json["version"] == "1.1.0rc2"
    assert made.call("staging.promote", "--yes").code == 0
    made.github.require_checks("main", "test")
    made.work.git("push", "--quiet", "origin", "dev")
    made.github.add_run("ci.yml", made.work.head, event="pull_request", jobs=[made.github.job("test")])
    ended = made.call("release.propose", "--yes")
    assert (ended.code, ended.out) == (0, "merge PR #1 when ready (approver: nathan)\n"), ended
    made.github.merge(1)
    elsewhere(made)
    assert made.call("release.propose", "--yes").out == "PR #1 was merged\n"
    made.work.git("switch", "--quiet", "main")
    assert made.call("release.tag", "--yes").code == 0
    made.publish("1.1.0")
    assert made.call("release.sync", "--yes").code == 0
    refs = made.bare.refs
    assert refs["refs/heads/dev"] == refs["refs/heads/main"]
    assert refs.keys() == {"refs/heads/dev", "refs/heads/main", "refs/tags/v1.0.0", "refs/tags/v1.1.0"}
    assert f"## v1.1.0 ({today()})" in made.bare.git("show", "main:CHANGELOG.md")
    assert made.call("version.show", "--json").json["state"] == "released"


def test_ctrl_c_while_it_waits_for_checks(made: World) -> None:
    assert made.call("release.prepare", "--yes", "--offline").code == 0
    made.github.require_checks("main", "test")
    ended = interrupted(
        "release.propose", "--yes", "--offline", cwd=made.work.root, env=made.env,
        when=lambda: bool(made.servers["github"].asked("GET", "/actions/runs")),
    )  # fmt: skip
    assert (ended.code, ended.err.splitlines()[-1]) == (130, "interrupted")
    made.github.add_status(made.work.head, "test")
    assert made.call("release.propose", "--offline").out.startswith("merge PR #1 when ready")
    assert len(made.github.hub.pulls) == 1


NAME = "x`'$(touch${IFS}pwned)<b>@everyone#1%0A::error::"


@pytest.mark.parametrize("stable", [NAME.replace(":", ""), "-x"])
def test_branch_names_do_no_harm_anywhere(made: World, stable: str) -> None:
    """The stable branch, the development branch and the tags have names that mean harm."""
    dev, work = f"work/{stable}", made.work
    for new, old in ((stable, "main"), (dev, "dev")):
        work.git("push", "--quiet", "origin", f"refs/heads/{old}:refs/heads/{new}")
    made.github.tick()
    work.git("fetch", "--quiet", "origin")
    work.git("switch", "--quiet", "--create", dev)
    made.env |= {
        "RELEASE_COORDINATION_STABLE_BRANCH": stable, "RELEASE_COORDINATION_DEVELOPMENT_BRANCH": dev,
        "RELEASE_COORDINATION_APPROVER": "::error::nathan \x1b[31m",
    }  # fmt: skip
    assert made.call("staging.enter", "--yes").code == 0
    assert made.call("staging.promote", "--yes", "--reason=x").code == 0
    ended = made.call("release.propose", "--yes", "--offline")
    assert ended.code == 0, ended
    assert ended.out.startswith("merge PR #1 when ready (approver: ::error::nathan \\x1b[31m)")
    assert (made.github.hub.pulls[0].head, made.github.hub.pulls[0].base) == (dev, stable)
    assert made.call("release.sync", "--yes").out.endswith(f"has all of {stable}\n")
    assert not list(made.work.root.parent.rglob("pwned*"))


def test_a_whole_release_refuses_what_is_no_check_before_it_begins(made: World) -> None:
    before = (made.work.snapshot(), made.work.git("for-each-ref"), made.bare.refs)
    ended = made.call("release.run", "--skip=nonsense", "--yes")
    assert (ended.code, ended.out, ended.err.splitlines()[0]) == (2, "", "error: 'nonsense' is no check")
    assert (made.work.snapshot(), made.work.git("for-each-ref"), made.bare.refs) == before
    assert made.servers["github"].asked() == []
