"""workflow: what the workflows on GitHub decide; `init` writes them, and each of these steps can be typed too."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import PROJECT, command, finish

if TYPE_CHECKING:
    from .project import Project
    from .rules.candidates import Judgement


@command(base="The commit that the pull request goes onto.", project=PROJECT)
def bumped(_c: Context, base: str = "", project: str = "") -> None:
    """Tell whether the version differs from that of a base commit: then the release is to be validated."""
    from .errors import WrongValue
    from .gating import version_at
    from .project import find_project
    from .report import say
    from .systems.actions import hand_on

    if not base:
        raise WrongValue("--base is missing", expected="the commit to compare with", remedy="--base origin/main")
    found = find_project(project)
    before, now = version_at(found, base), str(found.version)
    say(f"{before or 'no version'} -> {now}: validate the release" if before != now else f"the version stays {now}")
    hand_on("bumped", "true" if before != now else "false")


@command(
    dist="The folder with the built files.",
    to="Copy into this folder what is to be published.",
    project=PROJECT,
)
def candidate(_c: Context, dist: str = "dist", to: str = "candidate", project: str = "") -> None:
    """Decide whether a built candidate is published to the staging index.

    A version that is no candidate is left alone, one with the same content as on the index is done already. Other
    content under the same version fails: the version was not raised, and hosts would go on testing the old build.
    """
    from pathlib import Path

    from .gating import copy_files, judge_candidate
    from .project import find_project

    found = find_project(project)
    files, judgement = judge_candidate(found, Path(dist))
    if judgement.wrong:
        _fail("candidate", judgement.wrong, "a version that was raised", "inv version.bump --rc, commit, push")
    copy_files([file for file in files if file.name in judgement.publish], Path(to))
    _print_candidate(found, judgement)


def _print_candidate(project: "Project", judgement: "Judgement") -> None:
    from .report import say
    from .systems.actions import hand_on

    say(judgement.reason)
    for name in judgement.publish:
        say(f"to be published on {project.settings.staging_index.upload}: {name}")
    hand_on("publish", "true" if judgement.publish else "false")


@command(commit="The commit on the stable branch; default: HEAD.", project=PROJECT)
def tag(_c: Context, commit: str = "HEAD", project: str = "") -> None:
    """Decide which tag a commit on the stable branch gets: that of its version, none for a candidate.

    Nothing is to be done when the tag is at this commit already. At another one it is an error, unless work goes to
    the stable branch directly (no development-branch) and that commit came before.
    """
    from .gating import tag_commit
    from .project import find_project
    from .report import say
    from .systems.actions import hand_on

    decided = tag_commit(find_project(project), commit)
    if decided.wrong:
        _fail("tag", decided.wrong, "a version that was raised", "inv version.bump, then a pull request")
    say(f"{decided.reason}; to be pushed" if decided.tag else decided.reason)
    hand_on("tag", decided.tag)


@command(tag="The tag that was pushed.", project=PROJECT)
def match(_c: Context, tag: str = "", project: str = "") -> None:
    """Hold a pushed tag against the version in pyproject.toml; only a final version is published."""
    from .project import find_project
    from .report import say
    from .rules.tagging import mismatch

    found = find_project(project)
    wrong = mismatch(tag, found.version, found.settings.tag_prefix)
    if wrong:
        expected = f"{found.settings.tag_prefix}{found.version}"
        _fail("tag", wrong, f"tag {expected}, of a final version", "delete the tag, set the version, tag again")
    say(f"{tag} is {found.package} {found.version}")


def _fail(title: str, *words: str) -> None:
    """End with exit code 1 and found, expected, next as an annotation too."""
    from .systems.actions import complain

    complain(
        title, "\n".join(f"{label}{text}" for label, text in zip(("", "expected: ", "next: "), words, strict=True))
    )
    finish(1)
