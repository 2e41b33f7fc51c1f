"""The sandbox's server: it answers, remembers, and fails as it is told."""

import pytest
import requests

from tasks.rehearsal.server import Answer, Fault, Request, Server


def _echo(request: Request) -> Answer:
    return Answer.json({"method": request.method, "q": request.one("q"), "body": request.body.decode()}, X_Kind="echo")


def test_it_answers_and_remembers() -> None:
    with Server(_echo) as server:
        answer = requests.post(f"{server.url}/a%2Fb?q=1", data="hello", timeout=5)
    assert answer.json() == {"method": "POST", "q": "1", "body": "hello"}
    assert answer.headers["X-Kind"] == "echo"
    assert [request.address for request in server.asked("POST", "^/a%2Fb")] == ["/a%2Fb?q=1"]
    assert server.asked("GET") == []


def test_a_fault_hits_as_often_as_it_is_told() -> None:
    with Server(_echo) as server:
        server.fault(Fault("/x", times=2, skip=1, answer=Answer(503)))
        codes = [requests.get(f"{server.url}/x", timeout=5).status_code for _ in range(5)]
        other = requests.get(f"{server.url}/y", timeout=5).status_code
    assert (codes, other) == ([200, 503, 503, 200, 200], 200)


@pytest.mark.parametrize("fault", [Fault(cut=4), Fault(hang_up=True)], ids=["cut", "hung up"])
def test_a_broken_answer_is_an_error_for_the_client(fault: Fault) -> None:
    with Server(_echo) as server:
        server.fault(fault)
        with pytest.raises(requests.RequestException):
            requests.get(server.url, timeout=5)
