"""Options of a command line, as git and most programs read them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .refusals import UNKNOWN


@dataclass(frozen=True, slots=True)
class Options:
    """The options that are given, each with its values in their order (empty text for none), and what is left."""

    given: Mapping[str, Sequence[str]]
    operands: Sequence[str]

    def has(self, *names: str) -> bool:
        """Tell whether any of the options is given."""
        return any(name in self.given for name in names)

    def all(self, *names: str) -> list[str]:
        """Return the values of options that mean the same."""
        return [value for name in names for value in self.given.get(name, ())]

    def last(self, *names: str) -> str:
        """Return the last value of options that mean the same, or nothing."""
        return next(reversed(self.all(*names)), "")

    @property
    def help(self) -> bool:
        """Tell whether help is all that is asked for."""
        return self.has("--help", "-h")


def read_options(words: Sequence[str], valued: str = "", known: str = "", *, stop: bool = False) -> Options:
    """Return what words say; `valued` options take the next word, `known` long ones may be abbreviated.

    With `stop` the first word that is no option, and all after it, are operands.
    """
    takes = frozenset(valued.split())
    longs = {name for name in (*takes, *known.split()) if name.startswith("--")}
    given: dict[str, list[str]] = {}
    operands: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--" or (stop and not word.startswith("-")) or (stop and word == "-"):
            operands += [word] if word != "--" else []
            operands += rest
        elif not word.startswith("-") or word == "-":
            operands.append(word)
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            name = _whole(name, longs)
            given.setdefault(name, []).append(value if equals or name not in takes else next(rest, ""))
        else:
            name, value = _cluster(word, takes, given)
            if name:
                given.setdefault(name, []).append(value or next(rest, ""))
    return Options(given, operands)


def _whole(name: str, longs: Collection[str]) -> str:
    """Return the long option that an abbreviation stands for."""
    found = [long for long in longs if long.startswith(name)]
    return found[0] if name not in longs and len(found) == 1 else name


def _cluster(word: str, takes: Collection[str], given: dict[str, list[str]]) -> tuple[str, str]:
    """Add the short options of one word; return the one that takes a value, and the value if the word has it."""
    for at, letter in enumerate(word[1:], 1):
        name = f"-{letter}"
        if name in takes:
            return name, word[at + 1 :].removeprefix("=")
        given.setdefault(name, []).append("")
    return "", ""


def unknown(words: Collection[str]) -> bool:
    """Tell whether a word is among them that only running would tell."""
    return any(UNKNOWN in word for word in words)
