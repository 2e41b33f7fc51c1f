import re
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import Refused
from tasks.rules.agenttools import MATCHER, check_tool
from tasks.rules.guard import check_file, check_line
from tasks.rules.pushes import Guarded, Update, check_updates, permitted, read_updates
from tasks.rules.refspecs import Repository
from tasks.rules.shelllines import read
from tasks.rules.shellwords import quoted
from tasks.rules.surroundings import World

from .history import cases
from .lines import ALLOWED, FORBIDDEN

_ALIASES = {
    "alias.p": ("push",),
    "alias.pm": ("push origin master",),
    "alias.pp": ("pm",),
    "alias.rel": ("!git tag v1.2.3 && git push origin v1.2.3",),
    "alias.st": ("status",),
    "alias.lg": ("log --oneline 'v1.2.3'",),
    "alias.loop": ("loop",),
}
_TREES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "/r": ("topic", {"branch.topic.remote": ("origin",), "branch.topic.merge": ("refs/heads/topic",)}),
    "/m": ("master", {}),
    "/matching": ("topic", {"push.default": ("simple", "matching")}),
    "/mirror": ("topic", {"remote.origin.mirror": ("true",)}),
    "/mapped": ("topic", {"remote.origin.push": ("refs/heads/topic:refs/heads/master",)}),
    "/upstream": ("topic", {"push.default": ("upstream",), "branch.topic.merge": ("refs/heads/master",)}),
    "/follow": ("topic", {"push.followtags": ("true",)}),
    "/detached": ("", {}),
    "/series": ("v2.x", {}),
}
_BRANCHES = frozenset(["refs/heads/topic", "refs/heads/master", "refs/remotes/origin/master"])
KEPT = (
    "/r/.git/hooks/pre-push",
    "/r/.git/release-guard",
    "/r/.git/config",
    "/r/.claude/settings.json",
    "/r/.claude/settings.local.json",
    "/home/me/.gitconfig",
)


def look(folder: str) -> Repository | None:
    """Return one of the work trees; the first one also for a folder of it, and for where the line began."""
    branch, config = _TREES.get("/r" if folder in {"", "/r/src"} else folder, ("", None))
    return None if config is None else Repository(branch, _BRANCHES, {**_ALIASES, **config})


WORLD = World(Guarded("master", "v"), look, KEPT, ("release.yml", "auto-tag-on-master.yml"))


def verdict(line: str, world: World = WORLD) -> str:
    """Return why a line is refused, or nothing when it is allowed."""
    try:
        check_line(line, "/r", world)
    except Refused as refused:
        return str(refused)
    return ""


def lines(text: str) -> list[str]:
    """Return the command lines of a corpus."""
    return [line.replace("⏎", "\n") for line in text.strip("\n").split("\n")]


_FORBIDDEN = [(line, words) for words, text in FORBIDDEN.items() for line in lines(text)]
_ALLOWED = lines(ALLOWED)


@pytest.mark.parametrize(("line", "words"), _FORBIDDEN, ids=[line for line, _ in _FORBIDDEN])
def test_what_is_refused_and_why(line: str, words: str) -> None:
    assert words in verdict(line)


@pytest.mark.parametrize("line", _ALLOWED, ids=_ALLOWED)
def test_what_is_let_through(line: str) -> None:
    assert verdict(line) == ""


def test_the_corpus_is_large_and_names_nothing_twice() -> None:
    every = [line for line, _ in _FORBIDDEN] + _ALLOWED
    assert len(_FORBIDDEN) > 300
    assert len(_ALLOWED) > 200
    assert sorted(every) == sorted(set(every))


