"""Templates: plain text with three marks that YAML, Markdown, TOML, shells and GitHub's `${{ }}` do not use.

`@{name}` stands for a value; what has several lines keeps the indent of its line. On a line of their own, `@if name`,
`@if not name` and `@each name` begin lines that are kept, or repeated for each row of a list, down to their `@end`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from ..errors import WrongValue

Row = Mapping[str, str]
Values = Mapping[str, str | bool | Sequence[Row]]

_MARK = re.compile(r"[ \t]*@(?P<verb>if|each|end)(?:[ \t]+(?P<negated>not[ \t]+)?(?P<name>\w+))?[ \t]*")
_VALUE = re.compile(r"@\{(?P<name>\w+)\}")


def render(template: str, values: Values) -> str:
    """Return the template's text with its values; a name without a value is refused."""
    return "".join(_rendered(template.splitlines(keepends=True), values))


def _rendered(lines: Sequence[str], values: Values) -> Iterator[str]:
    position = 0
    while position < len(lines):
        mark = _MARK.fullmatch(lines[position].rstrip("\n"))
        if mark is None:
            yield _filled(lines[position], values)
            position += 1
            continue
        end = _end(lines, position)
        for scope in _scopes(mark, values):
            yield from _rendered(lines[position + 1 : end], scope)
        position = end + 1


def _end(lines: Sequence[str], start: int) -> int:
    """Return the line of the `@end` that closes what a line begins."""
    depth = 0
    for position in range(start, len(lines)):
        mark = _MARK.fullmatch(lines[position].rstrip("\n"))
        if mark:
            depth += -1 if mark["verb"] == "end" else 1
        if depth <= 0:
            break
    if depth != 0 or position == start:
        raise WrongValue(f"line {start + 1} of a template, {lines[start].strip()!r}, stands alone", expected="its @end")
    return position


def _scopes(mark: re.Match[str], values: Values) -> list[Values]:
    """Return the values with which the lines of an `@if` or `@each` are rendered, once each."""
    found = _found(mark["name"] or "", values)
    if mark["verb"] == "if":
        return [values] if bool(found) is not bool(mark["negated"]) else []
    if isinstance(found, str | bool):
        raise WrongValue(f"a template repeats {mark['name']!r}, which is no list", expected="a list of rows")
    return [{**values, **row} for row in found]


def _filled(line: str, values: Values) -> str:
    indent = line[: len(line) - len(line.lstrip(" "))]
    return _VALUE.sub(lambda mark: _text(mark["name"], values).replace("\n", f"\n{indent}"), line)


def _text(name: str, values: Values) -> str:
    found = _found(name, values)
    if not isinstance(found, str):
        raise WrongValue(f"a template shows {name!r}, which is no text", expected="a text")
    return found


def _found(name: str, values: Values) -> str | bool | Sequence[Row]:
    if name not in values:
        raise WrongValue(f"a template names {name!r}, which has no value", expected="one of " + ", ".join(values))
    return values[name]
