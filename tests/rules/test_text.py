from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.text import plural, printable, unobeyed

from .history import cases


@cases(
    "text expected",
    {
        "plain": ("fix: x", "fix: x"),
        "other scripts": ("naïve, 日本語, עברית", "naïve, 日本語, עברית"),
        "emoji with joiners": ("👩\u200d🚀 ❤\ufe0f", "👩\u200d🚀 ❤\ufe0f"),
        "script with non-joiners": ("क्\u200cष", "क्\u200cष"),
        "blanks of other kinds": ("a\nb\rc\td", "a b c d"),
        "terminal escape": ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        "window title": ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        "backspace and NUL": ("a\b\0", r"a\x08\x00"),
        "delete": ("a\x7f", r"a\x7f"),
        "C1 escape": ("\x9b31m\x85", r"\x9b31m\x85"),
        "bidi override": ("\u202eabc\u202c", r"\u202eabc\u202c"),
        "bidi isolate": ("\u2066abc\u2069", r"\u2066abc\u2069"),
        "bidi mark": ("\u200fabc", r"\u200fabc"),
        "zero width blank and BOM": ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        "line and paragraph separators": ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        "private use": ("\ue000\U000f0000", r"\ue000\U000f0000"),
        "lone surrogate": ("\udc9b", r"\udc9b"),
        "tag characters": ("\U000e0041", r"\U000e0041"),
        "empty": ("", ""),
    },
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(st.text(st.characters(codec=None)))
def test_whatever_comes_in_is_one_line_and_stays_so(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown


@cases(
    "count noun expected",
    {
        "none": (0, "commit", "0 commits"),
        "one": (1, "commit", "1 commit"),
        "several": (2, "commit", "2 commits"),
        "one in y": (1, "entry", "1 entry"),
        "several in y": (3, "new entry", "3 new entries"),
    },
)
def test_plural(count: int, noun: str, expected: str) -> None:
    assert plural(count, noun) == expected


@cases(
    "line shown",
    {
        "a command": ("::error file=a.py,title=a:b::x", r"\::error file=a.py,title=a:b::x"),
        "after blanks": ("\u3000 ::set-output name=a::b", r"\::set-output name=a::b"),
        "in a line": ("fix: ::error::x", "fix: ::error::x"),
        "the old kind, anywhere": ("fix: a##[add-mask]x ##[b]", "fix: a#[add-mask]x #[b]"),
        "an address": ("::1 is here", "::1 is here"),
        "a path": ("::a", "::a"),
    },
)
def test_unobeyed(line: str, shown: str) -> None:
    assert unobeyed(line) == shown
