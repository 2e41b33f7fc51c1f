"""The journal and the hold: nothing is lost but a line cut short, nothing secret is kept, one run at a time."""

import os
from pathlib import Path

import pytest

from tasks.errors import Refused
from tasks.systems.hold import held
from tasks.systems.journal import Journal, hidden


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "beside" / "journal.jsonl")


def test_lines_come_back_in_their_order(journal: Journal) -> None:
    assert journal.lines() == []
    for number in range(3):
        journal.append({"step": "audit", "seconds": float(number)})
    assert [line["seconds"] for line in journal.lines()] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("torn", [b'{"step": "au', b"\xff\xfe", b"[1]\n", b"[" * 9000])
def test_a_line_cut_short_costs_itself_alone(journal: Journal, torn: bytes) -> None:
    journal.append({"step": "audit"})
    with journal.path.open("ab") as file:
        file.write(torn)
    journal.append({"step": "version"})
    assert [line["step"] for line in journal.lines()] == ["audit", "version"]


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_0123456789abcdefSECRET",
        "github_pat_11AAAA_bbbbbbbbbbbb",
        "pypi-AgEIcHlwaS5vcmcCJDU1",
        "123456789:AA" + "x" * 33,
    ],
)
def test_nothing_secret_is_kept(journal: Journal, secret: str) -> None:
    journal.append({"evidence": f"it says {secret} \x1b[31m\n::error::x"})
    text = journal.path.read_text("utf-8")
    assert (secret in text, "\x1b" in text, "\\u001b" in text, text.count("\n")) == (False, False, False, 1)
    assert hidden(f"https://user:{secret}@host/x") == "https://***@host/x"


def test_what_cannot_be_written_is_refused(journal: Journal) -> None:
    journal.path.parent.write_text("a file", "utf-8")
    with pytest.raises(Refused, match="a file that can be written"):
        journal.append({"step": "audit"})


def test_one_at_a_time_and_who_it_is(tmp_path: Path) -> None:
    path = tmp_path / "beside" / "run.lock"
    with held(path, "a release"), pytest.raises(Refused) as refused, held(path, "a release"):
        pass
    assert f"process {os.getpid()}" in refused.value.found
    with held(path, "a release"):
        pass
    path.write_text("\x1b[31m not JSON", "utf-8")
    with held(path, "a release"):
        pass
