"""Failures: each row of the table is recognised by what the tools really print, as GitHub's logs hold it."""

import re

import pytest

from tasks.rules.explanations import Explanation, Work, explain, skipped
from tasks.rules.failures import BY_KEY, FAILURES, Stop
from tasks.rules.logs import last_errors, lines, shown

from .history import cases

NAMES = {
    "version": "1.1.0", "tag": "v1.1.0", "run": "77", "repository": "owner/sample", "branch": "main",
    "workflow": "release.yml", "tagging": "auto-tag.yml", "by_hand": "`inv release.tag`", "package": "sample", "web": "https://github.com/owner/sample",
    "manage": "https://pypi.org/manage/project/",
}  # fmt: skip
MOMENT = "2026-03-01T12:00:00.1234567Z "
TWINE = "\x1b[33mWARNING \x1b[0m Error during upload. Retry with the --verbose option for more details."


def log(*said: str, step: str = "uv run something", before: tuple[str, ...] = ()) -> str:
    """Return a job's log as GitHub keeps it: timestamps, groups, what a step said, its end and what follows."""
    head = [*before, f"##[group]Run {step}", f"\x1b[36;1m{step}\x1b[0m", "shell: /usr/bin/bash -e {0}", "##[endgroup]"]
    tail = ["##[error]Process completed with exit code 1.", "Post job cleanup.", "[command]/usr/bin/git version"]
    return "\ufeff" + "\r\n".join(MOMENT + line for text in (*head, *said, *tail) for line in text.split("\n")) + "\r\n"


def job(step: str = "Run it", name: str = "job", conclusion: str = "failure") -> Work:
    steps = (("Set up job", "completed", "success"), (step, "completed", conclusion), ("After", "completed", "skipped"))
    return Work(name, "completed", conclusion, steps, "https://github.com/owner/sample/actions/runs/77/job/1")


EXCHANGE = (
    "##[error]Trusted publishing exchange failure: \nToken request failed: the server refused the request for the "
    "following reasons:\n\n* `invalid-publisher`: valid token, but no corresponding publisher (Publisher with matching "
    "claims was not found)\n\nThis generally indicates a trusted publisher configuration error, but could\nalso "
    "indicate an internal error on GitHub or PyPI's part."
)
IDENTITY = (
    "##[error]Trusted publishing exchange failure: \nOpenID Connect token retrieval failed: GitHub: missing or "
    "insufficient OIDC token permissions, the ACTIONS_ID_TOKEN_REQUEST_TOKEN environment variable was unset"
)
PYTEST = (
    "\x1b[31mFAILED\x1b[0m tests/test_x.py::test_y - assert 1 == 2\n"
    "\x1b[31m========= \x1b[31m\x1b[1m1 failed\x1b[0m, \x1b[32m3210 passed\x1b[0m\x1b[31m in 61.07s (0:01:01)\x1b[0m "
    "\x1b[31m=========\x1b[0m"
)
EXISTS = (
    f"{TWINE}\nERROR    HTTPError: 400 Bad Request from https://upload.pypi.org/legacy/        \n"
    "         File already exists ('sample-1.1.0-py3-none-any.whl', with     \n         blake2_256 hash"
)


