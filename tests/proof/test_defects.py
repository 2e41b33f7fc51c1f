"""One defect at a time, each caught by exactly the check that names it; what hangs on it is BLOCKED, not wrong too."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.rehearsal.package import wheel
from tasks.rehearsal.server import Answer, Fault

from ..repositories import changelog, issue, pyproject
from .world import BUILT, PROJECT, VERSION, World, settings, world

PLATFORM_WHEEL = "sample-1.0.0-cp39-abi3-manylinux_2_17_x86_64.whl"
WHEEL, SDIST = "sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"


@dataclass(frozen=True)
class Defect:
    """How a release is spoiled: what is built, committed and shown differently, and what is done to it afterwards."""

    caught: tuple[str, ...]
    words: str
    built: dict[str, Any] | None = None
    only: tuple[str, ...] = ("wheel", "sdist")
    before: Callable[[World], None] | None = None
    shown: dict[str, Any] | None = None
    after: Callable[[World], None] | None = None


def _yank(made: World) -> None:
    made.index.yank("sample", VERSION, "it is broken")


def _harm(made: World) -> None:
    made.index_server.fault(Fault(f"{WHEEL}$", answer=Answer(200, b"x" * len(made.files[WHEEL]))))


def _truncate(made: World) -> None:
    made.index_server.fault(Fault(f"{SDIST}$", answer=Answer(200, made.files[SDIST][:100])))


def _other_document(made: World) -> None:
    document = json.loads(made.index_server.service(_request("/pypi/sample/1.0.0/json")).body)
    document["urls"][0]["digests"]["sha256"] = "0" * 64
    made.index_server.fault(Fault("/pypi/sample/1.0.0/json", answer=Answer.json(document)))


def _no_document(made: World) -> None:
    made.index_server.fault(Fault("/pypi/sample/1.0.0/json", answer=Answer(404)))


def _request(path: str) -> Any:
    from tasks.rehearsal.server import Request

    return Request("GET", path, {}, {"host": "127.0.0.1"})


def _newer(made: World) -> None:
    made.publish("1.0.1")
    for name in [name for name in made.files if "1.0.1" in name]:
        del made.files[name]


def _asset(name: str, content: bytes | None) -> Callable[[World], None]:
    def change(made: World) -> None:
        if content is None:
            del made.files[name]
        else:
            made.files[name] = content

    return change


def _no_release(made: World) -> None:
    made.github.hub.releases.clear()


def _newer_is_latest(made: World) -> None:
    made.github.add_release("v0.9.0", {}, make_latest="true")


def _no_tag(made: World) -> None:
    made.repository.git("push", "--quiet", "--delete", "origin", f"v{VERSION}")


def _tag_elsewhere(made: World) -> None:
    made.repository.commit("chore: go on", {"pyproject.toml": _pyproject(made, "1.0.1")})
    made.repository.git("tag", "--force", f"v{VERSION}")
    made.push()


def _tag_off_the_branch(made: World) -> None:
    made.repository.branch("side")
    made.repository.commit("chore: nothing", {"CHANGELOG.md": changelog((VERSION, "2024-01-02"))})
    made.repository.git("tag", "--force", f"v{VERSION}")
    made.repository.switch("main")
    made.push()


def _second_wheel(**other: Any) -> Callable[[World], None]:
    """Publish a wheel for one platform beside the one that runs anywhere."""

    def change(made: World) -> None:
        _, content = wheel("sample", VERSION, **{**BUILT, **other})
        made.files[PLATFORM_WHEEL] = content
        made.index.add(content, PLATFORM_WHEEL)

    return change


def _harm_second_wheel(made: World) -> None:
    made.index_server.fault(Fault(f"{PLATFORM_WHEEL}$", answer=Answer(200, b"x" * len(made.files[PLATFORM_WHEEL]))))


def _pyproject(made: World, version: str = VERSION, project: str = PROJECT) -> str:
    return pyproject(version, settings(made.index_server.url, made.github_server.url), project)


def _recommit(files: Callable[[World], dict[str, str | None]]) -> Callable[[World], None]:
    def change(made: World) -> None:
        kept = {name: made.repository.read(name) for name in files(made)}
        made.repository.write(files(made))
        made.repository.git("add", "--all")
        made.repository.git("commit", "--quiet", "--amend", "--message", "feat: begin (#1)")
        made.repository.git("tag", "--force", f"v{VERSION}")
        made.push()
        made.repository.write(kept)

    return change


def _run(conclusion: str = "success", status: str = "completed") -> Callable[[World], None]:
    def change(made: World) -> None:
        commit = made.repository.git("rev-parse", f"v{VERSION}^{{commit}}")
        made.github.add_run("release.yml", commit, branch=f"v{VERSION}", conclusion=conclusion, status=status)

    return change


def _no_run(made: World) -> None:
    made.github.hub.runs.clear()


def _foreign_attestation(made: World) -> None:
    publisher = {"kind": "GitHub", "repository": "evil/sample", "workflow": "release.yml", "environment": None}
    bundle = {"publisher": publisher, "attestations": []}
    provenance = {"version": 1, "attestation_bundles": [bundle]}
    made.index_server.fault(Fault(f"{WHEEL}/provenance", answer=Answer.json(provenance)))


DEFECTS = {
    "one wheel of two harmed": Defect(("content[wheel]",), "as listed", before=_second_wheel(),
        after=_harm_second_wheel),
    "one wheel of two differs": Defect(("dependencies[wheel]",), f"{PLATFORM_WHEEL}: not in pyproject.toml: more",
        before=_second_wheel(dependencies=[*BUILT["dependencies"], "more; sys_platform == 'never'"])),
    "one wheel of two is no asset": Defect(("asset[wheel]",), f"the release has no asset {PLATFORM_WHEEL}",
        before=lambda made: (_second_wheel()(made), made.files.pop(PLATFORM_WHEEL), None)[-1]),
    "no sdist": Defect(("present[sdist]",), "there is no sdist", only=("wheel",)),
    "no wheel": Defect(("present[wheel]",), "there is no wheel", only=("sdist",)),
    "no file at all": Defect(("listed",), "sample is not on", only=()),
    "yanked": Defect(("not_yanked[sdist]", "not_yanked[wheel]"), "was yanked: it is broken", after=_yank),
    "a wheel that is not the listed one": Defect(("content[wheel]",), "sha256", after=_harm),
    "an sdist that is cut": Defect(("content[sdist]",), SDIST, after=_truncate),
    "a document of its own": Defect(("document[wheel]",), "0000", after=_other_document),
    "no document": Defect(("document[sdist]", "document[wheel]"), "is not on", after=_no_document),
    "installers take another": Defect(("installers_choice",), "takes 1.0.1", before=_newer),
    "another requires-python": Defect(
        ("requires_python[sdist]", "requires_python[wheel]"), ">=3.10, expected >=3.9", {"requires_python": ">=3.10"}
    ),
    "a dependency is missing": Defect(
        ("dependencies[sdist]", "dependencies[wheel]"), "missing: requests>=2", {"dependencies": []}
    ),
    "a dependency too many": Defect(
        ("dependencies[sdist]", "dependencies[wheel]"),
        "not in pyproject.toml: evil",
        {"dependencies": [*BUILT["dependencies"], "evil; sys_platform == 'never'"]},
    ),
    "an extra is missing": Defect(("dependencies[sdist]", "dependencies[wheel]"), "orjson", {"extra_metadata": ""}),
    "another entry point": Defect(
        ("entry_points",), "sample = sample:other", {"scripts": {"sample": "sample:other"}}
    ),
    "no entry point": Defect(("entry_points",), "missing: console_scripts: sample", {"scripts": {}}),
    "no description": Defect(
        ("description[sdist]", "description[wheel]"), "there is no long description", {"description": ""}
    ),
    "attested by another repository": Defect(("attestation[wheel]",), "evil/sample", after=_foreign_attestation),
    "no release": Defect(("release",), "GitHub has no release for v1.0.0", after=_no_release),
    "a draft": Defect(("release",), "is a draft", shown={"draft": True}),
    "marked pre-release": Defect(("prerelease_mark",), "is marked pre-release", shown={"prerelease": True}),
    "not the latest": Defect(("latest",), "GitHub's latest release is v0.9.0", after=_newer_is_latest),
    "a tampered asset": Defect(("asset[wheel]",), "on the index", before=_asset(WHEEL, b"something else")),
    "a missing asset": Defect(("asset[sdist]",), f"no asset {SDIST}", before=_asset(SDIST, None)),
    "an asset too many": Defect(("no_other_assets",), "sample-1.0.0-cp311", before=_asset(
        "sample-1.0.0-cp311-cp311-linux_x86_64.whl", b"what is this")),
    "no tag": Defect(("tag",), "has no tag v1.0.0", after=_no_tag),
    "the tag on another commit": Defect(("tagged_version",), "sets 1.0.1", before=_tag_elsewhere),
    "the tag off the stable branch": Defect(("tag_on_stable_branch",), "is not on main: it is ahead",
                                            before=_tag_off_the_branch),
    "no pyproject.toml": Defect(("tagged_version",), "there is no pyproject.toml",
                                before=_recommit(lambda _: {"pyproject.toml": None})),
    "no section": Defect(("changelog_section",), "has no section 1.0.0",
                         before=_recommit(lambda _: {"CHANGELOG.md": changelog(("0.9.0", "2024-01-01"))})),
    "no changelog": Defect(("changelog_section",), "there is no CHANGELOG.md",
                           before=_recommit(lambda _: {"CHANGELOG.md": None})),
    "a date that is not the tag's": Defect(("changelog_date",), "the section says 2023-12-31",
                                           before=_recommit(lambda _: {
                                               "CHANGELOG.md": changelog((VERSION, "2023-12-31"))})),
    "a failed workflow": Defect(("workflow",), "ended with failure", after=_run("failure")),
    "a workflow that was cancelled": Defect(("workflow",), "ended with cancelled", after=_run("cancelled")),
    "a workflow that still runs": Defect(("workflow",), "is in_progress", after=_run(status="in_progress")),
    "no workflow run": Defect(("workflow",), "no run of release.yml", after=_no_run),
    "an open issue": Defect(("issues_closed",), "#1 is open", after=lambda made: made.github.reopen_issue(1)),
    "an issue that does not exist": Defect(("issues_closed",), "#77 does not exist", before=_recommit(
        lambda _: {"CHANGELOG.md": changelog((VERSION, "2024-01-01")) + f"- mend that {issue(77)}\n"})),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=list(DEFECTS))
def test_a_defect_is_caught_by_the_check_that_names_it(tmp_path: Path, defect: Defect) -> None:
    with world(tmp_path) as made:
        if defect.only:
            made.publish(kinds=defect.only, **(defect.built or {}))
        if defect.before:
            defect.before(made)
        made.show(**(defect.shown or {}))
        if defect.after:
            defect.after(made)
        proved = made.prove()
    assert proved.code == 1, proved.out
    assert tuple(sorted(proved.wrong)) == defect.caught, proved.out
    assert any(defect.words in evidence for evidence in proved.wrong.values()), proved.wrong


def test_a_run_by_hand_for_a_branch_on_the_same_commit_is_not_the_tags(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        made.publish()
        made.show()
        commit = made.repository.git("rev-parse", f"v{VERSION}^{{commit}}")
        made.github.add_run("release.yml", commit, event="workflow_dispatch", branch="main", conclusion="failure")
        proved = made.prove("-k", "workflow")
    assert proved.code == 0, proved.out
