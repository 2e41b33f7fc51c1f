"""Command lines: which simple commands a shell would run of them, in which order and in which subshell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .shellwords import Scope, Words

# Words before a command that are the shell's own.
KEYWORDS = frozenset(["!", "{", "}", "if", "then", "elif", "else", "while", "until", "do", "coproc"])
_OPERATOR = re.compile(r"\n|;;&|;;|;&|;|&&|\|\||\|&|[&|()]")
_REDIRECT = re.compile(
    r"(?:\d+|\{\w+\})?(?:(?P<here><<<|<<-|<<)|(?P<read><&|<(?![(>]))|(?:<>|>>|>\||>&|>(?!\()))|&>>?", re.ASCII
)


@dataclass(slots=True)
class Command:
    """A simple command: its words, keywords and assignments first, and what is known of its streams.

    `scope` names the subshell it runs in, after those around it; `text` is what here-documents give it to read;
    `piped` tells that it reads what the command before it prints.
    """

    scope: Scope
    words: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    text: str = ""
    piped: bool = False


def read(line: str) -> list[Command]:
    """Return the simple commands of a command line in the order they run, those of substitutions first."""
    lines = _Lines(line)
    lines.sequence((), "")
    return lines.found


class _Lines(Words):
    """Reads one text from front to back; `found` collects its commands."""

    def __init__(self, text: str, deep: int = 0, scopes: int = 0) -> None:
        super().__init__(text, deep)
        self.scopes = scopes
        self.arithmetic = 0
        self.found: list[Command] = []
        self.pending: list[tuple[Command, str, bool, bool]] = []

    def sequence(self, scope: Scope, closing: str) -> None:
        """Read commands up to `closing`, or to the end."""
        self.descend()
        waiting, cases, command = len(self.pending), 0, Command(scope)
        while self.at < len(self.text):
            operator = self._operator()
            if not operator:
                cases += self._piece(command)
                continue
            if operator == ")" and closing and cases <= 0:
                break
            command = self._finish(command, operator)
            if operator == "(":
                self.subshell(scope)
        del self.pending[waiting:]  # bash too ends a here-document with the substitution it began in
        self._finish(command, "")
        self.deep -= 1

    def subshell(self, scope: Scope) -> None:
        """Read a subshell whose parenthesis was passed; `((` is arithmetic, where `<<` begins no here-document."""
        arithmetic = self.text.startswith("(", self.at)
        self.arithmetic += arithmetic
        self.scopes += 1
        self.sequence((*scope, self.scopes), ")")
        self.arithmetic -= arithmetic

    def inner(self, text: str, scope: Scope) -> None:
        """Read the commands of a text between backticks."""
        child = _Lines(text, self.deep, self.scopes + 1)
        child.sequence((*scope, child.scopes), "")
        self._adopt(child)

    def _adopt(self, child: "_Lines") -> None:
        self.scopes = child.scopes
        self.found += child.found

    def _operator(self) -> str:
        """Pass an operator and return it, nothing when a word or a redirection stands here."""
        match = _OPERATOR.match(self.text, self.at)
        if not match or _REDIRECT.match(self.text, self.at):
            return ""
        self.at = match.end()
        return match[0]

    def _finish(self, command: Command, operator: str) -> Command:
        """Put a command among those found and return the next one."""
        if operator == "\n":
            self._bodies()
        if command.words or command.writes:
            self.found.append(command)
        return Command(command.scope, piped=operator in {"|", "|&"})

    def _piece(self, command: Command) -> int:
        """Read a blank, a comment, a redirection or a word; return by how much the nesting of `case` changes."""
        char = self.text[self.at]
        if char in " \t\r":
            self.at += 1
        elif char == "#" and not self.arithmetic:
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        elif self.text.startswith("\\\n", self.at):
            self.at += 2
        elif match := _REDIRECT.match(self.text, self.at):
            self.at = match.end()
            self._redirect(command, match)
        else:
            begins, start = KEYWORDS.issuperset(command.words), self.at
            command.words.append(self.word(command.scope))
            return {"case": 1, "esac": -1}.get(self.text[start : self.at], 0) if begins else 0
        return 0

    def _redirect(self, command: Command, match: re.Match[str]) -> None:
        while self.text.startswith((" ", "\t"), self.at):
            self.at += 1
        start = self.at
        target = self.word(command.scope)
        if match["here"] == "<<<":
            command.text += target + "\n"
        elif match["here"] and not self.arithmetic:
            verbatim = any(char in self.text[start : self.at] for char in "'\"\\")
            self.pending.append((command, target, match["here"] == "<<-", verbatim))
        elif not match["here"] and not match["read"]:
            command.writes.append(target)

    def _bodies(self) -> None:
        """Read the here-documents that begin on this line."""
        pending, self.pending = self.pending, []
        for command, delimiter, tabs, verbatim in pending:
            lines = []
            for line in self._rest():
                taken = line.lstrip("\t") if tabs else line
                if taken == delimiter:
                    break
                lines.append(f"{taken}\n")
            body = "".join(lines)
            command.text += body if verbatim else self._expanded(body, command.scope)

    def _rest(self) -> Iterator[str]:
        while self.at < len(self.text):
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            line, self.at = self.text[self.at : end], end + 1
            yield line.removesuffix("\r")

    def _expanded(self, body: str, scope: Scope) -> str:
        """Return a here-document as the command gets it, after reading the commands that run for it."""
        child = _Lines(body, self.deep, self.scopes)
        text = child.until("", scope)
        self._adopt(child)
        return text
