from pathlib import Path

import pytest

from tasks.errors import WrongValue
from tasks.project import Project, find_project

from .repositories import CHECKOUT, Repository, pyproject
from .running import run


def at(root: Path, content: str) -> Project:
    root.mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text(content, "utf-8")
    return find_project(str(root))


def test_the_nearest_pyproject_upwards(sample: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = sample.root / "src" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_project().root == sample.root


@pytest.mark.parametrize("given", ["", "pyproject.toml"])
def test_a_folder_or_its_pyproject(
    sample: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_project(str(Path("sample") / given)).root == sample.root


def test_a_folder_in_the_home(sample: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(sample.root.parent))
    assert find_project("~/sample").root == sample.root


@pytest.mark.parametrize("given", ["missing", "sample/work.txt", "sample/src"])
def test_no_project_there(sample: Repository, tmp_path: Path, given: str) -> None:
    (sample.root / "src").mkdir()
    ended = run("version.show", f"--project={tmp_path / given}", cwd=CHECKOUT)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"error: --project {tmp_path / given}: no pyproject.toml there\nexpected: a project's folder\n"
    )


@pytest.mark.parametrize("where", [".", "src"])
def test_commands_work_from_a_subfolder(sample: Repository, where: str) -> None:
    (sample.root / "src").mkdir()
    ended = run("version.show", "--json", cwd=sample.root / where)
    assert (ended.code, ended.json["package"]) == (0, "sample")


def test_project_reaches_another_folder(sample: Repository) -> None:
    ended = run("version.show", "--json", "--project", str(sample.root), cwd=CHECKOUT / "tests")
    assert ended.json["package"] == "sample"


def test_settings_of_every_layer_reach_a_command(sample: Repository, tmp_path: Path) -> None:
    sample.write({"release-coordination.toml": 'package = "local"\n'})
    assert run("version.show", "--json", cwd=sample.root).json["package"] == "local"
    env = {"RELEASE_COORDINATION_PACKAGE": "env"}
    assert run("version.show", "--json", cwd=sample.root, env=env).json["package"] == "env"


def test_a_wrong_setting_ends_a_command(sample: Repository) -> None:
    ended = run("version.show", cwd=sample.root, env={"RELEASE_COORDINATION_APROVER": "x"})
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "error: environment variable RELEASE_COORDINATION_APROVER: aprover: unknown key\nexpected: approver\n"
    )


@pytest.mark.parametrize(
    ("urls", "origin", "settings", "repository"),
    [
        ({}, "", "", ""),
        ({"Repository": "https://github.com/o/r"}, "", "", "o/r"),
        ({"Source Code": "https://github.com/o/r.git"}, "", "", "o/r"),
        ({"Homepage": "https://github.com/o/r/"}, "", "", "o/r"),
        ({"Upstream": "https://github.com/up/stream", "repository": "https://github.com/o/r"}, "", "", "o/r"),
        ({"Homepage": "https://example.org/o/r"}, "", "", ""),
        ({"Issues": "https://github.com/o/r/issues"}, "", "", ""),
        ({"Homepage": "https://example.org"}, "https://github.com/from/origin.git", "", "from/origin"),
        ({}, "git@github.com:from/origin.git", "", "from/origin"),
        ({}, "ssh://git@github.com/from/origin", "", "from/origin"),
        ({}, "https://user@github.com/from/origin", "", "from/origin"),
        ({}, "https://gitlab.com/from/origin", "", ""),
        ({}, "git@github.example.org:from/origin.git", '[github]\nweb = "https://github.example.org"\n', "from/origin"),
        ({"Repository": "https://github.com/o/r"}, "", 'repository = "set/here"\n', "set/here"),
    ],
)
def test_the_repository(tmp_path: Path, urls: dict[str, str], origin: str, settings: str, repository: str) -> None:
    table = "".join(f'"{label}" = "{url}"\n' for label, url in urls.items())
    tool = f"[tool.release-coordination]\n{settings}" if not settings.startswith("[") else ""
    if settings.startswith("["):
        tool = settings.replace("[", "[tool.release-coordination.")
    project = at(tmp_path / "p", f'[project]\nname = "p"\nversion = "1"\n[project.urls]\n{table}{tool}')
    git = Repository(project.root)
    if origin:
        git.git("remote", "add", "origin", origin)
    assert project.repository == repository


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[project]\nname = "p"\ndynamic = ["version"]\n', "makes the version dynamic"),
        ('[project]\nname = "p"\n', "sets no project.version"),
        ('[project]\nname = "p"\nversion = 1\n', "sets no project.version"),
        ("[build-system]\nrequires = []\n", "has no [project] table"),
        ('project = "x"\n', "has no [project] table"),
        ('[project]\nname = "p"\nversion = "one"\n', "project.version in pyproject.toml is 'one', which is no version"),
    ],
)
def test_no_version_to_be_had(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(WrongValue) as caught:
        _ = at(tmp_path, content).version
    assert said in str(caught.value)


def test_the_version_is_read(tmp_path: Path) -> None:
    assert str(at(tmp_path, pyproject("0.36.0rc1")).version) == "0.36.0rc1"
