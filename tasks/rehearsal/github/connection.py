"""Lists that are read in pages, each page by its cursor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MOST = 100


class Missing(Exception):
    """An object that is not there: null in the data, and an error beside it."""

    def __init__(self, message: str, kind: str = "NOT_FOUND") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Node:
    """An object of the graph: its type, and what it stands for."""

    kind: str
    of: Any = None


@dataclass(frozen=True)
class Slice:
    """A page: its nodes, and what is around it."""

    nodes: Sequence[Node]
    total: int
    info: Mapping[str, Any]


@dataclass(frozen=True)
class Connection:
    """A list; `make` gives the nodes of the items of one page."""

    items: Sequence[Any]
    make: Callable[[Sequence[Any]], Sequence[Node]]

    @classmethod
    def of(cls, kind: str, items: Sequence[Any]) -> "Connection":
        """Return a list of objects of one type."""
        return cls(items, lambda part: [Node(kind, item) for item in part])

    def page(self, name: str, given: Mapping[str, Any]) -> Slice:
        """Return the page that a field's arguments ask for."""
        size, start, total = _size(name, given.get("first")), _position(given.get("after")), len(self.items)
        part = self.items[start : start + size]
        info = {
            "hasNextPage": start + len(part) < total,
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(start + 1) if part else None,
            "endCursor": _cursor(start + len(part)) if part else None,
        }
        return Slice(self.make(part), total, info)


def _size(name: str, first: Any) -> int:
    if first is None:
        message = f"You must provide a `first` or `last` value to properly paginate `{name}`."
        raise Missing(message, "MISSING_PAGINATION_BOUNDARIES")
    if not 0 <= int(first) <= _MOST:
        message = f"Requesting {first} records on `{name}` exceeds the `first` limit of {_MOST} records."
        raise Missing(message, "EXCESSIVE_PAGINATION")
    return int(first)


def _cursor(position: int) -> str:
    return f"c:{position}"


def _position(cursor: Any) -> int:
    if cursor is None:
        return 0
    if not str(cursor).startswith("c:"):
        raise Missing(f"`{cursor}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS")
    return int(str(cursor).removeprefix("c:"))
