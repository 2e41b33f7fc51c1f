import os
import signal
import subprocess
import tomllib
from pathlib import Path

import pytest

from .repositories import Repository, lock, pyproject, released, uv
from .running import Ended, called, interrupted, program, run, start, wait_for


@pytest.fixture(scope="session")
def locked_template(sample_template: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = Repository(tmp_path_factory.mktemp("templates") / "locked", sample_template)
    lock(repository)
    repository.commit("feat: add (#2)")
    return repository


@pytest.fixture
def locked(locked_template: Repository, tmp_path: Path) -> Repository:
    """A project with a lock file and a feature since its release."""
    return Repository(tmp_path / "locked", locked_template)


def version_of(repository: Repository) -> str:
    return str(tomllib.loads(repository.read("pyproject.toml").decode("utf-8-sig"))["project"]["version"])


def locked_version(repository: Repository) -> str:
    packages = tomllib.loads(repository.read("uv.lock").decode())["package"]
    return str(next(package["version"] for package in packages if package["name"] == "sample"))


def in_step(repository: Repository) -> bool:
    command = [uv(), "lock", "--check", "--quiet"]
    return subprocess.run(command, cwd=repository.root, check=False, capture_output=True).returncode == 0


def bump(repository: Repository, *words: str, env: dict[str, str | None] | None = None) -> Ended:
    return called("version.bump", *words, cwd=repository.root, env=env)


def test_sets_what_the_votes_give_and_locks(locked: Repository) -> None:
    before = locked.snapshot()
    ended = run("version.bump", cwd=locked.root)
    assert (ended.code, ended.out) == (0, "1.0.0 -> 1.1.0: changed pyproject.toml, uv.lock\n")
    after = locked.snapshot()
    assert {name for name in after if after[name] != before[name]} == {"pyproject.toml", "uv.lock"}
    assert after.keys() == before.keys()
    assert after["pyproject.toml"] == before["pyproject.toml"].replace(b"1.0.0", b"1.1.0")
    assert (locked_version(locked), in_step(locked)) == ("1.1.0", True)


def test_again_changes_nothing(locked: Repository) -> None:
    bump(locked)
    before = locked.snapshot()
    ended = bump(locked)
    assert (ended.code, ended.out) == (0, "1.1.0 is set already; nothing was changed\n")
    assert locked.snapshot() == before


def test_dry_run_changes_nothing_and_needs_no_right(locked: Repository) -> None:
    before = locked.snapshot()
    (locked.root / "pyproject.toml").chmod(0o444)
    ended = bump(locked, "--dry-run", env={"UV": "/nonexistent"})
    assert (ended.code, ended.out, ended.err) == (0, "would set 1.1.0 (now 1.0.0); nothing was changed\n", "")
    assert locked.snapshot() == before


def test_json(locked: Repository) -> None:
    assert bump(locked, "--dry-run", "--json").json == {"from": "1.0.0", "to": "1.1.0", "changed": [], "dry_run": True}
    changed = ["pyproject.toml", "uv.lock"]
    assert bump(locked, "--json").json == {"from": "1.0.0", "to": "1.1.0", "changed": changed, "dry_run": False}


def test_without_a_lock_file_none_is_made(sample: Repository) -> None:
    sample.commit("fix: mend")
    ended = bump(sample, env={"UV": "/nonexistent"})
    assert (ended.code, ended.out) == (0, "1.0.0 -> 1.0.1: changed pyproject.toml\n")
    assert not (sample.root / "uv.lock").exists()


def test_a_lock_file_of_a_project_around_is_not_ours(sample: Repository) -> None:
    """A uv.lock in a folder above belongs to this project only when that folder's workspace does."""
    outer = sample.root.parent
    (outer / "uv.lock").write_text("version = 1\n", "utf-8")
    (outer / "uv.lock").chmod(0o444)
    sample.commit("fix: mend")
    ended = bump(sample)
    assert (ended.code, ended.out) == (0, "1.0.0 -> 1.0.1: changed pyproject.toml\n")
    assert not (sample.root / "uv.lock").exists()


@pytest.mark.parametrize(
    ("now", "words", "target"),
    [
        ("1.0.0", ["--part=patch"], "1.0.1"),
        ("1.0.0", ["--part=major"], "2.0.0"),
        ("1.0.0", ["--rc"], "1.1.0rc1"),
        ("1.0.0", ["--part=major", "--rc"], "2.0.0rc1"),
        ("1.0.0", ["--to=1.4.2"], "1.4.2"),
        ("1.0.0", ["--to=v1.4.2"], "1.4.2"),
        ("1.0.0", ["--to=1.1.0rc1"], "1.1.0rc1"),
        ("1.0.0", ["--to=1.1.0.dev3"], "1.1.0.dev3"),
        ("1.1.0rc1", ["--rc"], "1.1.0rc2"),
        ("1.1.0rc1", [], "1.1.0"),
        ("1.1.0rc2", ["--final"], "1.1.0"),
        ("1.1.0rc2", ["--part=major", "--rc"], "2.0.0rc1"),
        ("2.0.0rc1", ["--rc"], "2.0.0rc2"),
        ("1.1.0rc1", ["--to=1.1.0rc1"], "1.1.0rc1"),
    ],
)
def test_what_can_be_asked_for(sample: Repository, now: str, words: list[str], target: str) -> None:
    sample.commit("feat: add", {"pyproject.toml": pyproject(now)})
    assert bump(sample, *words).code == 0
    assert version_of(sample) == target


@pytest.mark.parametrize(
    ("now", "words", "code", "said"),
    [
        ("1.2.0", ["--to=1.1.0"], 4, "error: 1.1.0 is lower than 1.2.0, which is set now"),
        ("1.2.0", ["--to=1.2.0rc1"], 4, "error: 1.2.0rc1 is lower than 1.2.0"),
        ("1.0.0", ["--to=1.1.0rc2"], 4, "error: 1.1.0rc2 skips 1.1.0rc1: 1.0.0 is set now"),
        ("1.1.0rc1", ["--to=1.1.0rc3"], 4, "error: 1.1.0rc3 skips 1.1.0rc2: 1.1.0rc1 is set now"),
        ("1.1.0", ["--to=1.0.0"], 4, "error: 1.0.0 was released: its tag exists"),
        ("1.0.0rc1", ["--to=1.0.0"], 4, "error: 1.0.0 was released: its tag exists"),
        ("1.0.0.dev1", ["--to=1.0.0rc1"], 4, "error: 1.0.0 was released: its tag exists"),
        ("1.0.0", ["--to=1.1.0+local"], 4, "error: 1.1.0+local is a local version"),
        ("1.0.0", ["--final"], 4, "error: 1.0.0 is no candidate"),
        ("1.1.0", ["--rc"], 4, "error: 1.1.0 is set now, which is past the candidates of 1.1.0"),
        ("1.0.0", ["--to=one"], 2, "error: --to is 'one', which is no version"),
        ("1.0.0", ["--to=1.2; rm -rf /"], 2, "error: --to is '1.2; rm -rf /', which is no version"),
        ("1.0.0", ["--part=tiny"], 2, "error: --part is 'tiny'\nexpected: major, minor or patch"),
        ("1.0.0", ["--to=1.1.0", "--rc"], 2, "error: --to names the version already"),
        ("1.1.0rc1", ["--final", "--part=major"], 2, "error: --final only drops the candidate's suffix"),
        ("unknown", [], 2, "error: project.version in pyproject.toml is 'unknown', which is no version"),
    ],
)
def test_refusals(sample: Repository, now: str, words: list[str], code: int, said: str) -> None:
    sample.commit("feat: add", {"pyproject.toml": pyproject(now)})
    before = sample.snapshot()
    ended = bump(sample, *words)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(said)
    assert 1 <= len(ended.err.splitlines()) <= 3
    assert sample.snapshot() == before


def test_nothing_to_release(sample: Repository) -> None:
    before = sample.snapshot()
    ended = run("version.bump", cwd=sample.root)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: nothing to release: no commit\nexpected: ")
    assert sample.snapshot() == before


_PLAIN = pyproject("1.0.0")


@pytest.mark.parametrize(
    "content",
    [
        _PLAIN.replace("\n", "\r\n"),
        "\ufeff" + _PLAIN,
        "\ufeff" + _PLAIN.replace("\n", "\r\n"),
        _PLAIN.replace("\n", "\r\n", 2),
        _PLAIN.rstrip("\n"),
        _PLAIN.replace('version = "1.0.0"', "version = '1.0.0'  # the version: \u00fcber 'quoted'"),
        _PLAIN.replace('version = "1.0.0"', 'version   =\t"1.0.0"\t# tabs'),
        '# 1.0.0\nproject.name = "sample"\nproject.version = "1.0.0" # here\nproject.requires-python = ">=3.9"\n',
        '[tool.x]\nversion = "1.0.0"\n\n[project]\n\n\n   name="sample"\nversion="1.0.0"\nrequires-python=">=3.9"\n\n',
        'project = { name = "sample", version = "1.0.0", requires-python = ">=3.9" }\n',
        _PLAIN + '[project.scripts]\nx = "y:z"\n[tool.other]\na = [\n  1,   2,\n]  # odd\n\n\n\n',
        '[project.urls]\nHome = "x"\n[project]\nname = "sample"\nversion = "1.0.0"\nrequires-python = ">=3.9"\n',
        _PLAIN.replace('"1.0.0"', '"""1.0.0"""'),
    ],
)
def test_every_other_byte_stays(sample: Repository, content: str) -> None:
    sample.commit("fix: mend", {"pyproject.toml": content.encode()})
    position = content.rindex("1.0.0")
    expected = content[:position] + "1.0.1" + content[position + 5 :]
    assert bump(sample).code == 0
    found = sample.read("pyproject.toml").decode()
    assert found.replace('"""', '"') == expected.replace('"""', '"')


def test_the_permissions_stay(locked: Repository) -> None:
    (locked.root / "pyproject.toml").chmod(0o640)
    assert bump(locked).code == 0
    assert (locked.root / "pyproject.toml").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(sample: Repository, tmp_path: Path) -> None:
    sample.commit("fix: mend")
    elsewhere = tmp_path / "elsewhere.toml"
    (sample.root / "pyproject.toml").rename(elsewhere)
    (sample.root / "pyproject.toml").symlink_to(elsewhere)
    assert bump(sample).code == 0
    assert (sample.root / "pyproject.toml").is_symlink()
    assert 'version = "1.0.1"' in elsewhere.read_text("utf-8")


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock"])
def test_a_read_only_file_is_refused(locked: Repository, name: str) -> None:
    """Also for root, who could write it."""
    (locked.root / name).chmod(0o444)
    before = locked.snapshot()
    ended = run("version.bump", cwd=locked.root)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith(f"error: {name} is read-only\n")
    assert ended.err.splitlines()[-1] == f"next: chmod u+w {name}"
    assert locked.snapshot() == before


def test_put_back_when_the_dependencies_cannot_be_locked(locked: Repository) -> None:
    content = pyproject("1.0.0", project='dependencies = ["gone @ file:///nonexistent/gone"]\n')
    locked.commit("fix: depend on nothing", {"pyproject.toml": content})
    before = locked.snapshot()
    ended = bump(locked)
    assert (ended.code, ended.out) == (3, "")
    assert "error: `uv lock --quiet` failed (exit 1): " in ended.err
    assert "nonexistent" in ended.err
    assert locked.snapshot() == before


def test_put_back_when_uv_fails_after_writing(locked: Repository, tmp_path: Path) -> None:
    fake = program(tmp_path, "uv", "echo half > uv.lock; echo 'error: no luck' >&2; exit 2")
    before = locked.snapshot()
    ended = bump(locked, env={"UV": str(fake)})
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.splitlines()[-1] == "error: `uv lock --quiet` failed (exit 2): error: no luck"
    assert locked.snapshot() == before


@pytest.mark.parametrize("uv_path", ["/nonexistent/uv", ""])
def test_put_back_without_uv(locked: Repository, tmp_path: Path, uv_path: str) -> None:
    for name in ("git", "env"):
        found = subprocess.run(["/bin/sh", "-c", f"command -v {name}"], check=True, capture_output=True, text=True)
        (tmp_path / name).symlink_to(found.stdout.strip())
    before = locked.snapshot()
    ended = bump(locked, env={"UV": uv_path, "PATH": str(tmp_path)})
    assert (ended.code, ended.out) == (3, "")
    assert "error: uv " in ended.err
    assert locked.snapshot() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_put_back_when_interrupted(locked: Repository, tmp_path: Path, number: int) -> None:
    marker = tmp_path / "running"
    fake = program(tmp_path, "uv", f"echo half > uv.lock; touch {marker}; exec sleep 60")
    before = locked.snapshot()
    ended = interrupted("version.bump", cwd=locked.root, when=marker.exists, env={"UV": str(fake)}, number=number)
    assert (ended.code, ended.out) == (130, "")
    assert ended.err.splitlines()[-1] == "interrupted"
    assert locked.snapshot() == before


def killed(repository: Repository, tmp_path: Path, *words: str) -> None:
    """Run a bump that is killed without mercy between the edit and the lock."""
    marker = tmp_path / "running"
    fake = program(tmp_path, "uv", f"touch {marker}; exec sleep 60")
    child = start("version.bump", *words, cwd=repository.root, env={"UV": str(fake)})
    wait_for(marker.exists, "uv to start")
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()


@pytest.mark.parametrize("words", [[], ["--part=major"], ["--to=1.3.0"]])
def test_a_rerun_after_a_kill_converges(locked: Repository, tmp_path: Path, words: list[str]) -> None:
    killed(locked, tmp_path, *words)
    assert (version_of(locked) != "1.0.0", locked_version(locked)) == (True, "1.0.0")
    ended = bump(locked, *words)
    assert (ended.code, ended.out.endswith(": changed uv.lock\n")) == (0, True)
    assert (locked_version(locked), in_step(locked)) == (version_of(locked), True)


def test_a_rerun_of_final_after_a_kill_converges(locked: Repository, tmp_path: Path) -> None:
    """The lock file still has the candidate: dropping its suffix was begun, and is carried to the end."""
    assert bump(locked, "--rc").code == 0
    killed(locked, tmp_path, "--final")
    assert (version_of(locked), locked_version(locked)) == ("1.1.0", "1.1.0rc1")
    assert bump(locked, "--final").code == 0
    assert (version_of(locked), locked_version(locked)) == ("1.1.0", "1.1.0")


def test_a_rerun_of_rc_after_a_kill_skips_no_candidate(locked: Repository, tmp_path: Path) -> None:
    """The lock file still has the version before: the first candidate was begun, and no second one is."""
    killed(locked, tmp_path, "--rc")
    assert (version_of(locked), locked_version(locked)) == ("1.1.0rc1", "1.0.0")
    assert bump(locked, "--rc").code == 0
    assert (version_of(locked), locked_version(locked)) == ("1.1.0rc1", "1.1.0rc1")


def test_a_workspace_member_uses_its_workspaces_lock(tmp_path: Path) -> None:
    root = Repository(tmp_path / "w")
    workspace = '[tool.uv.workspace]\nmembers = ["member"]\n'
    root.commit("feat: begin", {"pyproject.toml": workspace, "member/pyproject.toml": pyproject("1.0.0")})
    root.tag("v1.0.0")
    lock(root)
    ended = run("version.bump", "--part=patch", cwd=root.root / "member")
    assert (ended.code, ended.out) == (0, "1.0.0 -> 1.0.1: changed pyproject.toml, uv.lock\n")
    assert locked_version(root) == "1.0.1"


def test_a_tag_that_is_only_a_candidate_blocks_nothing(tmp_path: Path) -> None:
    sample = released(tmp_path / "s")
    sample.commit("feat: add")
    sample.tag("v1.1.0rc1")
    assert bump(sample).code == 0
    assert version_of(sample) == "1.1.0"


def test_a_candidates_tag_blocks_that_candidate(tmp_path: Path) -> None:
    sample = released(tmp_path / "s")
    sample.commit("feat: add")
    sample.tag("v1.1.0rc1")
    assert bump(sample, "--rc").code == 4
    assert bump(sample, "--to=1.1.0rc1").code == 4
