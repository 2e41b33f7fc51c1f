"""Errors that hosts logged, one for each signature, and the issue that is filed for it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from .quoting import cell, fenced
from .text import plural, printable

LABEL = "bug"
_MARK = re.compile(r"\A<!-- release-coordination: error (?P<id>[0-9a-f]{64}) -->")
_LONGEST_TITLE = 150


@dataclass(frozen=True, slots=True)
class Sighting:
    """An error by what is common to all its occurrences: how often, where, in which versions, the last time."""

    signature: str
    count: int
    hosts: tuple[str, ...]
    versions: tuple[str, ...]
    last: str
    example: str

    @property
    def id(self) -> str:
        """Return what it is found again by."""
        return sha256(self.signature.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def title(self) -> str:
        """Return its issue's title, on one line, with nothing that a terminal obeys."""
        words = " ".join(printable(f"error on hosts: {self.signature}").split())
        return words if len(words) <= _LONGEST_TITLE else f"{words[: _LONGEST_TITLE - 1]}…"

    @property
    def body(self) -> str:
        """Return its issue's text, in which GitHub obeys nothing that the host said."""
        where = ", ".join(cell(host) for host in self.hosts)
        version = ", ".join(cell(version) for version in self.versions)
        return (
            f"<!-- release-coordination: error {self.id} -->\n\n"
            f"Logged {plural(self.count, 'time')} on {where} by version {version}, last at {cell(self.last)}.\n\n"
            f"{fenced(self.example)}\n\nSignature:\n\n{fenced(self.signature)}\n"
        )


def sightings(answers: Mapping[str, Mapping[str, Any]]) -> list[Sighting]:
    """Return the errors of all hosts' answers by their signatures, the most frequent first."""
    found: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for host, answer in answers.items():
        for group in answer.get("errors", ()):
            found.setdefault(str(group["signature"]), []).append((host, str(answer.get("version", "?")), group))
    return sorted((_one(mark, rows) for mark, rows in found.items()), key=lambda one: (-one.count, one.signature))


def _one(signature: str, rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> Sighting:
    newest = max((group for _, _, group in rows), key=lambda group: str(group.get("last", "")))
    return Sighting(
        signature, sum(int(group["count"]) for _, _, group in rows), _each(host for host, _, _ in rows),
        _each(version for _, version, _ in rows), str(newest.get("last", "")), str(newest.get("example", signature)),
    )  # fmt: skip


def _each(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def sighted(body: str) -> str:
    """Return the id of the error that an issue was filed for; only its very first line counts."""
    match = _MARK.match(body)
    return match["id"] if match else ""
