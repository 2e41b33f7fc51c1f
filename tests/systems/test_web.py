"""The client of the web: what it repeats, how long it waits, where it goes, what it takes for an answer."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from tasks.errors import ReleaseError, WrongValue
from tasks.rehearsal.server import Answer, Fault, Request, Server
from tasks.systems.web import (
    Broken,
    Failing,
    Insecure,
    Limited,
    NotReached,
    OutcomeUnknown,
    Stopped,
    Strayed,
    TimeUp,
    Trouble,
    Web,
    WrongAnswer,
    WrongFile,
)
from tasks.systems.web.limits import asked_pause, backoff

from .leaks import SECRET, TOKEN, told
from .webs import START, FakeClock, certificate, client, tls


def _service(request: Request) -> Answer:
    if request.path == "/etag":
        if request.headers.get("if-none-match") == '"1"':
            return Answer(304, headers={"ETag": '"1"', "X-Serial": "2"})
        return Answer.json({"n": 1}, ETag='"1"', X_Serial="1")
    if request.path == "/me":
        return Answer.json(dict(request.headers))
    if request.path.startswith("/to"):
        return Answer(int(request.one("status", "302")), headers={"Location": request.one("url")})
    return Answer.json({"path": request.path, "method": request.method})


@pytest.fixture(autouse=True)
def date(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the services' clock agree with the fake one."""
    monkeypatch.setattr("http.server.BaseHTTPRequestHandler.date_time_string", lambda _: _at(0))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(_service) as server:
        yield server


@pytest.fixture
def other() -> Iterator[Server]:
    with Server(_service) as server:
        yield server


def _at(seconds: float) -> str:
    return formatdate(START + seconds, usegmt=True)


# -- how long a service wants to be left alone ----------------------------------------------------------------------

