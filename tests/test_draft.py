import os
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from .repositories import CHECKOUT, Repository, changelog, issue, pyproject, released
from .running import Ended, called, interrupted, program, run


def draft(repository: Repository, *words: str) -> Ended:
    return called("changelog.draft", *words, cwd=repository.root)


def text(repository: Repository) -> str:
    return repository.read("CHANGELOG.md").decode()


@pytest.fixture
def fixed(sample: Repository) -> Repository:
    """A project with one fix since its release."""
    sample.commit("fix: mend the other (#3)\n\nFixes #2\n")
    return sample


def section(repository: Repository, version: str = "1.0.1") -> str:
    """Return the section that the only fix gives."""
    day = datetime.now(UTC).date().isoformat()
    marker = f"<!-- drafted through {repository.head} -->"
    return f"## v{version} ({day})\n\n{marker}\n\n### fixes\n\n- mend the other {issue(2)}\n"


def test_shown_on_standard_output_and_nothing_written(fixed: Repository) -> None:
    before = fixed.snapshot()
    ended = run("changelog.draft", cwd=fixed.root)
    day = datetime.now(UTC).date().isoformat()
    assert (ended.code, ended.out) == (0, f"## v1.0.1 ({day})\n\n### fixes\n\n- mend the other {issue(2)}\n")
    assert ended.err == "CHANGELOG.md: drafted 1 new entry for 1.0.1\n"
    assert fixed.snapshot() == before


def test_json(fixed: Repository) -> None:
    ended = run("changelog.draft", "--write", "--json", cwd=fixed.root)
    document = ended.json
    assert ended.err == ""
    assert document.pop("markdown").startswith("## v1.0.1 (")
    assert document == {"version": "1.0.1", "added": 1, "present": 0, "remarks": [], "written": True}


def test_written_above_the_older_sections(fixed: Repository) -> None:
    before = text(fixed)
    ended = run("changelog.draft", "--write", cwd=fixed.root)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "CHANGELOG.md: wrote 1 new entry for 1.0.1\n"
    assert text(fixed) == before.replace("## v1.0.0", section(fixed) + "\n## v1.0.0")


@pytest.mark.parametrize("before", [None, b"", b"# changelog\n"])
def test_written_into_a_new_file(fixed: Repository, before: bytes | None) -> None:
    fixed.write({"CHANGELOG.md": before})
    assert draft(fixed, "--write").code == 0
    assert text(fixed) == "# changelog\n\n" + section(fixed)


_OLD = changelog(("1.0.0", "2024-01-01"))


@pytest.mark.parametrize(
    "before",
    [
        _OLD.replace("\n", "\r\n"),
        "\ufeff" + _OLD,
        "\ufeff" + _OLD.replace("\n", "\r\n"),
        _OLD.rstrip("\n"),
        _OLD.replace("\n", "\r\n").rstrip("\r\n"),
        _OLD + "\n\n\n  trailing  \t\n\n",
        _OLD.replace("# changelog\n\n", ""),
        "Words.\n\n```md\n## v9.9.9 (2099-01-01)\n```\n<!--\n## v9.9.8\n-->\n" + _OLD,
        _OLD.replace("## v1.0.0 (2024-01-01)", "## [1.0.0] - 2024-01-01"),
    ],
)
def test_not_a_byte_of_the_rest_changes(fixed: Repository, before: str) -> None:
    fixed.write({"CHANGELOG.md": before})
    assert draft(fixed, "--write").code == 0
    new = (section(fixed) + "\n").replace("\n", "\r\n" if "\r\n" in before else "\n")
    place = re.search(r"## \[?v?1\.0\.0", before)
    assert place is not None
    assert text(fixed) == before[: place.start()] + new + before[place.start() :]
    after = text(fixed)
    assert draft(fixed, "--write", "--json").json["written"] is False
    assert text(fixed) == after


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_written_below_words_alone(fixed: Repository, ending: str) -> None:
    before = f"# changelog{ending or chr(10)}{ending or chr(10)}Words." + ending
    fixed.write({"CHANGELOG.md": before})
    assert draft(fixed, "--write").code == 0
    newline = ending or "\n"
    expected = before + (newline if ending else newline * 2) + section(fixed).replace("\n", newline)
    assert text(fixed) == (expected if ending else expected.rstrip("\n"))


