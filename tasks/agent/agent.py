# ruff: noqa: UP017  (this file runs on Python 3.9 too)
"""The host agent: one standard-library file, sent over the connection, that changes and judges one service on its host.

PROTOCOL.md beside this file is the contract with the client: requests, lines, results, the record. In short: a header
line with sizes, this source, a JSON request and optionally a wheel come in on stdin; every line that goes out begins
with RS (0x1e) and is one JSON object: `hello`, then `record`, `progress`, `log`, and last `result` or `error` with the
exit code. `python3 agent.py ACTION` on the host itself does the same and prints a table.

A change does not run in the connection. The session writes the request down, and a systemd user unit of the agent's own
carries it through the states of DESIGN.md section 6, however often it is killed. From top to bottom: errors, pure
decisions (versions, TOML, text, judging, what a rerun does), the world (`Host`), places, record and lock, systemd,
environments, health, building, the change, the worker and its sessions, what only reads, the command line.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

if TYPE_CHECKING:  # heavy modules are imported where they are used: a status is to be quick
    import argparse

PROTOCOL = 1
RS = "\x1e"
TOOL = "release-coordination"
PASS, FAIL, UNKNOWN, SKIPPED = "PASS", "FAIL", "UNKNOWN", "SKIPPED"
OK, ROLLED_BACK, FAILED, UNTOUCHED = "OK", "ROLLED_BACK", "FAILED", "UNTOUCHED"
DONE, BROKEN, WRONG, OUTSIDE, REFUSED = 0, 1, 2, 3, 4  # exit codes, DESIGN.md section 1
CODES = {OK: DONE, ROLLED_BACK: BROKEN, FAILED: BROKEN, UNKNOWN: OUTSIDE, UNTOUCHED: REFUSED}
TRY_AGAIN = 75  # the worker's exit code for "restart me"; anything but 0 makes systemd do it

SHORT, LONG, BUILD = 15.0, 60.0, 1800.0  # seconds a question, a slow question, an installation may take
HEARTBEAT = 5.0
START_LIMIT = 900.0  # seconds to wait for a unit whose own limit is "infinity"
MARGIN = 5.0
JOURNAL_LINES = 20_000
SHORTEST_SECRET = 8  # a placeholder of a letter or two is none, and to conceal it would garble every line
LATE = 30.0  # seconds that journald may be behind
BALLAST = 256 * 1024  # kept free for the record when the disk fills up
NEED_BYTES = 64 * 1024 * 1024
ERRORS_IN_A_STATE, WORKERS_IN_A_DEPLOY = 3, 200
OLDEST_PYTHON, NEWEST_PYTHON = 9, 15
PRIORITY_ERROR = 3
TEXT_LIMIT = 300
ANSWER_LIMIT = 1_000_000
HTTP_OK, HTTP_ERROR, HTTP_TOO_MANY, HTTP_SERVER = 200, 400, 429, 500
RESTART_SCHEDULED = "5eb03494b6584870a536b337290809b3"  # systemd's message id of an automatic restart

Json = dict[str, Any]


class Stop(Exception):
    """A refusal or failure in words: what was found, what was expected, what to type next."""

    def __init__(self, code: int, kind: str, found: str, expected: str = "", remedy: str = "", **more: Any) -> None:
        super().__init__(found)
        self.code, self.kind, self.found, self.expected, self.remedy, self.more = (
            code, kind, found, expected, remedy, more,
        )  # fmt: skip

    def event(self) -> Json:
        """Return the protocol's last line."""
        words = {"found": self.found, "expected": self.expected, "remedy": self.remedy}
        return {"event": "error", "code": self.code, "kind": self.kind, **words, **self.more}


# -- versions: PEP 440 without the packaging library ----------------------------------------------------------------

_VERSION = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_n>\d*))?"
    r"(?P<post>-(?P<post_short>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_n>\d*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>\d*))?(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.ASCII | re.IGNORECASE,
)
_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
_LOWEST, _HIGHEST = -1, 1
VersionKey = tuple[Any, ...]


def version_key(text: str) -> VersionKey | None:
    """Return what orders a version as PEP 440 does, None when it is no version; equal keys are the same version."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    release = [int(part) for part in match["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    pre: tuple[Any, ...] = (_HIGHEST,)
    if match["pre"]:
        kind = match["pre"].lower()
        pre = (0, _PRE.get(kind, kind), int(match["pre_n"] or 0))
    elif match["dev"] and not match["post"]:
        pre = (_LOWEST,)
    post = (0, int(match["post_short"] or match["post_n"] or 0)) if match["post"] else (_LOWEST,)
    dev = (0, int(match["dev_n"] or 0)) if match["dev"] else (_HIGHEST,)
    return (int(match["epoch"] or 0), tuple(release), pre, post, dev, _local_key(match["local"]))


def _local_key(local: str | None) -> tuple[Any, ...]:
    parts = re.split(r"[-_.]", local.lower()) if local else []
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def same_version(one: str, other: str) -> bool:
    """Tell whether two texts name the same version; texts that are no versions never do."""
    key = version_key(one)
    return key is not None and key == version_key(other)


def is_final(text: str) -> bool:
    """Tell whether a version is a release that is not a candidate, a development or a local version."""
    key = version_key(text)
    return key is not None and key[2] == (_HIGHEST,) and key[4] == (_HIGHEST,) and not key[5]


def satisfies(python: str, requires: str) -> bool:
    """Tell whether an interpreter's version such as 3.11.2 fits a Requires-Python text; a clause unknown to us does."""
    return all(_clause(python, clause.strip()) for clause in requires.split(",") if clause.strip())


def _clause(python: str, clause: str) -> bool:
    match = re.fullmatch(r"(===|~=|==|!=|<=|>=|<|>)\s*([\w.+!-]+?)(\.\*)?", clause)
    have, want = version_key(python), version_key(match[2]) if match else None
    if match is None or have is None or want is None:
        return True
    sign, parts = match[1], match[2].split(".")
    if sign == "~=":
        return have >= want and _starts(python, parts[:-1])
    if sign in {"==", "!=", "==="}:
        equal = _starts(python, parts) if match[3] else have == want
        return equal is (sign != "!=")
    return {"<": have < want, "<=": have <= want, ">": have > want, ">=": have >= want}[sign]


def _starts(python: str, parts: Sequence[str]) -> bool:
    return python.split(".")[: len(parts)] == list(parts)


# -- TOML: tomllib where it is, else a reader of what settings files hold -------------------------------------------


def toml_value(text: str, dotted: str) -> Any:
    """Return the value at a dotted key, None when it is not there; raises ValueError for a file that is no TOML."""
    try:
        import tomllib
    except ImportError:
        node: Any = MiniToml(text).document()
    else:
        node = tomllib.loads(text)
    for part in dotted.split("."):
        if not isinstance(node, dict) or part not in node:
            return None
        node = node[part]
    return node


class MiniToml:
    """A TOML reader for Python before 3.11: strict about structure, while dates and floats stay text."""

    _SKIP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
    _BARE = re.compile(r"[A-Za-z0-9_-]+")
    _SCALAR = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?")  # a date and its time may stand apart
    _ESCAPES: ClassVar = {
        "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\",
    }  # fmt: skip

    def __init__(self, text: str) -> None:
        self.text, self.at = text.replace("\r\n", "\n"), 0

    def document(self) -> Json:
        """Return the whole document."""
        root: Json = {}
        table = root
        while self._skip():
            if self._take("[["):
                table = self._open(root, self._keys(), array=True)
                self._expect("]]")
            elif self._take("["):
                table = self._open(root, self._keys(), array=False)
                self._expect("]")
            else:
                self._pair(table)
            self._end_of_line()
        return root

    def _skip(self) -> bool:
        match = self._SKIP.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at < len(self.text)

    def _blank(self) -> None:
        while self.text[self.at : self.at + 1] in {" ", "\t"}:
            self.at += 1

    def _take(self, token: str) -> bool:
        self._blank()
        found = self.text.startswith(token, self.at)
        self.at += len(token) if found else 0
        return found

    def _expect(self, token: str) -> None:
        if not self._take(token):
            self._fail(f"{token!r} expected")

    def _fail(self, why: str) -> NoReturn:
        raise ValueError(f"line {self.text.count(chr(10), 0, self.at) + 1}: {why}")

    def _end_of_line(self) -> None:
        self._blank()
        if self.text[self.at : self.at + 1] not in {"", "\n", "#"}:
            self._fail("end of line expected")

    def _open(self, root: Json, keys: list[str], *, array: bool) -> Json:
        table = root
        for key in keys[:-1]:
            table = self._descend(table, key)
        if not array:
            return self._descend(table, keys[-1])
        entries = table.setdefault(keys[-1], [])
        if not isinstance(entries, list):
            self._fail("not an array of tables")
        entries.append({})
        return entries[-1]  # type: ignore[no-any-return]

    def _descend(self, table: Json, key: str) -> Json:
        inner = table.setdefault(key, {})
        if isinstance(inner, list) and inner:
            inner = inner[-1]
        if not isinstance(inner, dict):
            self._fail("a value where a table is expected")
        return inner

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self._take("."):
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._blank()
        if self.text[self.at : self.at + 1] in {'"', "'"}:
            return self._string()
        match = self._BARE.match(self.text, self.at)
        if match is None:
            self._fail("a key expected")
        self.at = match.end()
        return match[0]

    def _pair(self, table: Json) -> None:
        keys = self._keys()
        self._expect("=")
        for key in keys[:-1]:
            table = self._descend(table, key)
        if keys[-1] in table:
            self._fail("a key twice")
        table[keys[-1]] = self._value()

    def _value(self) -> Any:
        self._blank()
        if self.text[self.at : self.at + 1] in {'"', "'"}:
            return self._string()
        if self._take("["):
            return self._array()
        if self._take("{"):
            return self._inline()
        match = self._SCALAR.match(self.text, self.at)
        if match is None:
            self._fail("a value expected")
        self.at = match.end()
        return self._scalar(match[0])

    @staticmethod
    def _scalar(text: str) -> Any:
        if text in {"true", "false"}:
            return text == "true"
        return int(text.replace("_", "")) if re.fullmatch(r"[+-]?\d[\d_]*", text) else text

    def _array(self) -> list[Any]:
        values = []
        while self._skip() and not self._take("]"):
            values.append(self._value())
            self._skip()
            if not self._take(","):
                self._expect("]")
                break
        return values

    def _inline(self) -> Json:
        table: Json = {}
        while not self._take("}"):
            self._pair(table)
            if not self._take(","):
                self._expect("}")
                break
        return table

    def _string(self) -> str:
        quote = self.text[self.at]
        if self.text.startswith(quote * 3, self.at):
            return self._long_string(quote)
        pattern = r"'([^'\n]*)'" if quote == "'" else r'"((?:[^"\\\n]|\\.)*)"'
        match = re.compile(pattern).match(self.text, self.at)
        if match is None:
            self._fail("a string without an end")
        self.at = match.end()
        return match[1] if quote == "'" else self._unescaped(match[1])

    def _long_string(self, quote: str) -> str:
        pattern = (
            r"'''\n?((?:.|\n)*?'{0,2})'''(?!')" if quote == "'" else r'"""\n?((?:[^\\]|\\(?:.|\n))*?"{0,2})"""(?!")'
        )
        match = re.compile(pattern).match(self.text, self.at)
        if match is None:
            self._fail("a string without an end")
        self.at = match.end()
        return match[1] if quote == "'" else self._unescaped(re.sub(r"\\[ \t]*\n\s*", "", match[1]))

    def _unescaped(self, text: str) -> str:
        def one(match: re.Match[str]) -> str:
            if match[1] or match[2]:
                return chr(int(match[1] or match[2], 16))
            if match[3] not in self._ESCAPES:
                self._fail("an unknown escape")
            return self._ESCAPES[match[3]]

        return re.sub(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", one, text)


# -- text: error signatures, secrets, systemd's notation ------------------------------------------------------------

_SIGNATURE = (
    (re.compile(r"\x1b\[[0-9;]*[A-Za-z]"), ""),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b[a-z][a-z+.-]*://[^\s\"'>)]+"), "<url>"),
    (re.compile(r"(?<![\w<])(?:~|\.{1,2})?/[^\s\"':,)>]+"), "<path>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b"), "<hex>"),
    (re.compile(r"\d+"), "<n>"),
    (re.compile(r"\s+"), " "),
)
_TOKEN = re.compile(r"(?<!\d)\d{5,}:[A-Za-z0-9_-]{20,}")


def signature(message: str) -> str:
    """Return what is common to all occurrences of an error: its first line without times, paths, ids and numbers."""
    text = next((line for line in message.splitlines() if line.strip()), "")
    for pattern, word in _SIGNATURE:
        text = pattern.sub(word, text)
    return text.strip()[:TEXT_LIMIT]


