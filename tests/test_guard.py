"""The guard where it stands: real pushes to a real remote, and the agent's hook as an agent starts it."""

import ast
import io
import json
import re
import resource
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.rules.hooks import AGENT, FOLDER, with_agent, without_agent
from tasks.sentry import FILES

from .repositories import CHECKOUT, Repository, released
from .rules.test_purity import STANDARD
from .running import Ended, arguments, called, changed, run

_STABLE = 'stable-branch = "main"\n'


class Clone(Repository):
    """A project with a bare remote, `origin`, that has its first release; on the branch `topic`."""

    @property
    def remote(self) -> Path:
        return self.root.parent / "remote.git"

    @property
    def hook(self) -> Path:
        return self.root / ".git" / "hooks" / "pre-push"

    def refs(self) -> str:
        """Return every ref of the remote with what it points to."""
        return self.git("ls-remote", str(self.remote))

    def push(self, *words: str, env: dict[str, str | None] | None = None, cwd: Path | None = None) -> Ended:
        """Push as a person types it."""
        argv = ["git", "push", *words]
        done = subprocess.run(argv, cwd=cwd or self.root, env=changed(env), capture_output=True, check=False, text=True)
        return Ended(done.returncode, done.stdout, done.stderr)

    def settings(self) -> Any:
        return json.loads((self.root / ".claude" / "settings.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def clone_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("templates") / "guarded"
    clone = Clone(root / "work", released(root / "first", _STABLE))
    clone.git("init", "--quiet", "--bare", "--initial-branch=main", str(clone.remote))
    clone.git("remote", "add", "origin", "../remote.git")
    clone.git("push", "--quiet", "origin", "main")
    clone.branch("topic")
    clone.commit("feat: more #2")
    clone.tag("v1.1.0")
    clone.tag("v1.2.0", annotated=True)
    clone.tag("nightly")
    return root


@pytest.fixture
def clone(clone_template: Path, tmp_path: Path) -> Clone:
    shutil.copytree(clone_template, tmp_path, symlinks=True, dirs_exist_ok=True)
    clone = Clone(tmp_path / "work")
    clone.count = 2
    return clone


@pytest.fixture
def guarded(clone: Clone) -> Clone:
    assert called("guard.install", cwd=clone.root).code == 0
    return clone


_REFUSED = {
    "the stable branch": ["origin", "main"],
    "by its full name": ["origin", "HEAD:refs/heads/main"],
    "from another branch": ["origin", "topic:main"],
    "by force": ["--force", "origin", "+topic:main"],
    "its deletion": ["origin", ":main"],
    "its deletion, spelled out": ["origin", "--delete", "main"],
    "all branches": ["--all", "origin"],
    "a mirror": ["--mirror", "origin"],
    "all tags": ["--tags", "origin"],
    "the tags that follow": ["--follow-tags", "origin", "topic"],
    "a version's tag": ["origin", "v1.1.0"],
    "an annotated one": ["origin", "v1.2.0"],
    "a tag under another name": ["origin", "nightly:refs/tags/v1.3.0"],
    "a pattern": ["origin", "refs/tags/*:refs/tags/*"],
    "one among others": ["origin", "topic", "v1.1.0"],
    "what matches": ["origin", ":"],
    "to another address": ["../remote.git", "topic:main"],
}


@pytest.mark.parametrize("words", _REFUSED.values(), ids=_REFUSED)
def test_a_push_that_is_refused(guarded: Clone, words: list[str]) -> None:
    guarded.git("branch", "-f", "main", "topic")
    before = guarded.refs()
    ended = guarded.push(*words)
    assert ended.code != 0
    assert "release-guard: this push" in ended.err
    assert "release-guard: next: " in ended.err
    assert guarded.refs() == before


_THROUGH = {
    "a topic branch": ["origin", "topic"],
    "with upstream": ["--set-upstream", "origin", "HEAD"],
    "the current branch": ["origin", "HEAD"],
    "another name": ["origin", "HEAD:refs/heads/feature/main"],
    "a branch called like a version": ["origin", "HEAD:refs/heads/v1.x"],
    "another tag": ["origin", "nightly"],
    "by force": ["--force", "origin", "topic"],
}


@pytest.mark.parametrize("words", _THROUGH.values(), ids=_THROUGH)
def test_a_push_that_goes_through(guarded: Clone, words: list[str]) -> None:
    before = guarded.refs()
    ended = guarded.push(*words)
    assert ended.code == 0, ended.err
    assert guarded.refs() != before


def test_a_push_without_a_refspec(guarded: Clone) -> None:
    guarded.git("push", "--quiet", "--set-upstream", "origin", "topic")
    guarded.commit("feat: again #2")
    assert guarded.push().code == 0
    assert guarded.push().code == 0  # nothing to push is nothing to refuse
    guarded.switch("main")
    guarded.git("branch", "--set-upstream-to=origin/main")
    guarded.commit("feat: on the stable branch #2")
    before = guarded.refs()
    assert "the stable branch main" in guarded.push().err
    assert guarded.refs() == before


def test_deleting_a_topic_branch_and_a_released_tag(guarded: Clone) -> None:
    guarded.push("--no-verify", "origin", "topic", "v1.1.0")
    before = guarded.refs()
    assert "deletes the version tag v1.1.0" in guarded.push("origin", ":v1.1.0").err
    assert guarded.refs() == before
    assert guarded.push("origin", ":topic").code == 0


@pytest.mark.parametrize("tag", ["v1.1.0", "v1.2.0"])
def test_the_maintainers_way_through(guarded: Clone, tag: str) -> None:
    """The permit is for one ref and one object; of an annotated tag that is the tag object."""
    object_, other = guarded.git("rev-parse", f"refs/tags/{tag}"), guarded.git("rev-parse", "main")
    for permit in (f"refs/tags/{tag} {other}", f"refs/tags/v9.9.9 {object_}", f"refs/tags/{tag}", object_, "1"):
        assert guarded.push("origin", tag, env={"RELEASE_COORDINATION_PUSH": permit}).code != 0
    env: dict[str, str | None] = {"RELEASE_COORDINATION_PUSH": f"refs/tags/{tag} {object_}"}
    before = guarded.refs()
    assert guarded.push("origin", tag, "topic:main", env=env).code != 0
    assert guarded.refs() == before
    assert guarded.push("origin", f"refs/tags/{tag}", env=env).code == 0
    assert f"refs/tags/{tag}" in guarded.refs()


def test_the_permit_is_no_setting(guarded: Clone) -> None:
    assert called("version.show", cwd=guarded.root, env={"RELEASE_COORDINATION_PUSH": "refs/tags/v1 abc"}).code == 0


def test_installing_again_changes_nothing(guarded: Clone) -> None:
    times = {path: path.stat().st_mtime_ns for path in (guarded.root / ".git" / FOLDER).rglob("*") if path.is_file()}
    ended = called("guard.install", cwd=guarded.root)
    assert (ended.code, ended.out) == (0, "nothing to change: the guard is in place\n")
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())


def test_installing_again_repairs(guarded: Clone) -> None:
    guarded.hook.chmod(0o644)
    (guarded.root / ".git" / FOLDER / "rules" / "pushes.py").write_text("", "utf-8")
    assert guarded.push("origin", "main").code == 0  # git passes over a hook that is no program
    (guarded.root / ".git" / FOLDER / "scope.json").unlink()
    assert called("guard.install", cwd=guarded.root).out.splitlines() == [
        "write .git/release-guard",
        "write .git/hooks/pre-push",
    ]
    assert "the version tag" in guarded.push("origin", "v1.1.0").err


def test_the_settings_count_when_it_is_installed(guarded: Clone) -> None:
    guarded.write({"release-coordination.toml": 'stable-branch = "topic"\n'})
    assert "the stable branch main" in guarded.push("origin", "topic:main").err
    assert called("guard.install", cwd=guarded.root).out == "write .git/release-guard\n"
    assert "the stable branch topic" in guarded.push("origin", "topic").err


def test_a_dry_run_changes_nothing(clone: Clone) -> None:
    before = sorted((clone.root / ".git").rglob("*"))
    ended = called("guard.install", "--agent", "--dry-run", cwd=clone.root)
    assert ended.out.splitlines() == [
        "would write .git/release-guard",
        "would write .git/hooks/pre-push",
        "would write .claude/settings.json",
    ]
    assert sorted((clone.root / ".git").rglob("*")) == before
    assert not (clone.root / ".claude").exists()
    document = called("guard.install", "--dry-run", "--json", cwd=clone.root)
    assert json.loads(document.out)["done"] is False


def test_removing_it_leaves_nothing(clone: Clone) -> None:
    before = clone.snapshot()
    git = {path for path in (clone.root / ".git").rglob("*") if "objects" not in path.parts}
    assert called("guard.install", "--agent", cwd=clone.root).code == 0
    assert called("guard.install", "--remove", cwd=clone.root).code == 0
    assert {path for path in (clone.root / ".git").rglob("*") if "objects" not in path.parts} == git
    assert clone.snapshot() == before
    assert called("guard.install", "--remove", cwd=clone.root).out == "nothing to change: the guard is not there\n"
    assert clone.push("origin", "topic:main").code == 0


def test_remove_takes_no_other_flag(clone: Clone) -> None:
    ended = called("guard.install", "--remove", "--agent", cwd=clone.root)
    assert (ended.code, ended.err.splitlines()[0]) == (2, "error: --remove takes everything away")


def _foreign(clone: Clone, script: str) -> str:
    clone.hook.parent.mkdir(exist_ok=True)
    clone.hook.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    clone.hook.chmod(0o755)
    return clone.hook.read_text("utf-8")


def test_another_hook_is_left_alone(clone: Clone) -> None:
    text = _foreign(clone, "exit 0")
    ended = called("guard.install", cwd=clone.root)
    assert ended.code == 4
    assert f"{clone.hook} is another hook" in ended.err
    assert "next: inv guard.install --chain" in ended.err
    assert clone.hook.read_text("utf-8") == text
    assert not (clone.root / ".git" / FOLDER).exists()


def test_another_hook_is_kept_and_run_after_the_guard(clone: Clone) -> None:
    text = _foreign(clone, 'cat > seen; echo "$@" >> seen; test ! -e refuse')
    chained = called("guard.install", "--chain", cwd=clone.root)
    assert "keep .git/hooks/pre-push as pre-push.local" in chained.out
    assert called("guard.install", cwd=clone.root).out == "nothing to change: the guard is in place\n"
    assert clone.push("origin", "topic:main").code != 0
    assert not (clone.root / "seen").exists()
    head = clone.head
    assert clone.push("origin", "topic").code == 0
    assert (clone.root / "seen").read_text("utf-8").splitlines() == [
        f"refs/heads/topic {head} refs/heads/topic {'0' * 40}",
        "origin ../remote.git",
    ]
    clone.write({"refuse": ""})
    assert clone.push("origin", "topic:other").code != 0
    assert called("guard.install", "--remove", cwd=clone.root).code == 0
    assert clone.hook.read_text("utf-8") == text
    assert not clone.hook.with_name("pre-push.local").exists()


def test_two_other_hooks_are_one_too_many(clone: Clone) -> None:
    _foreign(clone, "exit 0")
    clone.hook.with_name("pre-push.local").write_text("#!/bin/sh\n", "utf-8")
    ended = called("guard.install", "--chain", cwd=clone.root)
    assert ended.code == 4
    assert "pre-push.local is there already" in ended.err


def test_a_folder_of_hooks_of_its_own(clone: Clone) -> None:
    clone.git("config", "core.hooksPath", ".githooks")
    assert "write .githooks/pre-push" in called("guard.install", cwd=clone.root).out
    assert not clone.hook.exists()
    before = clone.refs()
    assert "the stable branch main" in clone.push("origin", "topic:main").err
    assert clone.refs() == before
    assert clone.push("origin", "topic").code == 0


def test_a_folder_of_hooks_that_others_share(clone: Clone, tmp_path: Path) -> None:
    mine = tmp_path / "gitconfig"
    mine.write_text(f"[core]\nhooksPath = {tmp_path / 'hooks'}\n", "utf-8")
    ended = called("guard.install", cwd=clone.root, env={"GIT_CONFIG_GLOBAL": str(mine)})
    assert ended.code == 4
    assert f"core.hooksPath is {tmp_path / 'hooks'}, set outside this repository" in ended.err
    assert not (tmp_path / "hooks").exists()


def test_a_work_tree_beside_it(guarded: Clone, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    guarded.git("worktree", "add", "--quiet", "-b", "other", str(beside))
    before = guarded.refs()
    assert "the stable branch main" in guarded.push("origin", "HEAD:main", cwd=beside).err
    assert guarded.refs() == before
    assert guarded.push("origin", "HEAD", cwd=beside).code == 0
    assert called("guard.install", cwd=beside).out == "nothing to change: the guard is in place\n"
    assert called("guard.install", "--remove", cwd=beside).code == 0
    assert not guarded.hook.exists()


def test_from_a_folder_of_the_work_tree(guarded: Clone) -> None:
    (guarded.root / "src").mkdir()
    assert "the stable branch main" in guarded.push("origin", "topic:main", cwd=guarded.root / "src").err
    assert guarded.push("origin", "topic", cwd=guarded.root / "src").code == 0


def test_the_stable_branch_is_the_remotes_default(clone: Clone) -> None:
    clone.write({"pyproject.toml": clone.read("pyproject.toml").decode().replace(_STABLE, "")})
    ended = called("guard.install", cwd=clone.root)
    assert ended.code == 2
    assert "next: git remote set-head origin --auto" in ended.err
    clone.git("remote", "set-head", "origin", "--auto")
    assert called("guard.install", cwd=clone.root).code == 0
    assert "the stable branch main" in clone.push("origin", "topic:main").err


def _without_python(tmp_path: Path) -> str:
    """Return a PATH with git and a shell's own programs, but no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("git", "sh", "dirname", "cat"):
        found = subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True)
        (folder / name).symlink_to(found.stdout.strip())
    return str(folder)


def test_without_any_python_nothing_is_pushed(guarded: Clone, tmp_path: Path) -> None:
    start = guarded.root / ".git" / FOLDER / "run"
    start.write_text(start.read_text("utf-8").replace(str(Path(sys.executable).resolve()), "/gone/python"), "utf-8")
    before = guarded.refs()
    ended = guarded.push("origin", "topic", env={"PATH": _without_python(tmp_path)})
    assert ended.code != 0
    assert "release-guard: the guard cannot run, so this is refused" in ended.err
    assert "next: a person types inv guard.install" in ended.err
    assert guarded.refs() == before
    assert guarded.push("origin", "topic").code == 0  # with another Python on PATH the guard runs


def test_the_environment_may_be_gone(guarded: Clone, tmp_path: Path) -> None:
    """The Python that is started is not the virtual environment's own."""
    start = (guarded.root / ".git" / FOLDER / "run").read_text("utf-8")
    assert sys.prefix not in start
    assert guarded.push("origin", "topic", env={"PATH": _without_python(tmp_path), "VIRTUAL_ENV": None}).code == 0


@pytest.mark.parametrize("damage", ["scope.json", "sentry.py", "rules/pushes.py", "run"])
def test_a_guard_with_a_part_missing_lets_nothing_through(guarded: Clone, damage: str) -> None:
    (guarded.root / ".git" / FOLDER / damage).unlink()
    before = guarded.refs()
    ended = guarded.push("origin", "topic")
    assert ended.code != 0
    assert "inv guard.install" in ended.err
    assert guarded.refs() == before


@pytest.mark.parametrize("content", ["", "{}", "x = (", "1 / 0"])
@pytest.mark.parametrize("damage", ["scope.json", "rules/pushes.py"])
def test_a_guard_that_is_broken_lets_nothing_through(guarded: Clone, damage: str, content: str) -> None:
    (guarded.root / ".git" / FOLDER / damage).write_text(content, "utf-8")
    before = guarded.refs()
    ended = guarded.push("origin", "topic")
    assert ended.code != 0
    assert "inv guard.install" in ended.err
    assert guarded.refs() == before


def _call(command: str, tool: str = "Bash", **given: str) -> str:
    return json.dumps({"tool_name": tool, "tool_input": {"command": command, **given}, "cwd": "."})


def _hook(clone: Clone, text: str, env: dict[str, str | None] | None = None) -> Ended:
    """Start the agent's hook as the settings name it."""
    (entry,) = clone.settings()["hooks"]["PreToolUse"]
    line = entry["hooks"][0]["command"]
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=clone.root,
        env=changed({"CLAUDE_PROJECT_DIR": str(clone.root), **(env or {})}),
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def denied(ended: Ended) -> str:
    """Return the reason of a denial, nothing when the call is allowed."""
    assert (ended.code, ended.err) == (0, "")
    if not ended.out:
        return ""
    document = ended.json["hookSpecificOutput"]
    assert (document["hookEventName"], document["permissionDecision"]) == ("PreToolUse", "deny")
    return str(document["permissionDecisionReason"])


@pytest.fixture
def watched(clone: Clone) -> Clone:
    assert called("guard.install", "--agent", cwd=clone.root).code == 0
    return clone


_CALLS = {
    "a push to the stable branch": (_call("git push origin main"), "the stable branch main"),
    "a version's tag": (_call("git tag v1.2.3"), "the version tag v1.2.3"),
    "a release": (_call("gh release create v1.2.3"), "changes releases"),
    "an edit of the hook": (_call("", "Edit", file_path=".git/hooks/pre-push"), "belongs to the guard"),
    "an edit of the settings": (_call("", "Write", file_path=".claude/settings.json"), "belongs to the guard"),
    "a merge by a server's tool": (_call("", "mcp__github__merge_pull_request", owner="o"), "merges"),
    "no JSON": ("git push origin main", "no JSON"),
    "nothing": ("", "no JSON"),
    "another shape": ("[]", "was told"),
    "no tool": ('{"tool_input": {"command": "ls"}}', "was told"),
    "no command": ('{"tool_name": "Bash", "tool_input": {}}', "without a command"),
    "a command that is no text": ('{"tool_name": "Bash", "tool_input": {"command": ["git"]}}', "without a command"),
    "an edit of nothing": ('{"tool_name": "Write", "tool_input": {}}', "without a path"),
    "depth": ("[" * 100_000, "no JSON"),
    "a command": (_call("ls -la && git status"), ""),
    "a push of the topic branch": (_call("git push -u origin HEAD"), ""),
    "a push without a refspec": (_call("git push"), ""),
    "an edit": (_call("", "Edit", file_path="src/x.py"), ""),
    "reading the hook": (_call("", "Read", file_path=".git/hooks/pre-push"), ""),
    "another tool": ('{"tool_name": "WebFetch", "tool_input": {"url": "x"}}', ""),
}


@pytest.mark.parametrize(("text", "reason"), _CALLS.values(), ids=_CALLS)
def test_the_agents_hook(watched: Clone, text: str, reason: str) -> None:
    said = denied(_hook(watched, text))
    assert (reason in said) if reason else not said


def test_settings_of_git_outside_the_repository_are_kept(watched: Clone) -> None:
    for path in (Path.home() / ".gitconfig", Path.home() / ".config" / "git" / "config"):
        assert "belongs to the guard" in denied(_hook(watched, _call("", "Edit", file_path=str(path))))
        assert "belongs to the guard" in denied(_hook(watched, _call(f"echo '[core]' >> {path}")))
        assert denied(_hook(watched, _call(f"cat {path}"))) == ""


@pytest.mark.parametrize(("text", "reason"), _CALLS.values(), ids=_CALLS)
def test_the_task_answers_the_same(clone: Clone, monkeypatch: pytest.MonkeyPatch, text: str, reason: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    said = denied(called("guard.check", cwd=clone.root))
    assert (reason in said) if reason else not said


def test_the_task_by_its_name(clone: Clone) -> None:
    ended = run("guard.check", "--project", str(clone.root), cwd=clone.root)
    assert "no JSON" in denied(ended)
    assert "no pyproject.toml" in denied(run("guard.check", "--project", "/nowhere", cwd=clone.root))


def test_the_branch_that_is_checked_out_counts(watched: Clone) -> None:
    watched.switch("main")
    assert "the stable branch main" in denied(_hook(watched, _call("git push")))
    watched.git("config", "alias.p", "push origin HEAD")
    assert "the stable branch main" in denied(_hook(watched, _call("git p")))
    assert denied(_hook(watched, _call("git switch topic && git p"))) == ""
    watched.git("config", "push.followTags", "true")
    assert "push.followTags is set" in denied(_hook(watched, _call("git push origin topic")))


def test_the_folder_of_the_call_counts(watched: Clone, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    watched.git("worktree", "add", "--quiet", str(beside), "main")
    call = json.dumps({"tool_name": "Bash", "tool_input": {"command": "git push"}, "cwd": str(beside)})
    assert "the stable branch main" in denied(_hook(watched, call))
    assert "the stable branch main" in denied(_hook(watched, _call(f"cd {beside} && git push")))
    assert denied(_hook(watched, call, {"CLAUDE_PROJECT_DIR": str(beside)})) != ""
    erased = _call(f"rm {beside}/.claude/settings.json")
    assert "belongs to the guard" in denied(_hook(watched, erased, {"CLAUDE_PROJECT_DIR": str(beside)}))


@pytest.mark.parametrize("damage", ["scope.json", "rules/guard.py"])
def test_a_broken_guard_denies(watched: Clone, damage: str) -> None:
    (watched.root / ".git" / FOLDER / damage).write_text("{}", "utf-8")
    assert "the guard failed" in denied(_hook(watched, _call("ls")))


@pytest.mark.parametrize("damage", ["run", "sentry.py"])
def test_an_agent_is_stopped_where_the_guard_cannot_run(watched: Clone, damage: str) -> None:
    """Exit code 2 is the refusal that needs no document; any other failure lets the call through."""
    (watched.root / ".git" / FOLDER / damage).unlink()
    ended = _hook(watched, _call("ls"))
    assert (ended.code, ended.out) == (2, "")
    assert "inv guard.install" in ended.err


def test_an_agent_is_stopped_without_any_python(watched: Clone, tmp_path: Path) -> None:
    start = watched.root / ".git" / FOLDER / "run"
    start.write_text(start.read_text("utf-8").replace(str(Path(sys.executable).resolve()), "/gone/python"), "utf-8")
    ended = _hook(watched, _call("ls"), {"PATH": _without_python(tmp_path)})
    assert (ended.code, ended.out) == (2, "")


def test_the_agents_hook_is_quick(watched: Clone) -> None:
    """Processor time, which a busy machine does not stretch: 0.07 s where this was written."""
    _hook(watched, _call("git push"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(5):
        _hook(watched, _call("git push"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 5 < 0.15


def test_what_an_agents_settings_hold_already_stays(clone: Clone) -> None:
    other = {"matcher": "Bash", "hooks": [{"type": "command", "command": "./mine.sh"}]}
    before = {"permissions": {"allow": ["Bash(ls)"]}, "hooks": {"PreToolUse": [other], "Stop": [other]}, "é": 1}
    text = json.dumps(before, indent="\t", ensure_ascii=False) + "\n"
    clone.write({".claude/settings.json": text})
    assert called("guard.install", "--agent", cwd=clone.root).code == 0
    after = clone.settings()
    assert after["hooks"]["PreToolUse"][0] == other
    assert [hook["command"] for hook in after["hooks"]["PreToolUse"][1]["hooks"]] == [AGENT]
    assert list(after) == list(before)
    once = clone.read(".claude/settings.json")
    assert once.startswith(b'{\n\t"permissions"')
    assert called("guard.install", "--agent", cwd=clone.root).out == "nothing to change: the guard is in place\n"
    assert clone.read(".claude/settings.json") == once
    assert called("guard.install", "--remove", cwd=clone.root).code == 0
    assert clone.read(".claude/settings.json").decode() == text


@pytest.mark.parametrize("text", ["{", "[]", '{"hooks": []}', '{"hooks": {"PreToolUse": {}}}'])
def test_settings_that_are_none_are_left_alone(clone: Clone, text: str) -> None:
    clone.write({".claude/settings.json": text})
    ended = called("guard.install", "--agent", cwd=clone.root)
    assert ended.code == 2
    assert clone.read(".claude/settings.json").decode() == text
    assert not clone.hook.exists()


def test_an_older_guard_is_replaced() -> None:
    older = {"hooks": {"PreToolUse": [{"hooks": [{"command": "sh .git/release-guard/run agent"}]}]}}
    assert with_agent(older) == with_agent({})
    assert without_agent(older) == {}
    assert without_agent({"hooks": {"Stop": []}}) == {"hooks": {"Stop": []}}


def test_the_installed_files_need_the_standard_library_and_each_other() -> None:
    own = {f".{Path(name).stem}" for name in FILES} | {"..errors"}
    for name in FILES[1:]:
        for node in ast.walk(ast.parse((CHECKOUT / "tasks" / name).read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert "." * node.level + (node.module or "") in STANDARD | own, name
            elif isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= STANDARD, name


def test_a_hook_starts_without_the_checkout(guarded: Clone, tmp_path: Path) -> None:
    """What was installed is whole: started in a folder of its own, by a Python that has nothing else."""
    moved = tmp_path / "moved"
    (guarded.root / ".git" / FOLDER).rename(moved)
    update = f"refs/heads/topic {guarded.head} refs/heads/main {'0' * 40}\n"
    argv = [sys.executable, "-I", "-S", str(moved / "sentry.py"), "pre-push"]
    done = subprocess.run(argv, input=update, cwd=tmp_path, capture_output=True, text=True, check=False, env={})
    assert done.returncode == 3
    assert "the stable branch main" in done.stderr


def test_the_page_of_the_guard_says_what_happens(clone: Clone) -> None:
    """Every command of docs/guard.md is typed; those that it calls refused are, all others do their work."""
    blocks = re.findall(r"```sh\n(.*?)```", (CHECKOUT / "docs" / "guard.md").read_text("utf-8"), re.DOTALL)
    typed = [line for block in blocks for line in block.splitlines()]
    assert len(typed) > 8
    for line in typed:
        command = line.replace("inv guard", shlex.join(arguments()) + " guard")
        argv = ["sh", "-c", command]
        done = subprocess.run(argv, cwd=clone.root, capture_output=True, text=True, check=False, env=changed(None))
        assert (done.returncode != 0) is line.endswith("# refused"), done.stderr
        assert ("deny" in done.stdout) is ("--tags" in line)
    assert "topic" in clone.refs()


def test_no_work_tree_no_guard(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n', "utf-8")
    ended = called("guard.install", cwd=tmp_path, env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert (ended.code, [path.name for path in tmp_path.iterdir()]) == (2, ["pyproject.toml"])