_RESET = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(START) + 90)}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 1),
        ({"retry-after": _at(30)}, 30),
        ({"retry-after": _at(-30)}, 1),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        (_RESET, 91),
        ({**_RESET, "retry-after": "5"}, 5),
        ({**_RESET, "x-ratelimit-remaining": "1"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "never"}, None),
        ({**_RESET, "date": _at(60)}, 31),  # the service's clock is a minute ahead of ours
        ({"retry-after": _at(30), "date": _at(-3600)}, 3630),
    ],
)
def test_the_pause_that_headers_ask_for(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_pause(headers, START) == seconds


def test_the_pause_between_attempts_doubles_and_spreads() -> None:
    assert [backoff(n, 1.0) for n in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert [backoff(n, 0.0) for n in (1, 2, 3)] == [0.25, 0.5, 1.0]


_SECONDARY = b'{"message": "You have exceeded a secondary rate limit."}'


@pytest.mark.parametrize(
    ("refusal", "naps"),
    [
        (Answer(429, headers={"Retry-After": "7"}), [7]),
        (Answer(403, headers={"Retry-After": "7"}), [7]),
        (Answer(403, headers=_RESET), [91]),
        (Answer(403, _SECONDARY), [60]),
        (Answer(429), [60]),
        (Answer(503, headers={"Retry-After": "9"}), [9]),
        (Answer(503), [0.5]),
        (Answer(500), [0.5]),
        (Answer(502), [0.5]),
        (Answer(504), [0.5]),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else str(value[0]),
)
def test_a_read_is_repeated_when_the_service_wishes(
    server: Server, clock: FakeClock, refusal: Answer, naps: list[float]
) -> None:
    server.fault(Fault(times=1, answer=refusal))
    said: list[str] = []
    answer = client(clock, note=said.append).get(f"{server.url}/x")
    assert (answer.status, answer.json()["path"]) == (200, "/x")
    assert [round(nap) for nap in clock.naps] == [round(nap) for nap in naps]
    assert len(said) == (naps[0] > 2)
    assert len(server.asked()) == 2


def test_a_limit_without_a_time_grows(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(times=2, answer=Answer(403, _SECONDARY)))
    assert client(clock).get(server.url).ok
    assert clock.naps == [60, 120]
    server.fault(Fault(times=1, answer=Answer(403, _SECONDARY)))
    clock.naps.clear()
    assert client(clock).get(server.url).ok
    assert clock.naps == [60]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 410, 422])
def test_a_refusal_of_another_kind_is_an_answer(server: Server, clock: FakeClock, status: int) -> None:
    server.fault(Fault(answer=Answer.json({"message": "Resource not accessible"}, status)))
    answer = client(clock).get(server.url)
    assert (answer.status, answer.ok, answer.said(), clock.naps) == (status, False, "Resource not accessible", [])


def test_failures_end(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(answer=Answer(503)))
    with pytest.raises(Failing) as caught:
        client(clock).get(f"{server.url}/x?token=hush")
    assert clock.naps == [0.5, 1.0, 2.0]
    assert str(caught.value) == f"{server.url}/x answered 503\nexpected: an answer\nnext: try again later"
    assert caught.value.exit_code == 3


def test_a_failure_that_will_not_pass_is_not_repeated(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(answer=Answer(501)))
    with pytest.raises(Failing):
        client(clock).get(server.url)
    assert clock.naps == []


def test_patience_ends_and_says_until_when(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(answer=Answer(429, headers={"Retry-After": "3600"})))
    web = client(clock, patience=100)
    with pytest.raises(Limited) as caught:
        web.get(server.url)
    assert "wants none before 2026-03-01 13:00:00 UTC" in str(caught.value)
    assert "at most 100 s" in str(caught.value)
    with pytest.raises(Limited, match="13:00:00"):
        web.get(f"{server.url}/else")  # not asked again before it is time
    assert (len(server.asked()), clock.naps) == (1, [])
    clock.moment = 3601
    server.faults.clear()
    assert web.get(server.url).ok


def test_a_limit_of_one_lane_leaves_the_others_alone(server: Server, other: Server, clock: FakeClock) -> None:
    web = client(clock, patience=1)
    server.fault(Fault("/graphql", answer=Answer(429, headers={"Retry-After": "60"})))
    with pytest.raises(Limited):
        web.send("POST", f"{server.url}/graphql", {}, safe=True)
    assert web.get(f"{server.url}/rest").ok
    assert web.get(other.url).ok


def test_waits_are_told(server: Server, clock: FakeClock) -> None:
    said: list[str] = []
    server.fault(Fault(times=1, answer=Answer(429, headers={"Retry-After": "7"})))
    client(clock, note=said.append).get(f"{server.url}/x?secret=hush")
    assert said == [
        f"waiting 7 s: {server.url}/x has had too many requests and wants none before 2026-03-01 12:00:07 UTC"
    ]


def test_a_deadline_ends_the_waiting(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(answer=Answer(503)))
    with pytest.raises(Failing):
        client(clock).get(server.url, deadline=1.0)
    assert clock.naps == [0.5]
    with pytest.raises(TimeUp):
        client(clock).get(server.url, deadline=0.4)


def test_a_deadline_ends_a_slow_answer(server: Server) -> None:
    server.fault(Fault(delay=1.0))
    began = time.monotonic()
    with pytest.raises(Trouble, match="nothing"):
        Web().get(server.url, deadline=began + 0.2)
    assert time.monotonic() - began < 0.8


def test_waiting_is_called_off(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(answer=Answer(503)))
    web = client(clock)
    clock.on_sleep = web.stop
    with pytest.raises(Stopped):
        web.get(server.url)
    assert len(server.asked()) == 1


def test_a_real_wait_is_called_off_from_another_thread(server: Server) -> None:
    server.fault(Fault(answer=Answer(429, headers={"Retry-After": "60"})))
    web = Web()
    threading.Timer(0.1, web.stop).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        web.get(server.url)
    assert time.monotonic() - began < 5


# -- changes are made once -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "fault", [Fault(answer=Answer(502)), Fault(hang_up=True), Fault(cut=3)], ids=["502", "hung up", "cut"]
)
def test_a_change_is_never_repeated_when_its_outcome_is_unknown(
    server: Server, clock: FakeClock, method: str, fault: Fault
) -> None:
    server.fault(Fault(answer=fault.answer, hang_up=fault.hang_up, cut=fault.cut))
    with pytest.raises(OutcomeUnknown, match="whether it was made is not known"):
        client(clock).send(method, f"{server.url}/x", {"a": 1})
    assert (len(server.asked()), clock.naps) == (1, [])


def test_a_change_that_was_refused_is_repeated(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(times=2, answer=Answer(403, headers={"Retry-After": "5"})))
    assert client(clock).send("POST", server.url, {"a": 1}).json()["method"] == "POST"
    assert clock.naps == [5, 5]
    assert [request.json() for request in server.asked()] == [{"a": 1}] * 3


