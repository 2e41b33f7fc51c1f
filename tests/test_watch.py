"""release.watch and doctor.release against the sandbox GitHub and index, the workflows played by a clock of its own."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from packaging.version import Version

from tasks.diagnosis import diagnosed
from tasks.errors import WrongValue
from tasks.following import LATE, Followed, follow, observed
from tasks.pipeline import Pipeline, pipeline
from tasks.project import find_project
from tasks.rehearsal.github import Pace, Run, Workflows
from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Answer, Fault, Server
from tasks.rules.failures import FAILURES
from tasks.rules.stage import Stage, State
from tasks.stageviews import print_document, print_followed
from tasks.systems.web import Clock, Web

from .proof.world import settings
from .rehearsal.fixtures import Clock as Time
from .rehearsal.fixtures import Github
from .repositories import changelog, pyproject
from .rules.test_failures import MOMENT, SAID, log
from .running import Ended, called, interrupted, run
from .systems.leaks import SECRET

PACE = Pace(queued=5, running=20, unit="seconds")
NAMES = ("merge", "auto-tag", "tag", "release workflow", "index", "GitHub Release")


class Shared(Clock):
    """The sandbox's clock as a client's: waiting puts it forward."""

    def __init__(self, time: Time) -> None:
        self.theirs = time
        self.naps: list[float] = []
        self.at: dict[float, Callable[[], object]] = {}  # what happens at a moment, from the start

    def time(self) -> float:
        return self.theirs()

    def monotonic(self) -> float:
        return self.theirs()

    def sleep(self, seconds: float, stop: Event) -> None:
        self.naps.append(seconds)
        self.theirs.sleep(seconds)
        for moment in [moment for moment in self.at if sum(self.naps) >= moment]:
            self.at.pop(moment)()


@dataclass
class World:
    """A project whose version 1.1.0 is proposed; what merges it, and what follows it."""

    github: Github
    index: SandboxIndex
    server: Server
    workflows: Workflows
    clock: Shared
    number: int = 0
    told: list[dict[str, tuple[State, str]]] = field(default_factory=list)
    kinds: Sequence[Callable[..., tuple[str, bytes]]] = (wheel, sdist)

    def propose(self, version: str = "1.1.0") -> None:
        work = self.github.work
        work.git("switch", "--quiet", "--force-create", "dev")
        found = settings(self.server.url, self.github.url)
        work.commit(f"chore: release {version}", {"pyproject.toml": pyproject(version, found),
                                                  "CHANGELOG.md": changelog((version, "2024-01-02"))})  # fmt: skip
        self.github.push("dev")
        self.number = self.github.sandbox.add_pull(f"release {version}", base="main", head="dev")

    def merge(self) -> str:
        return self.github.sandbox.merge(self.number)

    def build(self, version: str, _sha: str) -> dict[str, bytes]:
        return dict(make("sample", version) for make in self.kinds)

    def publish(self, _index: str, files: Any) -> None:
        for name, content in files.items():
            self.index.add(content, name)

    def way(self, version: str = "1.1.0") -> Pipeline:
        project = find_project(str(self.github.work.root))
        return pipeline(project, Version(version), Web(clock=self.clock, patience=4000, jitter=lambda: 0.0))

    def follow(self, seconds: float = 3600, version: str = "1.1.0") -> Followed:
        return follow(self.way(version), seconds, self.tell)

    def tell(self, stages: Sequence[Stage], _trouble: str) -> None:
        self.told.append({stage.name: (stage.state, stage.evidence) for stage in stages})

    def states(self, name: str) -> list[str]:
        """Return the states that a stage was told in, each once."""
        return list(dict.fromkeys(str(told[name][0]) for told in self.told if name in told))

    def fail(self, step: str, said: str, workflow: str = "release.yml") -> None:
        self.workflows.fail(workflow, step, "\n".join(f"{MOMENT}{line}" for line in said.splitlines()))

    def runs(self, workflow: str) -> list[Run]:
        self.github.sandbox.tick()
        return [run for run in self.github.sandbox.hub.runs.values() if run.workflow == workflow]


@pytest.fixture
def world(github_sandbox: Github, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    index = SandboxIndex(clock=github_sandbox.clock)
    workflows = Workflows(github_sandbox.sandbox, stable="main", pace=PACE)
    with Server(index) as server:
        made = World(github_sandbox, index, server, workflows, Shared(github_sandbox.clock))
        workflows.build, workflows.publish = made.build, made.publish
        made.propose()
        yield made


def keys(found: Followed) -> list[str]:
    return [str(reason.key) for reason in found.explanations]


def failed(found: Followed) -> list[str]:
    return [stage.name for stage in found.stages if stage.state is State.FAILED]


# -- the way to the end --------------------------------------------------------------------------------------------


def test_to_the_happy_end(world: World) -> None:
    world.index.lag = 30
    world.merge()
    found = world.follow()
    assert (found.code, [stage.name for stage in found.stages], found.explanations) == (0, list(NAMES), ())
    assert all(stage.state is State.DONE for stage in found.stages), found.stages
    assert world.states("auto-tag") == ["running", "done"]
    assert world.states("release workflow") == ["waiting", "running", "done"]
    assert world.states("index")[-1] == "done"
    said = [told["release workflow"][1] for told in world.told]
    assert "queued" in said
    assert any(text.endswith("validate: Check the tag, test (3.12): Tests, test (3.13): Tests") for text in said)
    assert 200 > sum(world.clock.naps) > 60  # by the workflows' clock, not by ours


def test_a_release_of_wheels_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.kinds = (wheel,)
    world.merge()
    assert {stage.name: stage.evidence for stage in world.follow().stages}["index"] == "1 file; not yet the sdist"
    monkeypatch.setenv("RELEASE_COORDINATION_SDIST", "false")
    assert world.follow().code == 0


def test_before_the_merge_it_waits(world: World) -> None:
    world.clock.at = {40: world.merge}
    found = world.follow()
    assert found.code == 0
    head = world.github.work.git("rev-parse", "main")[:12]
    assert world.told[0]["merge"] == (State.WAITING, f"main sets 1.0.0 ({head}): not merged yet")
    assert max(world.clock.naps) < 31


def test_resumed_from_anywhere_it_comes_to_the_same_end(world: World) -> None:
    """Each look is by another process as far as it knows: nothing is kept between them."""
    world.merge()
    seen = []
    for _ in range(30):
        found = world.follow(0)
        seen.append(tuple(str(stage.state) for stage in found.stages))
        if found.code == 0:
            break
        assert found.code == LATE
        world.clock.theirs.sleep(7)
    assert seen[-1] == ("done",) * 6
    assert len(set(seen)) >= 3
    order = ["waiting", "running", "done"]
    for before, after in pairwise(seen):
        assert all(order.index(a) <= order.index(b) for a, b in zip(before, after, strict=True)), (before, after)


def test_it_asks_politely(world: World) -> None:
    world.clock.at = {600: world.merge}
    world.follow()
    asked = world.github.server.seen
    naps = world.clock.naps
    assert naps[0] == 2
    assert naps[:20] == sorted(naps[:20])
    assert max(naps) == 30
    repeated = [request for request in asked if request.path.endswith("/git/ref/heads/main")]
    assert all("if-none-match" in request.headers for request in repeated[1:])
    assert len(asked) < 9 * len(naps)
    assert world.github.sandbox.gate.window("core").used < 2.5 * len(
        naps
    )  # what has not changed is free, what is not there is not


def test_without_a_token_it_asks_rarely(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.setattr("tasks.systems.tokens.gh_token", lambda _host: "")
    world.merge()
    assert world.follow().code == 0
    assert set(world.clock.naps) == {120.0}


def test_a_rate_limit_is_waited_out(world: World) -> None:
    world.merge()
    world.clock.at = {3: lambda: setattr(world.github.sandbox.gate, "secondary", 2)}
    assert world.follow().code == 0
    assert any(nap >= 60 for nap in world.clock.naps)


def test_an_outage_in_between_does_no_harm(world: World) -> None:
    world.merge()
    world.server.faults.append(Fault("/simple/", times=6, answer=Answer(503)))
    assert world.follow().code == 0


def test_an_outage_to_the_end_is_told(world: World) -> None:
    world.merge()
    world.server.faults.append(Fault("/simple/", answer=Answer(503)))
    found = world.follow(120)
    assert (found.code, found.stages) == (LATE, ())
    assert "answered 503" in found.trouble


def test_what_does_not_come_in_time(world: World) -> None:
    world.index.lag = 10_000
    world.merge()
    found = world.follow(300)
    assert (found.code, failed(found), found.explanations) == (LATE, [], ())
    assert {stage.name: stage.state for stage in found.stages}["index"] is State.WAITING
    assert sum(world.clock.naps) <= 300


def test_interrupted_it_says_how_to_go_on(world: World) -> None:
    world.workflows.pace = Pace(queued=1000, unit="seconds")
    world.merge()
    ended = interrupted("release.watch", "--version", "1.1.0", cwd=world.github.work.root,
                        when=lambda: len(world.github.server.seen) > 8)  # fmt: skip
    assert ended.code == 130
    assert "auto-tag: running, queued" in ended.err
    assert "inv release.watch --version 1.1.0" in ended.err


# -- what fails ----------------------------------------------------------------------------------------------------

STEPS = {
    "tests": "Tests", "version": "Check the tag", "lock": "Build", "section": "Check the tag", "links": "Check the tag",
    "exists": "Publish to PyPI", "publisher": "Publish to PyPI", "id-token": "Publish to PyPI",
    "network": "Create the GitHub Release", "refused": "twine check", "permission": "Create the GitHub Release",
    "no-runner": "Build", "timed-out": "Tests", "cancelled": "Tests",
}  # fmt: skip


@pytest.mark.parametrize("key", STEPS)
def test_a_failing_step_is_explained_by_its_log(world: World, key: str) -> None:
    world.fail(STEPS[key], next(said for known, said in SAID.values() if known == key))
    world.merge()
    found = world.follow()
    assert (found.code, failed(found), keys(found)) == (1, ["release workflow"], [key])
    reason = found.explanations[0]
    assert reason.where.endswith(STEPS[key])
    assert "/actions/runs/" in reason.url
    assert "{" not in reason.fix
    assert keys(observed(world.way())) == [key]
    assert [
        str(one.key) for one in diagnosed(world.way().project, world.runs("release.yml")[0].id, Web()).explanations
    ] == [key]


def test_every_failure_of_the_table_is_produced_here() -> None:
    """A row that is added wants a release that fails so; what makes no run fail is the doctor's to find."""
    named = Path(__file__).read_text("utf-8")
    assert [row.key for row in FAILURES if f'"{row.key}"' not in named and row.key != "skipped"] == []


