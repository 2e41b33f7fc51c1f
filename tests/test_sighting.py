"""staging.soak --file-issues: each error signature once, ever."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks import judging
from tasks.fleet import HostResult
from tasks.rehearsal.server import Fault
from tasks.rules.fleet import HostOutcome
from tasks.rules.signatures import sighted, sightings

from .rehearsal.validation import Schemas
from .releases import TOKEN, World, world
from .running import Ended

EVIL = "`$(touch pwned)` @everyone closes #1 ``` --> <img src=x> ::error::x \u202e\x1b[31m"


def error(signature: str, count: int = 1, **more: Any) -> dict[str, Any]:
    last = "2026-01-02T00:00:00+00:00"
    return {"signature": signature, "count": count, "first": last, "last": last, "example": f"{signature} 17", **more}


@pytest.fixture
def made(tmp_path: Path, schemas: Schemas, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Two hosts, which tell of the errors in `made.errors`."""
    errors: dict[str, list[dict[str, Any]]] = {"a": [error("boom", 3), error(EVIL)], "b": [error("boom", 2)]}
    answer = {"verdict": "FAIL", "version": "1.1.0rc1", "seconds": 100, "restarts": 0, "checks": []}
    monkeypatch.setattr(judging, "asked", lambda _project, name, _action, **_: HostResult(
        name, HostOutcome.FAILED, 1, {**answer, "errors": errors[name]}, "errors: 3, 0 allowed"))  # fmt: skip
    with world(tmp_path, schemas) as found:
        found.github.gate.token = TOKEN
        for name in errors:
            found.env[f"RELEASE_COORDINATION_HOSTS__{name.upper()}__ROLE"] = "staging"
        found.errors = errors  # type: ignore[attr-defined]
        yield found


def soak(made: World, *words: str) -> Ended:
    return made.call("staging.soak", "--file-issues", *words)


def test_each_once(made: World) -> None:
    ended = soak(made, "--yes")
    assert ended.code == 1  # the verdict's
    assert "#1 (new): error on hosts: boom" in ended.err
    first, second = made.github.hub.issues.values()
    assert (first.title, first.labels, first.state) == ("error on hosts: boom", ["bug"], "open")
    assert "Logged 5 times on `a`, `b` by version `1.1.0rc1`, last at `2026-01-02T00:00:00+00:00`." in (
        first.body or ""
    )
    assert "```text\nboom 17\n```" in (first.body or "")
    before = made.writes()
    made.github.close_issue(second.number)
    again = soak(made)  # nothing to file, so nobody is asked
    assert (again.code, made.writes()) == (1, before)
    assert "#1 (open): error on hosts: boom" in again.err
    assert "#2 (closed): error on hosts: " in again.err


def test_json_stays_one_document(made: World) -> None:
    assert [row["host"] for row in soak(made, "--yes", "--json").json] == ["a", "b"]


def test_nobody_to_ask(made: World) -> None:
    ended = soak(made)
    assert (ended.code, "File 2 issues in owner/sample? Nobody can be asked" in ended.err) == (4, True)
    assert made.github.hub.issues == {}


def test_an_answer_that_is_lost_files_nothing_twice(made: World) -> None:
    made.servers["github"].fault(Fault("/issues$", "POST", times=1, cut=5))
    assert soak(made, "--yes").code == 1
    assert soak(made, "--yes").code == 1
    assert len(made.github.hub.issues) == 2


def test_interrupted_between_two_it_goes_on(made: World) -> None:
    made.servers["github"].fault(Fault("/issues$", "POST", skip=1, times=1, hang_up=True))
    assert soak(made, "--yes").code == 3
    assert len(made.github.hub.issues) == 1
    assert soak(made, "--yes").code == 1
    assert len(made.github.hub.issues) == 2


def test_what_a_host_logs_does_no_harm(made: World) -> None:
    made.errors["b"] = []  # type: ignore[attr-defined]
    soak(made, "--yes")
    body = made.github.hub.issues[2].body or ""
    assert body.count("````text\n") == 2
    assert body.partition("````text\n")[2].startswith("`$(touch pwned)` @everyone closes #1 ``` --> <img")
    assert "\\u202e\\x1b[31m" in body
    assert "\x1b" not in made.github.hub.issues[2].title


def test_a_strangers_mark_does_not_count(made: World) -> None:
    (one, _) = sightings({"a": {"version": "1", "errors": made.errors["a"]}})  # type: ignore[attr-defined]
    made.github.open_issue("not yours", one.body)
    made.github.open_issue("quoted", f"see\n{one.body}", labels=["bug"])
    soak(made, "--yes")
    assert len(made.github.hub.issues) == 4
    assert (sighted(one.body), sighted(f"\n{one.body}")) == (one.id, "")


def test_one_that_a_person_labelled_otherwise_is_found(made: World) -> None:
    soak(made, "--yes")
    made.github.hub.issues[1].labels = ["wontfix"]
    made.github.close_issue(1, "not_planned")
    assert "#1 (closed): error on hosts: boom" in soak(made, "--yes").err
    assert len(made.github.hub.issues) == 2


def test_no_error_asks_github_nothing(made: World) -> None:
    made.errors.update(a=[], b=[])  # type: ignore[attr-defined]
    assert soak(made).code == 1
    assert made.servers["github"].asked() == []
