"""A case is a folder: messages.txt, the commits since the release; settings.toml, cliff.toml, CHANGELOG.md, if they
matter; expected.md, the changelog after `changelog.draft --write`, with DAY and HEAD where they stand."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from .repositories import CHECKOUT, Repository, changelog, pyproject
from .running import called, run

CASES = sorted(path for path in (CHECKOUT / "tests" / "cases").iterdir() if path.is_dir())


def text(case: Path, name: str, default: str = "") -> str:
    path = case / name
    return path.read_bytes().decode() if path.exists() else default


def made(case: Path, root: Path) -> tuple[Repository, Path]:
    """Return the case's repository and the path of its changelog."""
    settings = text(case, "settings.toml")
    news = "docs/NEWS.md" if "NEWS.md" in settings else "CHANGELOG.md"
    before = text(case, "CHANGELOG.md", changelog(("1.0.0", "2024-01-01")))
    cliff = text(case, "cliff.toml", (CHECKOUT / "cliff.toml").read_text("utf-8"))
    repository = Repository(root)
    files = {"pyproject.toml": pyproject("1.0.0", settings), "cliff.toml": cliff, news: before}
    repository.commit("feat: begin (#1)", files)
    repository.tag("sample-1.0.0" if "sample-" in settings else "v1.0.0")
    for message in text(case, "messages.txt").split("---\n"):
        repository.commit(message)
    return repository, root / news


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_draft(case: Path, tmp_path: Path) -> None:
    repository, path = made(case, tmp_path / "s")
    assert run("changelog.draft", "--write", cwd=repository.root).code == 0
    found = path.read_bytes().decode()
    day = datetime.now(UTC).date().isoformat()
    expected = text(case, "expected.md").replace("DAY", day).replace("HEAD", repository.head)
    assert found == expected
    assert called("changelog.draft", "--write", "--json", cwd=repository.root).json["added"] == 0
    assert path.read_bytes().decode() == expected
