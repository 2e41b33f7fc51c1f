"""Tables of cases, and histories in a few words."""

from collections.abc import Mapping, Sequence

import pytest

from tasks.rules.commits import Change, Commit, read


def cases(names: str, rows: Mapping[str, Sequence[object]]) -> pytest.MarkDecorator:
    """Return the parametrization of a table: what each row tells is its id."""
    return pytest.mark.parametrize(names.split(), list(rows.values()), ids=list(rows))


def sha(number: int) -> str:
    """Return a commit id whose first seven characters tell it from the others."""
    return f"{number:07x}{'0' * 33}"


def commit(message: str, id_: str = sha(1), parents: str = "", tree: str = "") -> Commit:
    """Return a commit; `parents` are ids with blanks between."""
    return Commit(id_, tuple(parents.split()), tree, "2026-01-02T03:04:05+00:00", "A. Person", message)


def change(message: str, id_: str = sha(1), parents: str = "") -> Change:
    """Return what a commit's message says."""
    return read(commit(message, id_, parents))


def history(*messages: str) -> list[Change]:
    """Return a line of changes as the rules take them, newest first; the messages are oldest first, `sha(1)` on."""
    changes = [change(message, sha(n), sha(n - 1)) for n, message in enumerate(messages, 1)]
    return changes[::-1]


def graph(*rows: tuple[str, str, str]) -> list[Change]:
    """Return changes from (id, parents, message), newest first."""
    return [change(message, id_, parents) for id_, parents, message in rows]
