"""release: a release from its checklist to its proof (workflow phases 4 and 7)."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command, finish

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    from .validationviews import print_document, print_done, watched

    checks = chosen(checklist(find_project(project), offline=offline), only or (), skip or ())
    done = list(watched(run_all(checks), checks, quiet=json))
    (print_document if json else print_done)(
        sorted(done, key=lambda item: [check.name for check in checks].index(item.name))
    )
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
