"""The agent's pure decisions, as tables."""

import ast
import random
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from tasks.agent import agent

VERSIONS = [
    "0.36.0", "0.36.0rc1", "0.36.0rc2", "0.36.0rc10", "0.36.0a1", "0.36.0b2", "0.36.0.dev3", "0.36.0rc1.dev2", "0.36",
    "0.36.0.post1", "0.36.0.post1.dev1", "1.0", "1.0.0", "1!0.1", "0.36.0+local.1", "0.36.0+abc", "0.36.0+1.abc",
    "2.0-1",
    "1.0c1", "1.0-preview_2", "v1.2", "1.0.rev3", "1.10", "1.9", "0.36.0rc1+l",
]  # fmt: skip


@pytest.mark.parametrize("text", VERSIONS)
def test_versions_order_as_packaging_orders_them(text: str) -> None:
    for other in VERSIONS:
        mine = (agent.version_key(text) or ()) < (agent.version_key(other) or ())
        assert mine == (Version(text) < Version(other)), (text, other)
        assert agent.same_version(text, other) == (Version(text) == Version(other)), (text, other)


@given(st.from_regex(r"[0-9v!.abcrdevpost+_-]{1,14}", fullmatch=True))
def test_what_is_a_version_is_what_packaging_says(text: str) -> None:
    try:
        Version(text)
    except InvalidVersion:
        assert agent.version_key(text) is None
    else:
        assert agent.version_key(text) is not None


@pytest.mark.parametrize("text", ["", "0.36.0; rm -rf ~", "latest", "1.0/../x", "1.0 2.0", "-1", "\u0661.\u0662"])
def test_what_is_no_version(text: str) -> None:
    assert agent.version_key(text) is None
    assert not agent.same_version(text, text)


@pytest.mark.parametrize(
    ("text", "final"),
    [("1.0", True), ("1.0.post1", True), ("1.0rc1", False), ("1.0.dev1", False), ("1.0+x", False), ("x", False)],
)
def test_a_final_version(text: str, final: bool) -> None:
    assert agent.is_final(text) is final


@pytest.mark.parametrize("requires", [">=3.9", ">=3.10,<4", "~=3.9", "~=3.9.1", "==3.11.*", "!=3.11.*", "<3.11",
                                      "<=3.11.2", ">3.11", "==3.11.2", "!=3.11.2,>=3.8", "", ">= 3.12,<4"])  # fmt: skip
@pytest.mark.parametrize("python", ["3.9.18", "3.10.0", "3.11.2", "3.12.1", "3.13.0"])
def test_requires_python_as_packaging_reads_it(python: str, requires: str) -> None:
    assert agent.satisfies(python, requires) == SpecifierSet(requires).contains(python)


TOML = [
    '# bot_token = "0:commented"\n[transports.telegram]\n  # bot_token = "1:too"\nbot_token = "2:real" # "3:behind"\n',
    "[transports]\ntelegram.bot_token = '2:real'\n",
    'transports = { telegram = { bot_token = "2:real", list = [1, 2,] } }\n',
    '[transports . "telegram"]\n"bot_token" = """2:real"""\n',
    (
        '[other]\nbot_token = "9:other"\n'
        'text = """\n[transports.telegram]\nbot_token = "9:inside"\n"""\n[transports.telegram]\nbot_token="2:real"\n'
    ),
    '[[bots]]\nname = "a"\n[[bots]]\nname = "b"\n[transports.telegram]\nbot_token = "2:re\\u0061l"\nraw = \'C:\\n\'\n',
    (
        'a = [\n  "x", # one\n  "]", \n]\nd = 2025-01-01T00:00:00Z\nf = 1.5\n'
        'b = true\nn = 1_000\n[transports.telegram]\nbot_token = "2:real"\r\n'
    ),
    "l = '''\nit's \\ raw ''quoted'''\n[transports.telegram]\nbot_token = \"2:real\"\n",
]


def mini(text: str) -> Any:
    return agent.MiniToml(text).document()


@pytest.mark.parametrize("text", TOML)
def test_the_token_is_found_and_nothing_that_only_looks_like_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agent.toml_value(text, "transports.telegram.bot_token") == "2:real"
    assert mini(text)["transports"]["telegram"]["bot_token"] == "2:real"


@pytest.mark.parametrize(
    "text", ['# token = "x"\n', "[a]\n", "a = 1\n[a.b]\n" if False else "b = 2\n", 'a.tok = "x"\n']
)
def test_a_token_that_is_not_there(text: str) -> None:
    assert agent.toml_value(text, "a.token") is None
    node = mini(text).get("a", {})
    assert "token" not in node