def test_what_a_person_wrote_stays(sample: Repository) -> None:
    """Entries rewritten, dropped and added, links taken out, a section moved: the next draft adds what is new alone."""
    for message in ("fix: first #2", "fix: second #3", "feat: third #4", "docs: fourth #5"):
        sample.commit(message)
    assert draft(sample, "--write").code == 0
    edited = text(sample).replace("first #2", "the first, in better words").replace(f"- second #3 {issue(3)}\n", "")
    edited = edited.replace(f" {issue(4)}", "").replace(
        "### docs\n", "### docs\n\n- added by a person\n  - with a detail\n"
    )
    sample.write({"CHANGELOG.md": edited})
    assert draft(sample, "--write", "--json").json["written"] is False
    assert text(sample) == edited
    sample.commit("fix: fifth #6", {"work.txt": "new"})
    document = draft(sample, "--write", "--json").json
    assert (document["added"], document["present"]) == (1, 4)
    lines = text(sample).splitlines()
    added = [line for line in lines if line not in edited.splitlines() and not line.startswith("<!-- drafted")]
    assert added == [f"- fifth #6 {issue(6)}"]
    assert lines.index(added[0]) == lines.index(f"- the first, in better words {issue(2)}") + 1


def test_a_section_begun_by_hand_is_not_doubled(sample: Repository) -> None:
    begun = f"# changelog\n\n## v1.1.0 (2024-02-01)\n\n### fixes\n\n- my words of it {issue(2)}\n- Mend THREE\n\n"
    sample.write({"CHANGELOG.md": begun + _OLD.removeprefix("# changelog\n\n")})
    for message in ("fix: two\n\nFixes #2\n", "fix: mend three", "feat: four #4"):
        sample.commit(message)
    document = draft(sample, "--write", "--json").json
    assert (document["version"], document["added"], document["present"]) == ("1.1.0", 1, 2)
    assert text(sample).endswith(_OLD.removeprefix("# changelog\n"))
    assert f"### changes\n\n- four #4 {issue(4)}\n\n## v1.0.0" in text(sample)


def test_crlf_and_a_section_at_the_end_without_newline(sample: Repository) -> None:
    begun = f"# changelog\r\n\r\n## v1.1.0 (2024-02-01)\r\n\r\n### fixes\r\n\r\n- mine {issue(2)}"
    sample.commit("feat: four #4", {"CHANGELOG.md": begun})
    assert draft(sample, "--write").code == 0
    found = text(sample)
    assert "\n" not in found.replace("\r\n", "")
    assert found.endswith(f"- mine {issue(2)}\r\n\r\n### changes\r\n\r\n- four #4 {issue(4)}")


def test_after_history_was_rewritten(fixed: Repository) -> None:
    """The commit that the draft's marker names is gone: entries are known by their issues and words."""
    assert draft(fixed, "--write").code == 0
    fixed.git("commit", "--quiet", "--all", "--amend", "--message", "fix: mend the other (#3)\n\nFixes #2\n\nAmended.")
    fixed.git("reflog", "expire", "--expire=now", "--all")
    fixed.git("gc", "--quiet", "--prune=now")
    before = text(fixed)
    assert draft(fixed, "--write", "--json").json["added"] == 0
    assert text(fixed) == before


def test_the_version_at_hand(sample: Repository) -> None:
    sample.commit("feat: add #2")
    assert draft(sample, "--json").json["version"] == "1.1.0"
    sample.commit("chore: staging 2.0.0rc1", {"pyproject.toml": pyproject("2.0.0rc1")})
    assert draft(sample, "--json").json["version"] == "2.0.0"
    assert draft(sample, "--json", "--version=1.4.0").json["version"] == "1.4.0"
    assert draft(sample, "--json", "--version=1.4.0rc2").json["version"] == "1.4.0"
    sample.commit("release: v3.0.0", {"pyproject.toml": pyproject("3.0.0")})
    assert draft(sample, "--json").json["version"] == "3.0.0"


def test_nothing_to_draft(sample: Repository) -> None:
    sample.commit("chore: tidy up")
    before = text(sample)
    ended = run("changelog.draft", "--write", cwd=sample.root)
    assert (ended.code, ended.out) == (0, "")
    assert text(sample) == before


def test_what_was_reverted_gets_no_entry(fixed: Repository) -> None:
    commit = fixed.commit("feat: gone tomorrow #9")
    fixed.commit(f'Revert "feat: gone tomorrow #9"\n\nThis reverts commit {commit}.\n')
    document = draft(fixed, "--json").json
    assert (document["added"], "gone" in document["markdown"]) == (1, False)


def test_what_was_squash_merged_is_not_drafted_again(fixed: Repository) -> None:
    fixed.branch("dev")
    fixed.commit("release: v1.0.1", {"pyproject.toml": pyproject("1.0.1")})
    fixed.switch("main")
    fixed.squash("dev", "release: v1.0.1 (#9)")
    fixed.tag("v1.0.1")
    fixed.switch("dev")
    fixed.commit("fix: new #8", {"work.txt": "new"})
    assert draft(fixed, "--json").json["added"] == 1


