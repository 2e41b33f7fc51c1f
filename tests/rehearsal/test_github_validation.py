"""What holds the sandbox to its word: requests and answers that differ from GitHub's descriptions are told apart."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tasks.rehearsal.server import Answer, Request

from . import schemas as published
from .fixtures import Github
from .trimming import converted
from .validation import Schemas, Validated

_REPO = "/repos/owner/sample"


def _get(path: str, **query: str) -> Request:
    return Request("GET", path, {name: [value] for name, value in query.items()}, {})


def _post(path: str, sent: Any) -> Request:
    return Request("POST", path, {}, {}, json.dumps(sent).encode())


@pytest.mark.parametrize(
    ("request_", "wrong"),
    [
        (_get(f"{_REPO}/issues", state="all", per_page="100"), ""),
        (_get(f"{_REPO}/issues", stat="all"), "there is no parameter stat"),
        (_get(f"{_REPO}/issues", state="shut"), "parameter state"),
        (_get(f"{_REPO}/issues/x"), "parameter issue_number"),
        (_get(f"{_REPO}/git/ref/tags%2Fv1"), ""),
        (_get(f"{_REPO}/git/refs/tags/v1"), "no such call"),
        (_post(f"{_REPO}/issues", {"title": "x", "labels": ["bug"]}), ""),
        (_post(f"{_REPO}/issues", {"titel": "x"}), "'titel' was unexpected"),
        (_post(f"{_REPO}/issues", {"body": "x"}), '"title" is a required property'),
        (_post(f"{_REPO}/releases", {"tag_name": "v1", "make_latest": True}), "make_latest"),
        (Request("POST", f"{_REPO}/git/refs", {}, {}), "the body is missing"),
        (_post("/graphql", {"query": "{ rateLimit { cost } }"}), ""),
        (_post("/graphql", {"query": "{ rateLimit { costs } }"}), "Cannot query field 'costs'"),
        (_post("/graphql", {"query": "{ rateLimit {"}), "Syntax Error"),
    ],
)
def test_requests(schemas: Schemas, request_: Request, wrong: str) -> None:
    found = schemas.wrong(request_)
    assert any(wrong in one for one in found) if wrong else not found, found


def _without(name: str) -> Callable[[Any], Any]:
    return lambda content: {key: value for key, value in content.items() if key != name}


@pytest.mark.parametrize(
    ("spoil", "wrong"),
    [
        (lambda content: content, ""),
        (_without("closed_at"), '"closed_at" is a required property'),
        (lambda content: {**content, "number": "1"}, "['number']"),
        (lambda content: {**content, "title": None}, "['title']"),
        (lambda content: {**content, "closed_on": None}, "'closed_on' was unexpected"),
        (lambda content: {**content, "state_reason": "fixed"}, "['state_reason']"),
        (lambda content: {**content, "user": {**content["user"], "url": "no address"}}, "user"),
    ],
)
def test_answers(github_sandbox: Github, schemas: Schemas, spoil: Callable[[Any], Any], wrong: str) -> None:
    issue = github_sandbox.sandbox.open_issue("it breaks")

    def spoilt(request: Request) -> Answer:
        answer = github_sandbox.sandbox(request)
        return Answer.json(spoil(json.loads(answer.body)), answer.status)

    validated = Validated(spoilt, schemas)
    validated(_get(f"{_REPO}/issues/{issue}"))
    assert any(wrong in one for one in validated.violations) if wrong else not validated.violations


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ({"rateLimit": {"cost": 1, "x": 2}}, ""),
        ({"rateLimit": {"cost": 1}}, "x was asked for and is missing"),
        ({"rateLimit": {"cost": "one", "x": 2}}, "Int cannot represent"),
        ({"rateLimit": {"cost": 1, "x": 2, "y": 3}}, "more than was asked for"),
    ],
)
def test_answers_to_queries(schemas: Schemas, data: Any, wrong: str) -> None:
    validated = Validated(lambda _: Answer.json({"data": data}), schemas)
    validated(_post("/graphql", {"query": "{ rateLimit { cost x: remaining } }"}))
    assert any(wrong in one for one in validated.violations) if wrong else not validated.violations


def test_an_unknown_status_is_told(schemas: Schemas) -> None:
    validated = Validated(lambda _: Answer(418), schemas)
    validated(_get(f"{_REPO}/issues/1"))
    assert validated.violations == [f"GET {_REPO}/issues/1: the description knows no answer 418"]
    with pytest.raises(AssertionError, match="418"):
        validated.check()


def test_null_is_spelled_out() -> None:
    nullable = {"type": "string", "enum": ["a", None], "nullable": True, "description": "one"}
    assert converted(nullable) == {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}


def test_what_was_not_fetched_is_named(tmp_path: Any) -> None:
    def absent() -> Any:
        return tmp_path / "absent"

    reason = published.missing(absent, published.node)
    assert reason == "not fetched yet: absent; `uv run python -m tests.rehearsal.schemas` fetches it"
    assert published.missing(published.node) is None