def test_a_change_that_was_not_sent_has_a_known_outcome(clock: FakeClock) -> None:
    with Server(_service) as gone:
        url = gone.url
    with pytest.raises(NotReached, match="refused"):
        client(clock).send("POST", url, {})
    assert clock.naps == []


def test_a_question_that_is_posted_is_repeated(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(times=1, answer=Answer(502)))
    assert client(clock).send("POST", server.url, {}, safe=True).ok


def test_a_refusal_that_only_the_caller_can_see(server: Server, clock: FakeClock) -> None:
    server.fault(Fault(times=1, answer=Answer.json({"limited": True}, Retry_After="4")))
    web = client(clock)
    answer = web.send("POST", server.url, {}, safe=True, refused=lambda answer: "limited" in answer.json())
    assert (answer.json()["method"], clock.naps) == ("POST", [4])


# -- connections ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault(times=1, hang_up=True), Fault(times=1, cut=4)], ids=["hung up", "cut"])
def test_a_broken_answer_is_asked_for_again(server: Server, clock: FakeClock, fault: Fault) -> None:
    server.fault(Fault(times=1, hang_up=fault.hang_up, cut=fault.cut))
    assert client(clock).get(server.url).ok
    assert clock.naps == [0.5]


@pytest.mark.parametrize(
    ("fault", "reason"), [(Fault(hang_up=True), "closed the connection"), (Fault(cut=4), "ended its answer early")]
)
def test_a_connection_that_keeps_breaking(server: Server, fault: Fault, reason: str) -> None:
    server.fault(Fault(hang_up=fault.hang_up, cut=fault.cut))
    with pytest.raises(Broken, match=reason):
        client().get(f"{server.url}/x?token=hush")


@pytest.mark.parametrize(
    ("url", "kind", "reason"),
    [
        ("http://127.0.0.1:1/x?token=hush", NotReached, "took no connection: connection refused"),
        ("https://name.invalid/x?token=hush", NotReached, "has a name that is not known"),
        ("http://[::1]:1/x?token=hush", NotReached, r"http://\[::1\]:1/x took no connection"),
        ("http://me:hush@name.invalid/x", NotReached, "has a name that is not known"),
        ("http://a..b/x?token=hush", Trouble, "no address that can be asked"),
    ],
)
def test_no_network(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch, url: str, kind: type[Trouble], reason: str
) -> None:
    if "invalid" in url:
        monkeypatch.setattr("socket.getaddrinfo", _unknown)
    with pytest.raises(kind, match=reason) as caught:
        client(clock).get(url, token=TOKEN if url.startswith("https") else None)
    assert "hush" not in str(caught.value)
    assert caught.value.__context__ is None


