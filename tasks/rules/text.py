"""Text from outside: made safe to show, and rid of the code in it."""

import re

# Control and format characters (terminal escapes, text direction overrides), private use and lone surrogates,
# separators of lines and paragraphs.
_UNSAFE = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_JOINERS = {"\u200d", "\u200c"}  # emoji and several scripts need them, and they move no cursor

_COMMAND = re.compile(r"\A\s*::(?=[A-Za-z].*::)")  # at the begin of a line; `##[` counts anywhere

CODE_SPAN = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?:[^\n]*?[^`\n])?(?<!`)(?P=ticks)(?!`)")
_FENCED = re.compile(r"^ {0,3}(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)\n.*?(?:^ {0,3}(?:\1`*|\2~*)[ \t]*$|\Z)", re.M | re.S)


def printable(text: str) -> str:
    r"""Return `text` on one line, with whatever a terminal could obey spelled out as an escape such as \x1b."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(character) for character in text)


def _spelled(character: str) -> str:
    import unicodedata  # 3 ms, which `inv --list` can do without

    if character in "\n\r\t":
        return " "
    if unicodedata.category(character) in _UNSAFE and character not in _JOINERS:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    return character


def unobeyed(line: str) -> str:
    """Return a line in which GitHub's runner, where it reads along, finds no command: those in its logs are for it."""
    return _COMMAND.sub(r"\\::", line.replace("##[", "#["))


def without_comments(markdown: str) -> str:
    """Return Markdown without its HTML comments, such as the hints of a template."""
    return re.sub(r"<!--.*?(?:-->|\Z)", " ", markdown, flags=re.DOTALL)


def without_code(markdown: str) -> str:
    """Return Markdown with a blank instead of each fenced block and each code span."""
    return CODE_SPAN.sub(" ", _FENCED.sub(" ", markdown))


def plural(count: int, noun: str) -> str:
    """Return the count with its noun: `1 commit`, `2 commits`, `3 entries`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("ry") else f"{count} {noun}s"


def age(seconds: float) -> str:
    """Return how long something took, or is ago, in its largest unit: `40 s`, `3 min`, `5 h`, `2 d`."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
