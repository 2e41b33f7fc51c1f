"""Merging: what the approver does on GitHub's page. No client of this project calls it."""

from ..server import Answer
from .hub import Hub, Push
from .issues import set_state
from .objects import Pull
from .pulls import brought, closes, closing, ends, existing
from .repos import REPO
from .routing import Call, Problem, Routes, plain

calls = Routes()


@calls.on("PUT", f"{REPO}/pulls/{{number}}/merge", "contents=write")
def merge(call: Call) -> Answer:
    """Merge a pull request."""
    pull, sent = existing(call), call.sent
    head = ends(call.hub, pull)[1]
    if sent.get("sha", head) != head:
        raise Problem(409, "Head branch was modified. Review and try the merge again.")
    sha = merged(
        call.hub,
        pull,
        sent.get("merge_method", "merge"),
        call.hub.user,
        sent.get("commit_title"),
        sent.get("commit_message"),
    )
    return plain({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def merged(hub: Hub, pull: Pull, method: str, who: str, title: str | None = None, message: str | None = None) -> str:
    """Merge a pull request in the bare repository, and return the commit that the base is at then."""
    base, head = ends(hub, pull)
    commits = brought(hub, pull)
    tree = hub.bare.merged_tree(base, head)
    if pull.state != "open" or tree is None or not commits:
        raise Problem(405, "Pull Request is not mergeable")
    if method == "rebase":
        sha = hub.bare.rebased(base, commits, hub.clock())
        if sha is None:
            raise Problem(405, "Pull Request is not mergeable")
    else:
        parents = [base] if method == "squash" else [base, head]
        text = _message(hub, pull, method, commits, title, message)
        sha = hub.bare.record(tree, parents, text, who, hub.clock())
    _settle(hub, pull, sha, commits, who)
    hub.set_ref(f"refs/heads/{pull.base}", sha)
    return sha


def _message(
    hub: Hub, pull: Pull, method: str, commits: tuple[str, ...], title: str | None, message: str | None
) -> str:
    """Return the message that GitHub proposes: a squash lists what it squashed."""
    if method != "squash":
        lead = f"Merge pull request #{pull.number} from {hub.owner}/{pull.head}"
        return f"{title or lead}\n\n{pull.title if message is None else message}\n"
    known = hub.bare.commits(commits)
    if len(known) == 1:
        lead, body = known[0].subject, known[0].message.partition("\n\n")[2]
    else:
        lead, body = pull.title, "\n\n".join(f"* {commit.message}" for commit in known)
    return f"{title or f'{lead} (#{pull.number})'}\n\n{body if message is None else message}".strip() + "\n"


def _settle(hub: Hub, pull: Pull, sha: str, commits: tuple[str, ...], who: str) -> None:
    """Note that a pull request is merged, and close what it closes."""
    numbers = closes(hub, pull)
    pull.commits, pull.merge_sha, pull.merged, pull.merged_by = commits, sha, hub.clock(), who
    set_state(hub, pull, "closed", None, who)
    for number in numbers:
        set_state(hub, hub.issues[number], "closed", "completed", who)


def heed(hub: Hub, push: Push) -> None:
    """Do what GitHub does when a branch moves: close what its commits close, see which pull requests it merged."""
    if push.branch is None or push.after is None:
        return
    for pull in hub.pulls:
        if pull.state == "open" and pull.base == push.branch:
            pull.head_sha = hub.branch(pull.head) or pull.head_sha
            commits = tuple(hub.bare.span(push.before or pull.base_sha, pull.head_sha))
            if commits and hub.bare.ancestor(pull.head_sha, push.after):
                _settle(hub, pull, push.after, commits, hub.user)
    if push.branch == hub.bare.default and push.before:
        for commit in hub.bare.commits(hub.bare.span(push.before, push.after)):
            for number in closing(hub, commit.message):
                set_state(hub, hub.issues[number], "closed", "completed", hub.user)
