"""Issue references in commit messages (DESIGN.md section 5)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .text import without_code

_NUMBER = r"[1-9]\d{0,6}"
_REPOSITORY = r"[A-Za-z0-9][\w-]*/[\w.-]+"
_MENTION = re.compile(
    rf"""
    https?://[^/\s]+/(?P<link_repository>{_REPOSITORY})/issues/(?P<link>{_NUMBER})\b
    | https?://\S+                                                  # any other address, with its anchor
    | \b(?:PR|pull\ requests?)\s+\#{_NUMBER}\b                      # a pull request, by its name
    | (?<![\w&])\#\d{{6}}\b                                          # a colour
    | (?<![\w&])(?<!\D/)(?:(?<![.])(?P<repository>{_REPOSITORY}))?\#(?P<number>{_NUMBER})\b
    | (?<![\w-])GH-(?P<gh>{_NUMBER})\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PUNCTUATION = "[ \\t:.)(\u2014\u2013-]"
# A body line that opens with a number and goes on in words numbers the line: "#2 (version bump): …". A line of
# references alone ("- #12, #13") refers.
_LIST_NUMBER = re.compile(
    rf"^(?P<lead>\s*(?:[-*+]\s+)?)\#{_NUMBER}(?={_PUNCTUATION}+(?!{_PUNCTUATION})[^\s#])", re.MULTILINE
)
_LABEL = re.compile(rf"^(?P<lead>\s*(?:[-*+]\s+)?[A-Za-z]+ )\#(?P<number>{_NUMBER})(?=:)", re.MULTILINE)  # "Fix #1: …"
_CLOSING = re.compile(
    rf"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?[ \t]+"
    rf"(?:(?:{_REPOSITORY})?\#{_NUMBER}|GH-{_NUMBER}|https?://\S+/issues/{_NUMBER})\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """An issue that a commit names: its number, and its repository where that was written out (`owner/name`)."""

    number: int
    repository: str = ""

    def __str__(self) -> str:
        """Return it as people write it: `#12` or `owner/name#12`."""
        return f"{self.repository}#{self.number}"

    def within(self, repository: str) -> "Reference":
        """Return it as it is called in a repository: there its own issues are plain numbers."""
        return Reference(self.number) if self.repository.lower() == repository.lower() else self


def references(subject: str, body: str) -> tuple[Reference, ...]:
    """Return the issues named in a commit's subject (without its pull request) and body, each once, in their order.

    `#N`, `GH-N`, `owner/repo#N`, closing keywords and issue links count. Numbers that only number a list in the
    body do not; nor does anything inside code.
    """
    return tuple(dict.fromkeys([*_mentions(without_code(subject)), *_mentions(_prose(body))]))


def about(subject: str, body: str) -> tuple[Reference, ...]:
    """Return the issues a commit is about: those in its title and in squashed titles, those it closes; else all."""
    prose = _prose(body)
    closed = " ".join(match[0] for match in _CLOSING.finditer(prose))
    titles = "\n".join(line for line in prose.splitlines() if line.startswith("* "))
    named = dict.fromkeys([*_mentions(without_code(subject)), *_mentions(titles), *_mentions(closed)])
    return tuple(named) or references(subject, body)


def _prose(body: str) -> str:
    """Return a message's body without code and without the numbers that number its lists."""
    text = _LIST_NUMBER.sub(r"\g<lead> ", without_code(body))
    labels = {int(match["number"]) for match in _LABEL.finditer(text)}
    counted = next(number for number in range(1, len(labels) + 2) if number not in labels) - 1
    if counted < 2:  # noqa: PLR2004 - "Fix #1:" alone may mean issue 1; with "Fix #2:" after it, it counts
        return text
    return _LABEL.sub(lambda match: match["lead"] if int(match["number"]) <= counted else match[0], text)


def _mentions(text: str) -> Iterator[Reference]:
    for match in _MENTION.finditer(text):
        number = match["link"] or match["number"] or match["gh"]
        if number:
            yield Reference(int(number), match["link_repository"] or match["repository"] or "")