def concealed(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without secrets: the known ones and whatever looks like a bot's token."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***") if secret else text
    return _TOKEN.sub("***", text)


def short(text: str) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_LIMIT else f"{line[:TEXT_LIMIT]}…"


def sha256_of(content: bytes) -> str:
    """Return a hash in hexadecimal."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def canonical(package: str) -> str:
    """Return a distribution's normalised name."""
    return re.sub(r"[-_.]+", "-", package).lower()


def unit_word(text: str, dollar: str = "$$") -> str:
    """Return a text as one quoted word of a unit file; a command line doubles the dollar, an environment does not."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", dollar)
    return f'"{escaped}"'


_SPAN = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800, "month": 2629800, "y": 31557600}


def span_seconds(text: str) -> float | None:
    """Return the seconds of systemd's `1min 30s`; None for infinity and for what is no time span."""
    parts = re.findall(r"([\d.]+)(month|min|us|ms|[shdwy])(?=\s|$)", text)
    return sum(float(number) * _SPAN[unit] for number, unit in parts) if parts else None


def unit_file(python: str, agent: str, home: str, package: str, environment: Mapping[str, str]) -> str:
    """Return the agent's own user unit; it stays enabled for the time of a change."""
    pairs = (unit_word(f"{name}={value}", "$") for name, value in sorted(environment.items()))
    lines = "".join(f"Environment={pair}\n" for pair in pairs)
    command = " ".join(unit_word(word) for word in (python, "-I", agent, "work", "--home", home))
    return (
        f"[Unit]\nDescription={TOOL} carries a change of {package} to its end\nStartLimitIntervalSec=0\n\n"
        f"[Service]\nType=simple\nExecStart={command}\n{lines}"
        "Restart=on-failure\nRestartSec=1\nTimeoutStopSec=10\nUMask=0077\n\n[Install]\nWantedBy=default.target\n"
    )


# -- judging --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """One named answer with its evidence; `network` marks what a rollback is not judged by."""

    name: str
    result: str
    evidence: str
    network: bool = False
    kind: str = ""  # the error's kind when a preflight check fails
    remedy: str = ""

    def shown(self) -> Json:
        """Return what the protocol carries."""
        return {"name": self.name, "result": self.result, "evidence": self.evidence, "network": self.network}


def verdict(checks: Iterable[Check], *, network: bool = True) -> str:
    """Return the worst of the checks; without `network` only what needs none counts. No checks at all are UNKNOWN."""
    results = {check.result for check in checks if network or not check.network} - {SKIPPED}
    if FAIL in results:
        return FAIL
    return UNKNOWN if UNKNOWN in results or not results else PASS


def reason_of(checks: Iterable[Check], *, network: bool = True) -> str:
    """Return what speaks against a service, worst first, in a line."""
    found = [check for check in checks if check.result in {FAIL, UNKNOWN} and (network or not check.network)]
    found.sort(key=lambda check: check.result)
    return short("; ".join(f"{check.name}: {check.evidence}" for check in found))


# What a rerun begins with after a state's line was the last one written (DESIGN.md section 6).
RESUME = {
    "ACCEPTED": "preflight",
    "PREFLIGHT": "preflight",
    "STAGED": "stage",
    "BUILT": "build",
    "PROBED": "probe",
    "INTENT": "flip",
    "FLIPPED": "restart",
    "RESTARTED": "restart",
    "VERIFYING": "verify",
    "HEALTHY": "rejudge",
    "ROLLING_BACK": "flip_back",
    "ROLLED_BACK": "end_back",
}
NOTES = {"WORKER", "ERROR", "ADOPTED", "PRUNED"}  # lines that are no states


def last_state(lines: Iterable[Json]) -> str:
    """Return the last state of a deploy's lines."""
    return next((line["state"] for line in reversed(list(lines)) if line["state"] not in NOTES), "")


def resume(lines: Sequence[Json]) -> str:
    """Return the step a change goes on with; once it is on its way back, it stays so."""
    state = last_state(lines)
    going_back = any(line["state"] == "ROLLING_BACK" for line in lines)
    return "flip_back" if going_back and state == "RESTARTED" else RESUME[state]


def link_step(link: str, found: str, next_target: str) -> str:
    """Return what a link means in the state INTENT: `flip`, `flipped`, or `look` when a person must."""
    if link == next_target:
        return "flipped"
    return "flip" if link == found else "look"


def needs_restart(
    before: str, now: str, runs_in: str, wanted: str, *, active: bool = True, automatic: bool = False
) -> bool:
    """Tell whether a unit still has to be restarted: the old invocation, or a new one not seen to be what is wanted.

    One that systemd started automatically is not ours: out of a crash loop, its counter would speak against it.
    """
    if not now or now == before or automatic:
        return True
    return runs_in != wanted if wanted else not active


def after_judging(result: str, *, keep: bool, can_go_back: bool) -> str:
    """Return what follows a verdict: `healthy`, `go_back`, or the outcome to end with."""
    if result == PASS:
        return "healthy"
    if result == UNKNOWN:
        return UNKNOWN
    return FAILED if keep or not can_go_back else "go_back"


def to_prune(slots: Sequence[str], protected: Iterable[str], keep: int) -> list[str]:
    """Return the slots to remove, given newest first: never a protected one, and `keep` stay in all."""
    guarded = [slot for slot in slots if slot in set(protected)]
    others = [slot for slot in slots if slot not in guarded]
    return others[max(0, keep - len(guarded)) :]


def telegram_answer(status: int, body: bytes, bot: str) -> tuple[str, str]:
    """Return the result and evidence of getMe's answer."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if status == HTTP_TOO_MANY or status >= HTTP_SERVER or not isinstance(answer, dict):
        return UNKNOWN, f"the Bot API answered {status} without a verdict"
    result = answer.get("result")
    name = str(result.get("username", "")) if isinstance(result, dict) else ""
    if answer.get("ok") is not True:
        return FAIL, short(f"the Bot API answered {status}, ok is not true: {answer.get('description', '')}")
    if name.lower() != bot.lstrip("@").lower():
        return FAIL, f"bot {name!r} answered, {bot!r} was expected"
    return PASS, f"ok, bot {name} answered"


def http_answer(status: int, body: bytes, expect: str) -> tuple[str, str]:
    """Return the result and evidence of a page's answer."""
    if status != HTTP_OK:
        return FAIL, f"answered {status}, expected {HTTP_OK}"
    if expect and expect not in body.decode("utf-8", "replace"):
        return FAIL, f"answered {HTTP_OK} without the text {expect!r}"
    return PASS, f"answered {HTTP_OK}" + (f" with {expect!r}" if expect else "")


def grouped(errors: Iterable[Json]) -> list[Json]:
    """Return errors by signature, most frequent first."""
    groups: dict[str, Json] = {}
    for line in errors:
        mark = signature(line["message"])
        group = groups.setdefault(
            mark,
            {"signature": mark, "count": 0, "first": line["at"], "last": line["at"], "example": short(line["message"])},
        )
        group["count"] += 1
        group["last"] = line["at"]
    return sorted(groups.values(), key=lambda group: -group["count"])


# -- the world: every side effect and every question goes through here ----------------------------------------------


@dataclass(frozen=True)
class Ran:
    """What a program ended with: 124 after its time was up, 127 when it is not there."""

    code: int
    out: str
    err: str

    def tail(self) -> str:
        """Return the end of what it said."""
        return short("\n".join((self.err.strip() or self.out.strip()).splitlines()[-3:]))

    def why(self) -> str:
        """Return the lines that say what went wrong, else the end of what it said."""
        lines = [line.strip() for line in (self.out + "\n" + self.err).split("\n")]
        if any("no space left" in line.lower() for line in lines):
            return "No space left on device"  # installers bury it behind long paths
        telling = dict.fromkeys(line for line in lines if _TELLING.search(line))
        return short("; ".join(list(telling)[:4])) or self.tail()


_TELLING = re.compile(r"^\W*(error|fatal|caused by)|no matching|no space left|no solution|because ", re.IGNORECASE)
_STRIPPED = ("PIP_", "UV_", "PIPX_", "PYTHON", "VIRTUAL_ENV", "CONDA_")
_CARRIED = re.compile(r"PATH|XDG_(STATE|DATA)_HOME|(https?|no|all)_proxy|SSL_CERT_(FILE|DIR)", re.IGNORECASE)
PROBE = (
    "import importlib.metadata as m,json,sys;d=list(m.distributions(name=sys.argv[1]));"
    "print(chr(30)+json.dumps(dict(prefix=sys.prefix,python='.'.join(map(str,sys.version_info[:3])),"
    "versions=sorted({x.version for x in d}),url=next((x.read_text('direct_url.json') for x in d),None))))"
)


def _opener(*, redirects: bool) -> Any:
    """Return what opens addresses; without `redirects` it follows none, for the address may hold a token."""
    import urllib.request

    class Stays(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any, **__: Any) -> None:
            return None

    return urllib.request.build_opener(*([] if redirects else [Stays]))


class Host:
    """The machine the agent runs on; tests replace it."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.environ = dict(os.environ if environ is None else environ)
        self.uid = os.getuid()
        self.home = Path(self.environ.get("HOME") or pwd.getpwuid(self.uid).pw_dir)
        self.runtime = self.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{self.uid}"
        self.secrets: set[str] = set()

    def user(self) -> str:
        """Return the name of the user this runs as."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    def folder(self, variable: str, default: str) -> Path:
        """Return an XDG folder; a relative one is ignored, as the specification says."""
        value = self.environ.get(variable, "")
        return Path(value) if value.startswith("/") else self.home / default

    # time

    def now(self) -> datetime:
        """Return the time of day, which may jump: for showing only."""
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        """Return seconds that never jump, the clock of systemd's monotonic timestamps."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def boot(self) -> str:
        """Return what names the time between two boots, or two starts of the user manager, which ends services too."""
        boot = (self.read(Path("/proc/sys/kernel/random/boot_id")) or b"").decode("ascii", "replace").strip()
        try:
            manager = os.stat(f"{self.runtime}/systemd/private")  # its socket, made anew at each start  # noqa: PTH116
        except OSError:
            return boot
        return f"{boot}.{manager.st_ino}.{manager.st_ctime_ns}"

    def has_systemd(self) -> bool:
        """Tell whether systemd runs this machine."""
        return self.which("systemctl") is not None and Path("/run/systemd/system").is_dir()

    # programs

    def child_environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment programs get: no settings of installers, the user's own bus, the usual folders."""
        kept = {key: value for key, value in self.environ.items() if not key.startswith(_STRIPPED)}
        extra = [f"{self.home}/.local/bin", "/usr/local/bin", "/usr/bin", "/bin"]
        path = kept.get("PATH", "").split(os.pathsep)
        kept["PATH"] = os.pathsep.join(dict.fromkeys([*filter(None, path), *extra]))
        kept |= {"LC_ALL": "C.UTF-8", "HOME": str(self.home), "XDG_RUNTIME_DIR": self.runtime}
        kept["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.runtime}/bus"
        return {**kept, **(more or {})}

    def which(self, program: str) -> str | None:
        """Return the path of a program."""
        import shutil

        return shutil.which(os.path.expanduser(program), path=self.child_environment()["PATH"])  # noqa: PTH111

    def run(self, argv: Sequence[str], limit: float = SHORT, environment: Mapping[str, str] | None = None) -> Ran:
        """Run a program without a shell; when its time is up its whole group is killed."""
        try:
            process = subprocess.Popen(
                list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=self.child_environment(environment), start_new_session=True, cwd="/",
            )  # fmt: skip
        except OSError as error:
            return Ran(127, "", f"{argv[0]}: {error.strerror}")
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return Ran(124, "", f"{Path(argv[0]).name} took longer than {limit:g} s{_killed(process)}")
        except BaseException:
            _killed(process)
            raise
        return Ran(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    def stream(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program whose lines are read as they come."""
        return subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=self.child_environment(),
        )  # fmt: skip

    # files

    def read(self, path: Path, offset: int = 0) -> bytes | None:
        """Return a file's bytes from an offset on; None when it is not there or not readable."""
        try:
            with path.open("rb") as file:
                if offset:
                    file.seek(offset)
                return file.read()
        except OSError:
            return None

    def write(self, path: Path, content: bytes, mode: int = 0o600) -> None:
        """Write a file whole or not at all, and make sure it lasts."""
        temporary = path.with_name(f".{path.name}.new")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)

    def append(self, path: Path, line: bytes) -> None:
        """Append a line that lasts; a line that was cut off before it is ended first."""
        new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            cut = size and os.pread(descriptor, 1, size - 1) != b"\n"
            _write_all(descriptor, (b"\n" if cut else b"") + line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            _sync_folder(path.parent)

    def flip(self, link: Path, target: str) -> None:
        """Make a link point to another target in one atomic step."""
        temporary = link.with_name(f".{link.name}.{TOOL}")
        link.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        temporary.symlink_to(target)
        temporary.replace(link)
        _sync_folder(link.parent)

    def link_text(self, link: Path) -> str:
        """Return where a link points; nothing when there is none."""
        try:
            return str(os.readlink(link))  # noqa: PTH115
        except OSError:
            return ""

    def remove_tree(self, path: Path) -> None:
        """Remove a folder and what is in it."""
        import shutil

        shutil.rmtree(path, ignore_errors=True)
        if path.exists():
            raise OSError(errno.ENOTEMPTY, "cannot be removed", str(path))

    def flush(self) -> None:
        """Write everything to the disk: a slot must outlive a power cut before the link points to it."""
        os.sync()

    def free_bytes(self, path: Path) -> int:
        """Return the free space where a folder is or will be."""
        while not path.exists():
            path = path.parent
        found = os.statvfs(path)
        return found.f_bavail * found.f_frsize

    # processes

    def pids(self, cgroup: str) -> list[int]:
        """Return the processes of a control group and those below it."""
        base = Path("/sys/fs/cgroup")
        folders = [base / kind / cgroup.lstrip("/") for kind in ("", "unified", "systemd")] if cgroup else []
        found: list[int] = []
        for folder in folders:
            for file in [folder / "cgroup.procs", *folder.glob("**/cgroup.procs")]:
                found += [int(line) for line in (self.read(file) or b"").split()]
        return list(dict.fromkeys(found))

    def arguments(self, pid: int) -> list[str]:
        """Return a process's command line."""
        return (self.read(Path(f"/proc/{pid}/cmdline")) or b"").decode("utf-8", "replace").split("\0")

    def virtual_environment(self, pid: int) -> str:
        """Return VIRTUAL_ENV of a process; nothing else of its environment is looked at."""
        for pair in (self.read(Path(f"/proc/{pid}/environ")) or b"").split(b"\0"):
            if pair.startswith(b"VIRTUAL_ENV="):
                return pair.partition(b"=")[2].decode("utf-8", "replace")
        return ""

    def connections(self, pid: int) -> int:
        """Return how many established TCP connections a process holds."""
        table = b"".join(self.read(Path(f"/proc/{pid}/net/{name}")) or b"" for name in ("tcp", "tcp6"))
        rows = [line.split() for line in table.splitlines()]
        inodes = {row[9].decode() for row in rows if len(row) > 9 and row[3] == b"01"}  # noqa: PLR2004
        held = set()
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                held.add(self.link_text(descriptor))
        return sum(f"socket:[{inode}]" in held for inode in inodes)

    # network

    def fetch(self, url: str, limit: float, *, redirects: bool = False, most: int = ANSWER_LIMIT) -> tuple[int, bytes]:
        """Return the status and body of an address. Its OSErrors never name the address, which may hold a token."""
        import urllib.error
        import urllib.request

        deadline = self.monotonic() + limit
        try:
            request = urllib.request.Request(url, headers={"User-Agent": TOOL, "Accept": _ACCEPT})  # noqa: S310
            try:
                answer = _opener(redirects=redirects).open(request, timeout=limit)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                return answer.status, self._body(answer, deadline, most)
        except urllib.error.URLError as error:
            raise OSError(
                f"no answer: {getattr(error.reason, 'strerror', None) or type(error.reason).__name__}"
            ) from None
        except (OSError, ValueError, EOFError) as error:
            raise OSError(f"no answer: {getattr(error, 'strerror', None) or type(error).__name__}") from None
        except Exception as error:  # noqa: BLE001 - http.client has errors of its own
            raise OSError(f"no answer: {type(error).__name__}") from None

    def _body(self, answer: Any, deadline: float, most: int) -> bytes:
        body = b""
        while len(body) <= most:
            part = answer.read1(64 * 1024) if hasattr(answer, "read1") else answer.read(64 * 1024)
            if not part:
                return body
            body += part
            if self.monotonic() > deadline:
                raise OSError(errno.ETIMEDOUT, "too slow")
        raise OSError(errno.EFBIG, "too large an answer")


_ACCEPT = "application/vnd.pypi.simple.v1+json, application/json;q=0.9, */*;q=0.1"


def _killed(process: subprocess.Popen[bytes]) -> str:
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    process.wait()
    return ""


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


# -- places, record, lock -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Places:
    """Where the agent keeps what it knows and builds of one package."""

    state: Path  # record, lock, host file, requests
    slots: Path

    @classmethod
    def of(cls, host: Host, package: str) -> Places:
        """Return the places of a package."""
        state = host.folder("XDG_STATE_HOME", ".local/state") / TOOL / canonical(package)
        return cls(state, host.folder("XDG_DATA_HOME", ".local/share") / TOOL / canonical(package) / "slots")

    @property
    def record(self) -> Path:
        """Return the record's file."""
        return self.state / "record.jsonl"

    @property
    def host_file(self) -> Path:
        """Return the file that scripts on the host read their settings from."""
        return self.state / "host.json"

    @property
    def agent(self) -> Path:
        """Return the copy of the agent that the unit runs."""
        return self.state / "agent.py"

    @property
    def unit(self) -> str:
        """Return the name of the agent's own unit."""
        return f"{TOOL}-{self.state.name}.service"

    def deploy(self, name: str) -> Path:
        """Return the folder of one change."""
        return self.state / "deploys" / name


class Record:
    """The append-only record of what was done to a package on this host."""

    def __init__(self, host: Host, places: Places) -> None:
        self.host, self.path, self.ballast = host, places.record, places.state / "ballast"

    def since(self, offset: int = 0) -> list[tuple[int, Json]]:
        """Return the whole lines from an offset on, each with the offset behind it."""
        content = self.host.read(self.path, offset) or b""
        lines = []
        for line in content.splitlines(keepends=True):
            offset += len(line)
            if not line.endswith(b"\n"):
                break
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and isinstance(entry.get("state"), str):
                    lines.append((offset, entry))
        return lines

    def lines(self, deploy: str = "") -> list[Json]:
        """Return the lines of a change, or all."""
        return [line for _, line in self.since() if deploy in {"", line.get("deploy")}]

    def write(self, deploy: str, state: str, **more: Any) -> Json:
        """Append a line that lasts; when the disk is full the ballast makes room for it."""
        line = {"deploy": deploy, "state": state, "at": stamp(self.host.now()), **more}
        text = concealed(json.dumps(line), self.host.secrets).encode("ascii") + b"\n"
        try:
            self.host.append(self.path, text)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            with contextlib.suppress(FileNotFoundError):
                self.ballast.unlink()
            self.host.append(self.path, text)
        return line

    def keep_ballast(self) -> None:
        """Set some space aside for the record."""
        if not self.ballast.exists():
            self.host.write(self.ballast, os.urandom(BALLAST))  # random: a compressing file system keeps it whole


def stamp(moment: datetime) -> str:
    """Return a moment as text."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def deploys(lines: Iterable[Json]) -> dict[str, list[Json]]:
    """Return the lines by change, oldest change first."""
    found: dict[str, list[Json]] = {}
    for line in lines:
        found.setdefault(str(line.get("deploy", "")), []).append(line)
    return {name: own for name, own in found.items() if any(line["state"] == "ACCEPTED" for line in own)}


def unfinished(lines: Iterable[Json]) -> dict[str, list[Json]]:
    """Return the changes that have not come to their end."""
    return {name: own for name, own in deploys(lines).items() if last_state(own) != "END"}


def last_restart(lines: Iterable[Json], unit: str) -> Json:
    """Return the last restart of a unit by a change."""
    return next(
        (line for line in reversed(list(lines)) if line["state"] == "RESTARTED" and line.get("unit") == unit), {}
    )


def bad_versions(lines: Iterable[Json]) -> list[Json]:
    """Return what was marked bad and has not been healthy since."""
    found: dict[tuple[str, str], Json] = {}
    for line in lines:
        if line["state"] == "ROLLING_BACK" and line.get("bad"):
            bad = line["bad"]
            found[bad["version"], bad.get("sha256", "")] = bad
        if line["state"] == "HEALTHY" and line.get("live"):
            found.pop((line["live"]["version"], line["live"].get("sha256", "")), None)
    return list(found.values())


def last_live(lines: Iterable[Json]) -> Json | None:
    """Return the last line that says what is live since when: the newest END that left something else live."""
    current: Json | None = None
    for line in lines:
        live = line.get("live") if line["state"] == "END" else None
        if live and (current is None or live["path"] != current["live"]["path"]):
            current = line
    return current


def last_good(lines: Iterable[Json], without: str) -> Iterator[Json]:
    """Yield what was healthy, newest first, without one path."""
    for line in reversed(list(lines)):
        if line["state"] in {"HEALTHY", "ROLLED_BACK"} and line.get("live") and line["live"]["path"] != without:
            yield line["live"]


class Lock:
    """A lock that ends with its holder; others are shown who holds it."""

    def __init__(self, places: Places, holder: Json) -> None:
        self.path, self.holder, self.descriptor = places.state / "lock", holder, -1

    def take(self) -> bool:
        """Take the lock; False when somebody else has it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self.descriptor = descriptor
        self.say(self.holder)
        return True

    def say(self, holder: Json) -> None:
        """Write down who holds it."""
        with contextlib.suppress(OSError):  # a full disk: only the name of the holder is missing
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, json.dumps(holder).encode("ascii"), 0)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self.descriptor)
        self.descriptor = -1

    def held(self) -> bool:
        """Tell whether somebody holds it, without taking it for longer than that."""
        if not self.path.exists():
            return False
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def said(self) -> Json:
        """Return what its holder wrote."""
        with contextlib.suppress(OSError, ValueError):
            content = json.loads(self.path.read_bytes())
            if isinstance(content, dict):
                return content
        return {}


# -- systemd and its journal ----------------------------------------------------------------------------------------

_PROPERTIES = (
    "LoadState", "ActiveState", "SubState", "MainPID", "InvocationID", "NRestarts", "ExecStart", "ControlGroup",
    "ActiveEnterTimestampMonotonic", "Result", "UnitFileState", "TimeoutStartUSec", "TimeoutStopUSec", "Job",
)  # fmt: skip


@dataclass(frozen=True)
class Unit:
    """A user unit as systemd shows it."""

    name: str
    load: str = ""
    active: str = ""
    sub: str = ""
    pid: int = 0
    invocation: str = ""
    restarts: int | None = None
    command: str = ""
    cgroup: str = ""
    entered: float = 0.0  # when it became active, on the monotonic clock
    result: str = ""
    enabled: str = ""
    limit: float = START_LIMIT  # seconds a restart may take: stopping and starting
    job: bool = False

    @classmethod
    def read(cls, name: str, text: str) -> Unit:
        """Return the unit from what `systemctl show` printed."""
        shown = dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
        number = {key: int(value) for key, value in shown.items() if value.isdigit()}
        spans = [span_seconds(shown.get(key, "")) for key in ("TimeoutStartUSec", "TimeoutStopUSec")]
        return cls(
            name=name, load=shown.get("LoadState", ""), active=shown.get("ActiveState", ""),
            sub=shown.get("SubState", ""), pid=number.get("MainPID", 0), invocation=shown.get("InvocationID", ""),
            restarts=number.get("NRestarts"), command=shown.get("ExecStart", ""),
            cgroup=shown.get("ControlGroup", ""), entered=number.get("ActiveEnterTimestampMonotonic", 0) / 1e6,
            result=shown.get("Result", ""), enabled=shown.get("UnitFileState", ""),
            limit=sum(START_LIMIT if span is None else span for span in spans) + MARGIN,
            job=bool(number.get("Job", 0)),
        )  # fmt: skip


class Systemd:
    """The user's systemd manager."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def call(self, *words: str, limit: float = SHORT) -> Ran:
        """Run systemctl --user."""
        return self.host.run(["systemctl", "--user", "--no-pager", *words], limit)

    def show(self, name: str) -> Unit | None:
        """Return a unit, None when systemd does not answer."""
        done = self.call("show", f"--property={','.join(_PROPERTIES)}", "--", name)
        return Unit.read(name, done.out) if done.code == 0 and done.out else None

    def restart(self, name: str) -> Ran:
        """Restart a unit without waiting; a crash loop's counter starts anew."""
        self.call("reset-failed", "--", name)
        return self.call("restart", "--no-block", "--", name)

    def check(self) -> Check:
        """Tell whether there is a user manager to talk to."""
        user = self.host.user()
        if not self.host.has_systemd():
            return Check("systemd", FAIL, "systemd does not run here", kind="no-systemd", remedy="use a systemd host")
        if self.call("show", "--property=Version").code != 0:
            return Check("systemd", FAIL, f"no systemd user manager answers for {user}", kind="no-user-manager",
                         remedy=f"loginctl enable-linger {user}")  # fmt: skip
        return Check("systemd", PASS, "the user manager answers")

    def linger(self) -> Check:
        """Tell whether the user's services outlive a logout and a reboot."""
        user = self.host.user()
        told = self.host.run(["loginctl", "show-user", "--property=Linger", "--value", user])
        if Path(f"/var/lib/systemd/linger/{user}").exists() or told.out.strip() == "yes":
            return Check("linger", PASS, f"lingering is on for {user}")
        return Check("linger", FAIL, f"lingering is off for {user}: services end with the last session",
                     kind="no-linger", remedy=f"loginctl enable-linger {user}")  # fmt: skip


_FIELDS = "MESSAGE,PRIORITY,MESSAGE_ID,_PID,USER_INVOCATION_ID,_SYSTEMD_INVOCATION_ID,USER_UNIT"


@dataclass(frozen=True)
class Line:
    """A journal line."""

    at: str
    cursor: str
    priority: int
    pid: str
    message: str
    manager: bool  # said by systemd about the unit, not by the unit
    kind: str = ""
    invocation: str = ""  # the one that the journal takes the line for

    @classmethod
    def read(cls, text: bytes | str) -> Line | None:
        """Return a line from journalctl's JSON."""
        try:
            entry = json.loads(text)
        except ValueError:
            return None
        message = entry.get("MESSAGE") or ""
        if isinstance(message, list):  # bytes that are no UTF-8, or several fields of that name
            bytes_only = all(isinstance(item, int) for item in message)
            message = bytes(message).decode("utf-8", "replace") if bytes_only else " ".join(map(str, message))
        when = datetime.fromtimestamp(int(entry.get("__REALTIME_TIMESTAMP", 0)) / 1e6, timezone.utc)
        priority = str(entry.get("PRIORITY", ""))
        return cls(stamp(when), str(entry.get("__CURSOR", "")), int(priority) if priority.isdigit() else 6,
                   str(entry.get("_PID", "")), str(message), "USER_INVOCATION_ID" in entry or "USER_UNIT" in entry,
                   str(entry.get("MESSAGE_ID", "")), str(entry.get("_SYSTEMD_INVOCATION_ID", "")))  # fmt: skip

    def is_error(self, pattern: str) -> bool:
        """Tell whether this is an error, by its priority or by the application's own pattern."""
        return self.priority <= PRIORITY_ERROR or bool(
            pattern and not self.manager and re.search(pattern, self.message)
        )


def journal_command(*words: str) -> list[str]:
    """Return a question to the journal."""
    return ["journalctl", "--quiet", "--no-pager", "--all", "--output=json", f"--output-fields={_FIELDS}", *words]


def invocation_lines(host: Host, invocation: str) -> list[Line]:
    """Return what an invocation and the manager about it said; the newest lines when there are very many."""
    matches = (f"_SYSTEMD_INVOCATION_ID={invocation}", "+", f"USER_INVOCATION_ID={invocation}")
    done = host.run(journal_command(f"--lines={JOURNAL_LINES}", *matches), LONG)
    return [line for line in map(Line.read, done.out.split("\n")) if line is not None]


def last_cursor(host: Host, unit: str) -> str:
    """Return where the journal of a unit ends now."""
    done = host.run(journal_command("--lines=1", *unit_matches(host, unit)))
    return next((line.cursor for line in map(Line.read, done.out.split("\n")) if line is not None), "")


def unit_matches(host: Host, unit: str) -> list[str]:
    """Return the journal's matches for everything of a user unit."""
    mine = f"_UID={host.uid}"
    return [f"_SYSTEMD_USER_UNIT={unit}", mine, "+", f"USER_UNIT={unit}", mine]


# -- environments: slots, ordinary installations, checkouts ---------------------------------------------------------


@dataclass(frozen=True)
class Environment:
    """A Python environment as its own Python describes it."""

    path: str
    version: str = ""
    python: str = ""
    checkout: str = ""  # of an editable installation
    problem: str = ""


def inspect(host: Host, path: str, package: str) -> Environment:
    """Ask an environment's own Python for the exact version in it."""
    done = host.run([f"{path}/bin/python", "-I", "-c", PROBE, package], LONG)
    told = next((line[1:] for line in reversed(done.out.split("\n")) if line.startswith(RS)), "")
    try:
        facts = json.loads(told)
        prefix, versions, url = facts["prefix"], facts["versions"], json.loads(facts["url"] or "{}")
    except (ValueError, KeyError, TypeError):
        return Environment(path, problem=short(f"its Python does not answer: {done.tail() or done.code}"))
    if os.path.realpath(prefix) != os.path.realpath(path):
        return Environment(path, problem=f"its Python belongs to {prefix}")
    if len(versions) != 1:
        return Environment(path, problem=f"it holds {package} {' and '.join(versions) or 'not at all'}")
    editable = isinstance(url, dict) and (url.get("dir_info") or {}).get("editable")
    checkout = urllib.parse.unquote(urllib.parse.urlsplit(url["url"]).path) if editable else ""
    return Environment(path, versions[0], facts.get("python", ""), checkout)


def quick_version(path: str, package: str) -> str:
    """Return the version in an environment by its metadata's folder alone: no process is started."""
    wanted = canonical(package)
    for folder in Path(path).glob("lib/python*/site-packages/*.dist-info"):
        name, _, version = folder.name[: -len(".dist-info")].partition("-")
        if canonical(name) == wanted:
            return version
    return ""


def is_environment(path: Path) -> bool:
    """Tell whether a folder is a virtual environment."""
    return os.path.isfile(path / "pyvenv.cfg")  # noqa: PTH113 - this one never raises


def environment_of(host: Host, unit: Unit, package: str) -> str:
    """Return the environment the unit's main process lives in, or the first of its children's; nothing if unknown."""
    for pid in dict.fromkeys([*([unit.pid] if unit.pid else []), *host.pids(unit.cgroup)]):
        paths = [Path(word).parent.parent for word in host.arguments(pid)[:2] if word.startswith("/")]
        named = host.virtual_environment(pid)
        for path in [*paths, *([Path(named)] if named else [])]:
            if is_environment(path) and quick_version(str(path), package):
                return os.path.realpath(path)
    return ""


def environment_behind(host: Host, link: Path) -> str:
    """Return the environment a link points into; nothing when it points to none."""
    text = host.link_text(link)
    if not text:
        return ""
    for target in (link.parent / text, Path(os.path.realpath(link))):
        if is_environment(target.parent.parent):
            return os.path.realpath(target.parent.parent)
    return ""


def started_through(unit: Unit, command: str) -> tuple[str, str]:
    """Return the link a unit starts through, or what is wrong with how it starts."""
    match = re.search(r"argv\[\]=(.*?) ;", unit.command)
    words = [word.strip("\"'") for word in match[1].split()] if match else []
    word = next((word for word in words if word.startswith("/") and Path(word).name == command), "")
    if not word:
        return "", f"{unit.name} does not start {command} by an absolute path"
    path = Path(word)
    if is_environment(path.parent.parent):
        return "", f"{unit.name} starts {word}, which lies inside an environment"
    if path.exists() and not path.is_symlink():
        return "", f"{unit.name} starts {word}, which is a file and no link"
    return word, ""


def wheel_facts(content: bytes) -> tuple[str, str, str]:
    """Return name, version and Requires-Python of a wheel; raises ValueError when it is none."""
    import io
    import zipfile
    from email.parser import Parser

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            names = [name for name in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
            text = wheel.read(names[0]).decode("utf-8", "replace")
    except (zipfile.BadZipFile, IndexError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"it is no wheel: {error}") from None
    headers = Parser().parsestr(text, headersonly=True)
    return headers.get("Name", ""), headers.get("Version", ""), headers.get("Requires-Python", "")


def interpreters(host: Host, wanted: str = "") -> list[tuple[str, str]]:
    """Return the Pythons of the host with their versions, the default one first."""
    names = [wanted] if wanted else ["python3", *(f"python3.{n}" for n in range(NEWEST_PYTHON, OLDEST_PYTHON - 1, -1))]
    paths = [*filter(None, map(host.which, names)), *([] if wanted else [sys.executable])]
    found: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        done = host.run([path, "-I", "-c", "import sys;print('.'.join(map(str,sys.version_info[:3])))"])
        if done.code == 0 and done.out.strip() not in found.values():
            found[path] = done.out.strip()
    return list(found.items())


# -- health ---------------------------------------------------------------------------------------------------------

Beat = Callable[[str], None]
_UP = {"active", "reloading", "refreshing"}  # a service that reads its settings again runs on


@dataclass(frozen=True)
class Wanted:
    """What a service is judged against."""

    unit: str
    package: str
    path: str = ""  # the environment it must run in; empty: any
    version: str = ""  # the exact version; empty: whatever is there
    settle: float = 20.0
    invocation: str = ""  # the one that was started; empty: any
    restarts: int | None = None  # automatic restarts that do not count
    limit: float = 0.0  # seconds until it must be active; 0: what the unit says
    pattern: str = ""
    dev: bool = False
    liveness: Json | None = None


def wait_active(host: Host, wanted: Wanted, beat: Beat, before: str = "") -> tuple[Unit | None, str]:
    """Return the unit once it is active, with another invocation than `before`; otherwise with the reason."""
    systemd, started, pause, silent = Systemd(host), host.monotonic(), 0.05, 0
    while True:
        unit = systemd.show(wanted.unit)
        silent = silent + 1 if unit is None else 0
        if silent > ERRORS_IN_A_STATE:
            return None, "systemctl does not answer"
        waited = host.monotonic() - started
        if unit is not None:
            ready = unit.active == "active" and not unit.job
            if ready and (not before or unit.invocation != before):
                return unit, ""
            problem = _not_starting(unit, wanted)
            if problem or waited > (wanted.limit or unit.limit):
                return unit, problem or f"{unit.name} is {unit.active} ({unit.sub}) after {waited:.0f} s"
        beat(f"{wanted.unit} is {unit.active if unit else 'not to be seen'}")
        host.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def _not_starting(unit: Unit, wanted: Wanted) -> str:
    if unit.load != "loaded":
        return f"{unit.name} is {unit.load or 'unknown'}"
    if unit.job or unit.active in {"reloading", "refreshing", "deactivating"}:
        return ""
    if unit.active in {"failed", "inactive"}:
        return f"{unit.name} is {unit.active} ({unit.sub}, result {unit.result})"
    if unit.sub.startswith("auto-restart") or _grown(unit, wanted):
        return f"{unit.name} ended by itself (result {unit.result}), restarted {unit.restarts} times so far"
    return f"{unit.name} did not take the restart" if unit.active == "active" else ""


def _grown(unit: Unit, wanted: Wanted) -> bool:
    return wanted.restarts is not None and unit.restarts is not None and unit.restarts > wanted.restarts


def settled(host: Host, wanted: Wanted, first: Unit, beat: Beat) -> tuple[Unit, Check]:
    """Watch an active unit until its process is `settle` seconds old; the first change ends it."""
    systemd, silent, seen = Systemd(host), 0, host.monotonic()
    while True:
        unit = systemd.show(wanted.unit)
        silent = silent + 1 if unit is None else 0
        if silent > ERRORS_IN_A_STATE:
            return first, Check("steady", UNKNOWN, "systemctl does not answer any more")
        age = host.monotonic() - (first.entered if 0 < first.entered <= seen else seen)
        if unit is not None:
            change = changed(first, unit, wanted)
            if change:
                return unit, Check("steady", FAIL, change)
            if age >= wanted.settle:
                return unit, steadiness(unit, age)
        beat(f"settling, {max(0, wanted.settle - age):.0f} s to go")
        host.sleep(min(0.25, max(0.01, wanted.settle - age)))


def changed(first: Unit, unit: Unit, wanted: Wanted) -> str:
    """Return what is not as it was when the unit was started; nothing when all is."""
    if unit.active not in _UP:
        return f"it became {unit.active} ({unit.sub}, result {unit.result})"
    if unit.invocation != (wanted.invocation or first.invocation) or unit.pid != first.pid:
        return f"it is another process than the one started: pid {unit.pid}, {unit.restarts} automatic restarts"
    if _grown(unit, wanted):
        return f"{unit.restarts} automatic restarts, {wanted.restarts} at the baseline"
    return ""


def steadiness(unit: Unit, age: float) -> Check:
    """Return the check of a unit that did not change."""
    if unit.restarts is None:
        return Check("steady", UNKNOWN, "systemd does not say how often it restarted")
    return Check("steady", PASS, f"pid {unit.pid} for {age:.0f} s, {unit.restarts} automatic restarts")


def judge(host: Host, wanted: Wanted, beat: Beat) -> list[Check]:
    """Return the health checks of a service: each PASS, FAIL or UNKNOWN with its evidence."""
    unit, problem = wait_active(host, wanted, beat)
    if unit is None:
        return [Check("unit", UNKNOWN, problem)]
    if problem:
        checks = [Check("unit", FAIL, problem)]
        if unit.invocation:
            checks.append(journal_check(host, unit, wanted.pattern))
        return [*checks, *(Check(name, SKIPPED, "it does not run") for name in ("steady", "version", "liveness"))]
    last, steady = settled(host, wanted, unit, beat)
    active = Check("unit", PASS, f"{last.name} is loaded and {last.active} ({last.sub})")
    if last.active not in _UP:
        active = Check("unit", FAIL, f"{last.name} is {last.active} ({last.sub}, result {last.result})")
    return [
        active,
        steady,
        version_check(host, last, wanted),
        journal_check(host, last, wanted.pattern),
        *liveness_checks(host, last, wanted.liveness),
    ]


def version_check(host: Host, unit: Unit, wanted: Wanted) -> Check:
    """Tell whether the running process lives in the expected environment with exactly the expected version."""
    path = environment_of(host, unit, wanted.package)
    if not path:
        return Check("version", UNKNOWN, f"the environment of process {unit.pid} is not to be seen")
    if wanted.path and path != os.path.realpath(wanted.path):
        return Check("version", FAIL, f"process {unit.pid} runs in {path}, expected {wanted.path}")
    found = inspect(host, path, wanted.package)
    if found.problem:
        return Check("version", UNKNOWN, f"{path}: {found.problem}")
    version, note = found.version, ""
    if wanted.dev:
        version, note = checkout_version(host, found)
    if not version:
        return Check("version", UNKNOWN, note)
    if wanted.version and not same_version(version, wanted.version):
        return Check("version", FAIL, f"{version} runs, expected {wanted.version} ({path})")
    return Check("version", PASS, f"{version} runs in {path}{note}")


def checkout_version(host: Host, found: Environment) -> tuple[str, str]:
    """Return the version a dev host's checkout says, with a note when its metadata says another."""
    if not found.checkout:
        return "", f"{found.path} is no editable installation of a checkout"
    try:
        text = (host.read(Path(found.checkout) / "pyproject.toml") or b"").decode("utf-8-sig")
        version = toml_value(text, "project.version")
    except ValueError as error:
        return "", f"{found.checkout}/pyproject.toml: {error}"
    if not isinstance(version, str):
        return "", f"{found.checkout}/pyproject.toml has no project.version"
    stale = "" if same_version(version, found.version) else f"; its metadata still says {found.version}"
    return version, f", checkout {found.checkout}{stale}"


def journal_check(host: Host, unit: Unit, pattern: str) -> Check:
    """Tell whether an invocation logged an error; the manager's own line proves that the journal can be read."""
    lines: list[Line] = []
    for _ in range(10):  # journald may be a moment behind
        lines = invocation_lines(host, unit.invocation)
        if any(line.manager for line in lines) or len(lines) >= JOURNAL_LINES:
            break
        host.sleep(0.2)
    errors = [line for line in lines if line.is_error(pattern)]
    if errors:
        foreign = last_words(host, unit, lines, {line.pid for line in errors if not line.manager})
        errors = [line for line in errors if line.pid not in foreign or line.manager]
    if errors:
        return Check("journal", FAIL, short(f"{_times(len(errors), 'error')}, the first: {errors[0].message}"))
    if len(lines) >= JOURNAL_LINES:
        return Check("journal", UNKNOWN, f"only the newest {JOURNAL_LINES} lines were read: no error among them")
    if not any(line.manager for line in lines):
        return Check(
            "journal", UNKNOWN, "the journal does not show that this invocation started: unreadable or rotated"
        )
    return Check("journal", PASS, f"no error in {_times(len(lines), 'line')} of this invocation")


def last_words(host: Host, unit: Unit, lines: Sequence[Line], pids: set[str]) -> set[str]:
    """Return which of these processes belong to the invocation before.

    A journald that is behind takes what a process said at its end for the invocation that has begun meanwhile. Such a
    process is gone, spoke only in the first moments, and the journal knows it from another invocation of this boot.
    """
    here = {str(pid) for pid in (unit.pid, *host.pids(unit.cgroup))}
    began = datetime.fromisoformat(min(line.at for line in lines))
    found = set()
    for pid in pids - here - {""}:
        spoke = max(datetime.fromisoformat(line.at) for line in lines if line.pid == pid)
        if (spoke - began).total_seconds() > LATE:
            continue
        matches = (f"_PID={pid}", f"_SYSTEMD_USER_UNIT={unit.name}", f"_UID={host.uid}")
        done = host.run(journal_command("--boot", f"--lines={JOURNAL_LINES}", *matches), LONG)
        known = {line.invocation for line in map(Line.read, done.out.split("\n")) if line is not None}
        if known - {unit.invocation, ""}:
            found.add(pid)
    return found


def _times(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def liveness_checks(host: Host, unit: Unit, liveness: Json | None) -> list[Check]:
    """Return whether the service answers, by the kind of liveness that is set."""
    if not liveness:
        return [Check("liveness", SKIPPED, "none is set")]
    kind = liveness.get("kind")
    if kind == "telegram":
        return [telegram_check(host, liveness), life_check(host, unit)]
    if kind == "http":
        return [http_check(host, liveness)]
    if kind == "command":
        return [command_check(host, liveness)]
    return [Check("liveness", UNKNOWN, f"{kind!r} is no kind of liveness")]


def read_token(host: Host, liveness: Json) -> str:
    """Return the bot's token from its file on the host, and remember it as a secret; raises ValueError."""
    path = _home_path(host, str(liveness["config"]))
    content = host.read(path)
    if content is None:
        raise ValueError(f"{path} cannot be read")
    try:
        token = toml_value(content.decode("utf-8-sig"), str(liveness["token"]))
    except ValueError as error:
        detail = re.sub(r"['\"].*", "…", str(error))  # never a piece of the file
        raise ValueError(f"{path} is no TOML: {detail}") from None
    if not isinstance(token, str) or not token.strip():
        raise ValueError(f"{path} has no {liveness['token']}")
    if len(token.strip()) >= SHORTEST_SECRET:
        host.secrets.add(token.strip())
    return token.strip()


def _home_path(host: Host, text: str) -> Path:
    return host.home / text[2:] if text.startswith("~/") else Path(text)


def telegram_check(host: Host, liveness: Json) -> Check:
    """Ask the Bot API who the token belongs to: ok must be true, and the bot the expected one."""
    try:
        token = read_token(host, liveness)
    except ValueError as error:
        return Check("liveness", UNKNOWN, str(error), network=True)
    if not re.fullmatch(r"[\w:.-]+", token):
        return Check("liveness", FAIL, "the token holds characters that no token has", network=True)
    url = f"{str(liveness.get('api') or 'https://api.telegram.org').rstrip('/')}/bot{token}/getMe"
    try:
        status, body = host.fetch(url, SHORT)
    except OSError as error:
        return Check("liveness", UNKNOWN, f"the Bot API: {error}", network=True)
    result, evidence = telegram_answer(status, body, str(liveness.get("bot", "")))
    return Check("liveness", result, concealed(evidence, host.secrets), network=True)


def life_check(host: Host, unit: Unit) -> Check:
    """Look for the process's own sign of life: getMe proves the token, not the process."""
    pids = list(dict.fromkeys([*([unit.pid] if unit.pid else []), *host.pids(unit.cgroup)]))
    connected = sum(host.connections(pid) for pid in pids)
    if connected:
        return Check("sign of life", PASS, _times(connected, "open connection"))
    said = sum(not line.manager for line in invocation_lines(host, unit.invocation))
    if said:
        return Check("sign of life", PASS, f"it logged {_times(said, 'line')}")
    return Check("sign of life", UNKNOWN, "the process holds no connection and has logged nothing")


def http_check(host: Host, liveness: Json) -> Check:
    """Ask an address as it is seen from the host."""
    url = str(liveness["url"])
    network = urllib.parse.urlsplit(url).hostname not in {"localhost", "127.0.0.1", "::1"}
    try:
        status, body = host.fetch(url, SHORT)
    except OSError as error:
        return Check("liveness", UNKNOWN if network else FAIL, str(error), network=network)
    result, evidence = http_answer(status, body, str(liveness.get("expect", "")))
    return Check("liveness", result, evidence, network=network)


def command_check(host: Host, liveness: Json) -> Check:
    """Run a command that must exit 0."""
    argv = [str(word) for word in liveness["argv"]]
    done = host.run([str(_home_path(host, argv[0])), *argv[1:]], LONG)
    name = Path(argv[0]).name
    if done.code == 0:
        return Check("liveness", PASS, f"{name} exited 0")
    if done.code in {124, 127}:
        return Check("liveness", UNKNOWN, done.err)
    return Check("liveness", FAIL, f"{name} exited {done.code}: {done.tail()}")


# -- requests -------------------------------------------------------------------------------------------------------

_SHAPES = {
    "package": r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?",
    "command": r"[A-Za-z0-9_][A-Za-z0-9._-]*",
    "unit": r"[A-Za-z0-9:_][A-Za-z0-9:_.\\-]*(?:@[A-Za-z0-9:_.\\-]*)?\.service",
    "deploy": r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,63})?",
    "wheel": r"(?:[A-Za-z0-9_][A-Za-z0-9_.!+-]*\.whl)?",
    "sha256": r"(?:[0-9a-f]{64})?",
    "installer": r"pipx|uv",
    "index": r"(?:https?://[^\s'\"\\@]+)?",
    "staging_index": r"(?:https?://[^\s'\"\\@]+)?",
    "role": r"staging|production|dev",
    "python": r"(?:[A-Za-z0-9_~/][A-Za-z0-9_.~/+-]*)?",
}


@dataclass(frozen=True)
class Request:
    """What is asked for; PROTOCOL.md says what each field means."""

    action: str
    package: str
    command: str = ""
    unit: str = ""
    error_pattern: str = ""
    settle: float = 20.0
    liveness: Json | None = None
    role: str = "production"
    operator: str = ""
    deploy: str = ""
    version: str = ""
    to: str = ""
    once: bool = False
    wheel: str = ""
    sha256: str = ""
    installer: str = "pipx"
    index: str = "https://pypi.org/simple/"
    staging_index: str = ""
    python: str = ""
    requires_python: str = ""
    need_bytes: int = NEED_BYTES
    keep: bool = False
    allow_downgrade: bool = False
    keep_slots: int = 3
    dry_run: bool = False
    origin: str = ""
    start_timeout: float = 0.0
    offset: int = 0
    days: float = 7.0
    max_errors: int = 0
    max_restarts: int = 0
    lines: int = 100
    cursor: str = ""
    since: str = ""
    follow: bool = False

    @classmethod
    def of(cls, content: Json) -> Request:
        """Return a checked request; raises Stop with the field that is wrong."""
        known = {name: value for name, value in content.items() if name in cls.__dataclass_fields__}
        for name in ("action", "package"):
            if not isinstance(known.get(name), str) or not known[name]:
                raise Stop(WRONG, "value", f"the request has no {name}")
        fields = cls.__dataclass_fields__
        given = {name: value for name, value in known.items() if value is not None}
        request = cls(**{name: _typed(name, value, fields[name].default) for name, value in given.items()})
        unit = request.unit or request.package
        request = replace(
            request,
            command=request.command or request.package,
            unit=unit if unit.endswith(".service") else f"{unit}.service",
        )
        for name, shape in _SHAPES.items():
            if not re.fullmatch(shape, getattr(request, name), re.ASCII):
                raise Stop(WRONG, "value", f"{name} is {getattr(request, name)!r}", _EXPECTED.get(name, shape))
        for name in ("version", "to"):
            if getattr(request, name) and not _VERSION.fullmatch(getattr(request, name)):
                raise Stop(WRONG, "value", f"{name} is {getattr(request, name)!r}", "a version such as 0.36.0rc1")
        return request.with_a_pattern()

    def with_a_pattern(self) -> Request:
        """Return this when its pattern is a regular expression; raises Stop."""
        try:
            re.compile(self.error_pattern)
        except re.error as error:
            raise Stop(WRONG, "value", f"error_pattern is no regular expression: {error}") from None
        return self

    def wanted(self, **more: Any) -> Wanted:
        """Return what the service is judged against."""
        return Wanted(
            unit=self.unit, package=self.package, settle=self.settle, limit=self.start_timeout,
            pattern=self.error_pattern, dev=self.role == "dev", liveness=self.liveness, **more,
        )  # fmt: skip


_EXPECTED = {
    "index": "an http address without credentials (they belong into ~/.netrc on the host)",
    "staging_index": "an http address without credentials (they belong into ~/.netrc on the host)",
    "unit": "a systemd unit such as untether.service",
}
_REMEMBERED = (
    "package", "command", "unit", "error_pattern", "settle", "liveness", "role", "installer", "index", "staging_index",
    "python", "keep_slots", "start_timeout",
)  # fmt: skip


_NEEDED = {"telegram": ("config", "token", "bot"), "http": ("url",), "command": ("argv",)}


def _typed(name: str, value: Any, default: Any) -> Any:
    """Return a field's value in its type; raises Stop when it is of another."""
    wanted = dict if name == "liveness" else str if name in {"action", "package"} else type(default)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if wanted in {int, float} and number and 0 <= value < float("inf"):
        return wanted(value)
    if (
        isinstance(value, wanted)
        and wanted not in {int, float}
        and (not isinstance(value, dict) or _is_liveness(value))
    ):
        return value
    raise Stop(WRONG, "value", f"{name} is {value!r}", f"a value of the kind {wanted.__name__}")


def _is_liveness(value: Json) -> bool:
    kind = str(value.get("kind"))
    lists = isinstance(value.get("argv"), list) and bool(value["argv"])
    return kind in _NEEDED and all(isinstance(value.get(key), str) or lists for key in _NEEDED[kind])


def completed(content: Json, host: Host) -> Json:
    """Return a request with what it lacks taken from the host file."""
    package = content.get("package")
    if isinstance(package, str) and re.fullmatch(_SHAPES["package"], package):
        return {**host_file(host, Places.of(host, package)), **content}
    return content


def host_file(host: Host, places: Places) -> Json:
    """Return what the first installation left for the scripts."""
    with contextlib.suppress(ValueError):
        content = json.loads(host.read(places.host_file) or b"")
        if isinstance(content, dict):
            return content
    return {}


# -- building a slot ------------------------------------------------------------------------------------------------


def pipx_build(pipx: str, request: Request, wheel: Path, slot: Path, python: str, shared: str) -> list[Step]:
    """Return how pipx fills a slot: a home of its own, so that nobody's `pipx upgrade-all` changes what is live."""
    arguments = f"--index-url {request.index} --only-binary :all:{_trusted(request.index)}"
    specification = f"{canonical(request.package)} @ {wheel.as_uri()}#sha256={request.sha256}"
    environment = {
        "PIPX_HOME": str(slot), "PIPX_BIN_DIR": str(slot / "bin"), "PIPX_MAN_DIR": str(slot / "man"),
        "PIPX_SHARED_LIBS": shared, "PIPX_DISABLE_SHARED_LIBS_AUTO_UPGRADE": "1", "PIPX_USE_EMOJI": "0",
        "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never",
    }  # fmt: skip
    return [([pipx, "install", "--force", "--python", python, f"--pip-args={arguments}", specification], environment)]


def _trusted(index: str) -> str:
    """Return what pip needs to take packages from an address without TLS, which somebody has set on purpose."""
    parts = urllib.parse.urlsplit(index)
    return f" --trusted-host {parts.netloc}" if parts.scheme == "http" else ""


def uv_build(uv: str, request: Request, wheel: Path, environment: Path, python: str) -> list[Step]:
    """Return how uv fills a slot; it would take a wrong hash, so the wheel is verified before and given by its path."""
    settings = {"UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    install = [uv, "pip", "install", "--python", f"{environment}/bin/python", "--no-build"]
    return [
        ([uv, "venv", "--python", python, str(environment)], settings),
        ([*install, "--default-index", request.index, str(wheel)], settings),
    ]


Step = tuple[list[str], dict[str, str]]


def shared_libraries(host: Host, places: Places) -> str:
    """Return pipx's shared libraries: the user's own when they are there, else some of ours."""
    data = host.folder("XDG_DATA_HOME", ".local/share")
    for folder in (data / "pipx/shared", host.home / ".local/pipx/shared", host.home / ".local/share/pipx/shared"):
        if (folder / "bin/pip").exists() or (folder / "bin/python").exists():
            return str(folder)
    return str(places.slots.parent / "shared")


def slot_environment(slot: Path, package: str) -> Path:
    """Return the environment in a slot, where both installers put it."""
    return slot / "venvs" / canonical(package)


# -- what is there, and whether a change may begin ------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What really is: the unit, its link, what the link points to and what runs."""

    unit: Unit | None
    link: str = ""
    link_problem: str = ""
    found: str = ""  # the link's text
    live: str = ""  # the environment behind the link
    runs: str = ""  # the environment of the running process

    @classmethod
    def at(cls, host: Host, request: Request) -> Seen:
        """Look."""
        unit = Systemd(host).show(request.unit)
        if unit is None or unit.load != "loaded":
            return cls(unit, link_problem=f"{request.unit} is {unit.load if unit else 'unknown'}")
        link, problem = started_through(unit, request.command)
        runs = environment_of(host, unit, request.package) if unit.active in {*_UP, "activating"} else ""
        if problem:
            return cls(unit, link_problem=problem, runs=runs)
        return cls(unit, link, "", host.link_text(Path(link)), environment_behind(host, Path(link)), runs)


def target(path: str, version: str, text: str, sha256: str = "") -> Json:
    """Return a thing the link may point to."""
    return {"path": path, "version": version, "target": text, "sha256": sha256}


def known_sha(lines: Iterable[Json], path: str) -> str:
    """Return the hash of the wheel an environment was built from, as the record has it."""
    for line in lines:
        for key in ("next", "live"):
            if isinstance(line.get(key), dict) and line[key].get("path") == path and line[key].get("sha256"):
                return str(line[key]["sha256"])
    return ""


def preflight(host: Host, places: Places, request: Request, seen: Seen) -> list[Check]:
    """Return whether a change may begin; nothing is touched."""
    systemd = Systemd(host)
    checks = [systemd.check(), systemd.linger(), *unit_checks(request, seen)]
    if seen.unit is not None and seen.unit.invocation:
        checks.append(readable_check(host, seen.unit))
    if request.action in {"install", "reset", "probe"}:
        checks += [disk_check(host, places, request), installer_check(host, request), python_check(host, request)]
        checks += [previous_check(host, places, request, seen), role_check(request)]
    if request.action == "install":
        checks.append(downgrade_check(request, quick_version(seen.live, request.package) if seen.live else ""))
    return checks


def readable_check(host: Host, unit: Unit) -> Check:
    """Tell whether the journal can be read; UNKNOWN does not stop, for the line may only have rotated away."""
    if host.run(journal_command("--lines=1", f"USER_INVOCATION_ID={unit.invocation}")).out.strip():
        return Check("journal", PASS, "the journal can be read")
    return Check("journal", UNKNOWN, f"the journal does not show that {unit.name} started: unreadable or rotated")


def unit_checks(request: Request, seen: Seen) -> list[Check]:
    """Tell whether the unit is loaded and starts through a link."""
    if seen.unit is None or seen.unit.load != "loaded":
        load = seen.unit.load if seen.unit else "unknown"
        return [Check("unit", FAIL, f"{request.unit} is {load}", kind="unit",
                      remedy=f"systemctl --user cat {request.unit}")]  # fmt: skip
    checks = [Check("unit", PASS, f"{request.unit} is loaded and {seen.unit.active}")]
    if request.action == "restart":
        return checks
    if seen.link_problem:
        remedy = f"ExecStart=%h/.local/bin/{request.command} in {request.unit}, where that is a link as pipx makes it"
        return [*checks, Check("link", FAIL, seen.link_problem, kind="unit", remedy=remedy)]
    return [*checks, Check("link", PASS, f"{seen.link} -> {seen.found or 'nothing yet'}")]


def disk_check(host: Host, places: Places, request: Request) -> Check:
    """Tell whether there is room for another slot."""
    free = min(host.free_bytes(places.slots), host.free_bytes(places.state))
    evidence = f"{free // 2**20} MiB free, {request.need_bytes // 2**20} needed"
    if free < request.need_bytes:
        return Check("disk", FAIL, evidence, kind="refused", remedy="inv staging.prune, or free some space on the host")
    return Check("disk", PASS, evidence)


def installer_check(host: Host, request: Request) -> Check:
    """Tell whether the installer is there."""
    path = host.which(request.installer)
    if path is None:
        return Check("installer", FAIL, f"{request.installer} is not there", kind="no-installer",
                     remedy=f"install {request.installer} on the host, or set installer for it")  # fmt: skip
    return Check("installer", PASS, path)


def python_check(host: Host, request: Request) -> Check:
    """Tell whether an interpreter fits."""
    found = interpreters(host, request.python)
    fitting = [path for path, version in found if satisfies(version, request.requires_python)]
    if fitting:
        return Check("python", PASS, f"{fitting[0]} ({dict(found)[fitting[0]]})")
    have = ", ".join(version for _, version in found) or f"no {request.python or 'python3'}"
    return Check("python", FAIL, f"Python {request.requires_python} is needed, the host has {have}", kind="python",
                 remedy="install a fitting Python on the host, or set python for it")  # fmt: skip


def previous_check(host: Host, places: Places, request: Request, seen: Seen) -> Check:
    """Tell whether there is something to go back to; UNKNOWN does not stop: what is broken needs a new version."""
    previous = choose_previous(host, Record(host, places).lines(), request, seen)
    if previous is not None:
        return Check("previous", PASS, f"{previous['version']} in {previous['path']}")
    if not seen.found:
        return Check("previous", PASS, "nothing is installed yet, so there is nothing to go back to")
    return Check("previous", UNKNOWN, f"{seen.found} is broken: there is nothing to go back to")


def role_check(request: Request) -> Check:
    """Refuse to install to a dev host, whose service runs from a checkout."""
    if request.role == "dev":
        return Check("role", FAIL, "this is a dev host: its service runs from a checkout", kind="refused",
                     remedy="update the checkout, then restart it")  # fmt: skip
    return Check("role", PASS, request.role)


def downgrade_check(request: Request, live: str) -> Check:
    """Refuse a lower version than the live one unless that is wanted."""
    have, want = version_key(live), version_key(request.version)
    if have is not None and want is not None and want < have and not request.allow_downgrade:
        return Check("downgrade", FAIL, f"{request.version} is lower than {live}, which is live", kind="downgrade",
                     remedy="--allow-downgrade, or staging.rollback")  # fmt: skip
    return Check("downgrade", PASS, f"{live or 'nothing'} is live")


def choose_previous(host: Host, lines: Sequence[Json], request: Request, seen: Seen) -> Json | None:
    """Return what to go back to: what really runs, else what the link points to, else what was last good; intact."""
    candidates = [target(seen.live, "", seen.found)] if seen.live else []
    if seen.runs and seen.runs != seen.live and _linkable(seen.runs, request):
        candidates.insert(0, target(seen.runs, "", f"{seen.runs}/bin/{request.command}"))
    known = [live for live in last_good(lines, seen.live) if live.get("target")]
    candidates += [target(live["path"], "", live["target"], live.get("sha256", "")) for live in known[:3]]
    for candidate in candidates:
        found = inspect(host, candidate["path"], request.package)
        if not found.problem and _linkable(candidate["path"], request):
            return {**candidate, "version": found.version, "sha256": known_sha(lines, candidate["path"])}
    return None


def _linkable(path: str, request: Request) -> bool:
    return os.access(f"{path}/bin/{request.command}", os.X_OK)


def choose_target(host: Host, lines: Sequence[Json], request: Request, seen: Seen) -> Json:
    """Return where a requested rollback goes: the recorded previous, or the named version; raises Stop."""
    choices = rollback_choices(lines, seen, request.to)
    bad = {(entry["version"], entry.get("sha256", "")) for entry in bad_versions(lines)}
    for choice in choices:
        if not request.to and (choice["version"], choice.get("sha256", "")) in bad:
            raise Stop(REFUSED, "refused", f"{choice['version']}, which ran before, is marked bad",
                       "a version that was good", "staging.rollback --to VERSION")  # fmt: skip
        found = inspect(host, choice["path"], request.package)
        if (
            not found.problem
            and _linkable(choice["path"], request)
            and (not request.to or same_version(found.version, request.to))
        ):
            return {**choice, "version": found.version}
    wanted = request.to or "what ran before"
    raise Stop(REFUSED, "refused", f"{wanted} is not on this host any more, or was never here" if choices or request.to
               else "the record knows nothing that ran before", "a slot that is still there",
               f"staging.install --version {request.to or 'VERSION'} --allow-downgrade")  # fmt: skip


def is_back(host: Host, lines: Sequence[Json], request: Request, seen: Seen) -> bool:
    """Tell whether a rollback has nothing to do: the named version is live and intact, or, `once`, it went back."""
    if not seen.live or not (request.to or request.once):
        return False
    if request.to:
        found = inspect(host, seen.live, request.package)
        return not found.problem and same_version(found.version, request.to)
    return went_back(lines, seen.live)


def went_back(lines: Sequence[Json], live: str) -> bool:
    """Tell whether the last change that made another version live was on its way back to what is live now."""
    end = next((line for line in reversed(lines) if line["state"] == "END" and line.get("changed")), None)
    return end is not None and any(
        line["state"] == "ROLLING_BACK" and line["deploy"] == end["deploy"] and line["to"]["path"] == live
        for line in lines
    )


def rollback_choices(lines: Sequence[Json], seen: Seen, to: str) -> list[Json]:
    """Return the recorded targets a rollback may take, the best first; never what is live now."""
    known: list[Json] = []
    for line in reversed(lines):
        known += [line[key] for key in ("previous", "next", "to") if _is_target(line.get(key))]
    known = [entry for entry in known if entry["path"] != seen.live]
    if to:
        return list({entry["path"]: entry for entry in known if same_version(entry["version"], to)}.values())
    before = known_previous(lines, seen.live)
    return [before] if before else [dict(live) for live in last_good(lines, seen.live) if _is_target(live)][:1]


def _is_target(entry: Any) -> bool:
    return isinstance(entry, dict) and bool(entry.get("path")) and bool(entry.get("target"))


# -- the change: the state machine ----------------------------------------------------------------------------------


class Change:
    """One change of the host, carried on from whatever state the record says it is in."""

    def __init__(self, host: Host, places: Places, record: Record, deploy: str, beat: Beat) -> None:
        self.host, self.places, self.record, self.deploy, self.beat = host, places, record, deploy, beat
        content = json.loads(host.read(places.deploy(deploy) / "request.json") or b"{}")
        self.request = Request.of(content)
        self.systemd = Systemd(host)
        self.checks: list[Check] = []
        with contextlib.suppress(ValueError, KeyError, TypeError):  # only to conceal it everywhere from now on
            read_token(host, self.request.liveness or {})

    def carry_on(self, step: str = "") -> None:
        """Run the steps until the end; each says which is next."""
        step = step or resume(self.record.lines(self.deploy))
        while step:
            step = getattr(self, f"_{step}")()

    def line(self, state: str) -> Json | None:
        """Return the last line of a state."""
        return next((line for line in reversed(self.record.lines(self.deploy)) if line["state"] == state), None)

    def need(self, state: str) -> Json:
        """Return the last line of a state that must be there."""
        line = self.line(state)
        if line is None:
            raise LookupError(f"the record has no {state} of {self.deploy}")
        return line

    def write(self, state: str, **more: Any) -> None:
        """Record a state before what it announces is done."""
        self.record.write(self.deploy, state, **more)

    # nothing live is touched

    def _preflight(self) -> str:
        self.write("PREFLIGHT")
        seen = Seen.at(self.host, self.request)
        checks = preflight(self.host, self.places, self.request, seen)
        failed = next((check for check in checks if check.result == FAIL), None)
        if failed is not None:
            return self.end(UNTOUCHED, checks=checks, reason=failed.evidence, remedy=failed.remedy)
        self.record.keep_ballast()
        if self.request.action == "restart":
            return "intent"
        if self.request.action == "rollback":
            return self.choose(seen)
        if self.is_live(seen):
            return "rejudge" if seen.runs == seen.live else self.only_restart(seen)
        return "stage"

    def is_live(self, seen: Seen) -> bool:
        """Tell whether the very version is live already."""
        if not seen.live or not same_version(quick_version(seen.live, self.request.package), self.request.version):
            return False
        sha = known_sha(self.record.lines(), seen.live)
        return not sha or not self.request.sha256 or sha == self.request.sha256

    def only_restart(self, seen: Seen) -> str:
        """Go on with what the link points to already: something else still runs."""
        self.write("PROBED", slot=seen.live, version=quick_version(seen.live, self.request.package))
        return "intent"

    def choose(self, seen: Seen) -> str:
        """Choose where a requested rollback goes."""
        lines = self.record.lines()
        if is_back(self.host, lines, self.request, seen):
            return "rejudge"
        try:
            choice = choose_target(self.host, lines, self.request, seen)
        except Stop as stop:
            return self.end(UNTOUCHED, reason=stop.found, expected=stop.expected, remedy=stop.remedy)
        left = target(seen.live, quick_version(seen.live, self.request.package), seen.found,
                      known_sha(lines, seen.live))  # fmt: skip
        bad = None if self.request.to or not seen.live else {**_named(left), "reason": "rolled back by hand"}
        self.roll_back(seen, left, choice, bad, "asked for")
        return "flip_back"

    def _stage(self) -> str:
        wheel = self.places.deploy(self.deploy) / self.request.wheel
        problem = self.wheel_problem(self.host.read(wheel))
        if problem:
            return self.end(UNTOUCHED, BROKEN, reason=problem, remedy="run the same command again")
        slot = self.places.slots / f"{self.request.version}-{self.deploy}"
        self.write("STAGED", wheel=str(wheel), sha256=self.request.sha256,
                   slot=str(slot_environment(slot, self.request.package)))  # fmt: skip
        return "build"

    def wheel_problem(self, content: bytes | None) -> str:
        """Return what is wrong with the wheel: missing, another hash, another package or version inside."""
        if content is None:
            return f"{self.request.wheel} is not there"
        if sha256_of(content) != self.request.sha256:
            return f"{self.request.wheel} has another sha256 than {self.request.sha256}"
        try:
            name, version, requires = wheel_facts(content)
        except ValueError as error:
            return f"{self.request.wheel}: {error}"
        if canonical(name) != canonical(self.request.package) or not same_version(version, self.request.version):
            return (
                f"{self.request.wheel} holds {name} {version}, expected {self.request.package} {self.request.version}"
            )
        self.request = replace(self.request, requires_python=requires)
        fits = python_check(self.host, self.request)
        return "" if fits.result == PASS else fits.evidence

    def _build(self) -> str:
        staged = self.need("STAGED")
        environment = Path(staged["slot"])
        slot, wheel = environment.parent.parent, Path(staged["wheel"])
        problem = self.wheel_problem(self.host.read(wheel))
        if not problem:
            self.host.remove_tree(slot)
            problem = self.fill(slot, environment, wheel)
        if problem:
            self.host.remove_tree(slot)
            return self.end(UNTOUCHED, BROKEN, reason=problem)
        self.host.flush()
        self.write("BUILT", slot=str(environment))
        return "probe"

    def fill(self, slot: Path, environment: Path, wheel: Path) -> str:
        """Build a slot; return what went wrong."""
        request = self.request
        found = interpreters(self.host, request.python)
        python = next((path for path, version in found if satisfies(version, request.requires_python)), None)
        installer = self.host.which(request.installer)
        if python is None or installer is None:
            return f"{request.installer} or a fitting Python is not there any more"
        slot.mkdir(mode=0o755, parents=True, exist_ok=True)
        if request.installer == "uv":
            steps = uv_build(installer, request, wheel, environment, python)
        else:
            shared = shared_libraries(self.host, self.places)
            steps = pipx_build(installer, request, wheel, slot, python, shared)
        for argv, settings in steps:
            done = self.host.run(argv, BUILD, settings)
            if done.code != 0:
                return f"{request.installer} failed ({done.code}): {done.why()}"
        return "" if is_environment(environment) else f"{request.installer} made no {environment}"

    def _probe(self) -> str:
        path = (self.line("BUILT") or self.need("PROBED"))["slot"]
        problem = self.slot_problem(path)
        if problem:
            slot = Path(path).parent.parent
            if slot.parent == self.places.slots and Seen.at(self.host, self.request).live != os.path.realpath(path):
                self.host.remove_tree(slot)
            return self.end(UNTOUCHED, BROKEN, reason=problem)
        self.write("PROBED", slot=path, version=self.request.version)
        return "intent"

    def slot_problem(self, path: str) -> str:
        """Return what is wrong in a slot: another version than asked for, by its metadata or by its command."""
        found = inspect(self.host, path, self.request.package)
        if found.problem:
            return f"the slot: {found.problem}"
        if not same_version(found.version, self.request.version):
            return f"the slot holds {found.version}, expected {self.request.version}"
        if not _linkable(path, self.request):
            return f"the slot has no command {self.request.command}"
        said = self.host.run([f"{path}/bin/{self.request.command}", "--version"], LONG)
        versions = [word for word in re.findall(r"[\w.!+-]+", said.out) if "." in word and version_key(word)]
        if said.code == 0 and versions and not any(same_version(word, self.request.version) for word in versions):
            return f"{self.request.command} --version says {versions[0]}, expected {self.request.version}"
        return ""

    # the change itself

    def _intent(self) -> str:
        seen, lines = Seen.at(self.host, self.request), self.record.lines()
        probed, unit = self.line("PROBED"), seen.unit
        previous = None
        following = target(seen.live, quick_version(seen.live, self.request.package) if seen.live else "", seen.found)
        if probed is not None:
            previous = choose_previous(self.host, lines, self.request, seen)
            self.note_drift(lines, seen)
            text = seen.found if probed["slot"] == seen.live else f"{probed['slot']}/bin/{self.request.command}"
            following = target(probed["slot"], self.request.version, text, self.request.sha256)
        if previous is not None and previous["path"] == following["path"]:
            previous = None
        self.write(
            "INTENT", link=seen.link, found=seen.found, previous=previous, next=following,
            invocation=unit.invocation if unit else "", restarts=unit.restarts if unit else None,
            cursor=last_cursor(self.host, self.request.unit),
        )  # fmt: skip
        return "flip"

    def note_drift(self, lines: Sequence[Json], seen: Seen) -> None:
        """Record that what runs is not what the record says: it is adopted as it is."""
        for why in drift(lines, self.request.package, seen):
            path = seen.runs or seen.live
            self.write("ADOPTED", path=path, version=quick_version(path, self.request.package), why=why)

    def _flip(self) -> str:
        intent = self.need("INTENT")
        link, following = intent["link"], intent["next"]["target"]
        text = self.host.link_text(Path(link)) if link else ""
        step = link_step(text, intent["found"], following)
        if step == "look":
            reason = f"{link} points to {text or 'nothing'}, neither to the previous nor the next"
            expected = f"{intent['found']} or {following}"
            return self.end(FAILED, reason=reason, expected=expected, remedy="look at the link, then start again")
        if step == "flip":
            self.host.flip(Path(link), following)
        self.write("FLIPPED")
        return "restart"

    def _restart(self) -> str:
        intent = self.need("INTENT")
        self.restart(intent["invocation"], intent["next"]["path"])
        return "verify"

    def restart(self, before: str, path: str) -> None:
        """Restart the unit unless that was done, and record what it became."""
        line = self.restarted()
        if line is not None and line["boot"] == self.host.boot() and line["invocation"] not in {"", before}:
            return
        unit, baseline = self.systemd.show(self.request.unit) or Unit(self.request.unit), 0
        alive = unit.active in {*_UP, "activating"} and not unit.sub.startswith("auto-restart")
        runs = environment_of(self.host, unit, self.request.package) if alive else ""
        goal, automatic = os.path.realpath(path) if path else "", bool(unit.restarts)
        if needs_restart(before, unit.invocation, runs, goal, active=alive, automatic=automatic):
            done = self.systemd.restart(self.request.unit)
            if done.code != 0:
                raise OSError(f"systemctl restart {self.request.unit}: {done.tail()}")
            during = self.systemd.show(self.request.unit) or unit  # its job is pending: the counter stands still
            baseline = during.restarts or 0
            found, _ = wait_active(self.host, self.request.wanted(), self.beat, unit.invocation)
            unit = found or unit
        self.write(
            "RESTARTED", unit=self.request.unit, invocation=unit.invocation, restarts=baseline, boot=self.host.boot()
        )

    def restarted(self) -> Json | None:
        """Return the line of the restart that belongs to the direction the change goes now."""
        lines = self.record.lines(self.deploy)
        turns = [index for index, line in enumerate(lines) if line["state"] in {"INTENT", "ROLLING_BACK"}]
        after = lines[turns[-1] :] if turns else []
        return next((line for line in reversed(after) if line["state"] == "RESTARTED"), None)

    def wanted(self, path: str, version: str) -> Wanted:
        """Return what the service is judged against after a restart of this change."""
        done = self.restarted() or {"boot": "", "restarts": 0, "invocation": ""}
        same_boot = done["boot"] == self.host.boot()
        return self.request.wanted(
            path=path, version=version, restarts=done["restarts"] if same_boot else 0,
            invocation=done["invocation"] if same_boot else "",
        )  # fmt: skip

    def _verify(self) -> str:
        self.write("VERIFYING")
        intent = self.need("INTENT")
        following = intent["next"]
        version = "" if self.request.action == "restart" else following["version"]
        self.checks = judge(self.host, self.wanted(following["path"], version), self.beat)
        step = after_judging(verdict(self.checks), keep=self.request.keep, can_go_back=self.can_go_back())
        if step in {"healthy", "go_back"}:
            return step
        return self.end(step, reason=reason_of(self.checks), remedy=_REMEDIES.get(step, ""))

    def can_go_back(self) -> bool:
        """Tell whether there is something else to go back to."""
        return bool((self.line("INTENT") or {}).get("previous"))

    def _healthy(self) -> str:
        self.write("HEALTHY", checks=shown(self.checks), live=self.need("INTENT")["next"])
        return self.finish(self.checks)

    def _rejudge(self) -> str:
        seen = Seen.at(self.host, self.request)
        version = self.request.version or quick_version(seen.live, self.request.package)
        live = self.line("HEALTHY") or {"live": {"path": seen.live, "version": version}}
        wanted = self.request.wanted(path=live["live"]["path"], version=live["live"]["version"])
        if self.request.action == "restart":
            wanted = self.request.wanted()
        return self.finish(judge(self.host, wanted, self.beat))

    def finish(self, checks: list[Check]) -> str:
        """End with what the checks say; nothing is changed any more."""
        back = self.request.action == "rollback"  # which is not judged by what needs the network
        result = {PASS: OK, FAIL: FAILED, UNKNOWN: UNKNOWN}[verdict(checks, network=not back)]
        against = reason_of(checks, network=not back)
        reason = "; ".join(part for part in ("it was back already" if back else "", against) if part)
        remedy = _REMEDIES_BACK if back else _REMEDIES
        return self.end(result, checks=checks, reason=reason, remedy=remedy.get(result, ""))

    # going back

    def _go_back(self) -> str:
        intent = self.need("INTENT")
        seen, lines = Seen.at(self.host, self.request), self.record.lines()
        known = [intent["previous"], *last_good(lines, intent["next"]["path"])]
        for choice in known:
            found = inspect(self.host, choice["path"], self.request.package)
            if choice.get("target") and not found.problem and _linkable(choice["path"], self.request):
                reason = reason_of(self.checks) or "it could not be judged"
                bad = {**_named(intent["next"]), "reason": reason}
                self.roll_back(seen, intent["next"], {**choice, "version": found.version}, bad, reason)
                return "flip_back"
        return self.end(FAILED, checks=self.checks, reason=f"{reason_of(self.checks)}; nothing intact to go back to",
                        remedy="install a version that works")  # fmt: skip

    def roll_back(self, seen: Seen, left: Json, to: Json, bad: Json | None, reason: str) -> None:
        """Record a rollback before it begins."""
        unit = seen.unit
        link = seen.link or self.need("INTENT")["link"]
        self.write(
            "ROLLING_BACK", link=link, left=left, to=to, bad=bad, reason=reason, checks=shown(self.checks),
            invocation=unit.invocation if unit else "", restarts=unit.restarts if unit else None,
        )  # fmt: skip

    def _flip_back(self) -> str:
        line = self.need("ROLLING_BACK")
        text = self.host.link_text(Path(line["link"]))
        expected = {line["to"]["target"], line["left"]["target"], ""}
        intent = self.line("INTENT")
        expected |= {intent["found"]} if intent else set()
        if text not in expected:
            return self.end(FAILED, reason=f"{line['link']} points to {text}, which this rollback knows nothing of",
                            expected=line["to"]["target"], remedy="look at the link, then roll back again")  # fmt: skip
        if text != line["to"]["target"]:
            self.host.flip(Path(line["link"]), line["to"]["target"])
        return "restart_back"

    def _restart_back(self) -> str:
        line = self.need("ROLLING_BACK")
        self.restart(line["invocation"], line["to"]["path"])
        to = line["to"]
        self.checks = judge(self.host, self.wanted(to["path"], to["version"]), self.beat)
        self.write("ROLLED_BACK", checks=shown(self.checks), live=to)
        return "end_back"

    def _end_back(self) -> str:
        line, back = self.need("ROLLING_BACK"), self.need("ROLLED_BACK")
        checks = [Check(**check) for check in back["checks"]]
        result = verdict(checks, network=False)
        asked = self.request.action == "rollback"
        against = reason_of(checks, network=False)
        if result == FAIL:
            reason = f"rolled back to {line['to']['version']}, and it is unhealthy: {against}"
            remedy = f"journalctl --user -u {self.request.unit}"
            return self.end(FAILED, checks=checks, reason=reason, remedy=remedy)
        if asked:
            return self.end(OK if result == PASS else UNKNOWN, checks=checks, reason=against)
        doubt = f" (not certain of {line['to']['version']}: {against})" if result == UNKNOWN else ""
        return self.end(ROLLED_BACK, checks=checks, reason=line["reason"] + doubt, remedy="staging.logs shows why")

    # the end

    def end(self, outcome: str, code: int | None = None, *, checks: Sequence[Check] | None = None, reason: str = "",
            expected: str = "", remedy: str = "") -> str:  # fmt: skip
        """Record the end of the change; it is over."""
        lines = self.record.lines(self.deploy)
        states = {line["state"] for line in lines}
        seen = Seen.at(self.host, self.request)
        live, previous = self.live_and_previous(seen)
        self.write(
            "END", outcome=outcome, code=CODES[outcome] if code is None else code, action=self.request.action,
            version=self.request.version or self.request.to, operator=self.request.operator, live=live,
            previous=previous,
            checks=shown(self.checks if checks is None else checks), reason=short(reason), expected=short(expected),
            remedy=remedy, seconds=self.seconds(lines), origin=self.request.origin,
            changed=self.request.action != "restart" and bool(states & {"FLIPPED", "ROLLING_BACK"}),
        )  # fmt: skip
        # Every wheel is spent now, also one whose request died before it was accepted: the lock keeps others out.
        for wheel in self.places.deploy(self.deploy).parent.glob("*/*.whl"):
            with contextlib.suppress(OSError):
                wheel.unlink()
        return ""

    def live_and_previous(self, seen: Seen) -> tuple[Json | None, Json | None]:
        """Return what is live now, and what would be gone back to."""
        if not seen.live:
            return None, None
        lines = self.record.lines()
        version = quick_version(seen.live, self.request.package)
        live = target(seen.live, version, seen.found, known_sha(lines, seen.live))
        return live, next(iter(rollback_choices(lines, seen, "")), None)

    def seconds(self, lines: Sequence[Json]) -> float:
        """Return how long the change took; the clock may have jumped."""
        with contextlib.suppress(ValueError, KeyError, IndexError):
            began = datetime.fromisoformat(lines[0]["at"])
            return round(max(0.0, (self.host.now() - began).total_seconds()), 1)
        return 0.0

    def give_up(self, text: str) -> None:
        """End a change that cannot be carried on: go back when something was touched, else leave all as it is."""
        state, tried = last_state(self.record.lines(self.deploy)), self.line("ROLLING_BACK")
        if state in {"INTENT", "FLIPPED", "RESTARTED", "VERIFYING"} and self.can_go_back() and tried is None:
            self.checks = [Check("agent", FAIL, text)]
            self.carry_on("go_back")
        elif state in {"ACCEPTED", "PREFLIGHT", "STAGED", "BUILT", "PROBED"}:
            self.end(UNTOUCHED, BROKEN, reason=text)
        else:
            self.end(FAILED, reason=f"{text}; a person must look", remedy=f"journalctl --user -u {self.places.unit}")


_REMEDIES = {FAILED: "staging.logs shows why", UNKNOWN: "staging.healthcheck asks again"}
_REMEDIES_BACK = {**_REMEDIES, FAILED: "staging.logs shows why; to go further back, --to VERSION"}


def _named(entry: Json) -> Json:
    return {"version": entry["version"], "sha256": entry.get("sha256", "")}


def shown(checks: Iterable[Check]) -> list[Json]:
    """Return checks as the protocol carries them."""
    return [check.shown() for check in checks]


def known_previous(lines: Sequence[Json], live: str) -> Json | None:
    """Return what ran before what is live was made live, as that change recorded it."""
    for line in reversed(lines):
        if line["state"] == "INTENT" and line["next"]["path"] == live and _is_target(line["previous"]):
            return dict(line["previous"])
    return None


def drift(lines: Sequence[Json], package: str, seen: Seen) -> list[str]:
    """Return in sentences what is not as the record says: the link, the version behind it, or the process."""
    found = []
    current = last_live(lines)
    if current is not None and current["live"]["path"] != seen.live:
        found.append(f"the link points to {seen.live or 'nothing'}, the record says {current['live']['path']}")
    elif current is not None:
        version = quick_version(seen.live, package)
        if not same_version(version, current["live"]["version"]):
            found.append(f"{seen.live} holds {version or 'nothing'}, the record says {current['live']['version']}")
    if seen.runs and seen.live and seen.runs != seen.live:
        found.append(f"the process runs in {seen.runs}, the link points to {seen.live}")
    return found


# -- the worker: the agent's own unit carries a change to its end ---------------------------------------------------


def work(host: Host, places: Places) -> int:
    """Carry every unfinished change to its end, then switch the unit off; the exit code tells systemd."""
    record, lock = Record(host, places), Lock(places, {"pid": os.getpid()})
    if not _taken(host, lock, LONG):
        return TRY_AGAIN
    try:
        for deploy in unfinished(record.lines()):
            lock.say(holder_of(record.lines(deploy), pid=os.getpid()))
            if not carry(host, places, record, deploy):
                return TRY_AGAIN
        Systemd(host).call("disable", "--", places.unit)
    finally:
        lock.release()
    return DONE


def carry(host: Host, places: Places, record: Record, deploy: str) -> bool:
    """Carry one change on; False when it has to be tried again."""
    lines = record.lines(deploy)
    change = None
    try:
        record.write(deploy, "WORKER", pid=os.getpid())
        change = Change(host, places, record, deploy, lambda _: None)
        errors = _errors_in_this_state(lines)
        workers = sum(line["state"] == "WORKER" for line in lines)
        if len(errors) >= 2 * ERRORS_IN_A_STATE:  # giving up failed as well
            record.write(deploy, "END", **_hopeless(lines, errors[-1]))
        elif len(errors) >= ERRORS_IN_A_STATE or workers >= WORKERS_IN_A_DEPLOY:
            change.give_up(errors[-1] if errors else f"the agent was ended {workers} times")
        else:
            change.carry_on()
    except Exception as error:  # noqa: BLE001 - whatever it is, the host must come to an end of the change
        text = concealed(f"{type(error).__name__}: {error}", host.secrets)
        sys.stderr.write(_trace(error, host))
        record.write(deploy, "ERROR", text=short(text))
        if change is None and len(_errors_in_this_state(record.lines(deploy))) >= ERRORS_IN_A_STATE:
            record.write(deploy, "END", **_hopeless(lines, text))
            return True
        return False
    tidy(host, places, record, change.request)
    return True


def _hopeless(lines: Sequence[Json], text: str) -> Json:
    """Return the end of a change whose request cannot be read."""
    accepted = lines[0] if lines else {}
    words = {"reason": short(text), "expected": "", "remedy": "start it again", "checks": []}
    named = {key: accepted.get(key, "") for key in ("action", "version", "operator", "origin")}
    return {"outcome": FAILED, "code": BROKEN, "live": None, "previous": None, "seconds": 0, "changed": False,
            **named, **words}  # fmt: skip


def _errors_in_this_state(lines: Sequence[Json]) -> list[str]:
    """Return the errors since the last progress; a state that a rerun only writes again is none."""
    found: list[str] = []
    passed = {"PREFLIGHT"}
    for line in lines:
        if line["state"] == "ERROR":
            found.append(str(line.get("text", "")))
        elif line["state"] not in NOTES | passed:
            found = []
            passed = {*passed, line["state"]} - ({"RESTARTED"} if line["state"] == "ROLLING_BACK" else set())
    return found


def tidy(host: Host, places: Places, record: Record, request: Request) -> None:
    """Prune old slots after a change of the version that went well; a failure here changes nothing."""
    ends = [line for line in record.lines() if line["state"] == "END"]
    if request.action in {"install", "reset"} and ends and ends[-1]["outcome"] == OK and request.keep_slots:
        with contextlib.suppress(OSError):
            remove_slots(host, places, record, request)


def remove_slots(host: Host, places: Places, record: Record, request: Request) -> tuple[list[str], list[str]]:
    """Remove old slots, return what went and what stayed; never the live, running, previous or last good one.

    With `dry_run` nothing is removed, and what would go is returned all the same.
    """
    seen, lines = Seen.at(host, request), record.lines()
    previous = next(iter(rollback_choices(lines, seen, "")), None)
    good = next(last_good(lines, seen.live), None)
    paths = [seen.live, seen.runs, *(entry["path"] for entry in (previous, good) if entry)]
    protected = {str(Path(path).parent.parent) for path in map(os.path.realpath, filter(None, paths))}
    found = sorted(places.slots.glob("*"), key=lambda slot: -slot.stat().st_mtime)
    slots = [os.path.realpath(slot) for slot in found]
    if seen.unit is None or (seen.unit.active in _UP and not seen.runs):
        return [], slots  # it is not known what runs, so nothing may go
    gone = to_prune(slots, protected, request.keep_slots)
    kept = [slot for slot in slots if slot not in gone]
    if request.dry_run:
        return gone, kept
    # A slot leaves the others in one step: removing takes its time, and half a slot must not look like one.
    removed = places.slots.with_name("removed")
    for slot in gone:
        record.write("", "PRUNED", slot=slot)
        removed.mkdir(exist_ok=True)
        Path(slot).replace(removed / Path(slot).name)
    if removed.exists():
        host.remove_tree(removed)
    return gone, kept


def _taken(host: Host, lock: Lock, seconds: float) -> bool:
    """Take the lock within a time."""
    deadline = host.monotonic() + seconds
    while not lock.take():
        if host.monotonic() > deadline:
            return False
        host.sleep(0.05)
    return True


def holder_of(lines: Sequence[Json], **more: Any) -> Json:
    """Return who is at work with a change, and how far it is."""
    accepted = next((line for line in lines if line["state"] == "ACCEPTED"), {})
    named = {key: accepted.get(key, "") for key in ("deploy", "operator", "action", "version")}
    return {**named, "since": accepted.get("at", ""), "state": last_state(lines), **more}


# -- sessions: what a connection asks for ---------------------------------------------------------------------------

Say = Callable[[Json], None]


class Session:
    """One request and its answer."""

    def __init__(self, host: Host, request: Request, say: Say, source: bytes, payload: bytes = b"") -> None:
        self.host, self.request, self.say, self.source, self.payload = host, request, say, source, payload
        self.places = Places.of(host, request.package)
        self.record = Record(host, self.places)
        self.spoke = self.began = host.monotonic()
        with contextlib.suppress(ValueError, KeyError, TypeError):  # so that it is concealed wherever it turns up
            read_token(host, request.liveness or {})

    def answer(self) -> Json:
        """Do what is asked and return the result."""
        with self.pulse():
            return self.asked()

    @contextlib.contextmanager
    def pulse(self) -> Iterator[None]:
        """Speak while something takes long and is silent: to the client a long silence is a dead link."""
        import threading

        over = threading.Event()

        def speak() -> None:
            while not over.wait(HEARTBEAT):
                with contextlib.suppress(OSError):  # nobody listens: whoever says the next line finds out
                    self.beat(self.request.action, 2 * HEARTBEAT)

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def asked(self) -> Json:
        """Do what is asked."""
        action = self.request.action
        actions: dict[str, Callable[[], Json]] = {
            "probe": self.probe, "status": self.status_result, "healthcheck": self.healthcheck, "soak": self.soak,
            "logs": self.logs, "prune": self.prune, "follow": self.follow,
        }  # fmt: skip
        if action in CHANGES:
            return self.change()
        if action not in actions:
            raise Stop(WRONG, "value", f"action is {action!r}", f"one of {', '.join([*CHANGES, *actions])}")
        return actions[action]()

    def beat(self, text: str, after: float | None = None) -> None:
        """Say that this still goes on, not too often."""
        now = self.host.monotonic()
        if now - self.spoke >= (HEARTBEAT if after is None else after):
            self.spoke = now
            self.say({"event": "progress", "text": text, "seconds": round(now - self.began, 1),
                      "deploy": self.request.deploy})  # fmt: skip

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock, or refuse with who holds it."""
        request = self.request
        holder = {key: getattr(request, key) for key in ("deploy", "operator", "action", "version")}
        lock = Lock(self.places, {**holder, "since": stamp(self.host.now()), "pid": os.getpid()})
        while not _taken(self.host, lock, 0.5):
            holder = lock.said()
            deploy = str(holder.get("deploy") or "")
            ended = not deploy or last_state(self.record.lines(deploy)) == "END"  # the worker has nothing left to do
            if not ended or self.host.monotonic() - self.began > LONG:
                raise busy(holder, self.record)
            self.beat("the change before has ended and is being cleared up")
        try:
            yield
        finally:
            lock.release()

    # changes

    def change(self) -> Json:
        """Hand a change to the agent's own unit, and follow it."""
        request = self.request
        if not request.deploy:
            raise Stop(WRONG, "value", "a change has no deploy id")
        if not self.record.lines(request.deploy):
            for check in (Systemd(self.host).check(), Systemd(self.host).linger()):
                self.refuse(check)
            with self.alone():
                self.accept()
        else:
            self.kick()
        return self.follow()

    def refuse(self, check: Check) -> None:
        """Refuse when a check failed."""
        if check.result == FAIL:
            raise Stop(REFUSED, check.kind or "refused", check.evidence, remedy=check.remedy)

    def accept(self) -> None:
        """Write down what a change needs: the request, the wheel, the unit; then the change is accepted."""
        request, places = self.request, self.places
        for deploy, lines in unfinished(self.record.lines()).items():
            if deploy != request.deploy:
                self.kick()
                raise busy(holder_of(lines), self.record)
        self.may_begin()
        folder = places.deploy(request.deploy)
        if request.wheel:
            self.host.write(folder / request.wheel, self.payload)
        self.host.write(folder / "request.json", json.dumps(asdict(request)).encode("ascii"))
        remembered = {key: value for key, value in asdict(request).items() if key in _REMEMBERED and value is not None}
        if request.action in {"install", "reset"}:
            self.host.write(places.host_file, json.dumps(remembered, indent=2).encode("ascii"))
        self.enable()
        self.begin()
        self.record.write(request.deploy, "ACCEPTED", action=request.action, version=request.version or request.to,
                          sha256=request.sha256, operator=request.operator, origin=request.origin)  # fmt: skip

    def may_begin(self) -> None:
        """Refuse at once what the preflight or the wheel speak against; the worker asks again."""
        request = self.request
        if request.action in {"install", "reset"}:
            missing = next((name for name in ("version", "wheel", "sha256", "index") if not getattr(request, name)), "")
            if missing:
                raise Stop(WRONG, "value", f"the request has no {missing}")
            have = sha256_of(self.payload)
            if have != request.sha256:
                raise Stop(BROKEN, "hash", f"{request.wheel} arrived with sha256 {have}", request.sha256,
                           "run the same command again")  # fmt: skip
        seen = Seen.at(self.host, request)
        for check in preflight(self.host, self.places, request, seen):
            self.refuse(check)
        lines = self.record.lines()
        if request.action == "rollback" and not is_back(self.host, lines, request, seen):
            choose_target(self.host, lines, request, seen)

    def enable(self) -> None:
        """Write and enable the agent's own unit."""
        host, places = self.host, self.places
        carried = {name: value for name, value in host.child_environment().items() if _CARRIED.fullmatch(name)}
        text = unit_file(sys.executable, str(places.agent), str(places.state), self.request.package, carried)
        host.write(places.agent, self.source)
        host.write(host.folder("XDG_CONFIG_HOME", ".config") / "systemd/user" / places.unit, text.encode())
        systemd = Systemd(host)
        for words in (("daemon-reload",), ("enable", "--", places.unit)):
            done = systemd.call(*words, limit=LONG)
            if done.code != 0:
                raise Stop(OUTSIDE, "outside", f"systemctl --user {words[0]}: {done.tail()}")

    def begin(self) -> None:
        """Start the agent's own unit anew; it waits for the lock that this session holds.

        The worker of the change before may still be about to exit, and starting a unit that runs does nothing. Without
        the lock it has nothing left to do, so a restart ends no work.
        """
        done = Systemd(self.host).call("restart", "--no-block", "--", self.places.unit)
        if done.code != 0:
            raise Stop(OUTSIDE, "outside", f"systemctl --user restart {self.places.unit}: {done.tail()}")

    def kick(self) -> Ran:
        """Start the agent's own unit unless it runs; it goes on where the change is."""
        return Systemd(self.host).call("start", "--no-block", "--", self.places.unit)

    def follow(self) -> Json:
        """Say every line of a change until its end, and return that."""
        deploy = self.request.deploy or next(reversed(list(deploys(self.record.lines()))), "")
        if not any(line["deploy"] == deploy for line in self.record.lines()) or not deploy:
            raise Stop(WRONG, "not-found", f"the record knows no change {deploy!r}", remedy="staging.status")
        offset, state, quiet, kicks = self.request.offset, "", self.host.monotonic(), 0
        end = next((line for line in self.record.lines(deploy) if line["state"] == "END"), None)
        while True:
            for behind, line in self.record.since(offset):
                offset = behind
                if line.get("deploy") != deploy:
                    continue
                self.say({"event": "record", "offset": offset, "line": line})
                state, quiet, kicks = line["state"], self.host.monotonic(), 0
                end = line if state == "END" else end
            if end is not None:
                return {key: value for key, value in end.items() if key not in {"state", "at", "changed"}}
            self.beat(f"{state or 'waiting'}, {self.host.monotonic() - quiet:.0f} s")
            if self.host.monotonic() - quiet > HEARTBEAT * (kicks + 1) and not self.works():
                kicks = self.push(kicks)
            self.host.sleep(0.05)

    def works(self) -> bool:
        """Tell whether the agent's own unit is at it."""
        unit = Systemd(self.host).show(self.places.unit)
        return unit is not None and (unit.job or unit.active not in {"inactive", "failed"})

    def push(self, kicks: int) -> int:
        """Start a unit again that should be at work; give up after some tries."""
        done = self.kick()
        if kicks < ERRORS_IN_A_STATE:
            return kicks + 1
        unit = Systemd(self.host).show(self.places.unit) or Unit(self.places.unit)
        found = (
            f"{unit.name} does not start: {unit.load}, {unit.active} ({unit.sub}, result {unit.result}) {done.tail()}"
        )
        remedy = f"journalctl --user -u {self.places.unit}"
        raise Stop(OUTSIDE, "outside", found.strip(), "the change goes on when it does", remedy)

    # questions

    def status(self) -> Json:
        """Return what is installed, what runs, what ran before, and who is at work."""
        lines, request = self.record.lines(), self.request
        seen = Seen.at(self.host, request)
        lock = Lock(self.places, {})
        work = next((holder_of(own) for own in unfinished(lines).values()), None)
        if work is None and lock.held():
            work = lock.said()
        bad = bad_versions(lines)
        last = next((line for line in reversed(lines) if line["state"] == "END"), None)
        keys = ("deploy", "action", "version", "outcome", "at", "operator")
        return {
            "package": request.package, "unit": self.unit_status(seen.unit), "live": self.live_status(lines, seen),
            "running": {"version": quick_version(seen.runs, request.package), "path": seen.runs} if seen.runs else None,
            "previous": self.previous_status(next(iter(rollback_choices(lines, seen, "")), None), bad),
            "last": {key: last.get(key, "") for key in keys} if last else None, "work": work,
            "drift": drift(lines, request.package, seen), "bad": bad, "slots": self.slot_status(),
            "link": {"path": seen.link, "target": seen.found, "problem": seen.link_problem},
            "time": stamp(self.host.now()),
        }  # fmt: skip

    def unit_status(self, unit: Unit | None) -> Json:
        """Return the unit's part of the status."""
        if unit is None:
            return {"name": self.request.unit, "load": "unknown", "active": "unknown"}
        since = ""
        if unit.entered and unit.active in _UP:
            age = max(0.0, self.host.monotonic() - unit.entered)
            since = stamp(datetime.fromtimestamp(self.host.now().timestamp() - age, timezone.utc))
        return {
            "name": unit.name, "load": unit.load, "active": unit.active, "sub": unit.sub, "pid": unit.pid,
            "invocation": unit.invocation, "restarts": unit.restarts, "since": since, "result": unit.result,
            "enabled": unit.enabled,
        }  # fmt: skip

    def live_status(self, lines: Sequence[Json], seen: Seen) -> Json | None:
        """Return what is installed: its origin and since when, as recorded, or as adopted from what is there."""
        path = seen.live or (seen.runs if seen.link_problem else "")
        if not path:
            return None
        live = {"version": quick_version(path, self.request.package), "path": path}
        current = last_live(lines)
        if current is not None and current["live"]["path"] == path:
            started = next((line for line in lines if line["state"] == "INTENT" and line["next"]["path"] == path), {})
            accepted = next(iter(self.record.lines(started.get("deploy", "-"))), {})
            origin = accepted.get("origin") or "found on the host"
            return {**live, "origin": origin, "since": current["at"], "deploy": current["deploy"], "adopted": False}
        return {**live, "origin": "found on the host", "since": installed_at(path, self.request.package), "deploy": "",
                "adopted": True}  # fmt: skip

    def previous_status(self, previous: Json | None, bad: Sequence[Json]) -> Json | None:
        """Return what a rollback would go to, and whether it is marked bad."""
        if previous is None:
            return None
        marks = {(entry["version"], entry.get("sha256", "")) for entry in bad}
        marked = (previous["version"], previous.get("sha256", "")) in marks
        return {"version": previous["version"], "path": previous["path"], "bad": marked}

    def slot_status(self) -> list[Json]:
        """Return the slots, newest first."""
        slots = sorted(self.places.slots.glob("*"), key=lambda slot: -slot.stat().st_mtime)
        found = [(slot, slot_environment(slot, self.request.package)) for slot in slots]
        return [
            {
                "version": quick_version(str(path), self.request.package),
                "path": str(path),
                "at": stamp(datetime.fromtimestamp(slot.stat().st_mtime, timezone.utc)),
            }
            for slot, path in found
        ]

    def status_result(self) -> Json:
        """Return the status, unless systemd does not answer."""
        status = self.status()
        if status["unit"]["load"] == "unknown":
            self.refuse(Systemd(self.host).check())
        return {"code": DONE, "outcome": OK, **status}

    def probe(self) -> Json:
        """Return the status and everything a client wants to know before it changes something."""
        self.refuse(Systemd(self.host).check())
        request, host = self.request, self.host
        found = interpreters(host, request.python)
        fitting = [{"path": path, "version": version} for path, version in found
                   if satisfies(version, request.requires_python)]  # fmt: skip
        installers = {name: host.run([path, "--version"], LONG).out.split()[-1:] if path else []
                      for name, path in ((name, host.which(name)) for name in ("pipx", "uv"))}  # fmt: skip
        return {
            "code": DONE, "outcome": OK, **self.status(),
            "checks": shown(preflight(host, self.places, request, Seen.at(host, request))),
            "pythons": [{"path": path, "version": version} for path, version in found],
            "python": fitting[0] if fitting else None,
            "installers": {name: words[0] if words else None for name, words in installers.items()},
            "disk_free": min(host.free_bytes(self.places.slots), host.free_bytes(self.places.state)),
        }  # fmt: skip

    def healthcheck(self) -> Json:
        """Judge the service as it is: against the asked version, else against what the record says is live."""
        self.refuse(Systemd(self.host).check())
        lines, seen = self.record.lines(), Seen.at(self.host, self.request)
        current = last_live(lines)
        recorded = current["live"]["version"] if current and current["live"]["path"] == seen.live else ""
        baseline = last_restart(lines, self.request.unit)
        same = seen.unit is not None and baseline.get("boot") == self.host.boot()
        wanted = self.request.wanted(
            path="" if seen.link_problem else seen.live, version=self.request.version or recorded,
            restarts=baseline.get("restarts") if same else None,
        )  # fmt: skip
        checks = judge(self.host, wanted, self.beat)
        result = verdict(checks)
        outcome = {PASS: OK, FAIL: FAILED, UNKNOWN: UNKNOWN}[result]
        return {"code": CODES[outcome], "outcome": outcome, "verdict": result, "checks": shown(checks),
                "reason": reason_of(checks), "status": self.status()}  # fmt: skip

    def prune(self) -> Json:
        """Remove old slots, or with `dry_run` tell which."""
        with self.alone():
            for lines in unfinished(self.record.lines()).values():
                raise busy(holder_of(lines), self.record)
            gone, kept = remove_slots(self.host, self.places, self.record, self.request)
        told = {"removed": [], "would_remove": gone} if self.request.dry_run else {"removed": gone}
        return {"code": DONE, "outcome": OK, **told, "kept": kept}

    def logs(self) -> Json:
        """Say the unit's journal lines; with `follow` until the client is gone."""
        request = self.request
        words = [f"--lines={request.lines}"] if not request.cursor else [f"--after-cursor={request.cursor}"]
        words += [f"--since={request.since}"] if request.since else []
        matches = unit_matches(self.host, request.unit)
        if request.follow:
            return self.stream(journal_command(*words, "--follow", *matches))
        done = self.host.run(journal_command(*words, *matches), LONG)
        if done.code != 0:
            raise Stop(OUTSIDE, "outside", f"journalctl: {done.tail()}")
        cursor = request.cursor
        for line in filter(None, map(Line.read, done.out.split("\n"))):
            cursor = self.log(line)
        return {"code": DONE, "outcome": OK, "cursor": cursor}

    def log(self, line: Line) -> str:
        """Say a journal line and return its cursor."""
        self.say({"event": "log", "at": line.at, "cursor": line.cursor, "priority": line.priority, "pid": line.pid,
                  "message": line.message})  # fmt: skip
        return line.cursor

    def stream(self, argv: Sequence[str]) -> Json:
        """Say lines as they come; a heartbeat finds out when nobody listens any more."""
        import select

        cursor, rest = self.request.cursor, b""
        with self.host.stream(argv) as process:
            assert process.stdout is not None  # noqa: S101
            output = process.stdout.fileno()  # not the file, whose buffer would hide lines from select
            try:
                while True:
                    if select.select([output], [], [], HEARTBEAT)[0]:
                        piece = os.read(output, 64 * 1024)
                        if not piece:
                            break
                        *whole, rest = (rest + piece).split(b"\n")
                        for line in filter(None, map(Line.read, whole)):
                            cursor = self.log(line)
                    self.beat("following")
            finally:
                process.kill()
        return {"code": OUTSIDE, "outcome": UNKNOWN, "cursor": cursor, "reason": "journalctl ended"}

    def soak(self) -> Json:
        """Tell whether what is live has earned promotion."""
        lines, seen = self.record.lines(), Seen.at(self.host, self.request)
        live = self.live_status(lines, seen)
        if live is None:
            raise Stop(REFUSED, "refused", "nothing is installed", remedy="staging.install")
        began = datetime.fromisoformat(live["since"])
        seconds = (self.host.now() - began).total_seconds()
        matches = unit_matches(self.host, self.request.unit)
        done = self.host.run(journal_command(f"--since=@{began.timestamp():.0f}", *matches), LONG * 5)
        others = other_times(lines, live["path"])
        read = (line for line in map(Line.read, done.out.split("\n")) if line is not None)
        said = [line for line in read if not any(start <= line.at <= end for start, end in others)]
        errors = grouped(
            {"at": line.at, "message": line.message} for line in said if line.is_error(self.request.error_pattern)
        )
        counted = sum(line.kind == RESTART_SCHEDULED for line in said)
        baseline = last_restart(lines, self.request.unit).get("restarts") or 0
        shown_restarts = (seen.unit.restarts or 0) - baseline if seen.unit else 0
        restarts = max(counted, shown_restarts)
        checks = soak_checks(self.request, seconds, sum(group["count"] for group in errors), restarts)
        checks.append(self.reach_check(said, live))
        result = verdict(checks)
        outcome = {PASS: OK, FAIL: FAILED, UNKNOWN: UNKNOWN}[result]
        return {"code": CODES[outcome], "outcome": outcome, "verdict": result, "checks": shown(checks),
                "version": live["version"], "since": live["since"], "seconds": seconds, "restarts": restarts,
                "errors": errors, "reason": reason_of(checks)}  # fmt: skip

    def reach_check(self, said: Sequence[Line], live: Json) -> Check:
        """Tell whether the journal reaches back to the start of what is live."""
        own = self.record.lines(live["deploy"]) if live["deploy"] else []
        started = next((line for line in reversed(own) if line["state"] == "RESTARTED"), None)
        if started is not None:
            return readable_check(self.host, Unit(self.request.unit, invocation=started["invocation"]))
        if any(line.manager for line in said):
            return Check("journal", PASS, f"{_times(len(said), 'line')} read")
        return Check("journal", UNKNOWN, "the journal shows no start of the unit: unreadable or rotated")


CHANGES = ("install", "reset", "rollback", "restart")


def installed_at(path: str, package: str) -> str:
    """Return when a version came into an environment."""
    wanted = canonical(package)
    for folder in Path(path).glob("lib/python*/site-packages/*.dist-info"):
        if canonical(folder.name.partition("-")[0]) == wanted:
            return stamp(datetime.fromtimestamp(folder.stat().st_mtime, timezone.utc))
    return stamp(datetime.fromtimestamp(Path(path).stat().st_mtime, timezone.utc))


def busy(holder: Json, record: Record) -> Stop:
    """Return the refusal that shows who is at work."""
    own = record.lines(str(holder.get("deploy") or "-"))
    named = dict.fromkeys(("deploy", "operator", "action", "version", "since", "pid", "state"), "")
    holder = {**named, **holder, **({"state": last_state(own)} if own else {})}
    who = holder.get("operator") or f"process {holder['pid'] or '?'}"
    what = " ".join(str(holder[key]) for key in ("action", "version") if holder.get(key))
    return Stop(REFUSED, "busy", f"{who} is at work here: {what or 'a change'}, since {holder['since'] or '?'}",
                "nobody else at work on this host", "staging.status shows when it is over", holder=holder)  # fmt: skip


def other_times(lines: Sequence[Json], path: str) -> list[tuple[str, str]]:
    """Return from when to when a change had another version live than the one at `path`, until it was taken back."""
    found: list[tuple[str, str]] = []
    following: dict[str, str] = {}
    began: dict[str, str] = {}
    back: set[str] = set()
    for line in lines:
        deploy, state = line["deploy"], line["state"]
        if state == "INTENT":
            following[deploy] = line["next"].get("path", "")
        elif state == "FLIPPED" and following.get(deploy) != path:
            began.setdefault(deploy, line["at"])
        elif state == "ROLLING_BACK":
            back.add(deploy)
        elif deploy in began and (state == "END" or (state == "RESTARTED" and deploy in back)):
            found.append((began.pop(deploy), line["at"]))
    return found


def soak_checks(request: Request, seconds: float, errors: int, restarts: int) -> list[Check]:
    """Return the soak's checks against the thresholds."""
    days = seconds / 86400
    ran = Check("time", PASS if days >= request.days else FAIL, f"{days:.1f} of {request.days:g} days")
    if seconds < 0:
        ran = Check("time", UNKNOWN, "the clock is behind the installation: it has jumped")
    return [
        ran,
        Check("errors", PASS if errors <= request.max_errors else FAIL, f"{errors}, {request.max_errors} allowed"),
        Check("restarts", PASS if restarts <= request.max_restarts else FAIL,
              f"{restarts}, {request.max_restarts} allowed"),
    ]  # fmt: skip


# -- the connection and the command line ----------------------------------------------------------------------------


def serve(source: bytes, size: int, payload_size: int, digest: str) -> int:
    """Answer the request on standard input; loader.py calls this."""
    stream = sys.stdin.buffer
    request, payload = stream.read(size), stream.read(payload_size)
    host, out = Host(), sys.stdout.buffer

    def say(event: Json) -> None:
        out.write((RS + concealed(json.dumps(event), host.secrets) + "\n").encode("ascii"))
        out.flush()

    say({
        "event": "hello", "protocol": PROTOCOL, "agent": digest[:12],
        "python": ".".join(map(str, sys.version_info[:3])), "pid": os.getpid(), "user": host.user(),
        "host": os.uname().nodename,
    })  # fmt: skip
    if len(request) < size or len(payload) < payload_size:
        return answered(_cut_off, say, host)
    return answered(lambda: session(host, json.loads(request), say, source, payload).answer(), say, host)


def _cut_off() -> NoReturn:
    raise Stop(OUTSIDE, "outside", "the request arrived cut off", "all of it", "run the same command again")


def session(host: Host, content: Json, say: Say, source: bytes, payload: bytes) -> Session:
    """Return the session of a request."""
    if not isinstance(content, dict):
        raise Stop(WRONG, "value", "the request is no object")
    return Session(host, Request.of(completed(content, host)), say, source, payload)


def answered(question: Callable[[], Json], say: Say, host: Host) -> int:
    """Say the result of a question, or its error; return the exit code."""
    try:
        result = question()
        say({"event": "result", **result})
        return int(result["code"])
    except Stop as stop:
        say(stop.event())
        return stop.code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody listens: nothing more to say, not even at exit
        return OUTSIDE
    except Exception as error:  # noqa: BLE001 - the last line must say what happened
        found = concealed(f"the agent failed: {type(error).__name__}: {error}", host.secrets)
        say(Stop(OUTSIDE, "internal", short(found), remedy="--debug shows more", trace=_trace(error, host)).event())
        return OUTSIDE


def _trace(error: BaseException, host: Host) -> str:
    import traceback

    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return concealed(text, host.secrets)


@dataclass(frozen=True)
class Download:
    """A wheel that an index offers."""

    name: str
    url: str
    sha256: str
    version: str
    requires_python: str = ""
    yanked: bool = False


def offered(page: bytes, address: str, package: str) -> list[Download]:
    """Return the wheels for every platform on a page of the simple API, JSON or HTML."""
    try:
        files = json.loads(page)["files"]
    except (ValueError, KeyError, TypeError):
        files = _html_files(page.decode("utf-8", "replace"))
    found = []
    for file in files:
        parts = str(file["filename"]).split("-")
        if parts[-1] != "any.whl" or canonical(parts[0]) != canonical(package):
            continue
        sha = str((file.get("hashes") or {}).get("sha256", ""))
        url = urllib.parse.urljoin(address, str(file["url"]))
        yanked = file.get("yanked", False) is not False
        found.append(Download(file["filename"], url, sha, parts[1], file.get("requires-python") or "", yanked))
    return found


def _html_files(text: str) -> list[Json]:
    import html

    found = []
    for attributes, name in re.findall(r"<a\s([^>]*)>\s*([^<\s]+)\s*</a>", text):
        values = {key: html.unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', attributes)}
        url, _, fragment = values.get("href", "").partition("#sha256=")
        found.append({"filename": html.unescape(name), "url": url, "hashes": {"sha256": fragment},
                      "requires-python": values.get("data-requires-python", ""),
                      "yanked": "data-yanked" in attributes})  # fmt: skip
    return found


def chosen(downloads: Sequence[Download], version: str, pythons: Sequence[str]) -> Download:
    """Return the wheel of a version, or of the newest release that fits the host; raises Stop."""
    if version:
        fitting = [one for one in downloads if same_version(one.version, version)]
        if not fitting:
            raise Stop(
                WRONG, "not-found", f"the index has no wheel of {version} for every platform", remedy="staging.wait"
            )
        if fitting[0].yanked:
            raise Stop(REFUSED, "refused", f"{version} is yanked", "a version that is not")
        return fitting[0]
    finals = [one for one in downloads if is_final(one.version) and not one.yanked
              and any(satisfies(python, one.requires_python) for python in pythons)]  # fmt: skip
    if not finals:
        raise Stop(WRONG, "not-found", "the index has no release that fits this host")
    return max(finals, key=lambda one: version_key(one.version) or ())


def downloaded(host: Host, content: Json) -> tuple[Json, bytes]:
    """Return the request for an installation with the wheel it names, fetched from the index of the host file."""
    staging = content["action"] == "install"
    index = content.get("staging_index") if staging else content.get("index", Request.index)
    if not index:
        raise Stop(WRONG, "value", "no staging index is known on this host", "--staging-index ADDRESS")
    address = f"{str(index).rstrip('/')}/{canonical(content['package'])}/"
    try:
        status, page = host.fetch(address, SHORT, redirects=True, most=64 * 2**20)
        if status != HTTP_OK:
            raise OSError(f"it answered {status}")
        pythons = [version for _, version in interpreters(host, content.get("python", ""))]
        file = chosen(offered(page, address, content["package"]), content.get("version", ""), pythons)
        status, wheel = host.fetch(file.url, BUILD, redirects=True, most=2**30)
        if status != HTTP_OK:
            raise OSError(f"{file.name}: it answered {status}")
    except OSError as error:
        raise Stop(OUTSIDE, "outside", f"{index}: {error}", remedy="run the same command again") from None
    named = {"version": file.version, "wheel": file.name, "sha256": file.sha256 or sha256_of(wheel)}
    return {**content, **named, "origin": "staging index" if staging else "release index"}, wheel


def command_line() -> argparse.ArgumentParser:
    """Return the parser of the command line on the host itself."""
    import argparse

    parser = argparse.ArgumentParser(prog="agent.py", description="Changes and judges the service on this host.")
    parser.add_argument("action", choices=[*CHANGES, "status", "healthcheck", "soak", "logs", "prune", "probe",
                                           "follow", "work"])  # fmt: skip
    parser.add_argument("target", nargs="?", default="", metavar="VERSION")
    for name, text in (
        ("package", "default: the one package the host file knows"), ("unit", "default: the package's"),
        ("version", "the version to install or to expect"), ("to", "rollback: to this version"),
        ("operator", "default: the user"), ("installer", "pipx or uv"), ("python", "interpreter for slots"),
        ("index", "the release index"), ("staging-index", "where candidates come from"),
        ("error-pattern", "the application's own error lines"), ("wheel", "install this file"),
        ("deploy", "follow this change"), ("home", argparse.SUPPRESS),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", default=None, help=text)
    for name, kind in (("settle", float), ("days", float), ("lines", int), ("keep-slots", int)):
        parser.add_argument(f"--{name}", type=kind, default=None)
    for name in ("dev", "keep", "allow-downgrade", "follow", "json"):
        parser.add_argument(f"--{name}", action="store_true", default=None)
    return parser


def request_of(arguments: argparse.Namespace, host: Host) -> Json:
    """Return the request that a command line means."""
    flags = {key: value for key, value in vars(arguments).items() if value is not None}
    action = flags["action"]
    content: Json = {key: value for key, value in flags.items() if key not in {"target", "json", "dev", "home"}}
    if arguments.target:
        content["to" if action == "rollback" else "version"] = arguments.target
    content["package"] = flags.get("package") or only_package(host)
    content.setdefault("operator", host.user())
    content = completed(content, host)
    if arguments.dev:
        content.update(role="dev", liveness=None, unit=flags.get("unit") or f"{content['package']}-dev.service")
    if action in CHANGES:
        content.setdefault("deploy", f"{host.now():%Y%m%dT%H%M%S}-{os.urandom(3).hex()}")
    if action == "install" and not content.get("version") and not content.get("wheel"):
        raise Stop(WRONG, "value", "which version?", remedy="staging.sh install VERSION")
    return content


def only_package(host: Host) -> str:
    """Return the package that the agent knows here when it is just one."""
    folder = host.folder("XDG_STATE_HOME", ".local/state") / TOOL
    known = sorted(file.parent.name for file in folder.glob("*/host.json"))
    if len(known) == 1:
        return known[0]
    found = f"several packages are known here: {', '.join(known)}" if known else "no package is known here yet"
    raise Stop(WRONG, "value", found, "--package NAME")


def local(arguments: argparse.Namespace, host: Host, say: Say) -> Json:
    """Answer a command line."""
    content, payload = request_of(arguments, host), b""
    if content["action"] in {"install", "reset"}:
        if arguments.wheel:
            payload = Path(arguments.wheel).read_bytes()
            _, version, _ = wheel_facts(payload)
            content.update(wheel=Path(arguments.wheel).name, sha256=sha256_of(payload), origin="local")
            content.setdefault("version", version)
        else:
            content, payload = downloaded(host, content)
    return session(host, content, say, Path(__file__).read_bytes(), payload).answer()


def main() -> int:
    """Answer the command line on the host itself."""
    arguments, host = command_line().parse_args(), Host()
    if arguments.action == "work":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TRY_AGAIN))
        state = Path(arguments.home)
        return work(host, Places(state, Places.of(host, state.name).slots))
    return answered(lambda: local(arguments, host, quiet if arguments.json else show), _last(arguments, host), host)


def quiet(_: Json) -> None:
    """Say nothing on the way."""


def _last(arguments: argparse.Namespace, host: Host) -> Say:
    def say(event: Json) -> None:
        if arguments.json:
            sys.stdout.write(concealed(json.dumps(event, indent=2), host.secrets) + "\n")
        else:
            show(event)

    return say


def show(event: Json) -> None:
    """Print an event for a person."""
    lines = {"record": _shown_record, "log": _shown_log, "progress": _shown_progress, "error": _shown_error,
             "result": _shown_result}[event["event"]](event)  # fmt: skip
    text = concealed("".join(f"{line}\n" for line in lines))
    sys.stdout.write("".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text))
    sys.stdout.flush()


def _shown_record(event: Json) -> list[str]:
    line = event["line"]
    text = line.get("reason") or line.get("text") or line.get("why") or line.get("version") or ""
    return [] if line["state"] == "END" else [f"{line['at'][11:19]}  {line['state']:<13} {text}".rstrip()]


def _shown_log(event: Json) -> list[str]:
    return [f"{event['at']} {event['message']}"]


def _shown_progress(event: Json) -> list[str]:
    return [f"          … {event['text']}"]


def _shown_error(event: Json) -> list[str]:
    words = [event["found"], *(f"{key}: {event[name]}" for key, name in (("expected", "expected"), ("next", "remedy"))
                               if event.get(name))]  # fmt: skip
    return [f"error: {words[0]}", *words[1:]]


def _shown_result(event: Json) -> list[str]:
    status = event if "unit" in event else event.get("status")
    lines = _table([(check["result"], check["name"], check["evidence"]) for check in event.get("checks", [])])
    lines += _shown_status(status) if status and not event.get("verdict") else []
    lines += [f"{group['count']:>6}  {group['signature']}" for group in event.get("errors", [])]
    lines += [f"removed {path}" for path in event.get("removed", [])]
    live = event.get("live") or {}
    tail = f", {live['version']} is live" if live and "deploy" in event else ""
    lines.append(f"{event['outcome']}{tail}" + (f": {event['reason']}" if event.get("reason") else ""))
    return lines + ([f"next: {event['remedy']}"] if event.get("remedy") else [])


def _shown_status(status: Json) -> list[str]:
    live, unit, previous, work = (status[key] or {} for key in ("live", "unit", "previous", "work"))
    since = f"{live['origin']} since {live['since']}" if live else ""
    process = f"since {unit.get('since') or '?'}, pid {unit.get('pid')}, {unit.get('restarts')} automatic restarts"
    rows = [
        ("live", live.get("version", "nothing is installed"), since),
        ("previous", previous.get("version", "-"), "marked bad" if previous.get("bad") else ""),
        ("unit", f"{unit['name']} {unit['active']}", process),
    ]
    rows += [("drift", sentence, "") for sentence in status["drift"]]
    if work:
        doing = f"{work.get('action')} {work.get('version', '')}".strip()
        rows.append(("work", f"{work.get('operator')}: {doing}", f"{work.get('state', '')} since {work.get('since')}"))
    return _table(rows)


def _table(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    widths = [max((len(str(row[column])) for row in rows), default=0) for column in (0, 1)]
    return [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows]


if __name__ == "__main__":
    sys.exit(main())
