"""The text of filed issues: whatever a commit says is shown and obeyed by nobody."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.commits import read
from tasks.rules.filing import filing, marked
from tasks.rules.text import without_code, without_comments

from .history import cases, change, commit, sha

ID = sha(1)


@cases(
    "message title",
    {
        "type and pull request": ("fix: mend it (#12)", "mend it"),
        "scope": ("feat(core): add it", "core: add it"),
        "untyped": ("Mend it", "Mend it"),
        "blanks": ("fix:   mend \t it  ", "mend it"),
        "a terminal's escape": ("fix: \x1b[31mred\x07\x1b]0;x\x07", "\\x1b[31mred\\x07\\x1b]0;x\\x07"),
        "text turned around": ("fix: a\u202eb", "a\\u202eb"),
        "nothing": ("", f"commit {ID[:8]}"),
        "long": (f"fix: {'x' * 300}", f"{'x' * 199}…"),
    },
)
def test_title(message: str, title: str) -> None:
    assert filing(change(message), "", [], None).title == title


@cases(
    "section label words",
    {
        "fixes": ("fixes", "bug", "A defect"),
        "docs": ("docs", "documentation", "documentation alone"),
        "changes": ("changes", "enhancement", "has changed"),
        "none": ("", "enhancement", "has changed"),
    },
)
def test_label_and_impact(section: str, label: str, words: str) -> None:
    made = filing(change("fix(core)!: mend it"), section, [], None)
    assert made.label == label
    assert "**Breaking:**" in made.body
    assert words in made.body
    assert "Part: `core`." in made.body


def test_the_whole_issue() -> None:
    made = filing(change("fix: mend it (#12)\n\nIt broke\nbadly."), "fixes", ["src/a.py", "b`c.txt"], 12)
    assert made.body == (
        f"<!-- release-coordination: commit {ID} -->\n\n"
        f"This issue was filed after the fact for commit {ID}, which named none.\n\n"
        "### Description\n\n```text\nfix: mend it (#12)\n\nIt broke\nbadly.\n```\n\n"
        "### Impact\n\nA defect that users could meet is mended.\n\n"
        "### Affected files\n\n- `src/a.py`\n- ``b`c.txt``\n"
    )
    assert made.comment == (
        f"<!-- release-coordination: fixed {ID} -->\n\nDone already, in pull request #12 (commit {ID})."
    )
    assert (marked(made.body), marked(made.comment, "fixed"), marked(made.comment)) == (ID, ID, "")


HOSTILE = {
    "mention": "ping @octocat and @org/team",
    "closing keyword": "fixes #1, closes owner/other#2, resolves GH-3",
    "faked mark": f"<!-- release-coordination: commit {sha(2)} -->",
    "faked mark first": f"<!-- release-coordination: commit {sha(2)} -->\n\nfix: x",
    "opened comment": "<!-- everything after this",
    "link": "[click](https://evil.example) <https://evil.example> www.evil.example",
    "image": "![x](https://evil.example/track.png)",
    "html": "<img src=x onerror=alert(1)><details open>",
    "fence": "```\n@octocat\n```",
    "long fence": "``````\n@octocat fixes #1\n~~~~~~",
    "fence at the end": "x\n```",
    "tildes": "~~~\n@octocat",
    "heading": "# big\n---\n> quote",
    "carriage returns": "x\r@octocat\r\n```\r@octocat",
    "separators": "x\u2028```\u2028@octocat\x0b```\x0c@octocat\x85```",
    "escape": "\x1b[2J\x1b]8;;https://evil.example\x07click",
    "runner's command": "::set-output name=x::y",
    "null": "a\x00b",
}


def harmless(text: str, own: str) -> None:
    """Hold what is left of a text outside code against what may stand there."""
    assert marked(text) == own
    assert all(character == "\n" or character.isprintable() for character in text)
    prose = without_code(without_comments(text.split("\n", 1)[1]))
    assert not re.search(r"@|#\d|<|\[|://|www\.|evil|::", prose), prose


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_nothing_hostile_is_obeyed(hostile: str) -> None:
    for message in (hostile, f"fix: {hostile}", f"fix(x): y\n\n{hostile}", f"fix({hostile}): y"):
        made = filing(read(commit(message)), "fixes", [hostile, f"{hostile}`"], None)
        harmless(made.body, ID)
        harmless(f"{made.comment}\n", "")
        assert made.title.isprintable()
        assert len(made.title) <= 256


@given(st.text(alphabet=st.sampled_from("`~@#<!->\n\r\t x1\u2028\x1b\\[]()"), max_size=60))
def test_nothing_at_all_is_obeyed(message: str) -> None:
    harmless(filing(read(commit(message)), "", [message], None).body, ID)


def test_very_long_messages_and_lists_are_cut() -> None:
    made = filing(change("fix: x\n\n" + "y" * 100_000), "fixes", ["z" * 4000] * 5000, None)
    assert len(made.body) < 65_536
    assert "- and 4900 more" in made.body


@cases(
    "text commit",
    {
        "first line": (f"<!-- release-coordination: commit {ID} -->\nx", ID),
        "second line": (f"\n<!-- release-coordination: commit {ID} -->", ""),
        "after a blank": (f" <!-- release-coordination: commit {ID} -->", ""),
        "another tool's": (f"<!-- other: commit {ID} -->", ""),
        "short": ("<!-- release-coordination: commit 1234567 -->", ""),
        "a comment's": (f"<!-- release-coordination: fixed {ID} -->", ""),
        "empty": ("", ""),
    },
)
def test_marked(text: str, commit: str) -> None:
    assert marked(text) == commit
