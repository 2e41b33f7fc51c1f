"""release: a release from its checklist to its proof (workflow phases 4 and 7)."""

import os
from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command, finish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .validation import Check, Done


@command(
    iterable=("only", "skip"),
    only="Run this check alone; may be repeated.",
    skip="Leave this check out; may be repeated.",
    offline="Do not ask GitHub, and accept commits whose issues only it could tell.",
    project=PROJECT,
    json=JSON,
)
def validate(
    _c: Context,
    only: "Sequence[str] | None" = None,  # Invoke would make a tuple of letters with a tuple as default
    skip: "Sequence[str] | None" = None,
    offline: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Run the checklist before a release, all checks side by side, and show every problem at once.

    Built in: clean, version, changelog, tag, issues, lockfile, lint, format, tests, entry-points; the settings'
    [checks] add to them, replace them or switch them off. A candidate needs no changelog. On GitHub Actions each
    problem also becomes an annotation.
    """
    from .project import find_project
    from .rules.checks import exit_code
    from .validation import checklist, chosen, run_all

    checks = chosen(checklist(find_project(project), offline=offline), only or (), skip or ())
    done = list(_watched(run_all(checks), checks, quiet=json))
    (_print_json if json else _print)(sorted(done, key=lambda item: [check.name for check in checks].index(item.name)))
    finish(exit_code(item.outcome.result for item in done))


@command(
    version="The version; default: the one pyproject.toml sets.",
    timeout="Follow it for so many seconds at the most; 0: look once; default: 3600.",
    project=PROJECT,
    json=JSON,
)
def watch(_c: Context, version: str = "", timeout: int = 3600, project: str = "", json: bool = False) -> None:
    """Follow a release from its merge: tag, release workflow, index, GitHub Release; explain what does not come.

    It changes nothing and keeps nothing: interrupted, it goes on from wherever the release is by then.
    """
    from .pipeline import pipeline, released_version
    from .project import find_project
    from .stageviews import print_document, print_followed, watched

    found = find_project(project)
    way = pipeline(found, released_version(found, version))
    followed = watched(way, timeout)
    if json:
        print_document(followed, str(way.version))
    else:
        print_followed(followed, f"{found.package} {way.version}", way.now())
    finish(followed.code)


@command(
    iterable=("host", "only"),
    version="The version to prove; default: the one pyproject.toml sets.",
    host="A host of the settings; may be repeated; default: every host that must run this version.",
    only="This group of checks alone: index, github, service or install; may be repeated.",
    wait="Wait so many seconds at the most for what is not there yet; default: 0.",
    strict="Fail also when something is not configured.",
    html="Write the summary as one self-contained page to this file.",
    junit="Write pytest's JUnit XML to this file.",
    project=PROJECT,
    json=JSON,
)
def verify(
    _c: Context,
    version: str = "",
    host: "Sequence[str] | None" = None,
    only: "Sequence[str] | None" = None,
    wait: int = 0,
    strict: bool = False,
    html: str = "",
    junit: str = "",
    project: str = "",
    json: bool = False,
) -> None:
    """Prove a published release: the index, GitHub, the hosts and the installers, all side by side.

    The same as `pytest verify/ --version X`, for any project. A run in which nothing was checked fails.
    """
    from .project import find_project
    from .report import document
    from .rules.versions import read_version
    from .verifying import prove, pytest_arguments

    found = find_project(project)
    wanted = str(read_version(version, "--version") if version else found.version)
    arguments = pytest_arguments(
        found, wanted, wait=wait, strict=strict, hosts=host or (), only=_groups(only or ()), html=html, junit=junit
    )
    code, content = prove(arguments, quiet=json)
    if json:
        document(content)
    finish(code)


def _groups(names: "Sequence[str]") -> "Sequence[str]":
    """Return the groups that are meant; another word is refused."""
    from .errors import WrongValue
    from .rules.groups import GROUPS

    for name in names:
        if name not in GROUPS:
            raise WrongValue(f"--only {name}: no such group of checks", expected=f"one of {', '.join(GROUPS)}")
    return names


def _watched(done: "Iterable[Done]", checks: "Sequence[Check]", *, quiet: bool) -> "Iterable[Done]":
    """Pass the checks on as they end, telling of each, and on a terminal of those that still run."""
    from .report import note, waiting_for

    left = [check.name for check in checks]
    with waiting_for(lambda: f"running {', '.join(left)}") as update:
        for item in done:
            left.remove(item.name)
            update()
            if not quiet:
                note(f"{item.outcome.result:8}{item.name} ({item.seconds:.1f} s)")
            yield item


def _print(done: "Sequence[Done]") -> None:
    from .report import command_runner, say, table
    from .rules.text import plural

    say()
    rows = [(item.outcome.result, item.name, f"{item.seconds:.1f}", item.outcome.evidence) for item in done]
    table(("result", "check", "seconds", "evidence"), rows, wide="evidence")
    for item in done:
        _print_problems(item)
    if os.environ.get("GITHUB_ACTIONS"):
        for line in _annotations(done):
            command_runner(line)
    say()
    counted = ", ".join(f"{sum(row[0] == result for row in rows)} {result.lower()}" for result in dict.fromkeys(
        row[0] for row in rows))  # fmt: skip
    say(f"{plural(len(done), 'check')}: {counted}")


def _annotations(done: "Sequence[Done]") -> "Iterator[str]":
    """Yield a GitHub annotation for every problem, also of a check that points at no place."""
    from .rules.checks import Result
    from .rules.findings import Finding, annotation

    for item in done:
        whole = [Finding(item.name, item.outcome.evidence)] if item.outcome.result is Result.FAIL else []
        for finding in item.outcome.findings or whole:
            yield annotation(finding, item.name)


def _print_problems(item: "Done") -> None:
    from .report import say

    if item.outcome.output or len(item.outcome.findings) > 1:
        say()
        say(f"{item.name}:")
    for line in item.outcome.output.splitlines():
        say(f"| {line}")  # not blanks: GitHub's runner obeys "::command::" after blanks
    for finding in item.outcome.findings if len(item.outcome.findings) > 1 and not item.outcome.output else ():
        say(f"- {finding}")


def _print_json(done: "Sequence[Done]") -> None:
    from .report import document

    document(
        [
            {
                "check": item.name,
                "result": str(item.outcome.result),
                "evidence": item.outcome.evidence,
                "seconds": round(item.seconds, 3),
                "findings": [
                    {"message": finding.message, "file": finding.file or None, "line": finding.line or None}
                    for finding in item.outcome.findings
                ],
                "output": item.outcome.output,
            }
            for item in done
        ]
    )
