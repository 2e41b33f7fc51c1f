"""`inv init`: what is missing is written, what is there stays, and a second time there is nothing to do."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from tasks.errors import Refused
from tasks.filling import pattern
from tasks.layers import check, load
from tasks.project import find_project
from tasks.rules.scaffold import State
from tasks.scaffolding import planned
from tasks.shape import shape_of
from tasks.table import settings_table

from .foreign import FOREIGN_CI, MAKERS, layered
from .repositories import CHECKOUT, Repository
from .running import called, run
from .test_output import terminal

SHAPES = {
    "layered": {
        "package": "layered-bot",
        "module": "layered_bot",
        "layout": "src",
        "backend": "hatchling.build",
        "pythons": ["3.12", "3.13", "3.14", "3.15"],
        "manager": "uv",
        "locked": True,
        "tools": ["mkdocs", "pytest", "ruff", "ty"],
        "stable_branch": "master",
        "development_branch": "dev",
        "folder": None,
    },
    "flat": {
        "package": "Flat.Tool",
        "module": "flat_tool",
        "layout": "flat",
        "backend": "setuptools.build_meta",
        "pythons": ["3.12", "3.13"],
        "manager": "pip",
        "locked": False,
        "tools": ["mypy", "pytest"],
        "stable_branch": "main",
        "development_branch": None,
        "folder": None,
    },
    "poetical": {
        "package": "My.Poetical-Bot",
        "module": "my_poetical_bot",
        "layout": "flat",
        "backend": "poetry.core.masonry.api",
        "pythons": ["3.13", "3.14", "3.15"],
        "manager": "pip",
        "locked": False,
        "tools": ["pytest", "ruff"],
        "stable_branch": "master",
        "development_branch": None,
        "folder": None,
    },
    "member": {
        "package": "part",
        "module": "part",
        "layout": "src",
        "backend": "uv_build",
        "pythons": ["3.11", "3.12", "3.13", "3.14", "3.15"],
        "manager": "uv",
        "locked": True,
        "tools": [],
        "stable_branch": "main",
        "development_branch": None,
        "folder": "packages/part of it",
    },
}
STATES = {
    "layered": dict.fromkeys(
        ("ci", "tag", "release", "prerelease", "pull-request", "rules", "cliff", "changelog", "settings"), "missing"
    ),
    "flat": {
        **dict.fromkeys(("ci", "tag", "release", "prerelease", "rules", "cliff", "settings"), "missing"),
        "pull-request": "differs",
        "changelog": "kept",
    },
    "poetical": dict.fromkeys(
        ("ci", "tag", "release", "prerelease", "pull-request", "rules", "cliff", "changelog", "settings"), "missing"
    ),
    "member": {
        **dict.fromkeys(("tag", "release", "prerelease", "pull-request", "rules", "cliff", "changelog"), "missing"),
        "ci": "differs",
        "settings": "kept",
    },
}


@pytest.fixture
def bare_project(tmp_path: Path) -> Repository:
    return layered(tmp_path / "layered")


@pytest.mark.parametrize("name", MAKERS)
def test_init_twice(name: str, tmp_path: Path) -> None:
    make, folder = MAKERS[name]
    repository = make(tmp_path / name)
    before = repository.snapshot()
    first = run("init", "--yes", "--json", cwd=repository.root / folder)
    assert (first.code, first.err) == (0, "")
    assert first.json["project"] == SHAPES[name]
    assert {item["name"]: item["state"] for item in first.json["files"]} == STATES[name]
    after = repository.snapshot()
    written = {item["path"] for item in first.json["files"] if item["written"]}
    assert {path for path in after if after[path] != before.get(path)} == written
    changed = [path for path in before if after[path] != before[path]]
    assert changed == (["pyproject.toml"] if STATES[name]["settings"] == "missing" else [])
    assert all(after[path].startswith(before[path]) for path in changed)

    second = run("init", "--json", cwd=repository.root / folder)
    assert (second.code, second.err) == (0, "")
    assert repository.snapshot() == after
    assert {item["state"] for item in second.json["files"]} <= {"same", "kept", "differs"}
    differing = [item["name"] for item in second.json["files"] if item["state"] == "differs"]
    assert differing == [name for name, state in STATES[name].items() if state == "differs"]
    assert second.json["project"] == first.json["project"]


def test_a_dry_run_writes_nothing(bare_project: Repository) -> None:
    before = bare_project.snapshot()
    ended = run("init", "--dry-run", cwd=bare_project.root)
    assert (ended.code, ended.err) == (0, "")
    assert "would write 9 files; nothing was changed" in ended.out
    assert re.search(r"^ci +missing +\.github/workflows/ci\.yml$", ended.out, re.MULTILINE)
    assert bare_project.snapshot() == before


def test_without_a_terminal_it_wants_yes(bare_project: Repository) -> None:
    before = bare_project.snapshot()
    ended = run("init", cwd=bare_project.root)
    assert ended.code == 4
    assert "error: write 9 files? Nobody can be asked here\nexpected: a terminal, or --yes\n" in ended.err
    assert bare_project.snapshot() == before


def test_a_second_workflow_that_publishes_is_warned_of(bare_project: Repository) -> None:
    """Two that upload one version to the index: the second fails, or what is there is not what was tested."""
    text = "on: push\njobs:\n  a:\n    steps:\n      - uses: pypa/gh-action-pypi-publish@release/v1\n"
    said = "warning: .github/workflows/publish.yaml publishes too when a version's tag is pushed: keep one of the two\n"
    bare_project.write({".github/workflows/publish.yaml": text})
    first = run("init", "--yes", "--json", cwd=bare_project.root)
    assert (first.code, first.err) == (0, said)
    bare_project.write({".github/workflows/publish.yaml": None})
    assert run("init", "--yes", "--only", "cliff", cwd=bare_project.root).err == ""
    bare_project.write({".github/workflows/release.yml": text})
    assert run("init", "--dry-run", cwd=bare_project.root).err == ""  # it is the only one


@pytest.mark.parametrize(
    ("sdist", "line"), [("true", "uv build --out-dir dist"), ("false", "uv build --wheel --out-dir dist")]
)
def test_what_is_built_is_what_is_published(bare_project: Repository, sdist: str, line: str) -> None:
    assert run("init", "--yes", cwd=bare_project.root, env={"RELEASE_COORDINATION_SDIST": sdist}).code == 0
    for name in ("ci", "release"):
        lines = bare_project.read(f".github/workflows/{name}.yml").decode().splitlines()
        assert [text.strip() for text in lines if "uv build" in text] == [line]


def test_only_some_files(bare_project: Repository) -> None:
    ended = run("init", "--yes", "--only", "cliff", "--only", "rules", cwd=bare_project.root)
    assert (ended.code, ended.err) == (0, "")
    new = set(bare_project.git("status", "--porcelain", "--untracked-files=all").splitlines())
    assert new == {"?? cliff.toml", "?? .claude/rules/release-discipline.md"}
    wrong = run("init", "--only", "nope", cwd=bare_project.root)
    assert (wrong.code, wrong.out) == (2, "")
    assert "'nope' is no file of the scaffold\nexpected: one of ci, tag, release" in wrong.err


def test_the_difference_to_what_is_there(tmp_path: Path) -> None:
    make, folder = MAKERS["member"]
    repository = make(tmp_path / "member")
    ended = run("init", "--yes", cwd=repository.root / folder)
    assert ended.code == 0
    assert "--- a/.github/workflows/ci.yml\n+++ b/.github/workflows/ci.yml\n@@ -1,7 +1," in ended.out
    assert "-      - run: make\n" in ended.out
    assert "left alone although they differ: .github/workflows/ci.yml" in ended.out
    assert repository.read(".github/workflows/ci.yml").decode() == FOREIGN_CI
    code, screen = terminal("init", cwd=repository.root / folder, columns=100)
    assert code == 0
    assert "\x1b[31m-      - run: make" in screen


def test_a_no_on_the_terminal_changes_nothing(bare_project: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(question: str, *, yes: bool) -> None:
        assert (question, yes) == ("write 9 files?", False)
        raise Refused("not confirmed")

    before = bare_project.snapshot()
    monkeypatch.setattr("tasks.confirming.confirm", no)
    ended = called("init", cwd=bare_project.root)
    assert (ended.code, ended.err) == (4, "error: not confirmed\n")
    assert bare_project.snapshot() == before


def test_what_somebody_writes_meanwhile_is_left_alone(
    bare_project: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(_question: str, *, yes: bool) -> None:
        bare_project.write({"cliff.toml": f"# mine, {yes}\n"})

    before = bare_project.snapshot()
    monkeypatch.setattr("tasks.confirming.confirm", slow)
    ended = called("init", cwd=bare_project.root)
    assert (ended.code, "cliff.toml changed meanwhile" in ended.err) == (4, True)
    assert bare_project.read("cliff.toml") == b"# mine, False\n"
    assert {path for path in bare_project.snapshot() if path not in before} == {"cliff.toml"}


def test_what_was_not_written_is_not_called_done(bare_project: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.scaffolding.write_all", lambda files: None)
    ended = called("init", "--yes", cwd=bare_project.root)
    assert (ended.code, "ci.yml is still missing" in ended.err) == (4, True)


def test_all_or_nothing_is_written(bare_project: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.systems import files

    def failing(path: Path, content: bytes, write=files.write_bytes) -> None:  # type: ignore[no-untyped-def]
        if path.name == "cliff.toml" and path.parent == bare_project.root:
            raise KeyboardInterrupt
        write(path, content)

    before = bare_project.snapshot()
    monkeypatch.setattr(files, "write_bytes", failing)
    assert called("init", "--yes", cwd=bare_project.root).code == 130
    assert bare_project.snapshot() == before
    assert not (bare_project.root / ".github").exists()
    assert not (bare_project.root / ".claude").exists()


@pytest.mark.parametrize("blocked", [".github", ".claude/rules", "cliff.toml"])
def test_what_is_in_the_way_is_named(bare_project: Repository, blocked: str) -> None:
    path = bare_project.root / blocked
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if blocked == "cliff.toml" else path.write_text("")
    before = bare_project.snapshot()
    ended = run("init", "--yes", cwd=bare_project.root)
    assert ended.code == 4, ended.err
    assert blocked in ended.err
    assert bare_project.snapshot() == before


def test_settings_come_first(tmp_path: Path) -> None:
    """What the table names decides: branches, files, runners, how this program is called."""
    repository = layered(tmp_path / "layered")
    text = repository.read("pyproject.toml").decode()
    own = '[tool.release-coordination]\nstable-branch = "rel/*"\n[tool.release-coordination.ci]\n'
    own += 'runners = ["self-hosted"]\npythons = ["3.14"]\ncommand = "uv run rc"\n'
    repository.write({"pyproject.toml": text + own})
    assert run("init", "--yes", cwd=repository.root).code == 0
    ci = repository.read(".github/workflows/ci.yml").decode()
    assert 'branches: ["rel/\\\\*", "dev"]' in ci
    assert 'os: ["self-hosted"]\n        python: ["3.14"]' in ci
    assert "uv run rc workflow.candidate --dist dist" in ci
    assert "github.ref == 'refs/heads/dev'" in ci


def test_a_locked_copy_of_this_program_is_preferred(tmp_path: Path) -> None:
    repository = layered(tmp_path / "layered")
    text = repository.read("pyproject.toml").decode()
    repository.write({"pyproject.toml": text.replace('"ruff"', '"ruff", "release-coordination"')})
    assert run("init", "--yes", cwd=repository.root).code == 0
    assert (
        "uv run --locked release-coordination workflow.tag"
        in repository.read(".github/workflows/auto-tag-on-master.yml").decode()
    )


def test_two_files_of_one_name_are_refused(bare_project: Repository) -> None:
    env = {"RELEASE_COORDINATION_GITHUB__WORKFLOWS__TAG": "ci.yml"}
    ended = run("init", "--yes", cwd=bare_project.root, env=env)
    assert (ended.code, ended.out) == (2, "")
    assert ".github/workflows/ci.yml would be written twice" in ended.err
    outside = {"RELEASE_COORDINATION_GITHUB__WORKFLOWS__TAG": "../../x.yml"}
    assert run("init", "--yes", cwd=bare_project.root, env=outside).code == 2


def test_a_pyproject_that_takes_no_table_is_refused(bare_project: Repository) -> None:
    bare_project.write({"pyproject.toml": b'tool = { uv = {} }\n[project]\nname = "x"\nversion = "1"\n'})
    before = bare_project.snapshot()
    ended = run("init", "--yes", cwd=bare_project.root)
    assert ended.code == 4
    assert "takes no further table" in ended.err
    assert bare_project.snapshot() == before


def test_the_written_table_is_read_by_the_layers(tmp_path: Path) -> None:
    for name, (make, folder) in MAKERS.items():
        repository = make(tmp_path / name)
        assert run("init", "--yes", cwd=repository.root / folder).code == 0
        text = (repository.root / folder / "pyproject.toml").read_text("utf-8")
        settings = load(repository.root / folder, tomllib.loads(text))
        assert (
            settings.stable_branch
            == {
                "layered": "master",
                "flat": "main",
                "poetical": "master",
                "member": "",
            }[name]
        )


def test_every_line_of_the_table_may_be_uncommented() -> None:
    lines = settings_table({}).splitlines()[1:]
    uncommented = [re.sub(r"^# (?=\[|[\w-]+ = )", "", line) for line in lines]
    table = tomllib.loads("\n".join(uncommented))["tool"]["release-coordination"]
    assert table["hosts"].pop("NAME")["liveness"] == {}
    table["hosts"] = {}
    check(table, "the table")
    assert table["soak"] == {"days": 7, "max-errors": 0, "max-restarts": 0}


def test_this_project_has_what_its_own_templates_give() -> None:
    project = find_project(str(CHECKOUT))
    stale = [
        item.path for item in planned(project, shape_of(project), ()) if item.state not in {State.SAME, State.KEPT}
    ]
    assert stale == [], "uv run inv init shows the difference; delete the files and run it again with --yes"


def test_this_projects_workflows_keep_to_its_settings() -> None:
    ci = (CHECKOUT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert "macos" not in ci
    assert "          .ci/run\n" in ci
    assert (CHECKOUT / ".github" / "workflows" / "auto-tag-on-main.yml").exists()


@pytest.mark.parametrize(
    ("name", "wild", "written"), [("main", "", '"main"'), ("v", "*", '"v*"'), ("a+[b]", "*", r'"a\\+\\[b\\]*"')]
)
def test_a_trigger_fits_the_name_alone(name: str, wild: str, written: str) -> None:
    assert pattern(name, wild) == written


@pytest.mark.parametrize("written", ['dynamic = ["version"]', ""])
def test_a_version_that_no_workflow_could_read(bare_project: Repository, written: str) -> None:
    text = bare_project.read("pyproject.toml").decode()
    bare_project.write({"pyproject.toml": text.replace('version = "0.3.0"', written)})
    before = bare_project.snapshot()
    ended = run("init", "--yes", cwd=bare_project.root)
    assert (ended.code, ended.out) == (2, "")
    assert "version" in ended.err.splitlines()[0]
    assert bare_project.snapshot() == before


def test_outside_a_repository_it_says_so(tmp_path: Path, bare_project: Repository) -> None:
    shutil.copytree(bare_project.root, tmp_path / "plain", ignore=shutil.ignore_patterns(".git"))
    ended = run("init", "--yes", cwd=tmp_path / "plain")
    assert ended.code == 2
    assert "is in no git repository" in ended.err
