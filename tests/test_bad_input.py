"""What is wrong with the input, and what each command answers: a clear error, the right exit code, nothing changed."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .repositories import CHECKOUT, Repository, pyproject, released
from .running import Ended, arguments, called, changed, run

READING = [
    "audit.commits",
    "version.show",
    "version.decide",
    "version.bump",
    "changelog.draft",
    "changelog.check",
    "release.validate",
]
Spoil = Callable[[Repository], None]


def refused(ended: Ended, code: int, said: str) -> None:
    """Assert that a command ended with an error of one to three lines, and said nothing else."""
    assert (ended.code, ended.out) == (code, ""), ended
    assert ended.err.startswith(f"error: {said}"), ended.err
    assert 1 <= len(ended.err.splitlines()) <= 3, ended.err


def no_pyproject(repository: Repository) -> None:
    (repository.root / "pyproject.toml").unlink()


def no_repository(repository: Repository) -> None:
    shutil.rmtree(repository.root / ".git")


def no_commit(repository: Repository) -> None:
    shutil.rmtree(repository.root / ".git")
    repository.git("init", "--quiet")


def malformed(repository: Repository) -> None:
    repository.write({"pyproject.toml": "[project\nname = \n"})


def not_utf8(repository: Repository) -> None:
    repository.write({"pyproject.toml": b'[project]\nname = "\xff"\n'})


def malformed_local_file(repository: Repository) -> None:
    repository.write({"release-coordination.toml": "a = = 1\n"})


def tool_that_is_no_table(repository: Repository) -> None:
    repository.write({"pyproject.toml": 'tool = 3\n[project]\nname = "p"\nversion = "1.0.0"\n'})


def shallow(repository: Repository) -> None:
    head = repository.commit("fix: more #2").encode() + b"\n"
    repository.write({".git/shallow": head})


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (no_pyproject, 2, "no pyproject.toml in "),
        (no_repository, 2, ""),
        (no_commit, 2, "the repository has no commit yet"),
        (malformed, 2, ""),
        (not_utf8, 2, ""),
        (malformed_local_file, 2, ""),
        (shallow, 4, "this clone is shallow"),
    ],
)
def test_every_command_refuses(sample: Repository, command: str, spoil: Spoil, code: int, said: str) -> None:
    spoil(sample)
    before = sample.snapshot()
    refused(called(command, cwd=sample.root), code, said)
    assert sample.snapshot() == before


@pytest.mark.parametrize("value", ["x", "-3", "1.5", "", "\u0661", "9" * 5000, "\x1b[31m"])
def test_what_is_no_number(sample: Repository, value: str) -> None:
    ended = run("release.propose", f"--wait={value}", cwd=sample.root)
    refused(ended, 2, f"--wait is {value!r}, which is no whole number\nexpected: a number such as 0 or 60\n")


def test_a_number_may_stand_apart_from_its_flag(sample: Repository) -> None:
    assert run("doctor.release", "--run", "x1", cwd=sample.root).err.startswith("error: --run is 'x1', which is no")
    assert "INT" in run("doctor.release", "--help", cwd=sample.root).out


@pytest.mark.parametrize(
    ("command", "spoil", "code", "said"),
    [
        ("version.show", no_pyproject, 2, "no pyproject.toml in "),
        ("audit.commits", no_repository, 2, ""),
        ("version.bump", no_commit, 2, "the repository has no commit yet\nexpected: at least one commit\n"),
        ("changelog.check", malformed, 2, ""),
        ("release.validate", shallow, 4, "this clone is shallow"),
    ],
)
def test_a_person_sees_no_traceback(sample: Repository, command: str, spoil: Spoil, code: int, said: str) -> None:
    spoil(sample)
    refused(run(command, cwd=sample.root), code, said)


def test_a_tool_table_that_is_none(sample: Repository) -> None:
    tool_that_is_no_table(sample)
    refused(called("version.show", cwd=sample.root), 2, "")


def test_no_repository_quotes_git_as_text(sample: Repository) -> None:
    no_repository(sample)
    ended = called("audit.commits", cwd=sample.root)
    assert ended.err.splitlines()[0] == (
        f"error: {sample.root} is in no git repository that can be read: fatal: not a git repository (or any of the "
        "parent directories): .git"
    )


def test_malformed_toml_names_file_and_place(sample: Repository) -> None:
    malformed(sample)
    ended = called("version.show", cwd=sample.root)
    assert ended.err.startswith(f"error: {sample.root / 'pyproject.toml'} is not TOML: ")
    assert "line 1" in ended.err


def test_debug_shows_the_traceback(sample: Repository) -> None:
    no_repository(sample)
    command = arguments("--debug", "audit.commits")
    done = subprocess.run(command, cwd=sample.root, env=changed(None), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("command", ["audit.commits", "version.bump", "changelog.draft", "release.validate"])
def test_without_git(sample: Repository, tmp_path: Path, command: str) -> None:
    before = sample.snapshot()
    (tmp_path / "empty").mkdir()
    ended = run(command, cwd=sample.root, env={"PATH": str(tmp_path / "empty")})
    refused(ended, 3, "git was not found\nexpected: git on PATH\nnext: install git\n")
    assert sample.snapshot() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[project]\nname = "p"\ndynamic = ["version"]\n', "pyproject.toml makes the version dynamic\nexpected: "),
        ('[project]\nname = "p"\n', "pyproject.toml sets no project.version\nexpected: "),
        ("[tool.x]\n", ""),
        (pyproject("1.0.x"), "project.version in pyproject.toml is '1.0.x', which is no version\nexpected: a PEP 440"),
    ],
)
@pytest.mark.parametrize("command", ["version.show", "version.decide", "version.bump", "changelog.draft"])
def test_no_version(sample: Repository, command: str, content: str, said: str) -> None:
    sample.commit("fix: spoil #2", {"pyproject.toml": content})
    before = sample.snapshot()
    refused(called(command, cwd=sample.root), 2, said)
    assert sample.snapshot() == before


def test_no_version_is_no_hindrance_to_an_audit(sample: Repository) -> None:
    sample.commit("fix: spoil #2", {"pyproject.toml": '[project]\nname = "p"\ndynamic = ["version"]\n'})
    assert called("audit.commits", cwd=sample.root).code == 0


@pytest.mark.parametrize("version", ["unknown", ""])
def test_no_version_is_no_outside_failure_to_validate(sample: Repository, version: str) -> None:
    """Exit 3 is for what could not be reached; a wrong version is a wrong value, or a check that failed."""
    sample.commit("fix: spoil #2", {"pyproject.toml": pyproject(version)})
    ended = called("release.validate", "--only=version", "--only=tag", cwd=sample.root)
    assert ended.code in {1, 2}


def test_a_detached_head_works(sample: Repository) -> None:
    commit = sample.commit("fix: mend #2")
    sample.git("checkout", "--quiet", "--detach")
    sample.git("branch", "--delete", "--force", "main")
    assert [item["commit"] for item in run("audit.commits", "--json", cwd=sample.root).json["commits"]] == [commit]
    assert called("version.bump", cwd=sample.root).out == "1.0.0 -> 1.0.1: changed pyproject.toml\n"
    assert called("changelog.draft", "--write", cwd=sample.root).code == 0


def test_no_tags_is_everything(sample: Repository) -> None:
    sample.git("tag", "--delete", "v1.0.0")
    ended = run("audit.commits", cwd=sample.root)
    assert "none: no release is in this history" in ended.out
    assert called("changelog.draft", "--json", cwd=sample.root).json["version"] == "1.0.0"
    assert called("version.decide", "--json", cwd=sample.root).json["final"] == "1.0.0"


def test_a_shallow_clone(sample: Repository, tmp_path: Path) -> None:
    sample.commit("fix: mend #2")
    sample.git("clone", "--quiet", "--depth=1", f"file://{sample.root}", str(tmp_path / "clone"))
    ended = run("audit.commits", cwd=tmp_path / "clone")
    refused(ended, 4, "this clone is shallow: ")
    assert ended.err.splitlines()[-1] == "next: git fetch --unshallow --tags"


HOSTILE = [
    "fix: $(touch pwned) `touch pwned` ; touch pwned & | > pwned #2",
    "fix: '\"\\ %s %n {0} {{ x }} ${HOME} #2",
    "fix: \x1b[2J\x1b]0;title\x07\x1b[31mred\x9b31m #2",
    "fix: right \u202eto left\u202c, zero\u200bwidth\u2060 and \u0000".replace("\u0000", "") + " #2",
    "fix: [bold red]markup[/] :smile: [/bold] #2",
    "--version",
    "fix: " + "a very long title " * 200 + "#2",
]


def test_hostile_messages_are_shown_and_not_obeyed(sample: Repository) -> None:
    for message in HOSTILE:
        sample.commit(message)
    sample.commit(b"fix: caf\xe9 \xff\xfe \xc3\x28 #2")
    before = sample.snapshot()
    for command in ("audit.commits", "version.decide", "changelog.draft"):
        ended = run(command, cwd=sample.root)
        assert ended.code in {0, 1}
        assert not any(bad in ended.out + ended.err for bad in ("\x07", "\x9b", "\u202e", "\u200b")), command
        assert "$(touch pwned) `touch pwned`" in ended.out
        assert "\\x1b" in ended.out
        assert "caf\ufffd" in ended.out
    out = called("audit.commits", cwd=sample.root).out
    assert "[bold red]markup[/] :smile: [/bold]" in out
    assert len(run("audit.commits", "--json", cwd=sample.root).json["commits"]) == len(HOSTILE) + 1
    assert called("changelog.draft", "--write", cwd=sample.root).code == 0
    assert "\x1b" not in sample.read("CHANGELOG.md").decode()
    assert {name for name in sample.snapshot() if name not in before} == set()


def test_a_hostile_author_and_tag(sample: Repository) -> None:
    sample.git("-c", "user.name=\x1b[31mEve", "-c", "user.email=e", "tag", "-a", "-m", "x", "v1.0.0-\u202e\u00fc")
    sample.git("tag", "v2.0.0;$(touch${IFS}pwned)`touch${IFS}pwned`")
    sample.commit("fix: mend #2")
    ended = run("audit.commits", cwd=sample.root)
    assert ended.code == 0
    assert not (sample.root / "pwned").exists()


def test_a_folder_with_a_hostile_name(tmp_path: Path) -> None:
    sample = released(tmp_path / "a b $(touch pwned) \x1b[31m'\"")
    sample.commit("fix: mend #2")
    assert run("audit.commits", cwd=sample.root).code == 0
    assert run("changelog.draft", "--write", cwd=sample.root).code == 0
    (sample.root / "cliff.toml").unlink()
    assert run("changelog.draft", cwd=sample.root).code == 2


def test_settings_of_git_change_nothing(sample: Repository, tmp_path: Path) -> None:
    """Colour, signatures, a pager, an external diff and quoting in a person's git are not in the way."""
    config = tmp_path / "gitconfig"
    config.write_text(
        "[color]\nui = always\n[log]\nshowSignature = true\ndate = relative\nfollow = true\nmailmap = true\n"
        "[core]\npager = false\nquotePath = true\n[diff]\nexternal = false\nrenames = copies\n"
        "[status]\nbranch = true\nrelativePaths = false\nshowUntrackedFiles = no\n[format]\npretty = oneline\n"
        "[tag]\nsort = creatordate\n[alias]\nlog = !false\n",
        "utf-8",
    )
    sample.commit("fix: mend #2")
    sample.write({"\u00fcber.txt": "x"})
    env: dict[str, str | None] = {"GIT_CONFIG_GLOBAL": str(config)}
    assert (
        called("audit.commits", "--json", cwd=sample.root, env=env).json
        == called("audit.commits", "--json", cwd=sample.root).json
    )
    ended = called("release.validate", "--only=clean", "--json", cwd=sample.root, env=env)
    assert [finding["file"] for finding in ended.json[0]["findings"]] == ["\u00fcber.txt"]