def test_a_tag_that_cannot_be_pushed(world: World) -> None:
    world.fail("Push the tag", SAID["no secret"][1], "auto-tag-on-master.yml")
    world.merge()
    found = world.follow()
    assert (failed(found), keys(found)) == (["auto-tag"], ["push"])
    assert "inv release.tag" in found.explanations[0].fix


def test_a_tag_pushed_with_the_workflows_own_token(world: World) -> None:
    world.workflows.tag_starts_release = False
    world.merge()
    found = world.follow()
    assert (found.code, failed(found), keys(found)) == (1, ["release workflow"], ["own-token"])
    assert found.explanations[0].fix.startswith("`inv rollback.tag --version 1.1.0`, then `inv release.tag`")
    assert sum(world.clock.naps) < 200  # told early, not when the time is up


def test_a_workflow_that_tags_nothing(world: World) -> None:
    world.workflows._tagged = lambda work: None  # type: ignore[method-assign]  # noqa: SLF001
    world.merge()
    assert keys(world.follow()) == ["no-tag"]


def test_a_candidate_that_was_merged(world: World) -> None:
    world.propose("1.1.0rc1")
    world.merge()
    found = world.follow()
    assert (found.code, failed(found), keys(found)) == (1, ["merge"], ["prerelease"])
    assert "main sets 1.1.0rc1" in found.stages[0].evidence
    assert world.clock.naps == []


