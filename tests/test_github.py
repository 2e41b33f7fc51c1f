"""The client that the tasks ask: made from the settings, with a token where there is one."""

from pathlib import Path

import pytest

from tasks.errors import WrongValue
from tasks.github import editor_of, github_of
from tasks.project import find_project

from .repositories import Repository, pyproject
from .systems.leaks import SECRET


def test_made_from_the_settings(sample: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELEASE_COORDINATION_GITHUB__API", "https://github.example.org/api/v3")
    monkeypatch.setenv("RELEASE_COORDINATION_REPOSITORY", "octo/other")
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    made = github_of(find_project(str(sample.root)))
    assert (made.api, made.repository) == ("https://github.example.org/api/v3", "octo/other")
    assert made.token is not None
    assert made.token.origin == "GITHUB_TOKEN"
    assert SECRET not in repr(made)


def test_reading_needs_no_token_and_changing_does(sample: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.systems.tokens.gh_token", lambda _host: "")
    project = find_project(str(sample.root))
    assert github_of(project).token is None
    with pytest.raises(WrongValue, match="no token for GitHub"):
        editor_of(project)


def test_without_a_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "bare")
    repository.commit("feat: begin", {"pyproject.toml": pyproject().replace("[project.urls]\n", "[tool.x]\n")})
    with pytest.raises(WrongValue, match="no repository on GitHub"):
        github_of(find_project(str(repository.root)))