def test_no_command_line_is_refused_for_its_length() -> None:
    long = "x" * 100_000
    assert verdict(f"git commit -m '{long}'") == ""
    assert verdict("cat <<'END'\n" + "git push origin master\n" * 5_000 + "END") == ""
    assert "stable branch" in verdict(f"echo {long}\n" * 3 + "git push origin master")
    blank = " " * 100_000
    assert verdict(f"python - <<'END'\nrun{blank}put{blank}\nEND") == ""
    assert "stable branch" in verdict(f"python - <<'END'\nrun({blank}'git push origin master')\nEND")


def test_an_alias_that_stands_for_itself() -> None:
    assert "stands for itself" in verdict("git loop")


_SIMPLE = st.sampled_from(
    [
        ["git", "push", "origin", "master"],
        ["git", "push", "--tags"],
        ["git", "tag", "-a", "v1.2.3", "-m", "it's $5; done"],
        ["gh", "release", "create", "v1.2.3"],
        ["gh", "pr", "merge", "12"],
        ["twine", "upload", "dist/x.whl"],
        ["rm", "/r/.git/hooks/pre-push"],
    ]
)
_QUOTES = st.sampled_from(["", "'", '"', "\\", "$'"])


def _as_typed(word: str, quotes: list[str]) -> str:
    """Return a word whose letters are quoted in one way or another."""
    typed = ""
    for at, letter in enumerate(word):
        quote = quotes[at % len(quotes)]
        if quote == "'" and letter != "'":
            typed += f"'{letter}'"
        elif quote == "$'" and letter.isalnum():
            typed += f"$'\\x{ord(letter):x}'"
        elif quote == '"' and letter not in '$`"\\!':
            typed += f'"{letter}"'
        else:
            typed += letter if letter.isalnum() and quote != "\\" else f"\\{letter}"
    return typed


_PREFIXES = st.lists(
    st.sampled_from(
        ["sudo -u me ", "env A=1 B='2 3' ", "A=1 ", "timeout -k 5 60 ", "nohup ", "command ", "time -p ", "exec "]
    ),
    max_size=3,
).map("".join)
_AROUND = st.lists(
    st.sampled_from(
        [
            lambda line: f"sh -c {quoted(line)}",
            lambda line: f"env X=1 bash -lc {quoted(line)}",
            lambda line: f"eval {quoted(line)}",
            lambda line: f"( {line}\n)",
            lambda line: f"{{ {line}\n}}",
            lambda line: f"echo $( {line}\n)",
            lambda line: f'echo "a $( {line}\n) b"',
            lambda line: f"if true; then {line}\nfi",
            lambda line: f"true && {line}\n",
            lambda line: f"! {line}\n",
            lambda line: f"bash <<'THERE' >&2\n{line}\nTHERE",
            lambda line: f"x=1; cd /r; {line}\n",
            lambda line: f"printf 'x' | {line}\n",
            lambda line: f"case a in a) {line}\n;; esac",
            lambda line: f"# it's\n{line}\n",
        ]
    ),
    max_size=4,
)
_CALM = settings(derandomize=True, database=None, deadline=None, max_examples=400)


@_CALM
@given(_SIMPLE, _PREFIXES, st.lists(_QUOTES, min_size=1, max_size=5), _AROUND)
def test_what_is_forbidden_stays_so_however_it_is_wrapped(
    words: list[str], prefix: str, quotes: list[str], around: list[Callable[[str], str]]
) -> None:
    line = prefix + " ".join(_as_typed(word, quotes) for word in words)
    for wrap in around:
        line = wrap(line)
    assert verdict(line) != "", line


