"""Just enough of the GraphQL language for our queries: fields, aliases, arguments, variables, inline fragments."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"""
    (?P<skip>[\s,\ufeff]+|\#[^\n]*)
    | (?P<string>"""
    r'''"(?:[^"\\\n]|\\.)*"'''
    r""")
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<mark>\.\.\.|[{}()\[\]:!=$@|&])
    """,
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}


class Syntax(Exception):
    """A query that cannot be read."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that comes with the request."""

    name: str


@dataclass(frozen=True, slots=True)
class Selection:
    """A field, or with `kind` an inline fragment for one type."""

    name: str
    key: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    selections: tuple["Selection", ...] = ()
    kind: str = ""

    def given(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with the variables' values in place."""
        return {name: _filled(value, variables) for name, value in self.arguments.items()}


@dataclass(frozen=True, slots=True)
class Query:
    """A query: what it selects, and what its variables are by default."""

    selections: tuple[Selection, ...]
    defaults: Mapping[str, Any]
    required: frozenset[str]


def _filled(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    if isinstance(value, dict):
        return {name: _filled(one, variables) for name, one in value.items()}
    return value


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise Syntax(f"Parse error on {text[position : position + 10]!r} at {position}")
        position = found.end()
        if found.lastgroup != "skip":
            yield str(found.lastgroup), found[0]
    yield "end", ""


class Reader:
    """Reads one query from its text."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def query(self) -> Query:
        """Return the query."""
        defaults: dict[str, Any] = {}
        required: set[str] = set()
        if self._takes("query"):
            if self._kind == "name":
                self._next()
            if self._takes("("):
                while not self._takes(")"):
                    self._variable(defaults, required)
        selections = self._selections()
        if self._kind != "end":
            raise self._surprise()
        return Query(selections, defaults, frozenset(required))

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _text(self) -> str:
        return self._tokens[self._at][1]

    def _next(self) -> str:
        text = self._text
        self._at += 1
        return text

    def _takes(self, text: str) -> bool:
        if self._text != text or self._kind == "string":
            return False
        self._at += 1
        return True

    def _must(self, text: str) -> None:
        if not self._takes(text):
            raise self._surprise()

    def _name(self) -> str:
        if self._kind != "name":
            raise self._surprise()
        return self._next()

    def _surprise(self) -> Syntax:
        return Syntax(f"Parse error on {self._text!r} (token {self._at})")

    def _variable(self, defaults: dict[str, Any], required: set[str]) -> None:
        self._must("$")
        name = self._name()
        self._must(":")
        needed = self._type()
        if self._takes("="):
            defaults[name] = self._value()
        elif needed:
            required.add(name)

    def _type(self) -> bool:
        """Read a type, and tell whether it must be there."""
        if self._takes("["):
            self._type()
            self._must("]")
        else:
            self._name()
        return self._takes("!")

    def _selections(self) -> tuple[Selection, ...]:
        self._must("{")
        found = []
        while not self._takes("}"):
            found.append(self._selection())
        return tuple(found)

    def _selection(self) -> Selection:
        if self._takes("..."):
            kind = self._name() if self._takes("on") else ""
            return Selection("...", kind=kind, selections=self._selections())
        key = self._name()
        name = self._name() if self._takes(":") else key
        arguments = self._arguments() if self._takes("(") else {}
        return Selection(name, key, arguments, self._selections() if self._text == "{" else ())

    def _arguments(self) -> dict[str, Any]:
        found = {}
        while not self._takes(")"):
            name = self._name()
            self._must(":")
            found[name] = self._value()
        return found

    def _value(self) -> Any:
        if self._takes("$"):
            return Variable(self._name())
        if self._takes("["):
            items = []
            while not self._takes("]"):
                items.append(self._value())
            return items
        if self._takes("{"):
            members = {}
            while not self._takes("}"):
                name = self._name()
                self._must(":")
                members[name] = self._value()
            return members
        if self._kind in {"string", "number"}:
            return json.loads(self._next())
        name = self._name()
        return _WORDS.get(name, name)
