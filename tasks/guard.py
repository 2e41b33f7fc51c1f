"""guard: what only the release itself may do is refused to git pushes and coding agents (workflow, release guard)."""

from typing import TYPE_CHECKING

from invoke.context import Context

from .command import JSON, PROJECT, command

if TYPE_CHECKING:
    from .guarding import Step
    from .project import Project


@command(
    agent="Also tell coding agents: a hook in .claude/settings.json.",
    chain="Keep another pre-push hook as pre-push.local; it runs after the guard.",
    remove="Take the guard away again, and put a kept hook back.",
    dry_run="Show what would be changed, and change nothing.",
    project=PROJECT,
    json=JSON,
)
def install(
    _c: Context,
    agent: bool = False,
    chain: bool = False,
    remove: bool = False,
    dry_run: bool = False,
    project: str = "",
    json: bool = False,
) -> None:
    """Refuse pushes of version tags and the stable branch from this clone, by a pre-push hook.

    What it guards is that of the settings when it was installed. Typed again it brings the guard up to date.
    """
    from .errors import Unreachable
    from .project import find_project

    found = find_project(project)
    steps = _steps(found, agent=agent, chain=chain, remove=remove)
    for step in [] if dry_run else steps:
        step.perform()
    if not dry_run and _steps(found, agent=agent, chain=chain, remove=remove):
        raise Unreachable("the guard was changed while it was installed", remedy="inv guard.install")
    _report(found, steps, dry_run=dry_run, json=json, remove=remove)


def _steps(project: "Project", *, agent: bool, chain: bool, remove: bool) -> "list[Step]":
    from .errors import WrongValue
    from .guarding import install_steps, remove_steps

    if remove and (agent or chain):
        raise WrongValue("--remove takes everything away", expected="--remove without --agent and --chain")
    return remove_steps(project) if remove else install_steps(project, agent=agent, chain=chain)


def _report(project: "Project", steps: "list[Step]", *, dry_run: bool, json: bool, remove: bool) -> None:
    from .report import document, say

    if json:
        rows = [{"verb": step.verb, "path": str(step.path), "to": str(step.to) if step.to else None} for step in steps]
        document({"done": not dry_run, "steps": rows})
        return
    for line in dict.fromkeys(_line(step, project) for step in steps):
        say(f"would {line}" if dry_run else line)
    if not steps:
        say("nothing to change: the guard is " + ("not there" if remove else "in place"))


def _line(step: "Step", project: "Project") -> str:
    """Return what a step does in a line, the same for all files of the guard's own folder."""
    from .guarding import folder_of

    path = folder_of(project) if step.path.is_relative_to(folder_of(project)) else step.path
    shown = path.relative_to(project.git.top) if path.is_relative_to(project.git.top) else path
    return f"{step.verb} {shown}" + (f" as {step.to.name}" if step.to else "")


@command(project=PROJECT)
def check(_c: Context, project: str = "") -> None:
    """Answer a coding agent's hook: one JSON document on standard input, a denial or nothing on standard output.

    The installed hook starts the same rules without Invoke; this is for trying them out. Exits 0 either way.
    """
    import sys

    from .errors import ReleaseError, WrongValue
    from .guarding import folder_of, scope
    from .project import find_project
    from .sentry import answer, denial

    if sys.stdin.isatty():
        raise WrongValue(
            "nothing on standard input",
            expected="what a coding agent sends: one JSON document",
            remedy="""echo '{"tool_name": "Bash", "tool_input": {"command": "git push"}}' | inv guard.check""",
        )
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    try:
        found = find_project(project)
        sys.stdout.write(answer(text, folder_of(found), scope(found)))
    except ReleaseError as error:
        sys.stdout.write(denial(str(error)))
