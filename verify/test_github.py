"""GitHub shows the release, and the tag holds what was published."""

from typing import Any

import pytest

pytestmark = pytest.mark.github


def test_release(github: Any) -> str:
    return str(github.page().url)


def test_prerelease_mark(github: Any) -> str:
    return "marked pre-release" if github.marked().prerelease else "not marked pre-release"


def test_latest(github: Any) -> str:
    problem = github.latest_problem()
    assert not problem, problem
    return "the latest release, as it should be"


def test_asset(github: Any, index: Any, kind: str) -> str:
    files = index.each(kind)
    for file in files:
        found = github.asset_digest(file.filename)
        assert found == file.sha256, f"{file.filename} is sha256 {found} on GitHub, {file.sha256} on the index"
    return f"{', '.join(file.filename for file in files)}: byte for byte the index's"


def test_no_other_assets(github: Any, index: Any) -> str:
    more = github.distributions() - index.names()
    assert not more, f"on GitHub but not on the index: {', '.join(sorted(more))}"
    return "no distribution that the index does not have"


def test_tag(github: Any, release: Any) -> str:
    return f"{release.tag} is {github.tag().commit}"


def test_tagged_version(github: Any, release: Any) -> str:
    return f"pyproject.toml at {release.tag} sets {github.tagged_version()}"


def test_tag_on_stable_branch(github: Any) -> str:
    relation = github.relation_to_stable()
    assert relation in {"behind", "identical"}, f"the tag's commit is not on {github.stable_branch()}: it is {relation}"
    return f"the tag's commit is on {github.stable_branch()}"


def test_changelog_section(github: Any) -> str:
    return str(github.section().heading)


def test_changelog_date(github: Any) -> str:
    said, tagged = github.date(), github.day()
    assert said == tagged, f"the section says {said or 'no date'}, the tag is of {tagged} (UTC)"
    return f"{said}, the tag's day (UTC)"


def test_workflow(github: Any) -> str:
    run = github.run()
    assert run.conclusion == "success", f"{run.url} ended with {run.conclusion}"
    return str(run.url)


def test_issues_closed(github: Any) -> str:
    problem = github.issues_problem()
    assert not problem, problem
    return f"{len(github.linked())} issues linked, all closed"