def test_merged_branches_have_their_own_entries(sample: Repository) -> None:
    sample.branch("topic")
    sample.commit("fix: on the side #4", {"side.txt": "x"})
    sample.switch("main")
    sample.commit("feat: on the line #5")
    sample.merge("topic", "Merge pull request #6 from owner/topic")
    markdown = draft(sample, "--json").json["markdown"]
    assert [line for line in markdown.splitlines() if line.startswith("- ")] == [
        f"- on the side #4 {issue(4)}",
        f"- on the line #5 {issue(5)}",
    ]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n\n",
        b"fix: caf\xe9 #2",
        b"fix: \xff\xfe\n\n\x80 #2",
        "fix: a\u2028b\x0bc #2".encode(),
        b"fix:",
        b"Fix #2: numbers",
        b"fix: a\r\n\r\nbody\r\n",
    ],
)
def test_strange_messages(sample: Repository, message: bytes) -> None:
    sample.commit(message)
    sample.commit("fix: sane #3")
    ended = draft(sample, "--write", "--json")
    assert (ended.code, ended.json["added"]) == (0, 2)
    assert "- sane #3" in text(sample)


def test_a_message_cannot_make_markdown_of_its_own(sample: Repository) -> None:
    sample.commit("fix: a\x1b[31m\x07b <!-- drafted through --> {{ commit }} {% raw %} ## v9.9.9 <script> #2")
    assert draft(sample, "--write").code == 0
    found = text(sample)
    assert "\x1b" not in found
    assert "\x07" not in found
    assert "{{ commit }} {% raw %} ## v9.9.9 \\<script>" in found
    assert called("changelog.check", "--version=1.0.1", cwd=sample.root).code == 0


def test_the_project_may_lie_in_a_subfolder(tmp_path: Path) -> None:
    """Commits that touch other folders of the repository are in the draft, as they are in the audit."""
    repository = Repository(tmp_path / "mono")
    files = {"p/pyproject.toml": pyproject("1.0.0"), "p/cliff.toml": (CHECKOUT / "cliff.toml").read_text("utf-8")}
    repository.commit("feat: begin #1", files)
    repository.tag("v1.0.0")
    repository.commit("fix: inside #2", {"p/work.txt": "x"})
    repository.commit("fix: outside #3", {"work.txt": "x"})
    ended = called("changelog.draft", "--json", cwd=repository.root / "p")
    assert (ended.code, ended.json["added"]) == (0, 2)


def test_a_missing_cliff_toml(fixed: Repository) -> None:
    fixed.commit("chore: drop it", {"cliff.toml": None})
    before = fixed.snapshot()
    ended = run("changelog.draft", "--write", cwd=fixed.root)
    assert (ended.code, ended.out) == (2, "")
    first, *_, last = ended.err.splitlines()
    assert first == f"error: {fixed.root} has no cliff.toml"
    assert last == "next: inv init --only cliff"
    assert fixed.snapshot() == before


def test_a_broken_cliff_toml(fixed: Repository) -> None:
    fixed.write({"cliff.toml": "[changelog\n"})
    before = fixed.snapshot()
    ended = draft(fixed, "--write")
    assert (ended.code, ended.out) == (2, "")
    assert "cliff.toml is not TOML: " in ended.err
    assert fixed.snapshot() == before


def test_a_read_only_changelog(fixed: Repository) -> None:
    (fixed.root / "CHANGELOG.md").chmod(0o444)
    before = fixed.snapshot()
    ended = run("changelog.draft", "--write", cwd=fixed.root)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith("error: CHANGELOG.md is read-only\n")
    assert fixed.snapshot() == before
    assert draft(fixed).code == 0