def test_another_version_was_merged_since(world: World) -> None:
    world.propose("1.2.0")
    world.workflows.switched_off.add("auto-tag-on-master.yml")
    world.merge()
    assert keys(world.follow()) == ["passed-over"]


def test_a_tagging_workflow_that_does_not_start(world: World) -> None:
    world.workflows.switched_off.add("auto-tag-on-master.yml")
    world.merge()
    found = world.follow()
    assert (failed(found), keys(found)) == (["auto-tag"], ["not-started"])
    assert 100 < sum(world.clock.naps) < 200


@pytest.mark.parametrize(
    ("workflow", "stage"), [("auto-tag-on-master.yml", "auto-tag"), ("release.yml", "release workflow")]
)
def test_a_workflow_that_is_switched_off(world: World, workflow: str, stage: str) -> None:
    world.workflows.switched_off.add(workflow)
    head = world.github.work.git("rev-parse", "main")
    world.github.sandbox.add_run(workflow, head, status="completed")
    world.github.sandbox.hub.workflows[workflow].state = "disabled_manually"
    world.merge()
    found = world.follow()
    assert (failed(found), keys(found)) == ([stage], ["switched-off"])
    assert f"gh workflow enable {workflow}" in found.explanations[0].fix
    assert ("inv rollback.tag" in found.explanations[0].fix) is (stage == "release workflow")  # it has its tag


