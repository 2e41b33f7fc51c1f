"""The GitHub token: where it comes from, and that nothing shows it."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.errors import WrongValue
from tasks.systems.tokens import Token, find_token, gh_token, hostname, without_tokens

from ..running import program
from .leaks import SECRET, TOKEN, told


def _nothing(_host: str) -> str:
    return ""


@pytest.mark.parametrize(
    ("environment", "said", "value", "origin"),
    [
        ({"GITHUB_TOKEN": SECRET, "GH_TOKEN": "other-one"}, "", SECRET, "GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "", "GH_TOKEN": f" {SECRET}\n"}, "", SECRET, "GH_TOKEN"),
        ({}, f"{SECRET}\n", SECRET, "gh auth token"),
    ],
)
def test_where_it_comes_from(environment: dict[str, str], said: str, value: str, origin: str) -> None:
    token = find_token(environment=environment, ask=lambda _: said)
    assert token is not None
    assert (token.reveal(), token.origin) == (value, origin)


def test_none_at_all() -> None:
    assert find_token(environment={}, ask=_nothing) is None


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://github.example.org/api/v3", "github.example.org"),
        ("https://api.octocorp.ghe.com", "octocorp.ghe.com"),
    ],
)
def test_gh_is_asked_for_the_host(api: str, host: str) -> None:
    asked: list[str] = []
    find_token(api, {}, lambda name: asked.append(name) or SECRET)  # type: ignore[func-returns-value]
    assert (asked, hostname(api)) == ([host], host)


@pytest.mark.parametrize(
    ("body", "said"),
    [(f'test "$*" = "auth token --hostname h" && echo {SECRET}', f"{SECRET}\n"), ("echo no >&2; exit 1", "")],
)
def test_gh_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str) -> None:
    program(tmp_path, "gh", body)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert gh_token("h") == said


def test_without_gh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gh_token("h") == ""


@pytest.mark.parametrize("value", ["short", f"{SECRET} two", f"{SECRET}\nX: y", f"{SECRET}é", f"{SECRET}\x1b"])
def test_what_is_no_token(value: str) -> None:
    with pytest.raises(WrongValue, match="GH_TOKEN holds no token") as caught:
        find_token(environment={"GH_TOKEN": value}, ask=_nothing)
    assert value not in str(caught.value)


def test_a_program_that_says_its_token() -> None:
    environment = {"GITHUB_TOKEN": f" {SECRET}\n", "GH_TOKEN": "a", "OTHER": "other-secret"}
    said = f"it is {SECRET}, or a, or other-secret"
    assert without_tokens(said, environment) == "it is ***, or a, or other-secret"


def test_nothing_shows_it() -> None:
    shown = [str(TOKEN), repr(TOKEN), f"{TOKEN}", f"{TOKEN!r:>40}", f"{TOKEN!s}", repr([TOKEN]), str({"a": TOKEN})]
    assert SECRET not in "".join(shown)
    assert str(TOKEN) == "<token from GITHUB_TOKEN>"


@pytest.mark.parametrize("act", [pickle.dumps, copy.copy, copy.deepcopy, vars])
def test_nothing_copies_it_elsewhere(act: Callable[[Token], object]) -> None:
    with pytest.raises(TypeError) as caught:
        act(TOKEN)
    assert SECRET not in told(caught.value)


def test_tokens_are_compared_by_value() -> None:
    same, other = Token(SECRET, "GH_TOKEN"), Token("ghp_another_one", "GH_TOKEN")
    assert (same == TOKEN, other == TOKEN, len({TOKEN, same, other})) == (True, False, 2)


def test_it_is_taken_out_of_what_others_say() -> None:
    assert TOKEN.hide(f"a {SECRET} b") == "a *** b"
    assert TOKEN.hide_bytes(f"a {SECRET} b".encode()) == b"a *** b"