@_CALM
@given(st.text(st.sampled_from("git push master ;&|()<>{}$`'\"\\#\n\t=-vE0"), max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    verdict(text)
    verdict(f"git push {text}")
    verdict(f"sh -c {quoted(text)}")


@_CALM
@given(st.text(st.characters(codec=None), max_size=40))
def test_no_character_is_too_strange(text: str) -> None:
    assert "git" in text or "gh" in text or verdict(text) == ""
    verdict(f"git push origin {text}")


@_CALM
@given(st.lists(st.text(st.characters(exclude_characters="\0", codec=None), max_size=8), min_size=1, max_size=5))
def test_quoted_words_are_read_back(words: list[str]) -> None:
    line = " ".join(map(quoted, words))
    assert [command.words for command in read(line)] == [words]


_TYPED = st.lists(
    st.one_of(
        st.text("ab-=./", min_size=1, max_size=4),
        st.text('ab \\"#;$`\n(', max_size=5).map(lambda text: f"'{text}'"),
        st.text("ab '#;|(", max_size=5).map(lambda text: f'"{text}"'),
        st.sampled_from(
            ['"\\$\\`\\"\\\\\\x"', "\\ ", "\\'", "\\\n", "$'\\x41\\n\\101\\u00e9\\''", "a#b", '$"x"', "''"]
        ),
    ),
    min_size=1,
    max_size=4,
).map("".join)


@settings(derandomize=True, database=None, deadline=None, max_examples=40)
@given(st.lists(st.lists(_TYPED, min_size=1, max_size=4), min_size=5, max_size=25))
def test_words_are_those_that_bash_reads(typed: list[list[str]]) -> None:
    """One bash for many lines: each prints its words, ended by NUL, and a NUL more."""
    script = "p() { printf '%s\\0' \"$@\" ''; }\n" + "".join(f"p x {' '.join(words)}\n" for words in typed)
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    read_by_bash = done.stdout.decode("utf-8")
    ours = [command.words[1:] for command in read(script)][-len(typed) :]
    assert "".join("\0".join([*words, "", ""]) for words in ours) == read_by_bash


@cases(
    "path refused",
    {
        "hook": ("/r/.git/hooks/pre-push", True),
        "relative": ("x/../.git/hooks/pre-push", True),
        "rules": ("/r/.git/release-guard/rules/guard.py", True),
        "settings": ("/r/.claude/settings.json", True),
        "a version's tag": ("/r/.git/refs/tags/v1.2.3", True),
        "another tag": ("/r/.git/refs/tags/nightly", False),
        "another hook": ("/r/.git/hooks/pre-commit", False),
        "a source": ("/r/tasks/guard.py", False),
    },
)
def test_edits(path: str, refused: bool) -> None:
    if not refused:
        check_file(path, "/r", WORLD)
        return
    with pytest.raises(Refused):
        check_file(path, "/r", WORLD)


@cases(
    "tool given words",
    {
        "a merge": ("merge_pull_request", {"pullNumber": 5}, "merges"),
        "a merge later": ("enable_pull_request_auto_merge", {}, "merges"),
        "a release": ("create_release", {"tag_name": "v1.2.3"}, "changes releases"),
        "a tag": ("create_tag", {"tag": "v1.2.3"}, "changes releases"),
        "a ref": ("create_ref", {"ref": "refs/tags/v1.2.3"}, "changes releases"),
        "a ref, shortened": ("update_ref", {"ref": "heads/master"}, "changes releases"),
        "another ref": ("create_ref", {"ref": "refs/heads/topic"}, ""),
        "files": ("push_files", {"branch": "master"}, "stable branch"),
        "files, in full": ("push_files", {"branch": "refs/heads/master"}, "stable branch"),
        "files, nowhere": ("create_or_update_file", {"path": "x"}, "stable branch"),
        "files, elsewhere": ("push_files", {"branch": "topic"}, ""),
        "the release workflow": ("run_workflow", {"workflow_id": "release.yml"}, "makes the release"),
        "by its number": ("run_workflow", {"workflow_id": 123}, "makes the release"),
        "another workflow": ("run_workflow", {"workflow_id": "ci.yml"}, ""),
        "another method": ("actions_run_trigger", {"method": "rerun_failed_jobs", "run_id": 5}, ""),
        "one of many methods": ("actions_run_trigger", {"method": "run_workflow", "workflow_id": "release.yml"}, "may"),
    },
)
def test_the_tools_of_a_github_server(tool: str, given: dict[str, object], words: str) -> None:
    name = f"mcp__github__{tool}"
    assert re.fullmatch(MATCHER, name)
    if not words:
        check_tool(name, given, WORLD)
        return
    with pytest.raises(Refused, match=words):
        check_tool(name, given, WORLD)


def test_other_tools_are_not_looked_at() -> None:
    for name in ("mcp__github__get_pull_request", "mcp__github__create_pull_request", "merge_pull_request", "Read"):
        assert not re.fullmatch(MATCHER, name)
        check_tool(name, {}, WORLD)


_SHA, _NONE = "a1" * 20, "0" * 40


@cases(
    "ref permit what",
    {
        "topic": ("refs/heads/topic", "", ""),
        "branch like a version": ("refs/heads/v1.2.3", "", ""),
        "another tag": ("refs/tags/nightly", "", ""),
        "stable": ("refs/heads/master", "", "moves the stable branch master"),
        "tag": ("refs/tags/v1.2.3", "", "moves the version tag v1.2.3"),
        "tag permitted": ("refs/tags/v1.2.3", f"refs/tags/v1.2.3 {_SHA}", ""),
        "stable permitted": ("refs/heads/master", f"refs/heads/master {_SHA}", ""),
        "another tag's permit": ("refs/tags/v1.2.3", f"refs/tags/v1.2.4 {_SHA}", "moves the version tag v1.2.3"),
        "another commit's permit": ("refs/tags/v1.2.3", f"refs/tags/v1.2.3 {'b' * 40}", "moves the version tag v1.2.3"),
        "half a permit": ("refs/tags/v1.2.3", "refs/tags/v1.2.3", "moves the version tag v1.2.3"),
        "a star": ("refs/tags/v1.2.3", f"* {_SHA}", "moves the version tag v1.2.3"),
    },
)
def test_updates(ref: str, permit: str, what: str) -> None:
    updates = read_updates(f"refs/heads/topic {_SHA} {ref} {_NONE}\n")
    if not what:
        check_updates(updates, Guarded("master", "v"), permit)
        return
    with pytest.raises(Refused, match=what):
        check_updates(updates, Guarded("master", "v"), permit)


def test_a_permit_for_a_deletion_names_no_commit() -> None:
    deletion = Update(_NONE, "refs/tags/v1.2.3")
    assert permitted(deletion, f"refs/tags/v1.2.3 {_NONE}")
    with pytest.raises(Refused, match="deletes the version tag"):
        check_updates([deletion], Guarded("master", "v"), f"refs/tags/v1.2.3 {_SHA}")


def test_one_permit_does_not_cover_a_second_ref() -> None:
    both = [Update(_SHA, "refs/tags/v1.2.3"), Update(_SHA, "refs/heads/master")]
    with pytest.raises(Refused, match="stable branch"):
        check_updates(both, Guarded("master", "v"), f"refs/tags/v1.2.3 {_SHA}")


@pytest.mark.parametrize("text", ["x", "refs/heads/a b refs/heads/c d", f"a {_SHA} heads/x {_SHA}", f" {_SHA}  {_SHA}"])
def test_what_git_would_never_say_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="git told the hook"):
        read_updates(text)


@cases(
    "prefix tag guarded",
    {
        "no prefix": ("", "1.2.3", True),
        "no prefix, a name": ("", "nightly", False),
        "a word": ("release-", "release-1.0", True),
        "a word alone": ("release-", "release-x", False),
        "another prefix": ("v", "1.2.3", False),
    },
)
def test_prefixes(prefix: str, tag: str, guarded: bool) -> None:
    world = World(Guarded("main", prefix), look, KEPT)
    assert bool(verdict(f"git tag {tag}", world)) is guarded
    assert bool(verdict(f"git push origin {tag}", world)) is guarded
    assert verdict("git push origin master", world) == ""
