"""Requests and answers held against GitHub's published descriptions, in both directions."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from tasks.rehearsal.server import Answer, Request, Service

from . import schemas

if TYPE_CHECKING:
    from .selections import Queries

_ROOT = "urn:github"
_ERROR = {"$ref": f"{_ROOT}#/schemas/basic-error"}
# Any call may end so, and the description does not say it of every one of them.
_ANYWHERE = {"401", "403", "404", "422", "429", "500", "502", "503"}
_PARTS = {"path": ".*", **dict.fromkeys(("ref", "branch", "basehead", "tag"), ".+")}
_OURS = re.compile(r"^/(?:_|[^/]+/[^/]+/releases/download/)")  # where redirects lead: no call of the description


@dataclass(frozen=True)
class Operation:
    """One call of the description."""

    described: Mapping[str, Any]
    registry: Any

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", self.described["path"])
        named = [f"({_PARTS.get(name, '[^/]+')})" for name in parts[1::2]]
        literal = [re.escape(part) for part in parts[::2]]
        return re.compile(literal[0] + "".join(a + b for a, b in zip(named, literal[1:], strict=True)))

    def request(self, request: Request) -> Iterator[str]:
        """Yield what is wrong with a request."""
        found = self.pattern.fullmatch(request.path)
        assert found is not None
        names = re.findall(r"\{(\w+)\}", self.described["path"])
        given = {"path": {name: unquote(value) for name, value in zip(names, found.groups(), strict=True)}}
        given["query"] = {name: values[-1] for name, values in request.query.items()}
        known = {(one["in"], one["name"]) for one in self.described["parameters"]}
        yield from (f"there is no parameter {name}" for name in given["query"] if ("query", name) not in known)
        for one in self.described["parameters"]:
            value = given.get(one["in"], {}).get(one["name"])
            if value is not None:
                schema = one["schema"]
                yield from self._faults(f"parameter {one['name']}", schema, _typed(value, _kind(schema)))
            elif one["required"]:
                yield f"parameter {one['name']} is missing"
        yield from self._body(request)

    def _body(self, request: Request) -> Iterator[str]:
        media = self.described["body"]
        if not request.body:
            if self.described["body_required"]:
                yield "the body is missing"
        elif not media:
            yield "a body that nothing asks for"
        elif "application/json" in media:
            yield from self._faults("body", media["application/json"], json.loads(request.body))

    def answer(self, request: Request, answer: Answer) -> Iterator[str]:
        """Yield what is wrong with an answer to a request."""
        code = str(answer.status)
        raw = ".raw" in request.headers.get("accept", "") and answer.status == 200  # not in the description
        if raw or code == "304" or (code == "302" and request.method == "GET"):
            return
        described = self.described["answers"].get(code)
        if described is None and code not in _ANYWHERE:
            yield f"the description knows no answer {code}"
        elif schema := self._schema(answer.status, described or {}):
            yield from self._faults("answer", schema, json.loads(answer.body))
        elif answer.body:
            yield f"the description knows no content of an answer {code}"

    @staticmethod
    def _schema(status: int, described: Mapping[str, Any]) -> Any:
        """Return the schema of an answer; GitHub's errors hold more than it says of each, `status` above all."""
        schema = described.get("application/json")
        if status < 400:
            return schema
        return {key: value for key, value in (schema or _ERROR).items() if key != "unevaluatedProperties"}

    def _faults(self, what: str, schema: Any, value: Any) -> Iterator[str]:
        import jsonschema_rs  # on first use only: most tests need none of it

        key = json.dumps(schema, sort_keys=True)
        if key not in self.registry.compiled:
            self.registry.compiled[key] = jsonschema_rs.Draft202012Validator(
                schema, registry=self.registry.registry, validate_formats=True
            )
        for error in self.registry.compiled[key].iter_errors(value):
            place = "".join(f"[{part!r}]" for part in error.instance_path)
            yield f"{what}{place}: {error.message[:300]}"


def _kind(schema: Mapping[str, Any]) -> set[str]:
    kinds = {str(schema["type"])} if "type" in schema else set()
    return kinds.union(*(_kind(one) for one in schema.get("anyOf", schema.get("oneOf", []))))


def _typed(value: str, kinds: set[str]) -> Any:
    """Return a parameter's value, which came as text, as the kind that it should be."""
    if "integer" in kinds and re.fullmatch(r"-?\d+", value):
        return int(value)
    if "boolean" in kinds and value in {"true", "false"}:
        return value == "true"
    return value.split(",") if kinds == {"array"} else value


class Compiled:
    """The schemas that operations share, each compiled once."""

    def __init__(self, described: Mapping[str, Any]) -> None:
        from jsonschema_rs import Registry

        self.registry = Registry([(_ROOT, {"schemas": described})])
        self.compiled: dict[str, Any] = {}


class Schemas:
    """GitHub's descriptions; load them once a session."""

    def __init__(self) -> None:
        loaded = schemas.load()
        compiled = Compiled(loaded["schemas"])
        every = [Operation(one, compiled) for one in loaded["operations"]]
        # The longest literal path first: /issues/comments/{id} is no issue.
        self.operations = sorted(every, key=lambda one: -len(re.sub(r"\{\w+\}", "", one.described["path"])))

    @cached_property
    def queries(self) -> "Queries":
        """Return the GraphQL schema; building it takes a second."""
        from .selections import Queries

        return Queries(schemas.graphql().read_text("utf-8"))

    def operation(self, request: Request) -> Operation | None:
        """Return the call that a request is."""
        method = "GET" if request.method == "HEAD" else request.method
        return next(
            (
                one
                for one in self.operations
                if one.described["method"] == method and one.pattern.fullmatch(request.path)
            ),
            None,
        )

    def wrong(self, request: Request, answer: Answer | None = None) -> list[str]:
        """Return what is wrong with a request, or with the answer to it."""
        if _OURS.match(request.path):
            return []
        if request.path == "/graphql":
            faults = self.queries.answer(request, answer) if answer else self.queries.request(request)
        elif operation := self.operation(request):
            faults = operation.answer(request, answer) if answer else operation.request(request)
        else:
            faults = iter([] if answer else ["the description, as trimmed to our calls, has no such call"])
        return [f"{request.method} {request.address}: {fault}" for fault in faults]


@dataclass
class Validated:
    """A service whose every request and answer is held against the descriptions; `violations` stays empty."""

    service: Service
    schemas: Schemas
    answers: bool = True  # False: the service is not ours to judge
    violations: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        self.violations += self.schemas.wrong(request)
        answer = self.service(request)
        if self.answers:
            self.violations += self.schemas.wrong(request, answer)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Fail over what was violated, unless the test failed already."""
        if kind is None:
            self.check()

    def check(self) -> None:
        """Fail over what was violated."""
        assert not self.violations, "\n".join(dict.fromkeys(self.violations))
