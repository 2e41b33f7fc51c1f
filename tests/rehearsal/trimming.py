"""An OpenAPI 3.0 description cut down to the calls we make, as plain JSON Schema, stricter than it was written."""

from collections.abc import Iterator
from typing import Any

_REPO = "/repos/{owner}/{repo}"
PATHS = (
    "/rate_limit",
    "/user",
    *(
        f"{_REPO}{path}"
        for path in (
            "",
            "/actions/artifacts/{artifact_id}/{archive_format}",
            "/actions/jobs/{job_id}/logs",
            "/actions/runs",
            "/actions/runs/{run_id}",
            "/actions/runs/{run_id}/artifacts",
            "/actions/runs/{run_id}/cancel",
            "/actions/runs/{run_id}/jobs",
            "/actions/workflows",
            "/actions/workflows/{workflow_id}",
            "/actions/workflows/{workflow_id}/runs",
            "/branches/{branch}",
            "/branches/{branch}/protection",
            "/commits",
            "/commits/{commit_sha}/pulls",
            "/commits/{ref}",
            "/commits/{ref}/check-runs",
            "/commits/{ref}/status",
            "/compare/{basehead}",
            "/contents/{path}",
            "/git/commits/{commit_sha}",
            "/git/matching-refs/{ref}",
            "/git/ref/{ref}",
            "/git/refs",
            "/git/refs/{ref}",
            "/git/tags/{tag_sha}",
            "/issues",
            "/issues/comments/{comment_id}",
            "/issues/{issue_number}",
            "/issues/{issue_number}/comments",
            "/labels",
            "/milestones",
            "/pulls",
            "/pulls/{pull_number}",
            "/pulls/{pull_number}/merge",
            "/releases",
            "/releases/assets/{asset_id}",
            "/releases/generate-notes",
            "/releases/latest",
            "/releases/tags/{tag}",
            "/releases/{release_id}",
            "/releases/{release_id}/assets",
            "/rules/branches/{branch}",
        )
    ),
)
_METHODS = ("get", "post", "put", "patch", "delete")
_KEPT = {
    "type", "enum", "format", "pattern", "required", "properties", "items", "additionalProperties", "allOf", "anyOf",
    "oneOf", "not", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
    "minProperties", "maxProperties",
}  # fmt: skip
_COMBINED = ("allOf", "anyOf", "oneOf")


def trimmed(description: Any) -> dict[str, Any]:
    """Return the operations of `PATHS`, and as `schemas` what they refer to."""
    operations = [
        _operation(description, path, method, description["paths"][path][method])
        for path in PATHS
        for method in _METHODS
        if method in description["paths"][path]
    ]
    schemas: dict[str, Any] = {}
    wanted = {*_references(operations), "basic-error", "validation-error", "validation-error-simple"}
    while wanted:
        schemas |= {name: converted(description["components"]["schemas"][name]) for name in wanted}
        wanted = set(_references(schemas)) - schemas.keys()
    # What the page of the upload call says, and the schema does not.
    schemas["release-asset"]["properties"]["state"]["enum"].append("starter")
    return {"operations": operations, "schemas": schemas}


def _operation(description: Any, path: str, method: str, operation: Any) -> dict[str, Any]:
    parameters = [_followed(description, parameter) for parameter in operation.get("parameters", [])]
    body = _followed(description, operation.get("requestBody", {}))
    answers = {code: _followed(description, answer) for code, answer in operation["responses"].items()}
    return {
        "path": path,
        "method": method.upper(),
        "parameters": [
            {
                "name": parameter["name"],
                "in": parameter["in"],
                "required": parameter.get("required", False),
                "schema": converted(parameter["schema"]),
            }
            for parameter in parameters
        ],
        "body": {media: _use(of["schema"]) for media, of in body.get("content", {}).items()},
        "body_required": body.get("required", False),
        "answers": {
            code: {media: _use(of["schema"]) for media, of in answer.get("content", {}).items() if "schema" in of}
            for code, answer in answers.items()
        },
    }


def _followed(description: Any, node: Any) -> Any:
    """Return what a reference to a parameter, a body or a response refers to."""
    if "$ref" not in node:
        return node
    for part in node["$ref"].removeprefix("#/").split("/"):
        description = description[part]
    return description


def converted(schema: Any) -> dict[str, Any]:
    """Return an OpenAPI 3.0 schema as JSON Schema 2020-12: `nullable` spelled out, no properties but the described."""
    if "$ref" in schema:
        return {"$ref": f"urn:github#/schemas/{schema['$ref'].rpartition('/')[2]}"}
    new = {key: value for key, value in schema.items() if key in _KEPT}
    for key in _COMBINED:
        if key in new:
            new[key] = [converted(one) for one in new[key]]
    if "properties" in new:
        new["properties"] = {name: _use(one) for name, one in new["properties"].items()}
    elif new.get("type") == "object" and not new.keys() & {*_COMBINED, "additionalProperties"}:
        new["additionalProperties"] = True
    if "items" in new:
        new["items"] = _use(new["items"])
    if isinstance(new.get("additionalProperties"), dict):
        new["additionalProperties"] = _use(new["additionalProperties"])
    return {"anyOf": [_without_enum_trap(new), {"type": "null"}]} if schema.get("nullable") else new


def _without_enum_trap(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose `enum` holds no null: the null beside it says that already."""
    if "enum" not in schema:
        return schema
    return {**schema, "enum": [value for value in schema["enum"] if value is not None]}


def _use(schema: Any) -> dict[str, Any]:
    """Return a schema for a place where a value stands; properties that nothing describes are an error there."""
    new = converted(schema)
    if new.keys() & {"$ref", "properties", *_COMBINED}:
        return {**new, "unevaluatedProperties": False}
    return new


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rpartition("/")[2]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _references(one)