SAID = {
    "pytest": ("tests", PYTEST),
    "pytest collects nothing": ("tests", "ERROR tests/test_x.py - ModuleNotFoundError: No module named 'x'"),
    "tests that speak of a network": ("tests", f"E   ConnectionResetError: Connection reset by peer\n{PYTEST}"),
    "version": ("version", "Tag 'v1.1.0' does not match pyproject version '1.2.0'"),
    "version, as the sandbox": ("version", "Tag v1.1.0 does not match version 1.2.0 in pyproject.toml"),
    "lock": ("lock", "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided. To update"),
    "lock, newer uv": ("lock", "The lockfile at `uv.lock` needs to be updated, but `--check` was provided. To"),
    "no lock": ("lock", "error: Unable to find lockfile at `uv.lock`, but `--locked` was provided."),
    "section": ("section", "CHANGELOG.md: no section for 1.1.0: expected '## v1.1.0 (2026-03-01)'"),
    "version differs": ("section", "pyproject.toml says 1.1.0, the newest section is 1.0.0"),
    "links": ("links", "CHANGELOG.md:5: links no issue: mend it (expected [#N](…/issues/N))"),
    "link to be named": ("links", "CHANGELOG.md:5: [#?] stands for an issue yet to be named: mend it"),
    "no publisher": ("publisher", EXCHANGE),
    "403": ("publisher", f"{TWINE}\nERROR    HTTPError: 403 Forbidden from https://upload.pypi.org/legacy/"),
    "403, older twine": ("publisher", ("HTTPError: 403 Client Error: Invalid or non-existent authentication "
                                      "information. for url: https://upload.pypi.org/legacy/")),
    "no identity": ("id-token", IDENTITY),
    "file exists": ("exists", EXISTS),
    "file was there": ("exists", "         This filename has already been used, use a different version. See      "),
    "file exists, uv": ("exists", ("error: Failed to publish `dist/sample-1.1.0.tar.gz` to https://upload.pypi.org/"
                                  "legacy/\n  Caused by: Server returned status code 400 Bad Request. Server says: "
                                  "400 File already exists ('sample-1.1.0.tar.gz', with blake2_256 hash '5b').")),
    "no right to release": ("permission", "HTTP 403: Resource not accessible by integration (https://api.github.com/"),
    "metadata": ("refused", f"{TWINE}\nERROR    HTTPError: 400 Bad Request from https://upload.pypi.org/legacy/"),
    "twine check": ("refused", "Checking dist/sample-1.1.0-py3-none-any.whl: \x1b[31mFAILED\x1b[0m"),
    "wheel contents": ("refused", "dist/sample-1.1.0-py3-none-any.whl: W004: Module is not located at importable path"),
    "name resolution": ("network", "curl: (6) Could not resolve host: astral.sh"),
    "index away": ("network", ("##[error]Trusted publishing exchange failure: audience retrieval failed: repository "
                              "at upload.pypi.org responded with unexpected 503: Service Unavailable")),
    "bad gateway": ("network", "HTTPError: 502 Bad Gateway from https://upload.pypi.org/legacy/"),
    "reset": ("network", "error: Failed to fetch: `https://pypi.org/simple/x/`\n  Caused by: Connection reset by peer"),
    "node": ("network", "##[error]connect ETIMEDOUT 140.82.112.3:443"),
    "no secret": ("push", "##[error]RELEASE_TAG_PAT secret is not set. Create a fine-scoped PAT (contents:write)"),
    "bad secret": ("push", "fatal: Authentication failed for 'https://github.com/owner/sample.git/'"),
    "no right": ("push", "remote: Permission to owner/sample.git denied to github-actions[bot]."),
    "tag protected": ("push", "remote: error: GH013: Repository rule violations found for refs/tags/v1.1.0."),
    "machine lost": ("no-runner", "The hosted runner: GitHub Actions 8 lost communication with the server."),
    "time": ("timed-out", ("##[error]The job running on runner GitHub Actions 2 has exceeded the maximum execution "
                          "time of 10 minutes.")),
    "superseded": ("cancelled", "##[error]Canceling since a higher priority waiting request for 'release' exists"),
}  # fmt: skip


@cases("key said", SAID)
def test_recognised_by_the_log(key: str, said: str) -> None:
    found = explain(job(), log(said), NAMES)
    assert (found.key, found.where) == (key, "job / Run it")
    assert found.lines
    assert not [line for line in found.lines if "\x1b" in line or "##[" in line or line.startswith(MOMENT)]
    first = re.sub(r"\x1b\[[\d;]*m|##\[error\]", "", said)
    assert all(line.removeprefix("error: ")[:40] in first.replace("\n", " ") or line in first for line in found.lines)


def test_every_row_with_signs_is_tried() -> None:
    tried = {str(key) for key, _ in SAID.values()}
    assert {str(row.key) for row in FAILURES if row.signs} - tried == {"skipped"}


@cases(
    "key step",
    {
        "tests": ("tests", "Run tests"),
        "version check": ("version", "Check tag matches project version"),
        "push": ("push", "Create and push tag"),
        "release": ("no-release", "Create GitHub release and upload artifacts"),
        "lock": ("lock", "Lockfile sync"),
        "TestPyPI is no test": ("unknown", "Publish to TestPyPI"),
    },
)
def test_recognised_by_the_step_when_the_log_has_no_sign(key: str, step: str) -> None:
    found = explain(job(step), log("something went wrong"), NAMES)
    assert (found.key, found.lines) == (key, last_errors(lines(log("something went wrong"))))
    assert "something went wrong" in found.lines