def test_a_release_that_the_workflow_does_not_make(world: World) -> None:
    world.workflows._announced = lambda work: None  # type: ignore[method-assign]  # noqa: SLF001
    world.merge()
    found = world.follow()
    assert (failed(found), keys(found)) == (["GitHub Release"], ["no-release"])


@pytest.mark.parametrize("how", ["starter", "left out"])
def test_a_release_that_lacks_a_file(world: World, how: str) -> None:
    def spoiled(work: Any) -> None:
        made = world.github.sandbox.add_release(work.ref, work.files)
        if how == "starter":
            made.assets[0].state = "starter"
        else:
            made.assets.pop()

    world.workflows._announced = spoiled  # type: ignore[method-assign]  # noqa: SLF001
    world.merge()
    found = world.follow()
    assert (failed(found), keys(found)) == (["GitHub Release"], ["assets"])


def test_files_that_came_without_a_run_lack_the_release_alone(world: World) -> None:
    """To tag it anew would be wrong: its number is spent."""
    world.workflows.tag_starts_release = False
    world.merge()
    world.clock.at = {30: lambda: world.publish("", world.build("1.1.0", ""))}
    found = world.follow()
    assert (found.code, failed(found), keys(found)) == (1, ["GitHub Release"], ["no-release"])
    assert {stage.name: stage.state for stage in found.stages}["release workflow"] is State.SKIPPED
    assert "gh release create v1.1.0 " in found.explanations[0].fix
    world.github.sandbox.add_release("v1.1.0", world.build("1.1.0", ""))
    assert world.follow().code == 0


def test_a_draft_is_no_release(world: World) -> None:
    def drafted(work: Any) -> None:
        world.github.sandbox.add_release(work.ref, work.files, draft=True)

    world.workflows._announced = drafted  # type: ignore[method-assign]  # noqa: SLF001
    world.merge()
    assert keys(world.follow()) == ["no-release"]


@pytest.mark.parametrize(
    ("status", "key", "words"),
    [("waiting", "approval", "waits for approval"), ("queued", "no-runner", "in the queue for long")],
)
def test_a_run_that_is_held_up(world: World, status: str, key: str, words: str) -> None:
    world.merge()

    def hold() -> None:
        world.runs("release.yml")[0].held = status

    world.clock.at = {27: hold}
    found = world.follow(1200)
    assert (found.code, failed(found), keys(found)) == (LATE, [], [key])
    assert any(words in told["release workflow"][1] for told in world.told)


