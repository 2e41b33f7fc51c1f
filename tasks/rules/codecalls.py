"""Commands that a program in another language starts, as far as its text shows them: `subprocess.run(["git", …])`.

What is put together elsewhere in the program is not seen; what is not written out is UNKNOWN.
"""

import re
from collections.abc import Iterator

from .refusals import UNKNOWN
from .shellwords import quoted

# The usual ones of Python, JavaScript, Perl and Ruby.
_STARTS = re.compile(
    r"(?<![\w$])(?<!/\.)(?:system|popen[234]?|Popen|run|call|check_call|check_output|getoutput|getstatusoutput|execvp?"
    r"|exec(?:File)?(?:Sync)?|spawn(?:Sync)?|create_subprocess_(?:exec|shell))(?:\s++|(?=\())(?:\(\s*+)?(?=[\[\"'`fFrRbBuU])"
)
_SENDS = re.compile(r"(?<![\w$])(?P<verb>put|post|patch|delete)\s*+\(\s*+(?=[\"'`fFrRuU])")
_TEXT = re.compile(
    r"(?P<mark>[fFrRbBuU]{0,2})(?:'''(?P<a>.*?)'''|\"\"\"(?P<b>.*?)\"\"\""
    r"|'(?P<c>(?:[^'\\\n]|\\.)*)'|\"(?P<d>(?:[^\"\\\n]|\\.)*)\"|`(?P<e>[^`]*)`)",
    re.DOTALL,
)
_BETWEEN = re.compile(r"[\s,\[]*")
_OTHER = re.compile(r"[^,\[\](){}\n\"'`=]+(?=[,\])])")
_LONGEST = 40


def calls(code: str) -> Iterator[str]:
    """Yield what a program runs, as lines for a shell; what it sends to a web server as a line with curl."""
    for start in _STARTS.finditer(code):
        listed = code.startswith("[", start.end())
        words = _words(code, start.end())
        if len(words) == 1 and not listed:
            yield words[0]
        elif words and UNKNOWN not in words[0]:
            yield " ".join(map(_passed, words))
    for start in _SENDS.finditer(code):
        words = _words(code, start.end())[:1]
        yield from (f"curl -X {start['verb'].upper()} {_passed(word)}" for word in words)


def _words(code: str, at: int) -> list[str]:
    """Return the texts that follow one another, the first of which stands here."""
    words: list[str] = []
    while len(words) < _LONGEST:
        at = _match_end(_BETWEEN, code, at)
        found = _TEXT.match(code, at) or (_OTHER.match(code, at) if words else None)
        if not found:
            break
        words.append(_value(found) if found.re is _TEXT else UNKNOWN)
        at = found.end()
    return words


def _match_end(pattern: re.Pattern[str], code: str, at: int) -> int:
    found = pattern.match(code, at)
    return found.end() if found else at


def _value(found: re.Match[str]) -> str:
    """Return a text without its quotes; what is put into it cannot be told."""
    text = next(filter(None, found.group("a", "b", "c", "d", "e")), "")
    text = re.sub(r"\\(.)", r"\1", text)
    if "f" in found["mark"].lower():
        return re.sub(r"\{[^{}]*\}", UNKNOWN, text)
    return re.sub(r"\$\{[^{}]*\}", UNKNOWN, text) if found["e"] is not None else text


def _passed(word: str) -> str:
    return word if UNKNOWN in word else quoted(word)
