"""GraphQL queries and their answers held against GitHub's published schema."""

import json
from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLResolveInfo,
    InlineFragmentNode,
    build_schema,
    execute,
    parse,
    validate,
)

from tasks.rehearsal.server import Answer, Request


class Queries:
    """GitHub's GraphQL schema."""

    def __init__(self, schema: str) -> None:
        self.schema = build_schema(schema, assume_valid=True, no_location=True)
        self._parsed: dict[str, tuple[DocumentNode, list[GraphQLError]]] = {}

    def request(self, request: Request) -> Iterator[str]:
        """Yield what is wrong with a query and its variables."""
        sent = request.json()
        yield from (f"there is no member {name}" for name in sent.keys() - {"query", "variables", "operationName"})
        try:
            _, faults = self._checked(sent["query"])
        except GraphQLError as error:
            yield error.message
            return
        yield from (error.message for error in faults)

    def _checked(self, query: str) -> tuple[DocumentNode, list[GraphQLError]]:
        if query not in self._parsed:
            document = parse(query, no_location=True)
            self._parsed[query] = document, validate(self.schema, document)
        return self._parsed[query]

    def answer(self, request: Request, answer: Answer) -> Iterator[str]:
        """Yield what is wrong with an answer: executing the query over the answer itself must give the same again."""
        content = json.loads(answer.body)
        if answer.status != 200:
            return
        yield from (f"there is no member {name}" for name in content.keys() - {"data", "errors"})
        yield from (f"an error says {sorted(error)}" for error in content.get("errors", []) if "message" not in error)
        if content.get("data") is None:
            if not content.get("errors"):
                yield "neither data nor errors"
            return
        sent = request.json()
        result = execute(
            self.schema,
            self._checked(sent["query"])[0],
            root_value=content["data"],
            variable_values=sent.get("variables"),
            field_resolver=_resolve,
            type_resolver=_type,
        )
        assert isinstance(result, ExecutionResult)
        yield from (f"{error.path}: {error.message}" for error in result.errors or [])
        if not result.errors and result.data != content["data"]:
            yield "the answer holds more than was asked for"


def _resolve(source: Any, info: "GraphQLResolveInfo[Any]", **_: Any) -> Any:
    if info.path.key not in source:
        raise GraphQLError(f"{info.path.key} was asked for and is missing")
    return source[info.path.key]


def _type(value: Any, info: "GraphQLResolveInfo[Any]", kind: GraphQLAbstractType) -> str:
    """Return which of the possible types a value is, by the fragment whose fields it has."""
    if "__typename" in value:
        return str(value["__typename"])
    for node in info.field_nodes:
        for selection in node.selection_set.selections if node.selection_set else ():
            if (
                isinstance(selection, InlineFragmentNode)
                and selection.type_condition
                and value.keys() >= _keys(selection)
            ):
                return selection.type_condition.name.value
    named = {
        selection.type_condition.name.value
        for node in info.field_nodes
        for selection in (node.selection_set.selections if node.selection_set else ())
        if isinstance(selection, InlineFragmentNode) and selection.type_condition
    }
    return next(one.name for one in info.schema.get_possible_types(kind) if one.name not in named)


def _keys(fragment: InlineFragmentNode) -> set[str]:
    fields = [one for one in fragment.selection_set.selections if isinstance(one, FieldNode)]
    return {(one.alias or one.name).value for one in fields}