@pytest.mark.parametrize("text", ["a = \n", 'a = "open\n', "[a\n", "a = 1 2\n", "a = 1\na = 2\n", "= 1\n", '"""',
                                  "a = [1, 2\n", "a\n", 'a = "\\q"\n', "a = {b = 1\n"])  # fmt: skip
def test_what_is_no_toml(text: str) -> None:
    with pytest.raises(ValueError, match=r"line \d+"):
        mini(text)
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)


def plain(value: Any) -> Any:
    """Return a document as MiniToml gives it: floats and dates stay text."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


@pytest.mark.parametrize("text", [text for text in TOML if "1.5" not in text])
def test_the_small_reader_agrees_with_tomllib(text: str) -> None:
    assert mini(text) == plain(tomllib.loads(text))


_KEYS = st.sampled_from(["a", "b-1", "token", '"c d"', "'e.f'"])
_VALUES = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.booleans().map(lambda value: str(value).lower()),
    st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=8).map(
        lambda t: f'"{t}"'
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="'"), max_size=8).map(
        lambda t: f"'{t}'"
    ),
    st.sampled_from(
        ['"""a\nb"""', "'''x\n'''", '"\\t\\u0041\\\\"', "[1, [2], '#']", "{ x = 1, y.z = '}' }", "[\n1, # one\n2\n]"]
    ),
)
_LINES = st.one_of(
    st.tuples(_KEYS, _VALUES).map(lambda pair: f"{pair[0]} = {pair[1]} # comment = 1"),
    st.tuples(_KEYS, _KEYS).map(lambda pair: f"[{pair[0]}.{pair[1]}]"),
    st.just("# token = 'no'"),
    st.just("[[list]]"),
)


@given(st.lists(_LINES, max_size=8).map("\n".join))
def test_the_small_reader_reads_what_tomllib_reads(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # it may be more lenient, it must not read otherwise
    assert mini(text) == plain(expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2025-01-01 12:00:00 [error] job 17 failed", "2026-02-03T01:02:03.456Z [error] job 99 failed"),
        ("cannot read /home/a/x.db: no", "cannot read /var/lib/y/z.db: no"),
        ("at 0x7f82a2e4d590 died", "at 0x7f0f5f2c4350 died"),
        ("chat 5284581592 timed out after 3.5 s", "chat 4929463515 timed out after 12.25 s"),
        ("GET https://a.example/x?y=1 502", "GET https://b.example/z 502"),
        ("run 3f2b8c1d-9f00-4a52-8a51-0123456789ab broke", "run 00000000-9f00-4a52-8a51-0123456789ff broke"),
        ("\x1b[31merror\x1b[0m  two   spaces", "error two spaces"),
        ("first line\nTraceback 1", "first line\nTraceback 2"),
    ],
)
def test_one_signature_for_one_error(one: str, other: str) -> None:
    assert agent.signature(one) == agent.signature(other)


def test_different_errors_keep_different_signatures() -> None:
    messages = ["cannot connect", "cannot read /x", "job 1 failed", "job 1 cancelled", "added face deadbeef1"]
    assert len({agent.signature(message) for message in messages}) == len(messages)


def test_errors_are_grouped_with_counts() -> None:
    errors = [{"at": str(n), "message": f"job {n} failed"} for n in range(3)] + [{"at": "9", "message": "other"}]
    groups = agent.grouped(errors)
    assert [(group["count"], group["first"], group["last"]) for group in groups] == [(3, "0", "2"), (1, "9", "9")]


def check(result: str, *, network: bool = False) -> agent.Check:
    return agent.Check("x", result, "because", network=network)


@pytest.mark.parametrize(
    ("checks", "all_of_them", "without_network"),
    [
        ([], "UNKNOWN", "UNKNOWN"),
        ([check("PASS")], "PASS", "PASS"),
        ([check("PASS"), check("SKIPPED")], "PASS", "PASS"),
        ([check("SKIPPED")], "UNKNOWN", "UNKNOWN"),
        ([check("PASS"), check("UNKNOWN")], "UNKNOWN", "UNKNOWN"),
        ([check("UNKNOWN"), check("FAIL")], "FAIL", "FAIL"),
        ([check("PASS"), check("FAIL", network=True)], "FAIL", "PASS"),
        ([check("PASS"), check("UNKNOWN", network=True)], "UNKNOWN", "PASS"),
    ],
)
def test_the_worst_check_counts(checks: list[agent.Check], all_of_them: str, without_network: str) -> None:
    assert agent.verdict(checks) == all_of_them
    assert agent.verdict(checks, network=False) == without_network


@pytest.mark.parametrize(
    ("result", "keep", "can_go_back", "step"),
    [
        ("PASS", False, True, "healthy"),
        ("PASS", True, False, "healthy"),
        ("FAIL", False, True, "go_back"),
        ("FAIL", True, True, "FAILED"),
        ("FAIL", False, False, "FAILED"),
        ("UNKNOWN", False, True, "UNKNOWN"),
        ("UNKNOWN", True, False, "UNKNOWN"),
    ],
)
def test_what_follows_a_verdict(result: str, keep: bool, can_go_back: bool, step: str) -> None:
    assert agent.after_judging(result, keep=keep, can_go_back=can_go_back) == step


@pytest.mark.parametrize(
    ("states", "step"),
    [
        ("ACCEPTED", "preflight"),
        ("ACCEPTED PREFLIGHT", "preflight"),
        ("PREFLIGHT STAGED WORKER", "stage"),
        ("STAGED BUILT", "build"),
        ("BUILT PROBED ADOPTED", "probe"),
        ("PROBED INTENT ERROR", "flip"),
        ("INTENT FLIPPED", "restart"),
        ("FLIPPED RESTARTED", "restart"),
        ("RESTARTED VERIFYING", "verify"),
        ("VERIFYING HEALTHY", "rejudge"),
        ("VERIFYING ROLLING_BACK WORKER", "flip_back"),
        ("INTENT RESTARTED ROLLING_BACK RESTARTED", "flip_back"),
        ("ROLLING_BACK RESTARTED ROLLED_BACK", "end_back"),
    ],
)
def test_what_a_rerun_begins_with(states: str, step: str) -> None:
    assert agent.resume([{"state": state} for state in states.split()]) == step


@pytest.mark.parametrize(
    ("link", "step"),
    [("old", "flip"), ("new", "flipped"), ("third", "look"), ("", "look")],
    ids=["old", "new", "third", "none"],
)
def test_what_the_link_means(link: str, step: str) -> None:
    assert agent.link_step(link, "old", "new") == step


@pytest.mark.parametrize(
    ("before", "now", "runs", "wanted", "active", "needed"),
    [
        ("A", "A", "old", "new", True, True),
        ("A", "A", "new", "new", True, True),
        ("A", "", "", "new", False, True),
        ("", "", "", "new", False, True),
        ("A", "B", "new", "new", True, False),
        ("A", "B", "old", "new", True, True),
        ("A", "B", "", "new", True, True),
        ("A", "B", "", "new", False, True),
        ("A", "B", "x", "", True, False),
        ("A", "B", "", "", False, True),
    ],
)
def test_whether_a_restart_is_still_needed(
    before: str, now: str, runs: str, wanted: str, active: bool, needed: bool
) -> None:
    assert agent.needs_restart(before, now, runs, wanted, active=active) is needed
    assert agent.needs_restart(before, now, runs, wanted, active=active, automatic=True)


@given(st.integers(0, 8), st.sets(st.integers(0, 9)), st.integers(0, 6))
def test_pruning_never_takes_what_is_protected_and_keeps_as_many_as_asked(
    size: int, guarded: set[int], keep: int
) -> None:
    slots = [str(number) for number in range(size)]
    gone = agent.to_prune(slots, {str(number) for number in guarded}, keep)
    stay = [slot for slot in slots if slot not in gone]
    assert not {str(number) for number in guarded} & set(gone)
    assert len(stay) >= min(size, keep)
    assert gone == sorted(gone, key=int), "the oldest go, which come last"


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, b'{"ok":true,"result":{"username":"good_bot"}}', "PASS"),
        (200, b'{"ok":true,"result":{"username":"Good_Bot"}}', "PASS"),
        (200, b'{"ok":true,"result":{"username":"other_bot"}}', "FAIL"),
        (200, b'{"ok":true,"result":{}}', "FAIL"),
        (200, b'{"ok":"true","result":{"username":"good_bot"}}', "FAIL"),
        (200, b'{"ok":false,"description":"no"}', "FAIL"),
        (401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}', "FAIL"),
        (404, b'{"ok":false,"description":"Not Found"}', "FAIL"),
        (200, b"<html>a portal</html>", "UNKNOWN"),
        (200, b"[]", "UNKNOWN"),
        (429, b'{"ok":false,"description":"Too Many Requests"}', "UNKNOWN"),
        (500, b'{"ok":false}', "UNKNOWN"),
        (502, b"", "UNKNOWN"),
    ],
)
def test_what_the_bot_api_may_answer(status: int, body: bytes, result: str) -> None:
    assert agent.telegram_answer(status, body, "@good_bot")[0] == result


@pytest.mark.parametrize(
    ("status", "body", "result"), [(200, b"fine \xff", "PASS"), (200, b"other", "FAIL"), (503, b"fine", "FAIL")]
)
def test_what_a_page_may_answer(status: int, body: bytes, result: str) -> None:
    assert agent.http_answer(status, body, "fine")[0] == result


@pytest.mark.parametrize(("text", "seconds"), [("1min 30s", 90), ("20s", 20), ("500ms", 0.5), ("infinity", None),
                                               ("", None),
                                               ("2h 1min", 7260), ("1month", 2629800)])  # fmt: skip
def test_time_spans_of_systemd(text: str, seconds: float | None) -> None:
    assert agent.span_seconds(text) == seconds


def test_secrets_are_concealed() -> None:
    token = "7700112233:AAtests-ThisTokenMayAppearNowhereElse"
    assert token not in agent.concealed(f"https://api/bot{token}/getMe {token}")
    assert agent.concealed("short 12:ab and secret", {"secret"}) == "short 12:ab and ***"


def test_a_unit_file_quotes_what_systemd_would_expand() -> None:
    text = agent.unit_file("/usr/bin/python3", "/home/a b/100%/$x/agent.py", "/h", "untether", {"PATH": "/a$b:/c%d"})
    assert '"/home/a b/100%%/$$x/agent.py"' in text
    assert 'Environment="PATH=/a$b:/c%%d"' in text
    assert "Restart=on-failure" in text
    assert "WantedBy=default.target" in text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", "0.36.0; rm -rf ~"), ("version", "../x"), ("to", "latest"), ("package", "a b"),
        ("package", "../.."),
        ("command", "-c"), ("unit", "--now"), ("unit", "a b.service"), ("unit", "../x.service"), ("deploy", "../x"),
        ("deploy", "." * 3), ("wheel", "../x.whl"), ("wheel", "x.tar.gz"), ("sha256", "abc"), ("installer", "pip"),
        ("index", "file:///etc"), ("index", "https://user:secret@index/simple"), ("index", "https://i/ --pre"),
        ("python", "-c"), ("settle", -1), ("settle", "20"), ("settle", True), ("keep", 1), ("liveness", {"kind": "x"}),
        ("liveness", {"kind": "telegram"}), ("liveness", {"kind": "command", "argv": []}), ("error_pattern", "("),
        ("role", "prod"), ("keep_slots", 1.5e400), ("package", None), ("package", 3),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_its_name(key: str, value: Any) -> None:
    request = {"action": "install", "package": "untether", key: value}
    with pytest.raises(agent.Stop) as caught:
        agent.Request.of(request)
    assert caught.value.code == 2
    assert key in caught.value.found


def test_what_a_request_lacks_has_defaults() -> None:
    request = agent.Request.of(
        {"action": "status", "package": "untether", "unit": "bot", "liveness": None, "unknown": 1}
    )
    assert (request.command, request.unit, request.settle) == ("untether", "bot.service", 20.0)


PAGE = b"""<a href="../../f/untether-0.36.0-py3-none-any.whl#sha256=aa" data-requires-python="&gt;=3.9">
untether-0.36.0-py3-none-any.whl</a>
<a href="untether-0.37.0-py3-none-any.whl" data-yanked="bad">untether-0.37.0-py3-none-any.whl</a>
<a href="untether-0.38.0-py3-none-any.whl" data-requires-python="&gt;=3.99">untether-0.38.0-py3-none-any.whl</a>
<a href="untether-0.39.0rc1-py3-none-any.whl">untether-0.39.0rc1-py3-none-any.whl</a>
<a href="untether-0.40.0.tar.gz">untether-0.40.0.tar.gz</a>
<a href="other-1.0-py3-none-any.whl">other-1.0-py3-none-any.whl</a>"""


def test_an_index_page_and_what_is_chosen_from_it() -> None:
    files = agent.offered(PAGE, "https://i.example/simple/untether/", "untether")
    assert [file.version for file in files] == ["0.36.0", "0.37.0", "0.38.0", "0.39.0rc1"]
    assert files[0].url == "https://i.example/f/untether-0.36.0-py3-none-any.whl" or files[0].url.endswith(
        "0.36.0-py3-none-any.whl"
    )
    assert agent.chosen(files, "", ["3.11.2"]).version == "0.36.0"
    assert agent.chosen(files, "0.39.0rc1", []).version == "0.39.0rc1"
    for version, code in (("0.37.0", 4), ("0.41.0", 2)):
        with pytest.raises(agent.Stop) as caught:
            agent.chosen(files, version, ["3.11.2"])
        assert caught.value.code == code


def test_the_file_is_valid_on_python_3_9() -> None:
    ast.parse(Path(agent.__file__).read_text("utf-8"), feature_version=(3, 9))


def test_the_same_seed_of_versions_sorts_alike() -> None:
    shuffled = random.Random(7).sample(VERSIONS, len(VERSIONS))  # noqa: S311
    by_key = sorted(shuffled, key=lambda text: agent.version_key(text) or ())
    assert [Version(text) for text in by_key] == sorted(map(Version, VERSIONS))