@cases(
    "key conclusion",
    {"cancelled": (Stop.CANCELLED, "cancelled"), "timed out": (Stop.TIMED_OUT, "timed_out")},
)
def test_recognised_by_how_it_ended(key: Stop, conclusion: str) -> None:
    assert explain(job(conclusion=conclusion), log("all was well"), NAMES).key == key


def test_a_job_that_never_started() -> None:
    found = explain(Work("publish", "completed", "failure"), None, NAMES)
    assert (found.key, found.lines, found.where) == (Stop.NO_RUNNER, (), "publish")


def test_an_earlier_step_that_went_well_is_not_blamed() -> None:
    retried = (
        "##[group]Run pip install x",
        "WARNING: Retrying after connection broken by 'Connection reset by peer'",
        "##[endgroup]",
    )
    assert explain(job(), log(PYTEST, before=retried), NAMES).key == "tests"
    assert explain(job(), log("it broke", before=retried), NAMES).key == "network"  # all that there is to go by


def test_an_unknown_failure_says_so() -> None:
    found = explain(job(), log(*(f"line {number}" for number in range(50)), "KeyError: 'x'"), NAMES)
    assert (found.key, found.lines[-1], len(found.lines)) == (Stop.UNKNOWN, "KeyError: 'x'", 8)
    assert "gh run view 77 --log-failed --repo owner/sample" in found.fix


def test_without_a_log_the_names_are_all() -> None:
    assert explain(job("Run tests"), None, NAMES).key == "tests"
    assert explain(job(), None, NAMES).key == Stop.UNKNOWN
    assert explain(job(), "", NAMES).lines == ()


def test_a_skipped_upload_makes_no_run_fail() -> None:
    said = log(f"{TWINE}", "WARNING  Skipping sample-1.1.0rc1.tar.gz because it appears to already exist")
    assert skipped(said) == ("WARNING  Skipping sample-1.1.0rc1.tar.gz because it appears to already exist",)
    assert skipped(log("Uploading sample-1.1.0rc1.tar.gz")) == ()


SECRETS = {
    "classic": "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    "fine-grained": "github_pat_11AAAAAAA0123456789_abcdefghijklmnop",
    "workflow": "ghs_0123456789abcdefghijklmnop",
    "index": "pypi-AgEIcHlwaS5vcmcCJDAwMDAwMDAw",
    "identity": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOm93bmVyIn0.c2lnbmF0dXJl",
    "bot": "123456789:AAF0123456789abcdefghijklmnopqrstuv",
    "address": "hunter2secret",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_no_secret_of_a_log_is_shown(secret: str) -> None:
    header = f"Authorization: Bearer {secret}"
    said = f"fatal: Authentication failed for 'https://x-access-token:{secret}@github.com/o/s' {header}"
    found = explain(job(), log(said), NAMES)
    assert found.key == "push"
    assert "***" in found.lines[0]
    assert secret not in str(found)


@pytest.mark.parametrize(
    "evil",
    [
        "::error file=x::FAILED", "  ::set-output name=x::y", "##[error]::add-mask::x", "\x1b]0;title\x07\x1b[2Jgone",
        "##[add-path]/tmp", "a\u202eb\u2066c", "\x9b31m", "safe\rFAILED ::stop-commands::x", "x ##[warning]y",
    ],
)  # fmt: skip
def test_nothing_of_a_log_is_obeyed(evil: str) -> None:
    found = explain(job(step=evil, name=evil), log(f"FAILED {evil}", evil), NAMES)
    for text in (*found.lines, found.where, shown(evil)):
        assert not text.startswith("::")
        assert "##[" not in text
        assert text.isprintable()


def test_a_huge_log_is_read_quickly_and_cut() -> None:
    huge = log(*(["x" * 5000 + "tag " * 100] * 20_000), PYTEST)
    found = explain(job(), huge, NAMES)
    assert found.key == "tests"
    assert all(len(line) <= 300 for line in found.lines)


def test_every_fix_can_be_filled_in() -> None:
    for row in BY_KEY.values():
        assert "{" not in row.fix.format(**NAMES), row.key
        assert isinstance(Explanation(row.key, row.name, row.cause, row.fix.format(**NAMES)), Explanation)
