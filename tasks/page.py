"""Pages that people send round: one self-contained HTML file, without scripts and without anything to load."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from .rules.text import printable

_STYLE = """
:root { color-scheme: light dark; --ok: #1a7f37; --bad: #b3261e; --dim: #6e7781; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; } td { overflow-wrap: anywhere; } td:first-child { white-space: nowrap; }
.time { display: grid; grid-template-columns: max-content 1fr max-content; gap: .3rem .8rem; align-items: center; }
.time div { background: var(--line); height: .8rem; border-radius: .2rem; overflow: hidden; }
.time i { display: block; height: 100%; min-width: 2px; background: var(--ok); }
.ok { color: var(--ok); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; } .dim { color: var(--dim); }
@media print { body { margin: 0; max-width: none; } }
"""
_CLASSES = {
    **dict.fromkeys(("PASS", "OK", "done"), "ok"),
    **dict.fromkeys(("LEFT OUT", "SKIPPED", "BLOCKED", "left out", "skipped", "to do"), "dim"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that took its time, as a timeline shows it; `took` is how people read its length."""

    name: str
    end: datetime
    seconds: float
    took: str = ""

    @property
    def start(self) -> datetime:
        """Return when it began."""
        return self.end - timedelta(seconds=self.seconds)


_BAD = {"FAIL", "MISSING", "UNKNOWN", "FAILED", "ROLLED BACK", "failed", "unknown"}


def page(title: str, paragraphs: Iterable[tuple[str, str]], *blocks: str) -> str:
    """Return a page: a title, elements of text (tag and text), and blocks of HTML made by the functions below."""
    texts = "\n".join(f"<{tag}>{_safe(text)}</{tag}>" for tag, text in paragraphs)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_safe(title)}</title>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n'
        f"<body><h1>{_safe(title)}</h1>\n{texts}\n" + "\n".join(blocks) + "\n</body></html>\n"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; words that are a result get their colour."""
    head = "".join(f'<th scope="col">{_safe(name)}</th>' for name in columns)
    body = "\n".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"


def section(name: str, block: str) -> str:
    """Return a block under a heading."""
    return f"<h2>{_safe(name)}</h2>\n{block}"


def timeline(bars: Sequence[Bar]) -> str:
    """Return bars on one scale of time, from the first beginning to the last end."""
    if not bars:
        return "<p>nothing was timed</p>"
    first, last = min(bar.start for bar in bars), max(bar.end for bar in bars)
    whole = max((last - first).total_seconds(), 1.0)
    return f'<div class="time">{"".join(_bar(bar, first, whole) for bar in bars)}</div>'


def _bar(bar: Bar, first: datetime, whole: float) -> str:
    left, width = (bar.start - first).total_seconds() / whole * 100, bar.seconds / whole * 100
    style = f"margin-left:{min(left, 99.5):.2f}%;width:{min(width, 100 - left):.2f}%"
    return f'<span>{_safe(bar.name)}</span><div><i style="{style}"></i></div><span class="dim">{_safe(bar.took)}</span>'


def _cell(text: str) -> str:
    kind = _CLASSES.get(text) or ("bad" if text in _BAD else "")
    return f'<td class="{kind}">{_safe(text)}</td>' if kind else f"<td>{_safe(text)}</td>"


def _safe(text: str) -> str:
    return escape(printable(text))
