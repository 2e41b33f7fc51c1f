"""Text from outside put into Markdown, so that GitHub shows it and obeys nothing in it."""

import re
from collections.abc import Callable

from .text import CODE_SPAN, printable

_FENCED = re.compile(r"^ {0,3}(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)\n.*?(?:^ {0,3}(?:\1`*|\2~*)[ \t]*$|\Z)", re.M | re.S)
# A keyword, and the begin of something that GitHub may take for an issue once it shows the text, also as a link.
_CLOSING = re.compile(
    r"\b(?P<word>(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+)(?=[#\\*_\[(<&~]\S*\d|[\w./-]+#\d|GH-\d|https?://)",
    re.I,
)
_MENTION = re.compile(r"(?<![\w`/@])@(?=\w)")


def span(text: str) -> str:
    """Return a short text as a code span: no mention, reference, closing keyword or link in it counts."""
    words = printable(text)
    ticks = "`" * (max(map(len, re.findall("`+", words)), default=0) + 1)
    padded = f" {words} " if words.startswith(("`", " ")) or words.endswith(("`", " ")) else words
    return f"{ticks}{padded or ' '}{ticks}"


def cell(text: str) -> str:
    """Return a short text as a code span that may stand in a table, and that nobody takes for a hidden mark."""
    return span(text.replace("<!--", "<! --")).replace("|", r"\|")


def fenced(text: str) -> str:
    """Return a text as a fenced block, whose fence is longer than any in it."""
    lines = [printable(line.replace("\t", "    ")).rstrip() for line in re.split(r"\r\n|\r|\n", text.strip())]
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return "\n".join((f"{fence}text", *lines, fence))


def unmentioned(markdown: str) -> str:
    """Return Markdown in which nobody is called by name: people who are thanked in notes want no mail of it."""
    return _outside_code(markdown, lambda text: _MENTION.sub("@<!-- -->", text))


def unclosing(markdown: str) -> str:
    """Return Markdown that closes no issue where it is merged: `fixes #1` becomes `fixes issue #1`."""
    return _outside_code(markdown, lambda text: _CLOSING.sub(r"\g<word>issue ", text))


def _outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Change what is neither in a fenced block nor in a code span."""
    changed, end = "", 0
    for block in _FENCED.finditer(markdown):
        changed += _outside_spans(markdown[end : block.start()], change) + block[0]
        end = block.end()
    return changed + _outside_spans(markdown[end:], change)


def _outside_spans(markdown: str, change: Callable[[str], str]) -> str:
    changed, end = "", 0
    for code in CODE_SPAN.finditer(markdown):
        changed += change(markdown[end : code.start()]) + code[0]
        end = code.end()
    return changed + change(markdown[end:])
