"""Tools that a coding agent has of a GitHub server (MCP): the same is refused to them as to `gh`."""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import Refused
from .surroundings import World

_RELEASES = frozenset(["create_ref", "create_release", "create_tag", "delete_ref", "delete_release", "update_ref",
                       "update_release"])  # fmt: skip
_FILES = frozenset(["create_commit_on_branch", "create_or_update_file", "delete_file", "push_files"])
_MERGES = frozenset(["enable_pull_request_auto_merge", "merge_branch", "merge_pull_request"])
_STARTS = frozenset(["actions_run_trigger", "run_workflow", "trigger_workflow"])
# For which tools an agent asks: a regular expression, as its settings have it.
MATCHER = f"mcp__.*__(?:{'|'.join(sorted(_RELEASES | _FILES | _MERGES | _STARTS))})"


def check_tool(tool: str, given: Mapping[str, Any], world: World) -> None:
    """Refuse a call that releases, tags, merges, or commits to the stable branch on GitHub."""
    name = tool.rpartition("__")[2]
    if not tool.startswith("mcp__"):
        return
    for names, check in _CHECKS:
        if name in names:
            check(name, given, world)


def _check_release(name: str, given: Mapping[str, Any], world: World) -> None:
    ref = str(given.get("ref", ""))
    if name.endswith("_ref") and ref and not world.guarded.what(ref if ref.startswith("refs/") else f"refs/{ref}"):
        return
    raise Refused(
        f"{name} changes releases or tags on GitHub",
        expected="the release is made by the workflow that the tag starts",
        remedy="inv release.watch",
    )


def _check_merge(name: str, _given: Mapping[str, Any], _world: World) -> None:
    raise Refused(
        f"{name} merges, and into which branch cannot be told from it",
        expected="the approver merges the pull request on GitHub",
        remedy="hand it off: merge PR #N when ready",
    )


def _check_files(name: str, given: Mapping[str, Any], world: World) -> None:
    branch = str(given.get("branch") or world.guarded.stable).removeprefix("refs/heads/")
    if branch == world.guarded.stable:
        raise Refused(
            f"{name} commits to the stable branch {branch}",
            expected=f"a topic branch, and a pull request into {branch}",
            remedy="name a topic branch",
        )


def _check_start(name: str, given: Mapping[str, Any], world: World) -> None:
    if str(given.get("method") or "run_workflow") != "run_workflow":
        return
    workflow = str(given.get("workflow_id") or given.get("workflow") or "").rpartition("/")[2]
    stems = {known.rpartition("/")[2].partition(".")[0].lower() for known in world.workflows}
    stem = workflow.partition(".")[0].lower()
    if not stem or stem.isdigit() or stem in stems:
        raise Refused(
            f"{name} starts {workflow or 'a workflow'}, which makes the release or may",
            expected="the merge starts it",
            remedy="a maintainer starts it on GitHub",
        )


_CHECKS: tuple[tuple[frozenset[str], Callable[[str, Mapping[str, Any], World], None]], ...] = (
    (_RELEASES, _check_release),
    (_MERGES, _check_merge),
    (_FILES, _check_files),
    (_STARTS, _check_start),
)
