"""rollback: the ways back from a bad release."""

from collections.abc import Sequence

from invoke.context import Context

from .command import JSON, PROJECT, command, finish
from .orders import CANARY, HOST, ONE_BY_ONE, PARALLEL, TO, take_back

_DRY_RUN = "Show what would be done, and do nothing."
_YES = "Do not ask."
_VERSION = "The version; default: the newest final one on the index."
_WAIT = "Wait so many seconds at the most until the index shows it; default: 900 on a terminal, else not at all."


@command(
    iterable=("host",), host=HOST, role="The hosts of this role; default: all but those of developers.", to=TO,
    parallel=PARALLEL, one_by_one=ONE_BY_ONE, canary=CANARY, dry_run="Show what would be done, and do nothing.",
    project=PROJECT, json=JSON,
)  # fmt: skip
def hosts(
    _c: Context, to: str = "", host: Sequence[str] | None = None, role: str = "", parallel: int = 8,
    one_by_one: bool = False, canary: str = "", dry_run: bool = False, project: str = "", json: bool = False,
) -> None:  # fmt: skip
    """Take every host back to what ran before, or to a version that is still on it; needs no network there.

    A host that went back already is judged and stays, so typing it again changes nothing; --to leads further back.
    """
    from .report import say

    names = host or ([] if role else ["all"])
    take_back(
        project, names, role, to, parallel, one_by_one=one_by_one, canary=canary, dry_run=dry_run, json=json, once=True
    )
    if not (dry_run or json):
        say("next: inv rollback.yank, so that nobody else gets the bad version")


@command(
    version=_VERSION, reason="Why: to paste on the page.", wait=_WAIT,
    dry_run=_DRY_RUN, yes=_YES, project=PROJECT, json=JSON,
)  # fmt: skip
def yank(
    _c: Context, version: str = "", reason: str = "", wait: int = -1, dry_run: bool = False, yes: bool = False,
    project: str = "", json: bool = False,
) -> None:  # fmt: skip
    """Withdraw a release from installers, on the index's page; wait for it, prove it, mark the GitHub release.

    Who pinned the version still gets it. An index lets only a person yank, so its page is opened, or printed where
    there is no terminal. Interrupt the waiting as you like: the same command goes on. Exits 1 while it is not yanked.
    """
    from .project import find_project
    from .rules.yanks import Aim
    from .withdrawal import preview, withdraw
    from .yanking import plan

    planned = plan(find_project(project), Aim.YANK, version, reason)
    if dry_run:
        preview(planned, json=json)
        return
    finish(withdraw(planned, wait, yes=yes, json=json))


@command(
    version=_VERSION, wait=_WAIT, dry_run=_DRY_RUN, yes=_YES,
    project=PROJECT, json=JSON,
)  # fmt: skip
def unyank(
    _c: Context, version: str = "", wait: int = -1, dry_run: bool = False, yes: bool = False, project: str = "",
    json: bool = False,
) -> None:  # fmt: skip
    """Give a yanked release back to installers: the same as rollback.yank, the other way round."""
    from .project import find_project
    from .rules.yanks import Aim
    from .withdrawal import preview, withdraw
    from .yanking import plan

    planned = plan(find_project(project), Aim.UNYANK, version)
    if dry_run:
        preview(planned, json=json)
        return
    finish(withdraw(planned, wait, yes=yes, json=json))


@command(
    version="The version; default: the one pyproject.toml sets.", dry_run=_DRY_RUN, yes=_YES, project=PROJECT, json=JSON
)
def tag(
    _c: Context, version: str = "", dry_run: bool = False, yes: bool = False, project: str = "", json: bool = False
) -> None:
    """Take a version's tag back, here and on the remote, after a release that published nothing.

    A release workflow that still runs for it is cancelled first. Refused once the index has a file of the version, even
    a yanked one, or when the index cannot be asked, and while its GitHub Release is published.
    """
    from .confirming import confirm
    from .github import github_of
    from .project import find_project
    from .rules.recall import check
    from .tagviews import report, tell_plan
    from .untagging import carry_out, observe, version_of

    found = find_project(project)
    github = github_of(found)
    recall = observe(found, version_of(found, version), github)
    check(recall)
    tell_plan(recall, found.version)
    if dry_run or not recall.steps:
        report(recall, recall, json=json)
        return
    confirm(f"Take the tag {recall.tag} back?", yes=yes)
    report(recall, carry_out(found, recall, github), json=json)


@command(
    positional=("commit",), commit="The commit, of the stable branch.", dry_run=_DRY_RUN, yes=_YES, project=PROJECT,
    json=JSON,
)  # fmt: skip
def revert(
    _c: Context, commit: str, dry_run: bool = False, yes: bool = False, project: str = "", json: bool = False
) -> None:
    """Take a commit of the stable branch back: by a commit on a topic branch, and its pull request.

    Typed `rollback.revert SHA`. A squash and a merge commit alike. Nothing is pushed to the stable branch, and what is
    checked out stays as it is.
    """
    from .confirming import confirm
    from .project import find_project
    from .reverting import carry_out, plan
    from .revertviews import report, tell_plan

    planned = plan(find_project(project), commit)
    if dry_run or not planned.steps:
        tell_plan(planned)
        report(planned, json=json)
        return
    tell_plan(planned)
    confirm(f"Take {planned.commit[:8]} back by a pull request into {planned.base}?", yes=yes)
    report(carry_out(planned), json=json)


@command(
    version="The version that is broken; default: the newest final one on the index.",
    reason="What is wrong with it; default: why it was yanked.", dry_run=_DRY_RUN, yes=_YES, project=PROJECT, json=JSON,
)  # fmt: skip
def patch(
    _c: Context, version: str = "", reason: str = "", dry_run: bool = False, yes: bool = False, project: str = "",
    json: bool = False,
) -> None:  # fmt: skip
    """Begin the patch of a bad release: X.Y.Z+1, with an issue that says what is wrong, on a branch of its own.

    The branch begins where the stable one is, while that is at the broken version, else at that one's tag; the new
    version is set and committed on it. What is there already is taken as it is, so typing it again changes nothing.
    """
    from .confirming import confirm
    from .patching import carry_out, plan
    from .patchviews import report, tell_plan
    from .project import find_project

    planned = plan(find_project(project), version, reason)
    tell_plan(planned)
    if dry_run or not planned.steps:
        report(planned, json=json)
        return
    confirm(f"Begin {planned.version}?", yes=yes)
    report(carry_out(planned), json=json)
