"""Words of a command line as bash reads them, nothing run and nothing expanded.

What only running would tell (a variable, what a command prints, braces) stands in a word as UNKNOWN. The reader is
lenient: a quote that is never closed ends with the text, so whatever a shell could run comes out as a command.
"""

import re

from .refusals import UNKNOWN, Unclear

Scope = tuple[int, ...]

_DEEPEST = 60
_PLAIN = re.compile(r"[^ \t\r\n;&|()<>\\'\"$`{]+")
_QUOTED = re.compile(r'[^"\\$`]+')
_BODY = re.compile(r"[^\\$`]+")
_BRACES = re.compile(r"\{[^\s{}'\"]*(?:,|\.\.)[^\s{}'\"]*\}")
_PARAMETER = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]", re.ASCII)
_BACKTICKS = re.compile(r"`((?:[^`\\]|\\.)*)(?:`|\\?\Z)", re.DOTALL)
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)(?:'|\\?\Z)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v"}
_LAST_CHARACTER = 0x10FFFF


def quoted(word: str) -> str:
    """Return a word such that a shell reads it as it is."""
    return "'" + word.replace("'", "'\\''") + "'"


class Words:
    """Reads words from one text; what a substitution runs is left to `subshell` and `inner`."""

    def __init__(self, text: str, deep: int = 0) -> None:
        self.text = text
        self.at = 0
        self.deep = deep

    def subshell(self, scope: Scope) -> None:
        """Read commands up to the parenthesis that closes them."""
        raise NotImplementedError

    def inner(self, text: str, scope: Scope) -> None:
        """Read the commands of another text, which run in a subshell."""
        raise NotImplementedError

    def descend(self) -> None:
        """Count one more level of nesting."""
        self.deep += 1
        if self.deep > _DEEPEST:
            raise Unclear("the command line is nested too deeply to be read", remedy="write it as separate commands")

    def word(self, scope: Scope) -> str:
        """Return the word that stands here, without its quotes."""
        parts = []
        while self.at < len(self.text):
            if match := _PLAIN.match(self.text, self.at):
                self.at = match.end()
                parts.append(match[0])
                continue
            part = self._special(scope)
            if part is None:
                break
            parts.append(part)
        return "".join(parts)

    def _special(self, scope: Scope) -> str | None:
        """Return what a character with a meaning stands for, None where the word ends."""
        char = self.text[self.at]
        if char == "\\":
            self.at += 2
            return self.text[self.at - 1 : self.at].replace("\n", "")
        if char == "'":
            return self._until_apostrophe()
        if char == '"':
            self.at += 1
            return self.until('"', scope)
        if char in "$`":
            return self._expansion(scope, inside=False)
        if char == "{":
            match = _BRACES.match(self.text, self.at)
            self.at = match.end() if match else self.at + 1
            return UNKNOWN if match else "{"
        if char in "<>" and self.text.startswith("(", self.at + 1):
            return self._substitution(scope)
        return None

    def _until_apostrophe(self) -> str:
        end = self.text.find("'", self.at + 1)
        end = len(self.text) if end < 0 else end
        text, self.at = self.text[self.at + 1 : end], end + 1
        return text

    def until(self, closing: str, scope: Scope) -> str:
        """Return a text as double quotes hold it, up to `closing`, or to the end."""
        parts = []
        plain = _QUOTED if closing else _BODY
        while self.at < len(self.text):
            if match := plain.match(self.text, self.at):
                self.at = match.end()
                parts.append(match[0])
            elif self.text[self.at] == closing:
                self.at += 1
                break
            elif self.text[self.at] == "\\":
                escaped = self.text[self.at + 1 : self.at + 2]
                self.at += 2
                parts.append("" if escaped == "\n" else escaped if escaped in '$`"\\' else f"\\{escaped}")
            else:
                parts.append(self._expansion(scope, inside=True))
        return "".join(parts)

    def _expansion(self, scope: Scope, *, inside: bool) -> str:
        """Pass an expansion, reading the commands in it, and return what is known of its value."""
        text, start = self.text, self.at + 1
        if text[self.at] == "`":
            return self._backticks(scope, inside=inside)
        if text.startswith("(", start):
            return self._substitution(scope)
        if text.startswith("{", start):
            self.at = start + 1
            return self._braced(scope, inside=inside)
        if not inside and text.startswith("'", start):
            return self._ansi()
        if not inside and text.startswith('"', start):
            self.at = start
            return ""
        match = _PARAMETER.match(text, start)
        self.at = match.end() if match else start
        return UNKNOWN if match else "$"

    def _substitution(self, scope: Scope) -> str:
        self.at += 2
        self.subshell(scope)
        return UNKNOWN

    def _backticks(self, scope: Scope, *, inside: bool) -> str:
        match = _BACKTICKS.match(self.text, self.at)
        self.at = match.end() if match else len(self.text)
        content = match[1] if match else ""
        self.inner(re.sub(r'\\([$`\\"])' if inside else r"\\([$`\\])", r"\1", content), scope)
        return UNKNOWN

    def _braced(self, scope: Scope, *, inside: bool) -> str:
        """Pass the rest of `${…}`; in double quotes an apostrophe is only itself."""
        self.descend()
        while self.at < len(self.text) and self.text[self.at] != "}":
            char = self.text[self.at]
            if char == "'" and not inside:
                self._until_apostrophe()
            elif char == '"':
                self.at += 1
                self.until('"', scope)
            elif char in "$`":
                self._expansion(scope, inside=inside)
            else:
                self.at += 2 if char == "\\" else 1
        self.at += 1
        self.deep -= 1
        return UNKNOWN

    def _ansi(self) -> str:
        """Return the text of `$'…'`."""
        match = _ANSI.match(self.text, self.at)
        self.at = match.end() if match else len(self.text)
        return _ESCAPE.sub(_unescaped, match[1]) if match else ""


def _unescaped(match: re.Match[str]) -> str:
    *numbers, octal, other = match.groups()
    if other is not None:
        return _CONTROLS.get(other, other)
    code = int(octal, 8) if octal else int(next(filter(None, numbers)), 16)
    return chr(code) if 0 < code <= _LAST_CHARACTER else ""
