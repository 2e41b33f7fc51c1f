import os
import subprocess
import sys
from pathlib import Path

import pytest

from .repositories import CHECKOUT, Repository, changelog, issue, pyproject
from .running import Ended, called, changed

SCRIPT = CHECKOUT / "scripts" / "validate_release.py"


def script(repository: Repository, *words: str, env: dict[str, str | None] | None = None) -> Ended:
    """Run the script as CI does before anything is installed: no environment, no site-packages."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *words],
        cwd=repository.root,
        capture_output=True,
        env=changed(env),
        check=False,
    )
    ended = Ended(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
    assert "Traceback" not in ended.err, ended.err
    assert "\x1b" not in ended.out + ended.err
    return ended


def same(repository: Repository, *words: str) -> list[str]:
    """Return the findings of the script after those of `inv changelog.check` were found among them, and no others."""
    ended = script(repository, *words)
    *found, last = ended.out.splitlines()
    assert ended.code == (1 if found else 0)
    assert last.endswith(f": {len(found)} finding" + ("" if len(found) == 1 else "s"))
    checked = called("changelog.check", cwd=repository.root).out.splitlines()[:-1]
    only_script = [line for line in found if "pyproject.toml says" not in line and "no section at all" not in line]
    assert only_script == checked
    return found


@pytest.fixture
def ready(sample: Repository) -> Repository:
    text = changelog(("1.1.0", "2024-01-02"), ("1.0.0", "2024-01-01"))
    sample.commit("release: v1.1.0", {"pyproject.toml": pyproject("1.1.0"), "CHANGELOG.md": text})
    return sample


def test_nothing_wrong(ready: Repository) -> None:
    assert same(ready, "--base", "v1.0.0") == []
    assert script(ready).out == "1.1.0: 0 findings\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("## v1.1.0", "## v1.2.0"),
        ("## v1.1.0 (2024-01-02)", "## 1.1.0 - 2024-01-02"),
        ("(2024-01-02)", "(2999-01-01)"),
        ("### fixes", "### fixed"),
        (f" {issue(1)}", ""),
        (issue(1), "[#1](https://github.com/other/project/issues/1)"),
        ("## v1.0.0 (2024-01-01)", "## v1.0.0 (2024-01-09)"),
        ("## v1.0.0", "## Unreleased\n\n## v1.0.0"),
        ("\n", "\r\n"),
        ("# changelog", "\ufeff# changelog"),
        ("mend it", "mend <it> \u00fc \u2028 x"),
    ],
)
def test_the_same_findings_as_the_task(ready: Repository, old: str, new: str) -> None:
    text = ready.read("CHANGELOG.md").decode().replace(old, new)
    ready.write({"CHANGELOG.md": text})
    same(ready, "--base", "v1.0.0")


@pytest.mark.parametrize(
    "settings",
    [
        "issues = false\n",
        'tag-prefix = ""\n',
        'changelog.sections = ["changes"]\n',
        'repository = "other/project"\n',
        'changelog.path = "NEWS.md"\n',
    ],
)
def test_the_same_settings_as_the_task(ready: Repository, settings: str) -> None:
    ready.write({"pyproject.toml": pyproject("1.1.0", settings)})
    ready.write({"CHANGELOG.md": ready.read("CHANGELOG.md").decode().replace(f"it {issue(1)}\n\n##", "it\n\n##")})
    same(ready, "--base", "v1.0.0")


def test_tables_of_both_files_are_merged(ready: Repository) -> None:
    """The untracked file adds to a table of pyproject.toml, key by key, as the tasks read it."""
    ready.write(
        {
            "pyproject.toml": pyproject("1.1.0", '[tool.release-coordination.changelog]\npath = "NEWS.md"\n'),
            "release-coordination.toml": '[changelog]\nsections = ["fixes"]\n',
        }
    )
    (ready.root / "CHANGELOG.md").rename(ready.root / "NEWS.md")
    ready.git("tag", "--delete", "v1.0.0")
    assert same(ready) == []


@pytest.mark.parametrize(
    ("urls", "origin"),
    [
        ('Repository = "https://github.com/owner/sample.git"\n', ""),
        ('Homepage = "https://github.com/else/where"\nRepository = "https://github.com/owner/sample"\n', ""),
        ("", "git@github.com:owner/sample.git"),
        ("", "https://github.com/owner/sample"),
    ],
)
def test_the_same_repository_as_the_task(ready: Repository, urls: str, origin: str) -> None:
    """A link to somebody else's issue is found wherever the repository's name comes from."""
    text = pyproject("1.1.0").replace('Repository = "https://github.com/owner/sample"\n', urls)
    link = issue(1).replace("owner/sample", "other/project")
    ready.write(
        {"pyproject.toml": text, "CHANGELOG.md": f"# changelog\n\n## v1.1.0 (2024-01-02)\n\n### fixes\n\n- a {link}\n"}
    )
    if origin:
        ready.git("remote", "add", "origin", origin)
    ready.git("tag", "--delete", "v1.0.0")
    same(ready)


def test_the_date_of_a_tag(ready: Repository) -> None:
    """Where the version's tag is there, its date counts, as for the task."""
    ready.commit("fix: late")
    ready.tag("v1.1.0")
    same(ready, "--base", "v1.0.0")