def test_a_hooks_environment_points_elsewhere(sample: Repository, tmp_path: Path) -> None:
    """Inside a git hook GIT_DIR names the hook's repository; --project names another one."""
    other = released(tmp_path / "other")
    other.commit("feat: of another #9")
    env: dict[str, str | None] = {"GIT_DIR": str(other.root / ".git"), "GIT_INDEX_FILE": str(other.root / ".git/index")}
    ended = called("audit.commits", "--json", f"--project={sample.root}", cwd=other.root, env=env)
    assert ended.json["commits"] == []


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_looking_writes_nothing(sample: Repository) -> None:
    """Not even to git's index, which `git status` would refresh."""
    sample.commit("fix: mend #2")
    os.utime(sample.root / "work.txt", (1, 1))
    before = {path: path.stat().st_mtime_ns for path in sorted(sample.root.rglob("*"))}
    for words in (
        ["audit.commits"],
        ["version.show"],
        ["version.decide"],
        ["version.bump", "--dry-run"],
        ["changelog.draft"],
        ["changelog.check"],
        ["changelog.show"],
        ["release.validate", "--only=clean", "--only=tag"],
    ):
        called(words[0], *words[1:], cwd=sample.root)
    assert {path: path.stat().st_mtime_ns for path in sorted(sample.root.rglob("*"))} == before


def test_this_checkout_can_be_looked_at() -> None:
    assert called("version.show", "--json", cwd=CHECKOUT).json["package"] == "release-coordination"


def test_a_host_at_which_nobody_listens(sample: Repository) -> None:
    """What to type next is what a person types there: with the user."""
    where = {"RELEASE_COORDINATION_HOSTS__DEAD__ADDRESS": "deploy@127.0.0.1:9"}
    ended = run("rollback.hosts", "--json", cwd=sample.root, env=where)
    assert (ended.code, ended.json[0]["reason"].endswith("next: ssh -p 9 deploy@127.0.0.1")) == (3, True), ended
