"""doctor: why a release does not go on, and whether the set-up can carry one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command, finish

if TYPE_CHECKING:
    from .preflight import Looked
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


@command(project=PROJECT, json=JSON)
def setup(_c: Context, project: str = "", json: bool = False) -> None:
    """Tell before a release whether the set-up can carry it: all checks side by side, a remedy for each that fails.

    Repository, token, branches and their protection, workflows and what starts them, whether the tagging workflow can
    start the release, the publisher, indexes, programs, hosts, the clock. Nothing is changed.
    """
    from .preflight import checks, results, run
    from .project import find_project
    from .report import progress
    from .rules.checks import exit_code

    with progress("looking at the set-up"):
        looked = list(run(checks(find_project(project))))
    (_print_json if json else _print)(looked)
    finish(exit_code(results(looked)))


def _print(looked: "Sequence[Looked]") -> None:
    from .report import say, table
    from .rules.text import plural

    table(("result", "check", "evidence"), [(one.look.result, one.name, one.look.evidence) for one in looked],
          wide="evidence")  # fmt: skip
    say()
    for one in looked:
        if one.look.remedy and one.look.result not in {"PASS", "SKIPPED"}:
            say(f"{one.name}: {one.look.remedy}")
    seen = [str(one.look.result) for one in looked]
    counted = ", ".join(f"{seen.count(result)} {result.lower()}" for result in dict.fromkeys(seen))
    say(f"{plural(len(looked), 'check')}: {counted}")


def _print_json(looked: "Sequence[Looked]") -> None:
    from .report import document

    document([{"check": one.name, "result": str(one.look.result), "evidence": one.look.evidence,
               "remedy": one.look.remedy or None} for one in looked])  # fmt: skip