def test_a_changelog_that_is_not_utf8(fixed: Repository) -> None:
    fixed.write({"CHANGELOG.md": b"# changelog\n\n\xff\n"})
    ended = draft(fixed, "--write")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error: {fixed.root / 'CHANGELOG.md'}: byte 14 is not UTF-8\n")
    assert fixed.read("CHANGELOG.md") == b"# changelog\n\n\xff\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_drafting(fixed: Repository, tmp_path: Path, number: int) -> None:
    marker = tmp_path / "running"
    program(tmp_path / "bin", "git-cliff", f"touch {marker}; exec sleep 60")
    before = fixed.snapshot()
    env = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    ended = interrupted("changelog.draft", "--write", cwd=fixed.root, when=marker.exists, env=env, number=number)
    assert (ended.code, ended.out, ended.err.splitlines()[-1]) == (130, "", "interrupted")
    assert fixed.snapshot() == before


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_interrupted_while_writing(fixed: Repository, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def interrupt(*_words: object) -> None:
        raise KeyboardInterrupt

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", interrupt)
    else:
        monkeypatch.setattr(Path, "replace", interrupt)
    before = fixed.snapshot()
    ended = draft(fixed, "--write")
    assert (ended.code, ended.err) == (130, "interrupted\n")
    assert fixed.snapshot() == before


def test_git_cliffs_own_variables_change_nothing(fixed: Repository, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('[changelog]\nbody = "other"\n', "utf-8")
    env = {
        "GIT_CLIFF_CONFIG": str(tmp_path / "other.toml"),
        "GIT_CLIFF_OUTPUT": "CHANGELOG.md",
        "GIT_CLIFF_TEMPLATE": "other",
    }
    before = fixed.snapshot()
    ended = run("changelog.draft", cwd=fixed.root, env=env)
    assert (ended.code, ended.out.splitlines()[2]) == (0, "### fixes")
    assert fixed.snapshot() == before


def test_the_draft_satisfies_the_check(fixed: Repository) -> None:
    assert draft(fixed, "--write").code == 0
    assert called("changelog.check", "--version=1.0.1", cwd=fixed.root).code == 0


def test_what_the_audit_calls_covered_the_check_accepts(sample: Repository) -> None:
    sample.commit("fix: mend\n\nFixes other/project#7\n")
    assert called("audit.commits", cwd=sample.root).code == 0
    assert draft(sample, "--write").code == 0
    ended = called("changelog.check", "--version=1.0.1", cwd=sample.root)
    assert (ended.code, ended.out) == (0, "1.0.1: 0 findings\n")


def test_an_issue_of_our_own_written_out_is_not_drafted_twice(sample: Repository) -> None:
    begun = f"# changelog\n\n## v1.1.0 (2024-02-01)\n\n### fixes\n\n- my words of it {issue(2)}\n"
    sample.commit("fix: mend\n\nFixes owner/sample#2\n", {"CHANGELOG.md": begun})
    assert draft(sample, "--json").json["added"] == 0


def test_without_a_repository_no_link_is_invented(tmp_path: Path) -> None:
    sample = released(tmp_path / "s")
    content = pyproject("1.0.0").replace('Repository = "https://github.com/owner/sample"\n', "")
    sample.commit("fix: mend #2", {"pyproject.toml": content})
    ended = draft(sample)
    assert ended.code == 0
    assert "(https://github.com//issues" not in ended.out


def test_a_second_commit_on_an_issue_is_told_of(sample: Repository) -> None:
    sample.commit("feat: widget #5")
    assert draft(sample, "--write").code == 0
    before = text(sample)
    sample.commit("fix: widget crashed\n\nRefs #5")
    ended = draft(sample, "--write")
    assert text(sample) == before
    assert "widget crashed: an entry links its issues or says the same already" in ended.err


def test_an_entry_whose_commit_was_reverted_is_told_of(sample: Repository) -> None:
    sample.commit("feat: gone #2")
    assert draft(sample, "--write").code == 0
    sample.git("commit", "--quiet", "--all", "-m", "chore: write")
    sample.commit('Revert "feat: gone #2"')
    assert "feat: gone #2: drafted before, and taken back since" in draft(sample, "--write").err


def test_commits_that_git_cliff_ignores_have_no_entry(sample: Repository) -> None:
    ignored = sample.commit("feat: unseen #2")
    sample.commit("feat: seen #3", {".cliffignore": f"{ignored}\n"})
    out = draft(sample).out
    assert "seen #3" in out
    assert "unseen" not in out


def test_the_projects_own_rewording_of_commits(sample: Repository) -> None:
    rewording = "[git]\ncommit_preprocessors = [{ pattern = 'widget', replace = 'gadget' }]\n"
    sample.commit("feat: widget #2", {"cliff.toml": rewording})
    assert "- gadget" in draft(sample).out


def test_nothing_with_a_section_says_what_to_do(sample: Repository) -> None:
    sample.commit("ci: turn")
    ended = draft(sample, "--write")
    assert (ended.code, "by hand" in ended.err) == (0, True)


def test_a_section_that_the_settings_do_not_have_is_for_a_person_to_place(tmp_path: Path) -> None:
    sample = released(tmp_path / "s", 'changelog.sections = ["fixes"]\n')
    sample.commit("feat!: widget #2")
    sample.commit("fix: mend #3")
    out = draft(sample).out
    assert [line for line in out.splitlines() if line.startswith("### ")] == ["### fixes", "### to be placed"]