def test_an_approval_that_comes(world: World) -> None:
    world.merge()
    world.clock.at = {27: lambda: setattr(world.runs("release.yml")[0], "held", "waiting"),
                      200: lambda: setattr(world.runs("release.yml")[0], "held", None)}  # fmt: skip
    assert world.follow().code == 0


def end(world: World, conclusion: str, jobs: list[Any] | None = None) -> None:
    """End the release workflow's run in some way, as a person or GitHub does."""
    run = world.runs("release.yml")[0]
    run.effect, run.held, run.conclusion = None, "completed", conclusion
    for job in run.jobs:
        job.conclusion = conclusion
    if jobs is not None:
        run.jobs = jobs


@pytest.mark.parametrize(
    ("conclusion", "key"),
    [
        ("cancelled", "cancelled"),
        ("timed_out", "timed-out"),
        ("startup_failure", "startup"),
        ("action_required", "approval"),
    ],
)
def test_a_run_that_ends_otherwise(world: World, conclusion: str, key: str) -> None:
    world.merge()
    world.clock.at = {27: lambda: end(world, conclusion, [] if conclusion == "startup_failure" else None)}
    found = world.follow()
    assert (found.code, keys(found)) == (1, [key])


def test_a_failed_run_that_is_run_again(world: World) -> None:
    world.fail("Publish to PyPI", SAID["index away"][1])
    world.merge()
    assert keys(world.follow()) == ["network"]
    run = world.runs("release.yml")[0]
    run.attempt, run.status, run.created = 2, "queued", world.clock.time()
    found = world.follow()
    assert (found.code, keys(found)) == (0, [])
    assert any(told["release workflow"][1].endswith("attempt 2") for told in world.told)


def test_an_unknown_failure_shows_the_last_lines(world: World) -> None:
    world.fail("Publish to PyPI", "the moon is in the wrong phase")
    world.merge()
    reason = world.follow().explanations[0]
    assert (str(reason.key), reason.lines[-1]) == ("unknown", "the moon is in the wrong phase")


def test_a_tag_by_hand_goes_on_from_there(world: World) -> None:
    world.workflows.switched_off.add("auto-tag-on-master.yml")
    sha = world.merge()
    world.clock.at = {60: lambda: world.github.sandbox.hub.set_ref("refs/tags/v1.1.0", sha)}
    found = world.follow()
    assert (found.code, found.stages[1].state) == (0, State.SKIPPED)


# -- what is said --------------------------------------------------------------------------------------------------


def said(found: Followed) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        print_followed(found, "sample 1.1.0")
        print_document(found, "1.1.0")
    return out.getvalue()


EVIL = "::error file=x::gone\x1b]0;t\x07\x1b[2J ##[add-mask]x | `rm` <b>[x](javascript:x)"


def test_names_and_logs_do_no_harm_and_hold_no_secret(world: World) -> None:
    world.merge()

    def spoil() -> None:
        run = world.runs("release.yml")[0]
        job = world.github.sandbox.job(
            EVIL, EVIL, log=log(f"FAILED {EVIL} {SECRET}", EVIL, SECRET), conclusion="failure"
        )
        job.steps[0].conclusion = "failure"
        run.effect, run.held, run.conclusion, run.jobs = None, "completed", "failure", [job]

    world.clock.at = {27: spoil}
    found = world.follow()
    text = said(found)
    assert found.code == 1
    assert SECRET not in text
    assert "\x1b" not in text
    assert "##[" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_as_a_person_types_it(world: World) -> None:
    world.workflows.pace = Pace()
    world.merge()
    ended = run("release.watch", "--version", "1.1.0", cwd=world.github.work.root)
    assert ended.code == 0, ended
    assert "sample 1.1.0 is released" in ended.out
    assert [line.split()[:2] for line in ended.out.splitlines()[1:3]] == [["done", "merge"], ["done", "auto-tag"]]
    assert "GitHub Release: done, 2 assets" in ended.err


