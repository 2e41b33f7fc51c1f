"""doctor: why a release does not go on."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command, finish

if TYPE_CHECKING:
    from .project import Project


@command(run="The number of a workflow's run; default: whatever of the release failed.",
         version="The version; default: the one pyproject.toml sets.", project=PROJECT, json=JSON)  # fmt: skip
def release(_c: Context, run: int = 0, version: str = "", project: str = "", json: bool = False) -> None:
    """Explain why a release, or a workflow's run, failed: what failed, the cause, and what to type next.

    The failed jobs' logs are held against the failures in docs/troubleshooting.md. Without --run, the release is
    looked at once as `release.watch` does.
    """
    from .following import observed
    from .pipeline import pipeline, released_version
    from .project import find_project
    from .stageviews import print_document, print_followed

    found = find_project(project)
    if run:
        finish(_of_run(found, run, json=json))
        return
    way = pipeline(found, released_version(found, version))
    seen = observed(way)
    if json:
        print_document(seen, str(way.version))
    else:
        print_followed(seen, f"{found.package} {way.version}", way.now())
    finish(seen.code)


def _of_run(project: "Project", run: int, *, json: bool) -> int:
    """Explain a run and return the exit code."""
    from .diagnosis import diagnosed
    from .report import document, say
    from .stageviews import explanation_row, print_explanation

    found = diagnosed(project, run)
    if json:
        failures = [explanation_row(reason) for reason in found.explanations]
        document({"run": found.run.id, "workflow": found.run.workflow, "ended": found.ended, "url": found.run.url,
                  "failures": failures})  # fmt: skip
    else:
        for reason in found.explanations:
            print_explanation(reason)
        say(f"{found.run.workflow} for {found.run.head_branch or found.run.head_sha[:12]}: {found.ended}")
    return 1 if found.explanations else 0