def test_version_against_changelog(ready: Repository) -> None:
    ready.write({"pyproject.toml": pyproject("1.2.0")})
    found = same(ready, "--base", "v1.0.0")
    assert "CHANGELOG.md:3: pyproject.toml says 1.2.0, the newest section is 1.1.0" in found


@pytest.mark.parametrize("version", ["1.1.0rc1", "1.1.0.dev1", "1.1.0-rc.1"])
def test_a_candidate_is_skipped(ready: Repository, version: str) -> None:
    ready.write({"pyproject.toml": pyproject(version), "CHANGELOG.md": "nonsense"})
    ended = script(ready)
    assert (ended.code, ended.out.endswith(" is a candidate: the changelog is not looked at\n")) == (0, True)
    assert called("changelog.check", cwd=ready.root).code == 0


def test_from_elsewhere(ready: Repository, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), "--project", str(ready.root)],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"1.1.0: 0 findings\n")


def test_annotations(ready: Repository) -> None:
    text = ready.read("CHANGELOG.md").decode().replace(f"it {issue(1)}\n\n##", "100% of, a::b\n\n##")
    ready.write({"CHANGELOG.md": text})
    ended = script(ready, env={"GITHUB_ACTIONS": "true"})
    lines = [line for line in ended.out.splitlines() if line.startswith("::")]
    assert len(lines) == 1
    assert lines[0].startswith(
        "::error file=CHANGELOG.md,line=7,title=validate_release::links no issue: mend 100%25 of, a::b"
    )


@pytest.mark.parametrize(
    ("files", "words", "said"),
    [
        ({"pyproject.toml": None}, [], "pyproject.toml"),
        ({"pyproject.toml": "[project\n"}, [], "error: "),
        (
            {"pyproject.toml": '[project]\nname = "a"\ndynamic = ["version"]\n'},
            [],
            "version",
        ),
        ({"pyproject.toml": "a = 1\n"}, [], "project"),
        ({"pyproject.toml": '[project]\nname = "a"\nversion = 1\n'}, [], "error: "),
        ({"pyproject.toml": 'project = "a"\n'}, [], "error: "),
        ({"pyproject.toml": pyproject("1.1.0", "changelog.sections = 3\n")}, [], "error: "),
        ({"pyproject.toml": pyproject("1.1.0", "changelog = 3\n")}, [], "error: "),
        ({"release-coordination.toml": "a = \n"}, [], "error: "),
        ({"CHANGELOG.md": b"\xff\n"}, [], "error: "),
        ({}, ["--base", "v9.9.9"], "'v9.9.9' names no commit here"),
        ({}, ["--base=--output=x"], "'--output=x' names no commit here"),
    ],
)
def test_what_cannot_be_read(
    ready: Repository, files: dict[str, str | bytes | None], words: list[str], said: str
) -> None:
    ready.write(files)
    before = ready.snapshot()
    ended = script(ready, *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert ready.snapshot() == before


def test_terminal_escapes_are_not_obeyed(ready: Repository) -> None:
    text = ready.read("CHANGELOG.md").decode().replace(f"it {issue(1)}\n\n##", "\x1b[2Jit\n\n##")
    ready.write({"CHANGELOG.md": text})
    assert script(ready).code == 1


def test_without_git_only_a_base_is_missed(ready: Repository, tmp_path: Path) -> None:
    env: dict[str, str | None] = {"PATH": str(tmp_path)}
    assert script(ready, env=env).code == 0
    ended = script(ready, "--base", "v1.0.0", env=env)
    assert (ended.code, "git" in ended.err) == (2, True)


def test_a_terminal_that_knows_no_unicode(ready: Repository) -> None:
    text = ready.read("CHANGELOG.md").decode().replace(f"it {issue(1)}\n\n##", "\U0001f680 it\n\n##")
    ready.write({"CHANGELOG.md": text})
    environment = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "LANG": None, "PYTHONUTF8": "0"}
    assert script(ready, env=environment).code == 1


@pytest.mark.skipif(os.name != "posix", reason="the bit that lets a file run is POSIX's")
def test_it_can_be_run_by_its_name() -> None:
    assert os.access(SCRIPT, os.X_OK)
