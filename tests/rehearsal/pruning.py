"""A GraphQL schema cut down to the types we ask for: it builds in a fraction of the second the whole one takes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
)

TYPES = {
    "Actor", "Blob", "Bot", "Commit", "Comparison", "ComparisonCommitConnection", "GitActor", "GitObject", "Issue",
    "IssueConnection", "IssueOrPullRequest", "Label", "LabelConnection", "Milestone", "MilestoneConnection", "Node",
    "PageInfo", "PullRequest", "PullRequestCommit", "PullRequestCommitConnection", "PullRequestConnection", "Query",
    "RateLimit", "Ref", "RefConnection", "Release", "Repository", "Tag", "Tree", "User",
}  # fmt: skip
_PLAIN = (EnumTypeDefinitionNode, ScalarTypeDefinitionNode, InputObjectTypeDefinitionNode)


def pruned(text: str) -> str:
    """Return a schema's text with only these types, the fields between them, and what those take."""
    known = {one.name.value: one for one in parse(text, no_location=True).definitions if hasattr(one, "name")}
    plain = {name for name, one in known.items() if isinstance(one, _PLAIN)}
    kept = [_cut(known[name], TYPES | plain | {"String", "Int", "Float", "Boolean", "ID"}) for name in sorted(TYPES)]
    kept += [known[name] for name in sorted(_needed(kept, known))]
    return print_ast(DocumentNode(definitions=tuple(kept)))


def _cut(node: Any, names: set[str]) -> DefinitionNode:
    """Return a type without the fields and the relatives that are not kept."""
    if isinstance(node, UnionTypeDefinitionNode):
        return replace(node, types=tuple(one for one in node.types or () if one.name.value in names))
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        fields = tuple(one for one in node.fields or () if _name(one.type) in names)
        return replace(
            node, fields=fields, interfaces=tuple(one for one in node.interfaces or () if one.name.value in names)
        )
    assert isinstance(node, DefinitionNode)
    return node


def _name(kind: Any) -> str:
    while not isinstance(kind, NamedTypeNode):
        kind = kind.type
    return kind.name.value


def _needed(nodes: Iterable[Any], known: dict[str, Any]) -> set[str]:
    """Return the enumerations, scalars and inputs that fields give and take, and what those inputs hold in turn."""
    found: set[str] = set()
    waiting = [field for node in nodes for field in getattr(node, "fields", None) or ()]
    while waiting:
        field = waiting.pop()
        name = _name(field.type)
        if isinstance(field, FieldDefinitionNode):
            waiting += field.arguments or ()
        if name in known and name not in found and isinstance(known[name], _PLAIN):
            found.add(name)
            waiting += [one for one in getattr(known[name], "fields", ()) if isinstance(one, InputValueDefinitionNode)]
    return found
