import pytest

from tasks.errors import WrongValue
from tasks.rules.templates import Values, render

from .history import cases

VALUES: Values = {
    "name": "x",
    "two": "a\nb",
    "on": True,
    "off": False,
    "empty": "",
    "rows": [{"row": "1"}, {"row": "2"}],
    "none": [],
}


@cases(
    "template rendered",
    {
        "a value": ("<@{name}>\n", "<x>\n"),
        "no end of line": ("@{name}", "x"),
        "lines keep the indent": ("  - @{two}\n", "  - a\n  b\n"),
        "github's own": ("${{ github.ref }} ${HOME} $(x) @v4 a@{name}\n", "${{ github.ref }} ${HOME} $(x) @v4 ax\n"),
        "kept": ("@if on\na\n@end\nb\n", "a\nb\n"),
        "left out": ("  @if off\na\n  @end\nb\n", "b\n"),
        "an empty text": ("@if empty\na\n@end\n", ""),
        "not": ("@if not empty\na\n@end\n@if not on\nb\n@end\n", "a\n"),
        "repeated": ("@each rows\n@{name}@{row}\n@end\n", "x1\nx2\n"),
        "none to repeat": ("@each none\n@{row}\n@end\n", ""),
        "within one another": ("@each rows\n@if on\n@{row}\n@end\n@end\n@if off\n@if on\na\n@end\n@end\n", "1\n2\n"),
        "no mark": ("@iffy\n@ends\na @if on\n", "@iffy\n@ends\na @if on\n"),
    },
)
def test_rendered(template: str, rendered: str) -> None:
    assert render(template, VALUES) == rendered


@cases(
    "template found",
    {
        "unknown value": ("@{nope}", "names 'nope', which has no value"),
        "unknown condition": ("@if nope\n@end\n", "names 'nope'"),
        "left open": ("@if on\na\n", "line 1 of a template, '@if on', stands alone"),
        "end alone": ("@end\n", "'@end', stands alone"),
        "no list": ("@each name\n@end\n", "repeats 'name', which is no list"),
        "no text": ("@{rows}", "shows 'rows', which is no text"),
    },
)
def test_what_cannot_be_rendered_is_named(template: str, found: str) -> None:
    with pytest.raises(WrongValue, match=found):
        render(template, VALUES)


def test_values_are_not_read_as_templates() -> None:
    assert render("@{name}\n", {"name": "@{other} ${{ x }}\n@if y"}) == "@{other} ${{ x }}\n@if y\n"
