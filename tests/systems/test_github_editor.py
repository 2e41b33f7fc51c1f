"""GitHub, changed: what each change sends, one a second, never twice when its outcome is unknown."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tasks.rehearsal.server import Answer, Fault, Server
from tasks.systems.github import Editor, NotAllowed, Unprocessable
from tasks.systems.web import Limited, NotReached, OutcomeUnknown

from .githubs import AT, SHA, Hub, Reply, github, issue, pull, release
from .leaks import SECRET, told
from .webs import FakeClock

Change = Callable[[Editor], object]


@pytest.fixture
def editor(server: Server, clock: FakeClock) -> Editor:
    return Editor(github(server, clock))


_CREATED: dict[str, Reply] = {
    "/issues": Answer.json(issue(), 201),
    "/issues/3": issue(),
    "/issues/3/comments": Answer.json({"id": 1, "html_url": "https://github.com/octo/sample/issues/3#c1"}, 201),
    "/pulls": Answer.json(pull(), 201),
    "/pulls/8": pull(),
    "/releases": Answer.json(release(), 201),
    "/releases/11": release(),
    "/labels": Answer.json({"name": "bug"}, 201),
    "/git/refs": Answer.json({"ref": "refs/tags/v1"}, 201),
    "/git/refs/tags%2Frel%2Fv1": Answer(204),
    "/actions/runs/5/cancel": Answer.json({}, 202),
}
_CHANGES: dict[str, tuple[Change, str, str, Any]] = {
    "open": (
        lambda it: it.create_issue("T", "B", ["bug"]),
        "POST", "/issues", {"title": "T", "body": "B", "labels": ["bug"]},
    ),
    "close": (
        lambda it: it.update_issue(3, state="closed", state_reason="completed"),
        "PATCH", "/issues/3", {"state": "closed", "state_reason": "completed"},
    ),
    "unlabel": (lambda it: it.update_issue(3, labels=[]), "PATCH", "/issues/3", {"labels": []}),
    "comment": (lambda it: it.comment(3, "hi"), "POST", "/issues/3/comments", {"body": "hi"}),
    "propose": (
        lambda it: it.create_pull("topic/x", "main", "T", "B"),
        "POST", "/pulls", {"head": "topic/x", "base": "main", "title": "T", "body": "B", "draft": False},
    ),
    "propose again": (lambda it: it.update_pull(8, body="C"), "PATCH", "/pulls/8", {"body": "C"}),
    "ref": (
        lambda it: it.create_ref("refs/tags/v1", SHA), "POST", "/git/refs", {"ref": "refs/tags/v1", "sha": SHA},
    ),
    "no ref": (lambda it: it.delete_ref("refs/tags/rel/v1"), "DELETE", "/git/refs/tags%2Frel%2Fv1", None),
    "release": (
        lambda it: it.create_release("v1", "V", "B", prerelease=True, latest="false", notes=True),
        "POST", "/releases",
        {
            "tag_name": "v1", "name": "V", "body": "B", "draft": False, "prerelease": True, "make_latest": "false",
            "generate_release_notes": True,
        },
    ),
    "release again": (lambda it: it.update_release(11, draft=False), "PATCH", "/releases/11", {"draft": False}),
    "cancel": (lambda it: it.cancel_run(5), "POST", "/actions/runs/5/cancel", None),
}  # fmt: skip


@pytest.mark.parametrize("name", _CHANGES)
def test_what_a_change_sends(editor: Editor, hub: Hub, server: Server, name: str) -> None:
    change, method, path, content = _CHANGES[name]
    hub.routes |= _CREATED
    change(editor)
    request = server.seen[-1]
    assert (request.method, request.path.removeprefix(AT)) == (method, path)
    assert (request.json() if request.body else None) == content
    assert request.headers["accept"] == "application/vnd.github+json"
    assert request.headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("name", _CHANGES)
@pytest.mark.parametrize("fault", [Fault(answer=Answer(502)), Fault(hang_up=True)], ids=["502", "hung up"])
def test_no_change_is_made_twice(editor: Editor, hub: Hub, server: Server, name: str, fault: Fault) -> None:
    hub.routes |= _CREATED
    server.fault(Fault(answer=fault.answer, hang_up=fault.hang_up))
    with pytest.raises(OutcomeUnknown) as caught:
        _CHANGES[name][0](editor)
    assert len(server.seen) == 1
    assert SECRET not in told(caught.value)


def test_what_changes_give_back(editor: Editor, hub: Hub) -> None:
    hub.routes |= _CREATED
    assert editor.create_issue("T", "B").number == 3
    assert editor.create_pull("a", "b", "T", "B").number == 8
    assert editor.create_release("v1", "V", "B").id == 11
    assert editor.comment(3, "hi").endswith("#c1")


def test_a_second_between_changes(editor: Editor, hub: Hub, clock: FakeClock) -> None:
    hub.routes |= _CREATED
    editor.comment(3, "1")
    clock.moment += 0.4
    editor.comment(3, "2")
    clock.moment += 5
    editor.comment(3, "3")
    assert clock.naps == [0.6]


def test_a_second_between_the_changes_of_threads(editor: Editor, hub: Hub, clock: FakeClock) -> None:
    hub.routes |= _CREATED
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: editor.comment(3, str(number)), range(4)))
    assert clock.naps == [1, 1, 1]


def test_a_change_that_was_refused_for_haste_is_made_later(
    editor: Editor, hub: Hub, server: Server, clock: FakeClock
) -> None:
    hub.routes |= _CREATED
    server.fault(Fault(times=1, answer=Answer.json({"message": "You have exceeded a secondary rate limit"}, 403)))
    assert editor.create_issue("T", "B").number == 3
    assert (len(server.seen), clock.naps) == (2, [60])
    server.fault(Fault(answer=Answer(429, headers={"Retry-After": "9999"})))
    with pytest.raises(Limited):
        editor.create_issue("T", "B")


def test_a_label_is_created_once(editor: Editor, hub: Hub, server: Server) -> None:
    hub.routes[f"GET {AT}/labels"] = [{"name": "bug"}]
    hub.routes["/labels"] = Answer.json({"name": "prio/high"}, 201)
    assert editor.ensure_label("prio/high", color="ff0000", description="soon")
    assert server.seen[-1].json() == {"name": "prio/high", "color": "ff0000", "description": "soon"}
    hub.routes["/labels"] = Answer.json({"message": "Validation Failed", "errors": [{"code": "already_exists"}]}, 422)
    assert not editor.ensure_label("prio/high")
    hub.routes[f"GET {AT}/labels"] = [{"name": "bug"}, {"name": "Prio/High"}]
    server.seen.clear()
    assert not editor.ensure_label("prio/high")
    assert [request.method for request in server.seen] == ["GET"]


@pytest.mark.parametrize(
    ("path", "status", "message", "change"),
    [
        ("/git/refs/tags%2Fv1", 422, "Reference does not exist", lambda it: it.delete_ref("refs/tags/v1")),
        ("/actions/runs/5/cancel", 409, "Cannot cancel a run that is completed.", lambda it: it.cancel_run(5)),
    ],
)
def test_what_needs_no_change(editor: Editor, hub: Hub, path: str, status: int, message: str, change: Change) -> None:
    hub.routes[path] = Answer.json({"message": message}, status)
    assert change(editor) is False


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/git/refs/tags%2Fv1", lambda it: it.delete_ref("refs/tags/v1")),
        ("/actions/runs/5/cancel", lambda it: it.cancel_run(5)),
        ("/pulls", lambda it: it.create_pull("a", "b", "T", "B")),
    ],
)
def test_a_change_that_cannot_be(editor: Editor, hub: Hub, path: str, change: Change) -> None:
    error = {"resource": "PullRequest", "code": "custom", "message": f"No commits between b and a {SECRET}"}
    hub.routes[path] = Answer.json({"message": "Validation Failed", "errors": [error]}, 422)
    with pytest.raises(Unprocessable, match=r"422: Validation Failed; No commits between b and a \*\*\*") as caught:
        change(editor)
    assert caught.value.codes == ("custom",)
    assert SECRET not in told(caught.value)


def test_a_token_that_is_echoed_in_escapes_is_told_nobody(editor: Editor, hub: Hub) -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in SECRET)
    text = f'{{"message": "No", "errors": [{{"code": "custom", "message": "not {escaped}"}}]}}'
    hub.routes["/issues"] = Answer(422, text.encode(), {"Content-Type": "application/json"})
    with pytest.raises(Unprocessable, match=r"422: No; not \*\*\*") as caught:
        editor.create_issue("T", "B")
    assert SECRET not in told(caught.value)


def test_a_change_that_is_not_allowed(editor: Editor, hub: Hub) -> None:
    hub.routes["/issues"] = Answer(
        403, b'{"message": "Resource not accessible"}', {"X-Accepted-GitHub-Permissions": "issues=write"}
    )
    with pytest.raises(NotAllowed, match="a token with issues=write") as caught:
        editor.create_issue("T", "B")
    assert caught.value.missing == "issues=write"


def test_a_change_that_was_not_sent(server: Server, clock: FakeClock) -> None:
    server.url = "http://127.0.0.1:1"
    with pytest.raises(NotReached):
        Editor(github(server, clock)).create_issue("T", "B")
