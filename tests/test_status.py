"""release.status and the report: where a release is by the world, without a network too, and harmless to look at."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.steps.diary import Diary
from tasks.systems.hold import held
from tasks.systems.journal import Journal

from .chains import VERSION, Chain, chain
from .releases import TOKEN
from .repositories import URL, released
from .running import called
from .test_page import Seen

EVIL = "<script>alert(1)</script> \x1b[31m ::error::x $(touch owned) `id` ghp_0123456789abcdefSECRET"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    with chain(tmp_path, monkeypatch) as found:
        yield found


def test_before_anything_is_done(made: Chain) -> None:
    found = made.status()
    assert (found["version"], found["finished"], found["next"]) == (
        VERSION,
        False,
        f"inv release.run --version {VERSION}",
    )
    assert found["steps"][0]["state"] == "to do"  # a commit has no issue
    assert made.journal.exists() is False
    ended = made.made.call("release.status")
    assert ended.out.splitlines()[0].startswith("sample 1.1.0: ")
    assert ended.out.splitlines()[-1] == f"next: inv release.run --version {VERSION}"
    assert made.made.call("release.run", "--dry-run").out == ended.out
    assert made.made.writes() == []


def test_the_hand_off_is_what_comes_next(made: Chain) -> None:
    assert made.run("--staging=no").code == 4
    assert made.status()["next"] == "merge PR #2 when ready (approver: nathan)"
    assert made.states()["merge"] == "waiting"


def test_what_cannot_be_asked_is_unknown_and_the_rest_is_shown(made: Chain) -> None:
    made.run("--staging=no", "--until=integration")
    offline = {"RELEASE_COORDINATION_GITHUB__API": "http://127.0.0.1:9"}
    ended = made.made.call("release.status", "--json", env=offline)
    states = {step["name"]: step["state"] for step in ended.json["steps"]}
    assert (ended.code, states["prepare"], states["integration"]) == (0, "done", "done")
    assert (states["merge"], states["watch"]) == ("unknown", "unknown")


def test_without_a_repository_there_is_nothing_to_see(tmp_path: Path) -> None:
    repository = released(tmp_path)
    text = repository.read("pyproject.toml").decode()
    repository.commit("feat: more", {"pyproject.toml": text.replace(URL, "https://example.org/sample")})
    for command in ("release.status", "release.run"):
        ended = called(command, cwd=tmp_path)
        assert (ended.code, ended.out) == (2, ""), ended
        assert ended.err.startswith("error: no repository on GitHub is configured: "), ended
        assert ended.err.count("no repository") == 1


def test_one_run_at_a_time(made: Chain) -> None:
    with held(made.journal.with_name("run.lock"), "x"):
        ended = made.run("--staging=no")
    assert (ended.code, "is under way: " in ended.err, made.made.writes()) == (4, True, [])


def test_an_integration_nobody_answers_for_stops_it(made: Chain) -> None:
    ended = made.made.call("release.run", "--yes", "--staging=no", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (4, 4)
    assert "--integration-reason" in ended.json["error"]["expected"]
    assert [step["state"] for step in ended.json["steps"]][:5] == ["done", "done", "done", "done", "failed"]


def test_what_comes_from_outside_does_no_harm_and_nothing_secret_is_kept(made: Chain, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    ended = made.made.call("release.run", "--yes", "--staging=no", f"--integration-reason={EVIL}", f"--html={page}")
    assert ended.code == 4, ended
    seen = Seen()
    seen.feed(page.read_text("utf-8"))
    assert not {"script", "img", "a", "link"} & set(seen.tags)
    assert "alert(1)" in "".join(seen.text)
    kept = made.journal.read_text("utf-8")
    for text in (kept, page.read_text("utf-8"), ended.out, ended.err, str(made.status())):
        assert (TOKEN in text, "SECRET" in text, "\x1b" in text) == (False, False, False)
    assert all(json.loads(line)["version"] == VERSION for line in kept.splitlines())


def runs(page: Path) -> dict[str, str]:
    """Return what the report says that each host runs."""
    hosts = page.read_text("utf-8").partition("Hosts</h2>")[2]
    return dict(re.findall(r"<tr><td>([^<]*)</td>.*?<td[^>]*>([^<]*)</td></tr>", hosts))


def test_the_report_has_what_the_hosts_run(made: Chain, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    unasked = "was not asked"
    assert made.run("--staging=yes", f"--html={page}").code == 4
    assert runs(page) == {"web1": unasked, "hetz": "1.1.0rc1", "desk": unasked}
    made.merge()
    made.fleet.hosts["web1"].gone = True
    assert made.run(f"--html={page}").code == 3
    assert runs(page) == {"web1": "unknown: web1 could not be reached", "hetz": "1.1.0rc1", "desk": unasked}
    made.fleet.hosts["web1"].gone = False
    assert made.run(f"--html={page}").code == 0
    assert runs(page) == {"web1": VERSION, "hetz": VERSION, "desk": unasked}
    made.made.call("release.status", f"--html={page}")
    assert runs(page) == {"web1": VERSION, "hetz": VERSION, "desk": unasked}


def test_a_journal_that_somebody_spoiled_is_no_reason_to_stop(made: Chain, tmp_path: Path) -> None:
    made.run("--staging=no", "--until=version")
    with made.journal.open("a", encoding="utf-8") as file:
        file.write('{"version": "1.1.0", "step": "version", "event": "done", "at": "<b>", "seconds": "x", "by": 7}\n{"')
    ended = made.made.call("release.status", f"--html={tmp_path / 'report.html'}")
    assert ended.code == 0, ended
    assert "&lt;b&gt;" in (tmp_path / "report.html").read_text("utf-8")


def test_the_diary_remembers_what_was_chosen(tmp_path: Path) -> None:
    diary = Diary(Journal(tmp_path / "journal.jsonl"), VERSION)
    assert diary.chosen() is None
    diary.choose(staging=True)
    diary.choose(staging=False)
    assert (diary.chosen(), Diary(diary.journal, "2.0.0").chosen()) == (False, None)
