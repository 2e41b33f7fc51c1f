"""What is written for people is true: the reference is the settings', and CI runs what the readme says."""

import re
import subprocess
import sys
from pathlib import Path

from tasks.reference import reference

from .test_commands import COMMANDS

CHECKOUT = Path(__file__).resolve().parents[1]


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


def test_every_link_in_the_docs_leads_somewhere() -> None:
    for page in (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_task_of_the_docs_exists() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "--list", "--list-format=flat"], cwd=CHECKOUT, check=True, capture_output=True
    )
    known = set(re.findall(r"^\s+([a-z]+\.[a-z]+)\b", done.stdout.decode(), re.MULTILINE))
    for page in (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))):
        named = set(re.findall(r"\binv ([a-z]+\.[a-z]+)\b", page.read_text("utf-8")))
        assert named <= known, f"{page.name}: {named - known}"


def test_every_flag_of_the_docs_exists() -> None:
    for page in (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))):
        blocks = "".join(re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
        for name, words in re.findall(r"^inv ([a-z]+\.[a-z]+)([^#\n|]*)", blocks, re.MULTILINE):
            assert set(re.findall(r"--([a-z-]+)", words)) <= COMMANDS[name], f"{page.name}: inv {name}{words}"
