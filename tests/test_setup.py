"""doctor.setup against the sandbox GitHub and index: each check passes where all is well, and fails for its reason."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.preflight import checks
from tasks.preflight import run as looked_at
from tasks.project import find_project
from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Server
from tasks.rules.checks import Result
from tasks.rules.protection import Look
from tasks.systems.web import Web

from .proof.world import settings
from .rehearsal.fixtures import Github
from .repositories import changelog, pyproject
from .rules.test_triggers import BY_TOKEN, PLAIN, URL, tagging
from .running import called, program
from .systems.leaks import SECRET

WORKFLOWS = ".github/workflows"
CI = "on:\n  pull_request:\n  push:\n    branches: [main, dev]\njobs:\n  tests:\n    steps: []\n"
TAG = tagging(PLAIN, BY_TOKEN).replace("on: push", "on:\n  push:\n    branches: [main]")
RELEASE = (
    "on:\n  push:\n    tags: ['v*']\njobs:\n  publish:\n    environment: pypi\n"
    "    permissions:\n      id-token: write\n    steps:\n      - uses: pypa/gh-action-pypi-publish@release/v1\n"
)
PUBLISHER = {"kind": "GitHub", "repository": "owner/sample", "workflow": "release.yml", "environment": "pypi"}
PROVENANCE = {"version": 1, "attestation_bundles": [{"publisher": PUBLISHER, "attestations": []}]}


@dataclass
class World:
    """A project whose set-up is as it should be."""

    github: Github
    index: SandboxIndex
    server: Server
    extra: str = ""

    def set_up(self, files: dict[str, str | None] | None = None, *, version: str = "1.0.0") -> None:
        """Commit the workflows and the settings to the stable branch, and publish a version."""
        found = f'development-branch = "dev"\n{settings(self.server.url, self.github.url)}{self.extra}'
        named = {f"{WORKFLOWS}/{name}": text for name, text in (
            ("ci.yml", CI), ("auto-tag-on-master.yml", TAG), ("release.yml", RELEASE))}  # fmt: skip
        own = {"pyproject.toml": pyproject(version, found), "CHANGELOG.md": changelog((version, "2024-01-02"))}
        work = self.github.work
        work.commit("ci: set up", {**own, **named, **(files or {})})
        work.git("branch", "--force", "dev")
        self.github.push("main", "dev")

    def publish(self, publisher: dict[str, Any] | None = PUBLISHER) -> None:
        provenance = publisher and {**PROVENANCE, "attestation_bundles": [{"publisher": publisher, "attestations": []}]}
        for make in (wheel, sdist):
            name, content = make("sample", "1.0.0")
            self.index.add(content, name, provenance=provenance)

    def look(self, *names: str) -> dict[str, Look]:
        """Make these checks, or all, and return what they found."""
        every = checks(find_project(str(self.github.work.root)), Web(patience=1.0, retries=0))
        assert set(names) <= every.keys()
        return {one.name: one.look for one in looked_at({name: every[name] for name in names or every})}

    def one(self, name: str) -> Look:
        return self.look(name)[name]


@pytest.fixture
def world(github_sandbox: Github, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{__import__('os').environ['PATH']}")
    program(tmp_path / "bin", "gh", "echo gh version 2.0.0")
    index = SandboxIndex()
    with Server(index) as server:
        made = World(github_sandbox, index, server)
        play = github_sandbox.sandbox
        made.set_up()
        made.publish()
        github_sandbox.work.git("remote", "set-url", "origin", "https://github.com/owner/sample.git")
        play.set_rules("main", [{"type": "pull_request", "parameters": {
            "dismiss_stale_reviews_on_push": False, "require_code_owner_review": False,
            "require_last_push_approval": False, "required_approving_review_count": 1,
            "required_review_thread_resolution": False}},
            {"type": "non_fast_forward"}])  # fmt: skip
        play.require_checks("main", "tests")
        yield made


def test_all_is_well(world: World) -> None:
    found = world.look()
    wrong = {name: look for name, look in found.items() if look.result not in {"PASS", "SKIPPED"}}
    assert wrong == {}
    assert [name for name, look in found.items() if look.result == "SKIPPED"] == ["guard", "hosts"]
    assert SECRET not in str(found)
    assert found["required checks"].evidence == "main demands tests"
    assert found["tagging credential"].evidence.startswith("auto-tag-on-master.yml pushes with RELEASE_TAG_PAT")
    assert found["trusted publisher"].evidence.endswith("was published by release.yml of owner/sample")


def workflow(name: str, text: str | None) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.github.work.git("remote", "set-url", "origin", str(world.github.bare))
        world.set_up({f"{WORKFLOWS}/{name}": text})

    return change


def rules(*kinds: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        play = world.github.sandbox
        play.set_rules("main", [rule for rule in play.hub.rules["main"] if rule["type"] in kinds])

    return change


def lacking(*permissions: str) -> Callable[[World], None]:
    return lambda world: world.github.sandbox.gate.missing.update(permissions)


def switched_off(world: World) -> None:
    world.look("release workflow")
    world.github.sandbox.add_run("release.yml", world.github.work.head, status="completed")
    world.github.sandbox.hub.workflows["release.yml"].state = "disabled_inactivity"


def republished(publisher: dict[str, Any] | None) -> Callable[[World], None]:
    def change(world: World) -> None:
        world.index.remove("sample", "1.0.0")
        name, content = wheel("sample", "1.1.0")
        bundle: list[dict[str, Any]] = [{"publisher": publisher, "attestations": []}]
        world.index.add(content, name, provenance=publisher and {**PROVENANCE, "attestation_bundles": bundle})

    return change


def settled(text: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        path = world.github.work.root / "release-coordination.toml"
        path.write_text(text, "utf-8")

    return change


def origin(address: str) -> Callable[[World], None]:
    return lambda world: void(world.github.work.git("remote", "set-url", "origin", address))


def void(_value: object) -> None:
    """Give nothing back."""


FAILS: dict[str, tuple[str, Callable[[World], None], str, str]] = {
    "no repository": ("repository", settled('repository = "owner/other"'), "FAIL", "has not this repository"),
    "archived": ("repository", lambda world: setattr(world.github.sandbox.hub, "archived", True), "FAIL",
                 "owner/sample is archived"),
    "no issues": ("repository", lambda world: setattr(world.github.sandbox.hub, "tracked", False), "FAIL",
                  "owner/sample has its issues switched off"),
    "wrong token": ("token", lambda world: setattr(world.github.sandbox.gate, "token", "another"), "FAIL",
                    "refused the token"),
    "no permissions": ("permissions", lacking("actions=read", "issues=read"), "FAIL", "actions=read, issues=read"),
    "no stable branch": ("stable branch", settled('stable-branch = "master"'), "FAIL", "there is no branch master"),
    "no development branch": ("development branch", settled('development-branch = "next"'), "FAIL", "no branch next"),
    "no pull request": ("pull requests", rules("required_status_checks"), "FAIL", "can push to main"),
    "no checks": ("required checks", rules("pull_request"), "FAIL", "does not demand any check"),
    "another check": ("required checks", settled('github.required-checks = ["lint"]'), "FAIL", "does not demand lint"),
    "rewritable": ("force pushes", rules("pull_request"), "FAIL", "main can be rewritten"),
    "no workflow": ("release workflow", workflow("release.yml", None), "FAIL", "main has no .github/"),
    "no ci for pulls": ("checking workflow", workflow("ci.yml", CI.replace("  pull_request:\n", "")), "FAIL",
                        "it has no `on: pull_request`"),
    "tags another branch": ("tagging workflow", workflow("auto-tag-on-master.yml", TAG.replace("[main]", "[master]")),
                            "FAIL", "leaves main out"),
    "other tags": ("release workflow", workflow("release.yml", RELEASE.replace("'v*'", "'r*'")), "FAIL",
                   "leaves v1.2.3 out"),
    "no YAML": ("release workflow", workflow("release.yml", "\tx"), "FAIL", "cannot be read as a workflow"),
    "switched off": ("release workflow", switched_off, "FAIL", "disabled inactivity"),
    "own token": ("tagging credential", workflow("auto-tag-on-master.yml", tagging(PLAIN)), "FAIL", "its own token"),
    "shadowed token": ("tagging credential", workflow("auto-tag-on-master.yml", tagging(URL)), "UNKNOWN",
                       "prefers the header"),
    "no identity": ("publishing job", workflow("release.yml", RELEASE.replace("id-token", "contents")), "FAIL",
                    "job publish may not ask for an identity"),
    "another publisher": ("trusted publisher", republished({**PUBLISHER, "repository": "evil/sample"}), "FAIL",
                          "was published by release.yml of evil/sample"),
    "another workflow": ("trusted publisher", republished({**PUBLISHER, "workflow": "x.yml"}), "FAIL", "by x.yml of"),
    "no attestation": ("trusted publisher", republished(None), "UNKNOWN", "has no attestation, and no run"),
    "no package": ("index", settled('package = "nothing"'), "FAIL", "there is no nothing on"),
    "index away": ("index", settled('index.simple = "http://127.0.0.1:9/simple/"'), "UNKNOWN", "127.0.0.1:9"),
    "staging index away": ("staging index", settled('staging-index.simple = "http://127.0.0.1:9/"'), "UNKNOWN", ":9"),
    "another remote": ("remote", origin("git@github.com:owner/other.git"), "FAIL", "origin` is owner/other"),
    "a remote elsewhere": ("remote", origin("/srv/git/x.git"), "UNKNOWN", "is not on GitHub"),
    "a host away": ("host far", settled('hosts.far = { address = "nobody@127.0.0.1:9" }'), "FAIL", "127.0.0.1"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILS)
def test_what_is_wrong_is_told_with_a_remedy(world: World, case: str) -> None:
    name, change, result, evidence = FAILS[case]
    change(world)
    look = world.one(name)
    assert (str(look.result), evidence in look.evidence) == (result, True), look
    assert look.remedy
    assert SECRET not in str(look)


def test_every_check_has_a_case_that_does_not_pass(world: World) -> None:
    tried = {name for name, *_ in FAILS.values()}
    assert world.look().keys() - tried == {"clock", "git", "uv", "git-cliff", "gh", "guard", "hosts"}


def test_what_fails_for_one_reason_says_it_once(world: World) -> None:
    found = settings(world.server.url, world.github.url).replace('repository = "owner/sample"\n', "")
    world.github.work.write({"pyproject.toml": pyproject("1.0.0", found).replace("[project.urls]\n", "[tool.x]\n")})
    origin(str(world.github.bare))(world)
    looked = world.look()
    assert (looked["repository"].result, "no repository on" in looked["repository"].evidence) == ("FAIL", True)
    others = [name for name, look in looked.items() if look.evidence.startswith("no repository")]
    assert others == ["repository"]
    assert str(looked["clock"].result) == "SKIPPED"


def test_no_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.setattr("tasks.systems.tokens.gh_token", lambda _host: "")
    look = world.one("token")
    assert (look.result, look.evidence) == ("FAIL", "there is no token for GitHub")


def test_classic_protection(world: World) -> None:
    play = world.github.sandbox
    play.set_rules("main", [])
    play.protect("main", {
        "required_status_checks": {"strict": False, "contexts": ["tests"],
                                   "checks": [{"context": "tests", "app_id": None}]},
        "required_pull_request_reviews": {"dismiss_stale_reviews": False, "require_code_owner_reviews": False},
        "allow_force_pushes": {"enabled": False},
    })  # fmt: skip
    names = ("pull requests", "required checks", "force pushes")
    assert {str(look.result) for look in world.look(*names).values()} == {"PASS"}
    play.gate.missing.add("administration=read")
    hidden = world.look(*names)
    assert {str(look.result) for look in hidden.values()} == {"UNKNOWN"}
    assert all("classic protection" in look.evidence for look in hidden.values())


def tag_of_the_workflow(world: World, *, started: bool) -> None:
    """Let the tagging workflow have tagged v1.0.1, as it is now."""
    play, head = world.github.sandbox, world.github.work.head
    play.hub.set_ref("refs/tags/v1.0.1", head)
    play.add_release("v1.0.1")
    play.add_run("auto-tag-on-master.yml", head, status="completed")
    if started:
        play.add_run("release.yml", head, branch="v1.0.1", status="completed")


def test_the_last_tag_tells_whether_the_credential_works(world: World) -> None:
    workflow("auto-tag-on-master.yml", tagging(URL).replace("on: push", "on:\n  push:\n    branches: [main]"))(world)
    assert world.one("tagging credential").result == "UNKNOWN"
    tag_of_the_workflow(world, started=True)
    look = world.one("tagging credential")
    assert (look.result, look.evidence) == (
        "PASS",
        "v1.0.1, pushed by auto-tag-on-master.yml as it is now, started the release workflow",
    )


def test_what_only_a_missing_workflow_could_tell_is_left_out(world: World) -> None:
    """One line says that it is missing, and what to do about it."""
    world.github.work.git("remote", "set-url", "origin", str(world.github.bare))
    world.set_up({f"{WORKFLOWS}/{name}": None for name in ("auto-tag-on-master.yml", "release.yml")})
    looks = world.look("tagging workflow", "release workflow", "tagging credential", "publishing job")
    assert [str(look.result) for look in looks.values()] == ["FAIL", "FAIL", "SKIPPED", "SKIPPED"]
    assert looks["publishing job"] == Look(Result.SKIPPED, "main has no release.yml yet")


def test_a_projects_own_folder_counts_for_paths(world: World) -> None:
    """The tagging workflow of one that is not at the root goes by its own pyproject.toml."""
    on = TAG.replace("branches: [main]", "branches: [main]\n    paths: ['part/**']")
    workflow("auto-tag-on-master.yml", on)(world)
    assert world.one("tagging workflow").result == "FAIL"
    root = world.github.work.root
    text = (root / "pyproject.toml").read_text("utf-8")
    (root / "part").mkdir()
    (root / "part" / "pyproject.toml").write_text(text, "utf-8")
    look = dict(checks(find_project(str(root / "part")), Web(patience=1.0, retries=0)))["tagging workflow"]()
    assert look.result == "PASS", look


def test_the_last_tag_started_nothing(world: World) -> None:
    tag_of_the_workflow(world, started=False)
    look = world.one("tagging credential")
    assert (look.result, look.evidence.endswith("started nothing")) == ("FAIL", True)
    workflow("auto-tag-on-master.yml", f"# mended\n{TAG}")(world)
    assert world.one("tagging credential").result == "PASS"


def test_a_run_stands_in_for_an_attestation(world: World) -> None:
    republished(None)(world)
    head = world.github.work.head
    world.github.sandbox.add_run("release.yml", head, branch="v1.1.0", status="completed")
    assert world.one("trusted publisher").result == "PASS"


def test_a_first_release_has_no_package_yet(world: World) -> None:
    settled('package = "nothing"')(world)
    world.github.work.git("tag", "--delete", "v1.0.0")
    look = world.one("index")
    assert (look.result, "pending publisher" in look.remedy) == ("UNKNOWN", True)


def test_a_clock_that_is_wrong(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.systems.web import Clock

    there = datetime.now(UTC).timestamp()
    monkeypatch.setattr(Clock, "time", lambda _clock: there - 3600)
    look = world.one("clock")
    assert look.result == "FAIL"
    assert "s off GitHub's" in look.evidence


def test_programs_that_are_missing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.systems import process
    from tasks.systems.programs import ProgramMissing

    def find(name: str) -> str:
        if name in {"git-cliff", "gh"}:
            raise ProgramMissing(name)
        return found(name)

    found = process.find
    monkeypatch.setattr(process, "find", find)
    looked = world.look("git-cliff", "gh", "git")
    assert {name: str(look.result) for name, look in looked.items()} == {
        "git-cliff": "FAIL",
        "gh": "SKIPPED",
        "git": "PASS",
    }
    assert looked["git-cliff"].remedy == "pipx install git-cliff"


def test_the_guard_may_be_put_to_sleep_by_another_tool(world: World, tmp_path: Path) -> None:
    work = world.github.work
    assert world.one("guard").result == "SKIPPED"
    assert called("guard.install", cwd=work.root).code == 0
    assert world.one("guard").result == "PASS"
    work.git("config", "core.hooksPath", ".husky")
    assert (world.one("guard").result, world.one("guard").remedy) == ("FAIL", "inv guard.install")
    work.git("config", "--unset", "core.hooksPath")
    (work.root / ".git" / "hooks" / "pre-push").write_text("#!/bin/sh\n", "utf-8")
    assert world.one("guard").evidence == "installed, but not as it should be: pre-push"
    (tmp_path / "gitconfig").write_text("[core]\n\thooksPath = /elsewhere\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
        assert world.one("guard").evidence.startswith("installed, but asleep: core.hooksPath is /elsewhere")


def test_as_a_person_types_it(world: World) -> None:
    lacking("issues=read")(world)
    where = world.github.work.root
    ended = called("doctor.setup", cwd=where)
    assert ended.code == 1
    assert "permissions: give the token these permissions" in ended.out.splitlines()
    assert ended.out.splitlines()[-1].endswith("1 fail") or " 1 fail" in ended.out.splitlines()[-1]
    assert SECRET not in ended.out + ended.err
    rows = called("doctor.setup", "--json", cwd=where).json
    assert {row["result"] for row in rows} == {"PASS", "FAIL", "SKIPPED"}
    world.github.sandbox.gate.missing.clear()
    settled('index.simple = "http://127.0.0.1:9/simple/"')(world)
    assert called("doctor.setup", cwd=where).code == 3


def test_what_a_workflow_says_is_not_obeyed(world: World) -> None:
    evil = "::error::x\x1b]0;t\x07##[add-mask]"
    text = RELEASE.replace(
        "  publish:\n    environment: pypi",
        f'  "{evil}":\n    environment: "{evil}"'.replace("\x1b", "\\x1b").replace("\x07", "\\x07"),
    )
    workflow("release.yml", text)(world)
    ended = called("doctor.setup", cwd=world.github.work.root)
    assert "may ask for an identity" in ended.out
    assert "\x1b" not in ended.out
    assert not [line for line in ended.out.splitlines() if line.lstrip().startswith("::") or "##[" in line]
