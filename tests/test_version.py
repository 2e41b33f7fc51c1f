from pathlib import Path
from typing import Any

import pytest

from .repositories import Repository, pyproject, released
from .running import called, run


def decided(repository: Repository, *words: str) -> tuple[int, Any]:
    ended = called("version.decide", "--json", *words, cwd=repository.root)
    return ended.code, ended.json


@pytest.mark.parametrize(
    ("messages", "settings", "part", "final"),
    [
        (["fix: mend (#2)"], "", "patch", "1.0.1"),
        (["fix: mend", "feat: add", "docs: tell"], "", "minor", "1.1.0"),
        (["feat!: turn round"], "", "major", "2.0.0"),
        (["tidy everything\n\nBREAKING CHANGE: all of it"], "", "major", "2.0.0"),
        (["fix: one (#9)\n\n* feat: another\n* fix: one"], "", "minor", "1.1.0"),
        (["docs: tell"], "", "patch", "1.0.1"),
    ],
)
def test_the_next_version(tmp_path: Path, messages: list[str], settings: str, part: str, final: str) -> None:
    sample = released(tmp_path / "s", settings)
    for message in messages:
        sample.commit(message)
    code, document = decided(sample)
    assert code == 0
    assert {key: document[key] for key in ("current", "part", "final", "candidate")} == {
        "current": "1.0.0",
        "part": part,
        "final": final,
        "candidate": f"{final}rc1",
    }
    assert [vote["subject"] for vote in document["votes"]] == [message.split("\n")[0] for message in messages[::-1]]


def test_nothing_to_release(sample: Repository) -> None:
    code, document = decided(sample)
    assert (code, document["part"], document["final"], document["candidate"]) == (1, None, None, None)
    assert document["notes"] == ["nothing to release: no commit"]
    ended = run("version.decide", cwd=sample.root)
    assert (ended.code, ended.out.splitlines()[-1]) == (1, "note: nothing to release: no commit")


def test_a_feature_and_its_revert_ask_nothing(sample: Repository) -> None:
    commit = sample.commit("feat: add")
    sample.commit(f'Revert "feat: add"\n\nThis reverts commit {commit}.\n')
    code, document = decided(sample)
    assert (code, document["final"]) == (1, None)
    assert [vote["vote"] for vote in document["votes"]] == [None, None]
    assert document["notes"] == ["nothing to release: every commit was taken back"]


@pytest.mark.parametrize(
    ("setting", "final"), [("", "1.0.0"), ('zero-major = "major"\n', "1.0.0"), ('zero-major = "minor"\n', "0.5.0")]
)
def test_breaking_before_one(tmp_path: Path, setting: str, final: str) -> None:
    sample = Repository(tmp_path / "s")
    sample.commit("feat: begin", {"pyproject.toml": pyproject("0.4.2", setting)})
    sample.tag("v0.4.2")
    sample.commit("feat!: turn round")
    assert decided(sample)[1]["final"] == final


def test_a_candidate_leads_to_the_next(tmp_path: Path) -> None:
    sample = released(tmp_path / "s")
    sample.commit("feat: add")
    sample.commit("chore: staging 1.1.0rc1", {"pyproject.toml": pyproject("1.1.0rc1")})
    sample.commit("fix: mend")
    document = decided(sample)[1]
    assert (document["current"], document["final"], document["candidate"]) == ("1.1.0rc1", "1.1.0", "1.1.0rc2")


def test_an_announced_version_stands(tmp_path: Path) -> None:
    sample = released(tmp_path / "s")
    sample.commit("chore: staging 2.0.0rc1", {"pyproject.toml": pyproject("2.0.0rc1")})
    document = decided(sample)[1]
    assert (document["final"], document["candidate"]) == ("2.0.0", "2.0.0rc2")
    assert document["notes"][0].startswith("the votes alone give 1.0.1; the candidate that is set already announces")


def test_the_first_release(tmp_path: Path) -> None:
    sample = Repository(tmp_path / "s")
    sample.commit("feat: begin", {"pyproject.toml": pyproject("0.1.0")})
    code, document = decided(sample)
    assert (code, document["final"]) == (0, "0.1.0")
    assert "no release yet: the first one is the version that is set" in document["notes"]


def test_the_table_explains(sample: Repository) -> None:
    sample.commit("feat: add")
    sample.commit("tidy everything")
    ended = run("version.decide", cwd=sample.root)
    assert (ended.code, ended.err) == (0, "")
    rows = [line.split() for line in ended.out.splitlines()]
    assert ["minor", sample.git("rev-parse", "HEAD~1")[:8], "feat:", "add", "feat"] in rows
    assert ["next", "final", "1.1.0", "(minor)"] in rows
    assert ["next", "candidate", "1.1.0rc1"] in rows
    assert "note: 1 without a type: a person should place it" in ended.out


def test_a_range(sample: Repository) -> None:
    sample.commit("feat: add")
    sample.commit("fix: mend")
    assert decided(sample, "--until=HEAD~1")[1]["final"] == "1.1.0"
    assert decided(sample, "--until=v1.0.0")[0] == 1
    document = decided(sample, "--since=HEAD~1")[1]
    assert (document["part"], document["release_point"]["rule"]) == ("patch", "given")


@pytest.mark.parametrize(
    ("version", "state"), [("1.0.0", "released"), ("1.1.0", "unreleased"), ("1.1.0rc2", "candidate")]
)
def test_show(sample: Repository, version: str, state: str) -> None:
    sample.commit("fix: mend", {"pyproject.toml": pyproject(version)})
    document = called("version.show", "--json", cwd=sample.root).json
    assert (document["package"], document["version"], document["state"]) == ("sample", version, state)
    assert document["release_point"]["tag"] == "v1.0.0"
    ended = called("version.show", cwd=sample.root)
    assert (ended.code, ended.out.splitlines()[0]) == (0, f"sample {version}  {state}")
    assert ended.out.splitlines()[-1] == "1 commit since"


def test_a_given_start_keeps_the_base(sample: Repository) -> None:
    """`--since` narrows the commits; what was released last is still what the next version follows."""
    sample.commit("feat: add")
    sample.commit("fix: mend")
    assert decided(sample, "--since=HEAD~1")[1]["final"] == "1.0.1"
