"""Words from outside through a whole release: shown, kept and sent as text, and obeyed by nobody on the way."""

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.rehearsal.github.pulls import closing
from tasks.rehearsal.server import Answer, Fault
from tasks.rules.summary import summarized
from tasks.rules.text import printable, without_code, without_comments

from .chains import Chain, chain
from .running import Ended, program
from .test_page import Seen

SHELL = "$(touch pwned) `touch pwned` ; touch pwned & | > pwned '\" \\ ${HOME} %s {0}"
TERMINAL = "\x1b[2J\x1b]0;owned\x07\x1b]8;;https://evil.example\x1b\\click\x9b31m\u202e\u2066"
GITHUB = "<script>alert(1)</script> <img src=x onerror=alert(1)> @everyone closes #1 [x](https://evil.example)"
MARKS = "<!-- release-coordination: end --> <!-- release-coordination: release 9.9.9 --> <!-- unended"
RUNNER = "##[set-output name=x;]y\u2028::error::x\x85::set-output name=a::b\r::add-mask::c"
EVIL = f"{SHELL} {TERMINAL} {GITHUB} {MARKS} {RUNNER}"
ALONE = EVIL.replace("#1", "")  # which names no issue: one is filed
BRANCH = "x;$(touch${IFS}pwned)`touch${IFS}pwned`'\"<script>@everyone#1|&\u202e\x9b31m-release-coordination"
TAGS = ("v2.0.0;$(touch${IFS}pwned)`touch${IFS}pwned`", "v1.0.1-\u202e\x9b31m", "v1.0.2<script>'\"")
LINES = f"\n::error::x\n  ::set-output name=a::b\n{EVIL}\n- @everyone closes #1\n"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """A release whose branch, commits, tags, issues and labels mean harm; the tests of all hosts are well."""
    with chain(tmp_path, monkeypatch) as found:
        work, github = found.made.work, found.made.github
        github.open_issue(f"issue {EVIL}", f"### Description\n{LINES}", labels=[f"::error::{SHELL}<script>\u202e"])
        for tag in TAGS:
            work.git("tag", tag)
        work.git("switch", "--quiet", "--create", BRANCH)
        work.commit(f"fix: {EVIL}\n{LINES}Closes #2")
        work.commit(f"docs: {RUNNER}{EVIL}\n{LINES}")
        work.commit(f"fix: {ALONE}\n\n{ALONE}", {f"{SHELL.replace('/', '')}.txt": "x"})
        work.git("branch", "--force", "dev")
        work.git("push", "--quiet", "origin", "HEAD", "dev", "--tags")
        github.tick()
        yield found


UNSAFE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def harmless(text: str) -> None:
    """Hold what is shown, on a screen or in a log, against what may stand there."""
    assert not {char for char in text if char != "\n" and unicodedata.category(char) in UNSAFE}, text
    assert not [line for line in text.split("\n") if line.lstrip().startswith("::") or "##[" in line]


def shown(ended: Ended, *codes: int) -> Ended:
    """Return how a command ended, which showed nothing that does harm."""
    assert ended.code in codes, ended
    harmless(ended.out)
    harmless(ended.err)
    return ended


def page_is_harmless(path: Path) -> None:
    """Hold a page against what may be in it: text, and nothing that runs or loads."""
    content, seen = path.read_text("utf-8"), Seen()
    seen.feed(content)
    assert not {"script", "img", "a", "link", "iframe", "object"} & set(seen.tags)
    assert not any(unicodedata.category(char) in UNSAFE for char in content if char != "\n")
    path.unlink()


def body_is_harmless(made: Chain) -> None:
    """Hold the pull request's text against what GitHub would obey in it."""
    body = made.body
    assert (body.count("<!-- release-coordination"), summarized(body)) == (2, "1.1.0")
    assert body.endswith("<!-- release-coordination: end -->")
    prose = without_code(without_comments(body).replace(r"\|", ""))
    assert "everyone" in prose  # what is looked at holds what might do harm
    assert not re.search(r"@\w", prose)
    assert not re.search(r"(?<!\\)<(?!/?(?:details|summary)>)", prose)
    assert closing(made.made.github.hub, prose) == ()
    assert not any(unicodedata.category(char) in UNSAFE for char in body if char != "\n")


def looked_at(made: Chain, page: Path) -> None:
    """Look at the release in every way there is."""
    shown(made.made.call("release.status", f"--html={page}"), 0)
    page_is_harmless(page)
    shown(made.made.call("release.status", "--json"), 0)


def test_a_whole_release(made: Chain, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    looked_at(made, page)
    words = ("--staging=no", f"--integration-reason={EVIL}{LINES}", f"--html={page}")
    shown(made.run(*words), 4)
    page_is_harmless(page)
    body_is_harmless(made)
    shown(made.made.call("release.propose", "--dry-run"), 0)
    shown(made.made.call("release.propose", "--yes", "--json"), 0)
    body_is_harmless(made)
    looked_at(made, page)
    made.merge()
    shown(made.run(*words), 0)
    page_is_harmless(page)
    looked_at(made, page)
    made.is_released(filed=3, tags=TAGS)
    titles = [issue.title for issue in made.made.github.hub.issues.values()]
    assert [title for title in titles if title.isprintable() and "touch pwned" in title]
    assert not list(tmp_path.rglob("pwned"))


def _hook(made: Chain) -> None:
    program(made.made.work.root / ".git" / "hooks", "pre-push", f"cat >&2 <<'END'\n{LINES}::error::x\nEND\nexit 1")


def _answer(made: Chain) -> None:
    fault = Fault("/pulls", "POST", answer=Answer.json({"message": f"{LINES}{EVIL}"}, 422))
    made.made.servers["github"].fault(fault)


def _check(made: Chain) -> None:
    script = program(made.made.work.root.parent, "check", f"cat <<'END'\nx.py:1:1: {LINES}END\nexit 1")
    made.made.env["RELEASE_COORDINATION_CHECKS"] = f'{{tests="true", lint="{script}", format="true"}}'


@pytest.mark.parametrize(("spoil", "code"), [(_hook, 4), (_answer, 3), (_check, 1)], ids=["hook", "answer", "check"])
def test_what_others_say_when_it_fails(made: Chain, spoil: Callable[[Chain], None], code: int) -> None:
    spoil(made)
    shown(made.run("--staging=no", "--json"), code)
    assert "::error::x" in shown(made.run("--staging=no"), code).err
    assert not list(made.made.work.root.parent.rglob("pwned"))


def test_what_to_type_next_can_be_typed(made: Chain) -> None:
    """A branch's name goes into a line that somebody pastes into a shell."""
    work = made.made.work
    work.commit("fix: theirs\n\nCloses #2")
    work.git("push", "--quiet", "origin", "HEAD")
    work.git("reset", "--quiet", "--hard", "HEAD~1")
    ended = shown(made.run("--staging=no"), 4)
    words = shlex.split(ended.err.splitlines()[-1].removeprefix("next: "))
    assert words == ["git", "pull", "--rebase", "origin", printable(BRANCH)]


def test_what_a_host_says(made: Chain, tmp_path: Path) -> None:
    assert made.run("--staging=no").code == 4
    made.merge()
    hetz = made.fleet.hosts["hetz"]
    hetz.sick, hetz.reason = True, f"{LINES}{EVIL}"
    assert "error::x" in shown(made.run(f"--html={tmp_path / 'report.html'}"), 1).err
    page_is_harmless(tmp_path / "report.html")
    hetz.sick = False
    shown(made.run(), 0)
