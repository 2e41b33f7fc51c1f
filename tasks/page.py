"""Pages that people send round: one self-contained HTML file, without scripts and without anything to load."""

from collections.abc import Iterable, Sequence
from html import escape

from .rules.text import printable

_STYLE = """
:root { color-scheme: light dark; --ok: #1a7f37; --bad: #b3261e; --dim: #6e7781; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; } td { overflow-wrap: anywhere; } td:first-child { white-space: nowrap; }
.ok { color: var(--ok); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; } .dim { color: var(--dim); }
@media print { body { margin: 0; max-width: none; } }
"""
_CLASSES = {
    **dict.fromkeys(("PASS", "OK", "done"), "ok"),
    **dict.fromkeys(("LEFT OUT", "SKIPPED", "BLOCKED", "left out"), "dim"),
}
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


def _cell(text: str) -> str:
    kind = _CLASSES.get(text) or ("bad" if text in _BAD else "")
    return f'<td class="{kind}">{_safe(text)}</td>' if kind else f"<td>{_safe(text)}</td>"


def _safe(text: str) -> str:
    return escape(printable(text))