def _unknown(*_: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("url", ["ftp://x/y", "x", "", "https://", "http://[bad/", "file:///etc/passwd"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(WrongValue, match="no address"):
        client().get(url)


def test_a_token_goes_nowhere_unencrypted() -> None:
    with pytest.raises(WrongValue, match="token in clear"):
        client().get("http://example.invalid/", token=TOKEN)


def test_a_certificate_nobody_vouches_for(tmp_path: Path, clock: FakeClock) -> None:
    with Server(_service, tls=tls(certificate(tmp_path))) as server, pytest.raises(Insecure) as caught:
        client(clock).get(f"{server.url}/x", token=TOKEN)
    assert "cannot be trusted: self-signed certificate" in str(caught.value)
    assert (server.asked(), clock.naps) == ([], [])


def test_a_certificate_of_an_authority_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with Server(_service, tls=tls(path)) as server:
        assert client().get(f"{server.url}/x", token=TOKEN).ok


def test_what_does_not_speak_tls(server: Server) -> None:
    with pytest.raises(Broken, match="does not speak TLS"):
        client().get(server.url.replace("http:", "https:"))


# -- who asks ------------------------------------------------------------------------------------------------------


def test_the_tool_says_who_it_is(server: Server) -> None:
    headers = client().get(f"{server.url}/me", token=TOKEN, headers={"X-Own": "1"}, accept="a/b").json()
    assert headers["user-agent"].startswith("release-coordination (https://")
    assert (headers["accept"], headers["x-own"], headers["authorization"]) == ("a/b", "1", "Bearer ***")


def test_credentials_lying_about_are_not_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password hush\n", "utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    url = server.url.replace("http://", "http://you:hush@")
    assert "authorization" not in client().get(f"{url}/me").json()


def test_a_proxy_of_the_environment_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    assert client().get("http://example.invalid/through").ok
    assert server.seen[0].headers["host"] == "example.invalid"


def test_a_proxy_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://me:hush@127.0.0.1:1")
    with pytest.raises(NotReached, match="through the proxy") as caught:
        client().get("http://example.invalid/")
    assert "hush" not in told(caught.value)


def test_cookies_are_not_kept(server: Server) -> None:
    server.fault(Fault(times=1, answer=Answer(200, b"{}", {"Set-Cookie": "a=b"})))
    web = client()
    web.get(server.url)
    assert "cookie" not in web.get(f"{server.url}/me").json()


# -- redirections --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_followed(server: Server, status: int) -> None:
    answer = client().get(f"{server.url}/to?url=/me&status={status}", token=TOKEN)
    assert (answer.url, answer.json()["authorization"]) == (f"{server.url}/me", "Bearer ***")


def test_another_host_is_asked_only_when_allowed_and_without_the_token(server: Server, other: Server) -> None:
    url = f"{server.url}/to?url={other.url}/me"
    with pytest.raises(Strayed, match="redirects to another host"):
        client().get(url, token=TOKEN)
    assert other.asked() == []
    assert "authorization" not in client().get(url, token=TOKEN, elsewhere=True).json()
    assert "authorization" in server.seen[0].headers


def test_the_way_back_from_another_host_is_without_the_token_too(server: Server, other: Server) -> None:
    url = f"{server.url}/to?url={other.url}/to?url={server.url}/me"
    assert "authorization" not in client().get(url, token=TOKEN, elsewhere=True).json()


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("ftp://127.0.0.1/", "an address that is none"),
        ("file:///etc/passwd", "an address that is none"),
        ("http://[bad/", "an address that is none"),
        ("//example.invalid/x?token=hush", "redirects to another host, example.invalid"),
    ],
)
def test_where_we_do_not_go(server: Server, location: str, reason: str) -> None:
    with pytest.raises(Strayed, match=reason) as caught:
        client().get(f"{server.url}/to?url={location}")
    assert "hush" not in str(caught.value)


def test_never_from_https_to_http(tmp_path: Path, other: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    path = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    with Server(_service, tls=tls(path)) as server, pytest.raises(Strayed, match="not encrypted"):
        client().get(f"{server.url}/to?url={other.url}/x", elsewhere=True)
    assert other.asked() == []


def test_a_circle_ends(server: Server) -> None:
    server.fault(Fault(answer=Answer(302, headers={"Location": "/again"})))
    with pytest.raises(Strayed, match="more than 5 times"):
        client().get(server.url)
    assert len(server.asked()) == 6


@pytest.mark.parametrize(("status", "methods"), [(307, ["POST", "POST"]), (308, ["POST", "POST"]), (302, ["POST"])])
def test_a_change_is_redirected_only_as_it_is(server: Server, status: int, methods: list[str]) -> None:
    with pytest.raises(Strayed) if len(methods) == 1 else _fine():
        client().send("POST", f"{server.url}/to?url=/x&status={status}", {"a": 1})
    assert [request.method for request in server.asked()] == methods


class _fine:  # noqa: N801 - reads like the context manager it is
    def __enter__(self) -> None: ...
    def __exit__(self, *error: object) -> None: ...


# -- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), "answered 200 with a web page"),
        (Answer(200, b" <!DOCTYPE html>"), "answered 200 with a web page"),
        (Answer(200, b'{"a": ', {"Content-Type": "application/json"}), "application/json that is no JSON"),
        (Answer(200, b"\xff\xfe"), "something that is no JSON"),
        (Answer(200, b"[" * 100_000), "something that is no JSON"),
        (Answer(200, b""), "answered 200 with nothing"),
        (Answer(200, b"[]"), "answered 200 with other JSON"),
    ],
)
def test_what_is_not_the_json_that_was_asked_for(server: Server, answer: Answer, reason: str) -> None:
    server.fault(Fault(answer=answer))
    with pytest.raises(WrongAnswer, match=reason):
        client().get(f"{server.url}/x").mapping()


