"""staging.wait: the files on the staging index are those that the workflow built from that very commit."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks import awaiting, building
from tasks.rehearsal.github import Pace, zipped
from tasks.rehearsal.package import wheel
from tasks.rehearsal.server import Answer, Fault

from .rehearsal.validation import Schemas
from .releases import TOKEN, World, world
from .running import Ended

WHEEL = "sample-1.1.0rc1-py3-none-any.whl"
SDIST = "sample-1.1.0rc1.tar.gz"


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A candidate that is on the staging index."""
    for module in (awaiting, building):
        monkeypatch.setattr(module, "_PAUSE_SECONDS" if module is awaiting else "PAUSE_SECONDS", 0.05)
    with world(tmp_path, schemas) as found:
        found.github.gate.token = TOKEN
        assert found.call("staging.enter", "--yes").code == 0
        found.files = found.publish("1.1.0rc1", found.staging)  # type: ignore[attr-defined]
        yield found


def run(made: World, files: dict[str, bytes] | None = None, name: str = "dist", **more: object) -> None:
    content = {f"{name}/{file}": data for file, data in (made.files if files is None else files).items()}  # type: ignore[attr-defined]
    known = {"event": "push", "branch": "dev", **more}
    artifacts = {"coverage": zipped({"x": b""}), name: zipped(content)}
    made.github.add_run("ci.yml", made.work.head, artifacts=artifacts, **known)  # type: ignore[arg-type]


def wait(made: World, *words: str) -> Ended:
    return made.call("staging.wait", "--seconds=3", *words)


def test_the_same(made: World) -> None:
    run(made)
    ended = wait(made)
    assert (ended.code, ended.err) == (0, ""), ended
    url = "https://github.com/owner/sample/actions/runs/"
    assert f"{WHEEL} is what {url}" in ended.out
    assert f"{SDIST} is what {url}" in ended.out
    rows = wait(made, "--json").json
    assert [row["same_as"].startswith(url) and row["not_compared"] is None for row in rows] == [True, True]


def test_an_older_build_under_the_same_number_is_caught(made: World) -> None:
    name, content = wheel("sample", "1.1.0rc1", description="another build")
    run(made, {name: content})
    ended = wait(made)
    assert ended.code == 1
    assert f"{WHEEL} on the staging index (sha256 " in ended.err
    assert "next: inv staging.enter, for a new number" in ended.err


def test_one_of_two_runs_built_it(made: World) -> None:
    run(made)
    run(made, dict([wheel("sample", "1.1.0rc1", description="another branch")]))
    assert wait(made).code == 0


def test_a_run_that_is_not_done_is_waited_for(made: World) -> None:
    run(made, pace=Pace(1, 2))
    ended = wait(made)
    assert (ended.code, f"{WHEEL} is what" in ended.out) == (0, True)
    assert "is queued" in ended.err


NOT_COMPARED: dict[str, tuple[Callable[[World], object], str]] = {
    "no run": (lambda made: None, "GitHub knows no run of ci.yml for "),
    "another workflow": (
        lambda made: made.github.add_run("x.yml", made.work.head, artifacts={"dist": zipped({WHEEL: b"?"})}),
        "GitHub knows no run of ci.yml for "),
    "a pull request's": (lambda made: run(made, event="pull_request"), "GitHub knows no run of ci.yml for "),
    "nothing in it": (lambda made: run(made, {}), "has sample-1.1.0rc1"),
    "no token": (lambda made: made.env.update(GITHUB_TOKEN=None, PATH="/usr/bin:/bin"), "only to who is signed in"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_COMPARED)
def test_what_cannot_be_compared_is_said(made: World, name: str) -> None:
    spoil, said = NOT_COMPARED[name]
    spoil(made)
    ended = wait(made)
    assert (ended.code, "not compared with what the workflow built: " in ended.err, said in ended.err) == (
        0,
        True,
        True,
    )


def test_without_github(made: World) -> None:
    text = made.work.read("pyproject.toml").decode().replace('repository = "owner/sample"\n', "")
    made.work.write(
        {"pyproject.toml": text.replace('[project.urls]\nRepository = "https://github.com/owner/sample"', "")}
    )
    ended = wait(made)
    assert (ended.code, "no GitHub is configured" in ended.err) == (0, True)


def test_an_artifact_that_cannot_be_had_leaves_the_outcome_unknown(made: World) -> None:
    run(made)
    made.github.gate.missing = {"actions=read"}
    ended = wait(made)
    assert (ended.code, "actions=read" in ended.err) == (3, True)


def test_an_artifact_that_is_no_zip(made: World) -> None:
    made.github.add_run("ci.yml", made.work.head, event="push", branch="dev", artifacts={"dist": b"no zip"})
    ended = wait(made)
    assert (ended.code, "the artifact dist is no zip that can be read" in ended.err) == (1, True)


def test_an_artifact_that_was_changed_on_the_way(made: World) -> None:
    run(made)
    made.servers["github"].fault(Fault("/_artifacts/", answer=Answer(200, zipped({WHEEL: b"evil"}))))
    ended = wait(made)
    assert (ended.code, "dist has sha256" in ended.err or "coverage has sha256" in ended.err) == (1, True)


def test_a_candidate_of_a_wheel_alone(made: World) -> None:
    made.staging.remove("sample", "1.1.0rc1", SDIST)
    assert "1 of 2 files" in wait(made).err
    made.env["RELEASE_COORDINATION_SDIST"] = "false"
    run(made)
    ended = wait(made)
    assert (ended.code, f"{WHEEL} is what" in ended.out) == (0, True), ended
