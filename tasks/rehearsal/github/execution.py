"""Executes a query over objects: only what was asked for, errors beside the data, as GitHub does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .connection import Connection, Missing, Node
from .language import Query, Selection

Resolver = Callable[[Any, Mapping[str, Any]], Any]
Fields = Mapping[str, Mapping[str, Resolver]]


@dataclass
class Execution:
    """One query on its way; `slow` is after how many commits GitHub runs out of time."""

    fields: Fields
    variables: Mapping[str, Any]
    slow: int | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    _commits: int = 0

    def run(self, query: Query, root: Node) -> dict[str, Any]:
        """Return the data."""
        return self._object(query.selections, root, ())

    def _object(self, selections: Sequence[Selection], node: Node, path: tuple[Any, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for one in selections:
            if one.name == "...":
                if one.kind in {"", node.kind}:
                    data |= self._object(one.selections, node, path)
            elif one.name == "__typename":
                data[one.key] = node.kind
            else:
                data[one.key] = self._field(one, node, (*path, one.key))
        return data

    def _field(self, one: Selection, node: Node, path: tuple[Any, ...]) -> Any:
        resolver = self.fields.get(node.kind, {}).get(one.name)
        if resolver is None:
            self._fail(f"Field '{one.name}' doesn't exist on type '{node.kind}'", "undefinedField", path)
            return None
        try:
            return self._value(one, resolver(node.of, one.given(self.variables)), path)
        except Missing as missing:
            self._fail(str(missing), missing.kind, path)
            return None

    def _value(self, one: Selection, value: Any, path: tuple[Any, ...]) -> Any:
        if isinstance(value, Connection):
            return self._page(one, value, path)
        if isinstance(value, Node):
            return self._object(one.selections, value, path)
        return value

    def _page(self, one: Selection, connection: Connection, path: tuple[Any, ...]) -> dict[str, Any]:
        page = connection.page(one.name, one.given(self.variables))
        data: dict[str, Any] = {}
        for chosen in one.selections:
            where = (*path, chosen.key)
            if chosen.name == "totalCount":
                data[chosen.key] = page.total
            elif chosen.name == "pageInfo":
                data[chosen.key] = {piece.key: page.info[piece.name] for piece in chosen.selections}
            elif chosen.name == "nodes":
                data[chosen.key] = [self._node(chosen, node, (*where, at)) for at, node in enumerate(page.nodes)]
            else:
                self._fail(f"Field '{chosen.name}' doesn't exist on a connection", "undefinedField", where)
        return data

    def _node(self, one: Selection, node: Node, path: tuple[Any, ...]) -> dict[str, Any] | None:
        if node.kind == "Commit":
            self._commits += 1
            if self.slow is not None and self._commits > self.slow:
                self._fail(
                    "Something went wrong while executing your query. This may be the result of a timeout.", "", path
                )
                return None
        return self._object(one.selections, node, path)

    def _fail(self, message: str, kind: str, path: tuple[Any, ...]) -> None:
        error: dict[str, Any] = {"path": list(path), "locations": [{"line": 1, "column": 1}], "message": message}
        self.errors.append({"type": kind, **error} if kind else error)


def cost(selections: Sequence[Selection], variables: Mapping[str, Any]) -> int:
    """Return the points of a query: the requests it would have been, by the hundred."""

    def requests(inner: Sequence[Selection], times: int) -> int:
        count = 0
        for one in inner:
            size = one.given(variables).get("first", one.given(variables).get("last"))
            count += times if size is not None else 0
            count += requests(one.selections, times * int(size if size is not None else 1))
        return count

    return max(1, round(requests(selections, 1) / 100))