def test_an_answer_without_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.systems.web.transport.MOST_BYTES", 1000)
    server.fault(Fault(answer=Answer(200, b" " * 2000)))
    with pytest.raises(WrongAnswer, match="without end"):
        client().get(server.url)


def test_an_answer_is_asked_for_again_only_when_it_changed(server: Server) -> None:
    web = client()
    first, second = web.get(f"{server.url}/etag"), web.get(f"{server.url}/etag")
    assert (first.fresh, second.fresh) == (True, False)
    assert (second.status, second.json(), second.body is first.body) == (200, {"n": 1}, True)
    assert second.headers["x-serial"] == "2"
    assert [request.headers.get("if-none-match") for request in server.asked()] == [None, '"1"']


@pytest.mark.parametrize("asked", [{"accept": "text/plain"}, {"token": TOKEN}], ids=["accept", "identity"])
def test_another_kind_of_answer_and_another_asker_are_not_mixed(server: Server, asked: dict[str, object]) -> None:
    web = client()
    web.get(f"{server.url}/etag")
    assert web.get(f"{server.url}/etag", **asked).fresh  # type: ignore[arg-type]


def test_a_304_that_was_not_asked_for(server: Server) -> None:
    server.fault(Fault(answer=Answer(304)))
    with pytest.raises(WrongAnswer, match="nothing changed since never"):
        client().get(server.url)


def test_by_date_where_there_is_no_etag(server: Server) -> None:
    server.fault(Fault(times=1, answer=Answer.json({}, Last_Modified=_at(0))))
    server.fault(Fault(times=1, answer=Answer(304)))
    web = client()
    web.get(server.url)
    assert not web.get(server.url).fresh
    assert server.seen[1].headers["if-modified-since"] == _at(0)


# -- several threads -----------------------------------------------------------------------------------------------


def test_who_asks_the_same_meanwhile_shares_the_answer(server: Server) -> None:
    server.delay = 0.3
    web = Web()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: web.get(f"{server.url}/same"), range(8)))
    assert len({id(answer) for answer in answers}) == 1
    assert len(server.asked()) == 1


def test_a_failure_is_shared_too(server: Server) -> None:
    server.delay = 0.2
    server.fault(Fault(answer=Answer(501)))
    web = Web()
    with ThreadPoolExecutor(4) as pool:
        errors = [future.exception() for future in [pool.submit(web.get, server.url) for _ in range(4)]]
    assert {type(error) for error in errors} == {Failing}
    assert len(server.asked()) == 1


def test_whoever_has_more_time_asks_again(server: Server) -> None:
    server.fault(Fault(delay=0.5, times=1))
    web = Web()
    with ThreadPoolExecutor(2) as pool:
        hasty = pool.submit(web.get, server.url, deadline=time.monotonic() + 0.2)
        time.sleep(0.05)
        patient = pool.submit(web.get, server.url)
        hasty.exception()
        assert patient.result().ok


def test_who_waits_for_another_keeps_to_a_deadline(server: Server) -> None:
    server.delay = 0.6
    web = Web()
    with ThreadPoolExecutor(2) as pool:
        patient = pool.submit(web.get, server.url)
        time.sleep(0.1)
        with pytest.raises(TimeUp):
            web.get(server.url, deadline=time.monotonic() + 0.1)
        assert patient.result().ok


def test_a_host_gets_only_so_many_requests_at_once() -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def count(_request: Request) -> Answer:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.05)
        with lock:
            busy -= 1
        return Answer.json({})

    with Server(count) as server, ThreadPoolExecutor(12) as pool:
        web = Web(most_at_once=3)
        list(pool.map(lambda n: web.get(f"{server.url}/{n}"), range(12)))
    assert most == 3
    assert web.sent == {server.url.removeprefix("http://"): 12}


# -- files ---------------------------------------------------------------------------------------------------------

_CONTENT = b"wheel" * 1000
_SHA256 = sha256(_CONTENT).hexdigest()


@pytest.fixture
def store(server: Server) -> Server:
    server.service = lambda _request: Answer(200, _CONTENT, {"Content-Type": "application/octet-stream"})
    return server


