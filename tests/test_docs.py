"""What is written for people is true: the reference is the settings', and CI runs what the readme says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tasks.reference import reference
from tasks.rules.failures import FAILURES

from .chains import play
from .releases import world
from .test_commands import COMMANDS

CHECKOUT = Path(__file__).resolve().parents[1]
# What fixes name and other parts of the work bring: DESIGN.md section 1 has them all.
PLACEHOLDERS = {
    "version": "X.Y.Z", "tag": "vX.Y.Z", "run": "RUN", "repository": "OWNER/NAME", "branch": "the stable branch",
    "workflow": "release.yml", "tagging": "auto-tag-on-master.yml", "package": "PACKAGE",
    "by_hand": "`inv release.tag` (where the tag is there, after `inv rollback.tag --version X.Y.Z`)",
    "manage": "https://pypi.org/manage/project/", "web": "https://github.com/OWNER/NAME",
}  # fmt: skip


def test_the_settings_reference_is_made_from_the_settings() -> None:
    assert (CHECKOUT / "docs" / "settings.md").read_text("utf-8") == reference()


def test_the_reference_is_made_by_the_command_it_names() -> None:
    done = subprocess.run([sys.executable, "-m", "tasks.reference"], cwd=CHECKOUT, check=True, capture_output=True)
    assert done.stdout.decode("utf-8") == reference()


def test_ci_runs_the_readmes_tests() -> None:
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    commands = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)
    assert commands[1].strip() == ".uv/bin/uv run pytest"
    assert commands[1].strip() in (CHECKOUT / ".ci" / "run").read_text("utf-8").splitlines()


def test_the_readmes_release_goes_through_as_typed(tmp_path: Path) -> None:
    """Up to the pull request; whoever types it answers yes."""
    blocks = re.findall(r"```sh\n(.*?)```", (CHECKOUT / "README.md").read_text("utf-8"), re.DOTALL)
    block = next(block for block in blocks if block.startswith("inv audit.commits "))
    lines = [shlex.split(line, comments=True)[1:] for line in block.splitlines()]
    with world(tmp_path) as made:
        play(made)
        for name, *words in lines:
            ended = made.call(name, *words, *(["--yes"] if "yes" in COMMANDS[name] else []))
            assert ended.code == 0, (name, ended)
        assert [pull.state for pull in made.github.hub.pulls] == ["open"]


def test_the_failures_are_those_that_are_recognised() -> None:
    page = (CHECKOUT / "docs" / "troubleshooting.md").read_text("utf-8")
    table = page.partition("| failure | cause | fix |\n|---|---|---|\n")[2].partition("\n\n")[0]
    rows = [f"| {row.name} | {row.cause} | {row.fix.format(**PLACEHOLDERS)} |" for row in FAILURES]
    assert table.splitlines() == rows
    assert not [row for row in rows if row.count("|") != 4]


def test_every_task_of_the_fixes_exists() -> None:
    named = {name for row in FAILURES for name in re.findall(r"\binv ([a-z]+\.[a-z]+)\b", row.fix)}
    assert named <= _tasks()


def test_every_link_in_the_docs_leads_somewhere() -> None:
    for page in (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_task_of_the_docs_exists() -> None:
    known = _tasks()
    for page in (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))):
        named = set(re.findall(r"\binv ([a-z]+\.[a-z]+)\b", page.read_text("utf-8")))
        assert named <= known, f"{page.name}: {named - known}"


def _tasks() -> set[str]:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "--list", "--list-format=flat"], cwd=CHECKOUT, check=True, capture_output=True
    )
    return set(re.findall(r"^\s+([a-z]+\.[a-z]+)\b", done.stdout.decode(), re.MULTILINE))


def test_every_flag_of_the_docs_exists() -> None:
    for page in (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))):
        blocks = "".join(re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
        for name, words in re.findall(r"^inv ([a-z]+\.[a-z]+)([^#\n|]*)", blocks, re.MULTILINE):
            assert set(re.findall(r"--([a-z-]+)", words)) <= COMMANDS[name], f"{page.name}: inv {name}{words}"
