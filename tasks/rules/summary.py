"""The summary of a release, for whoever is asked to merge it: a block in the text of the pull request."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from .quoting import cell, unclosing, unmentioned
from .text import plural

_BEGIN = "<!-- release-coordination: release {version} -->"
_END = "<!-- release-coordination: end -->"
_BLOCK = re.compile(
    r"<!-- release-coordination: release (?P<version>\S+) -->.*?<!-- release-coordination: end -->", re.S
)
# Characters, of which GitHub takes 65,536 for the whole.
_MOST_TABLE = 11_000
_MOST_NOTES = 24_000
_MOST_CELL = 120
_MOST_LINES = 20

# The begin of a comment, with a backslash that keeps it from being one: before an entity it would be shown.
_COMMENT = re.compile(r"(?P<pairs>(?:\\\\)*)\\?<!--")
_TOOK = re.compile(r"\s*\bin \d[\d.]*\s?(?:ms|s|min)\b(?: \([\d:]+\))?")

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a release; `integration` and `staging` are lines of evidence, none where there is none.

    Rows are (vote, commit, title, why), (state, commit, title, issues) and (result, check, evidence).
    """

    version: str
    previous: str
    part: str
    votes: Rows
    notes: str
    audit: Rows
    checks: Rows
    integration: Sequence[str] = ()
    staging: Sequence[str] = ()


def title(version: str) -> str:
    """Return the pull request's title, which a squash makes the commit's."""
    return f"chore: release {version}"


def summary(facts: Facts) -> str:
    """Return the block; nothing in it that comes from outside is obeyed by GitHub."""
    parts = [
        _BEGIN.format(version=facts.version),
        f"### Release {facts.version}\n\n{facts.previous or 'The first release'} → **{facts.version}**"
        + (f" ({facts.part})" if facts.part else ""),
        *_details("Votes", plural(len(facts.votes), "commit"), ("vote", "commit", "title", "why"), facts.votes),
        f"### Changelog\n\n{_notes(facts.notes)}",
        *_details("Audit", _counted(facts.audit), ("state", "commit", "title", "issues"), facts.audit),
        *_details("Validation", _counted(facts.checks), ("result", "check", "evidence"), _steady(facts.checks)),
        _evidence("Integration", facts.integration, "no evidence was recorded"),
        _evidence("Staging", facts.staging, "no candidate was tried on a host"),
        _END,
    ]
    return "\n\n".join(parts)


def placed(body: str, block: str) -> str:
    """Return a pull request's text with the block in the place of an earlier one, else below what a person wrote."""
    text = body.replace("\r\n", "\n")
    if _BLOCK.search(text):
        return _BLOCK.sub(lambda _: block, text, count=1)
    return f"{text.rstrip()}\n\n{block}" if text.strip() else block


def summarized(body: str) -> str:
    """Return the version whose block stands in a pull request's text, or nothing."""
    match = _BLOCK.search(body)
    return match["version"] if match else ""


def _details(name: str, told: str, columns: Sequence[str], rows: Rows) -> Iterator[str]:
    shown = list(takewhile(lambda line: line[0] <= _MOST_TABLE, _running(map(_row, rows))))
    more = len(rows) - len(shown)
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *(line for _, line in shown)]
    lines += ["", f"and {more} more"] if more else []
    table = "\n".join(lines) if rows else "none"
    yield f"<details><summary>{name}: {told}</summary>\n\n{table}\n\n</details>"


def _running(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield each line with the characters up to its end."""
    total = 0
    for line in lines:
        total += len(line) + 1
        yield total, line


def _row(row: Sequence[str]) -> str:
    first, *rest = (text if len(text) <= _MOST_CELL else f"{text[: _MOST_CELL - 1]}…" for text in row)
    return f"| {first} | {' | '.join(cell(text) if text else '' for text in rest)} |"


def _steady(rows: Rows) -> Rows:
    """Return rows without how long things took, so that the same release gets the same text again."""
    return [[_TOOK.sub("", text) for text in row] for row in rows]


def _counted(rows: Rows) -> str:
    states = [row[0] for row in rows]
    return ", ".join(f"{states.count(state)} {state.lower()}" for state in dict.fromkeys(states)) or "nothing"


def _notes(markdown: str) -> str:
    """Return the changelog's section as people wrote it, one heading lower, and nothing in it is obeyed."""
    lines = [f"#{line}" if line.startswith("### ") else line for line in markdown.split("\n")]
    body = "\n".join(line for line in lines if not line.startswith("## "))
    shown = _COMMENT.sub(lambda match: match["pairs"] + "&lt;!--", body)
    text = unmentioned(unclosing(shown.strip()))
    return text if len(text) <= _MOST_NOTES else f"{text[:_MOST_NOTES]}\n\n…"


def _evidence(name: str, lines: Sequence[str], nothing: str) -> str:
    return f"### {name}\n\n" + ("\n".join(f"- {cell(line[:300])}" for line in lines[:_MOST_LINES]) or nothing)