@pytest.mark.parametrize("task", ["release.watch", "doctor.release", "doctor.setup"])
def test_no_token_anywhere(world: World, task: str) -> None:
    """Also with --debug, and when a log and an answer echo it."""
    world.workflows.pace = Pace()
    world.fail("Publish to PyPI", f"HTTPError: 403 Forbidden token {SECRET}")
    world.merge()
    world.server.faults.append(Fault("/pypi/", answer=Answer(500, SECRET.encode())))
    for words in ([], ["--json"]):
        ended = run("--debug", task, *words, cwd=world.github.work.root, env={"GITHUB_TOKEN": SECRET})
        assert ended.code == 1
        assert SECRET not in ended.out + ended.err
    assert not [request for request in world.server.seen if SECRET in str(request)]  # the index never has it


def doctor(world: World, *words: str) -> Ended:
    return called("doctor.release", *words, cwd=world.github.work.root, env={"GITHUB_TOKEN": SECRET})


def test_the_doctor_explains_a_release_and_a_run(world: World) -> None:
    world.workflows.pace = Pace()
    world.fail("Tests", SAID["pytest"][1])
    world.merge()
    ended = doctor(world, "--version=1.1.0")
    assert ended.code == 1
    assert "test (3.12) / Tests: The tests fail" in ended.out
    assert "| FAILED tests/test_x.py::test_y - assert 1 == 2" in ended.out
    number = world.runs("release.yml")[0].id
    of_run = doctor(world, f"--run={number}")
    assert (of_run.code, of_run.out.splitlines()[-1]) == (1, "release.yml for v1.1.0: failure")
    assert doctor(world, f"--run={number}", "--json").json["failures"][0]["failure"] == "tests"
    document = doctor(world, "--json").json
    assert (document["code"], document["failures"][0]["where"]) == (1, "test (3.12) / Tests")
    good = doctor(world, f"--run={world.runs('auto-tag-on-master.yml')[0].id}")
    assert (good.code, good.out) == (0, "auto-tag-on-master.yml for main: success\n")


def test_the_doctor_knows_an_upload_that_was_skipped(world: World) -> None:
    line = "WARNING  Skipping sample-1.1.0rc1.tar.gz because it appears to already exist"
    job = world.github.sandbox.job("testpypi", "Publish to TestPyPI", log=log(line))
    head = world.github.work.git("rev-parse", "main")
    run = world.github.sandbox.add_run("ci.yml", head, branch="dev", status="completed", jobs=[job])
    ended = doctor(world, f"--run={run.id}")
    assert ended.code == 1
    assert f"| {line}" in ended.out


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ("REPOSITORY=owner/other", 3, "has not this repository, or the token from GITHUB_TOKEN may not see it\n"),
        ("STABLE_BRANCH=nosuch", 2, "owner/sample has no branch nosuch\n"),
    ],
)
def test_nothing_is_waited_for_where_nothing_can_be_seen(world: World, settings: str, code: int, said: str) -> None:
    name, _, value = settings.partition("=")
    env = {"GITHUB_TOKEN": SECRET, f"RELEASE_COORDINATION_{name}": value}
    for task in ("release.watch", "doctor.release"):
        ended = called(task, "--version=1.1.0", cwd=world.github.work.root, env=env)
        assert (ended.code, said in ended.err) == (code, True), ended


def test_a_run_that_is_not_there(world: World) -> None:
    assert doctor(world, "--run=4711").code == 2
    with pytest.raises(WrongValue, match="no such run"):
        diagnosed(world.way().project, 4711, Web())


def test_a_candidate_is_never_watched(world: World) -> None:
    ended = called("release.watch", "--version=1.1.0rc1", cwd=world.github.work.root)
    assert ended.code == 2
    assert "inv staging.wait --version 1.1.0rc1" in ended.err


def test_on_a_terminal(world: World, tmp_path: Path) -> None:
    from .test_output import terminal

    world.workflows.pace = Pace()
    world.merge()
    code, screen = terminal("release.watch", "--version", "1.1.0", cwd=world.github.work.root, columns=100)
    assert code == 0
    assert "GitHub Release" in screen