def test_a_file_is_checked(store: Server, tmp_path: Path) -> None:
    web, right = client(), _SHA256
    assert web.download(f"{store.url}/f.whl", size=5000, sha256=right) == _CONTENT
    path = web.save(f"{store.url}/f.whl", tmp_path / "f.whl", size=5000, sha256=right)
    assert path.read_bytes() == _CONTENT
    assert [entry.name for entry in tmp_path.iterdir()] == ["f.whl"]


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        ({"sha256": "0" * 64}, r"f\.whl has sha256 [0-9a-f]{16}…\nexpected: 0{16}…, as listed"),
        ({"size": 6000}, r"f\.whl has 5000 bytes\nexpected: 6000"),
        ({"size": 4000}, r"f\.whl is larger than it should be\nexpected: 4000"),
    ],
)
def test_a_wrong_file_is_refused(store: Server, tmp_path: Path, expected: dict[str, object], reason: str) -> None:
    with pytest.raises(WrongFile, match=reason) as caught:
        client().save(f"{store.url}/f.whl", tmp_path / "f.whl", **expected)  # type: ignore[arg-type]
    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_short_is_downloaded_again(store: Server, clock: FakeClock) -> None:
    store.fault(Fault(times=2, cut=2500))
    assert client(clock).download(store.url, sha256=_SHA256) == _CONTENT
    assert clock.naps == [0.5, 1.0]


def test_a_file_that_is_not_there(store: Server) -> None:
    store.fault(Fault(answer=Answer(404)))
    with pytest.raises(WrongAnswer, match="answered 404") as caught:
        client().download(f"{store.url}/f.whl?sig=hush")
    assert (caught.value.status, "hush" in str(caught.value)) == (404, False)


def test_a_file_may_lie_elsewhere(store: Server, other: Server) -> None:
    url = f"{other.url}/to?url={store.url}/f?sig=hush"
    assert client().download(url, token=TOKEN) == _CONTENT
    assert "authorization" not in store.seen[0].headers
    with pytest.raises(Strayed):
        client().download(url, token=TOKEN, elsewhere=False)


def test_a_signed_address_is_not_told(store: Server, other: Server) -> None:
    other.fault(Fault(answer=Answer(302, headers={"Location": f"{store.url}/f?sig=hush"})))
    for fault in (Fault(times=4, cut=9), Fault(answer=Answer(404)), Fault(answer=Answer(200, b"other"))):
        store.faults[:] = [fault]
        with pytest.raises(ReleaseError) as caught:
            client().download(other.url, token=TOKEN, size=5000, sha256=_SHA256)
        assert "hush" not in told(caught.value)


# -- secrets -------------------------------------------------------------------------------------------------------

_ECHO = Answer.json({"message": f"bad credentials {SECRET}"}, X_Echo=f"Bearer {SECRET}")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(answer=Answer(500, SECRET.encode())),
        Fault(answer=Answer(429, SECRET.encode(), {"Retry-After": "9999"})),
        Fault(answer=Answer(200, f"<html>{SECRET}".encode())),
        Fault(answer=Answer(302, headers={"Location": f"https://example.invalid/{SECRET}?token={SECRET}"})),
        Fault(answer=Answer(302, headers={"Location": f"ftp://{SECRET}/"})),
        Fault(hang_up=True),
        Fault(cut=2, answer=_ECHO),
    ],
    ids=["500", "limit", "page", "redirect", "odd redirect", "hung up", "cut"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_token_is_in_no_error(server: Server, fault: Fault, method: str) -> None:
    server.fault(Fault(answer=fault.answer, hang_up=fault.hang_up, cut=fault.cut))
    said: list[str] = []
    web = client(note=said.append)
    ask = partial(web.get, server.url) if method == "GET" else partial(web.send, method, server.url, {})
    with pytest.raises(Trouble) as caught:
        ask(token=TOKEN).mapping()
    assert SECRET not in told(caught.value) + "".join(said)


def test_an_echoed_token_is_taken_out_of_the_answer(server: Server) -> None:
    server.fault(Fault(answer=_ECHO))
    answer = client().get(server.url, token=TOKEN)
    assert SECRET not in repr(answer) + str(answer.headers) + answer.body.decode()
    assert answer.said() == "bad credentials ***"
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in SECRET)
    server.faults[0].answer = Answer(401, f'{{"message": "{escaped}"}}'.encode())
    assert client().get(server.url, token=TOKEN).said() == "***"


def test_an_interruption_shows_no_token(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("requests.adapters.HTTPAdapter.cert_verify", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        client().get(server.url, token=TOKEN)
    assert SECRET not in told(caught.value)
