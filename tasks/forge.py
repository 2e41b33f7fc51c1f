"""The forge: whether GitHub is set up for a release: repository, token, branches and what protects them, the clock."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .github import github_of
from .project import Project
from .proof.waiting import Once
from .rules.checks import Result
from .rules.protection import Gate, Look, checks_required, pull_required, rewriting
from .rules.settings import repository_of
from .systems.github import Facts, Github, Missing, NotAllowed, TokenRefused
from .systems.web import Web

_MOST_SKEW = 60.0  # seconds: more moves a date, or makes a signature invalid
_NO_TOKEN = "gh auth login, or set GITHUB_TOKEN"  # noqa: S105 - words


def forge(project: Project, web: Web) -> dict[str, Callable[[], Look]]:
    """Return the checks of GitHub itself."""
    github = Once(lambda: github_of(project, web))
    facts = Once(lambda: github.now().facts())
    gate = Once(lambda: _gate(project, github.now(), facts.now()))
    settings = project.settings
    return {
        "repository": lambda: _refused(lambda: _repository(project, facts.now())),
        "remote": lambda: _remote(project),
        "token": lambda: _refused(lambda: _token(github.now())),
        "permissions": lambda: _permissions(github.now(), facts.now()),
        "stable branch": lambda: _branch(github.now(), stable_branch(project, facts.now())),
        "development branch": lambda: _development(github.now(), settings.development_branch),
        "pull requests": lambda: pull_required(gate.now()),
        "required checks": lambda: checks_required(gate.now(), settings.github.required_checks),
        "force pushes": lambda: rewriting(gate.now()),
        "clock": lambda: _clock(github.now()),
    }


def stable_branch(project: Project, facts: Facts) -> str:
    """Return the name of the branch that is released."""
    return project.settings.stable_branch or facts.default_branch


def _refused(check: Callable[[], Look]) -> Look:
    """Return what a check found; that GitHub refuses to answer it at all is a failure, which others need not repeat."""
    try:
        return check()
    except (TokenRefused, Missing) as error:
        return Look(Result.FAIL, f"{error.found}; expected {error.expected}", error.remedy)


def _repository(project: Project, facts: Facts) -> Look:
    if facts.archived:
        return Look(Result.FAIL, f"{facts.name} is archived", f"unarchive it: {facts.url}/settings")
    if project.settings.issues and not facts.issues:
        wanted = f"switch them on: {facts.url}/settings, or set issues = false in the settings"
        return Look(Result.FAIL, f"{facts.name} has its issues switched off", wanted)
    return Look(Result.PASS, f"{facts.name}, default branch {facts.default_branch}")


def _remote(project: Project) -> Look:
    origin = project.git.origin()
    found = repository_of({}, origin, project.settings.github.web)
    wanted = f"git remote set-url origin {project.settings.github.web}/{project.repository or 'owner/name'}"
    if not origin:
        return Look(Result.FAIL, "there is no remote `origin`", wanted.replace("set-url", "add"))
    if not found:
        return Look(Result.UNKNOWN, "the remote `origin` is not on GitHub as the settings know it", wanted)
    if found.lower() != project.repository.lower():
        return Look(Result.FAIL, f"the remote `origin` is {found}, the settings say {project.repository}", wanted)
    return Look(Result.PASS, f"origin is {found}")


def _token(github: Github) -> Look:
    if github.token is None:
        return Look(Result.FAIL, "there is no token for GitHub", _NO_TOKEN)
    who = github.identity()
    if who is None:
        return Look(Result.PASS, f"the token from {github.token.origin} is a workflow's own")
    lacking = who.scopes is not None and "repo" not in who.scopes
    if lacking:
        return Look(
            Result.FAIL, f"{who.login}'s token lacks the scope `repo`", "gh auth refresh --scopes repo,workflow"
        )
    return Look(Result.PASS, f"the token from {github.token.origin} is {who.login}'s")


def _permissions(github: Github, facts: Facts) -> Look:
    """Try what a release reads; what it writes cannot be tried without writing."""
    missing = sorted(set(_missing(github)))
    if missing:
        return Look(Result.FAIL, f"the token may not read: {', '.join(missing)}", "give the token these permissions")
    if github.token is not None and not facts.permissions.get("push", False):
        return Look(Result.FAIL, f"the token may not write to {facts.name}", "give it contents=write")
    return Look(Result.PASS, "reads contents, actions, issues and pull requests; its owner may push")


def _missing(github: Github) -> Iterator[str]:
    tries: dict[str, Callable[[], object]] = {
        "contents=read": lambda: github.branch_head("main"),
        "actions=read": lambda: next(github.runs(most=1), None),
        "issues=read": lambda: next(github.issues(most=1), None),
        "pull_requests=read": lambda: next(github.pulls(most=1), None),
    }
    for name, attempt in tries.items():
        try:
            attempt()
        except NotAllowed as error:
            yield error.missing or name


def _branch(github: Github, name: str) -> Look:
    found = github.branch_head(name)
    if found is None:
        return Look(Result.FAIL, f"there is no branch {name}", "push it, or correct stable-branch in the settings")
    return Look(Result.PASS, f"{name} is at {found[:12]}")


def _development(github: Github, name: str) -> Look:
    if not name:
        return Look(Result.SKIPPED, "none in the settings: work happens on topic branches")
    found = github.branch_head(name)
    if found is None:
        return Look(Result.FAIL, f"there is no branch {name}", "push it, or correct development-branch in the settings")
    return Look(Result.PASS, f"{name} is at {found[:12]}")


def _gate(project: Project, github: Github, facts: Facts) -> Gate:
    """Return what protects the stable branch, rules and classic protection together."""
    name = stable_branch(project, facts)
    rules, branch = github.rules(name), github.branch(name)
    kinds = {rule.kind for rule in rules}
    named = [check for rule in rules for check in rule.checks] + list(branch.checks if branch else ())
    classic, hidden = None, False
    if branch is not None and branch.protected:
        try:
            classic = github.protection(name)
        except NotAllowed:
            hidden = True
    checks = tuple(dict.fromkeys([*named, *(classic.checks if classic else ())]))
    safe = "non_fast_forward" in kinds or (classic is not None and not classic.force)
    pulls = "pull_request" in kinds or (classic is not None and classic.pulls)
    return Gate(name, pulls, checks, not safe, hidden, f"{facts.url}/settings/rules")


def _clock(github: Github) -> Look:
    answer = github.ask(github.url())
    said = answer.headers.get("date", "") if answer else ""
    try:
        theirs = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return Look(Result.UNKNOWN, "GitHub did not say what time it is")
    skew = github.web.clock.time() - theirs.replace(tzinfo=theirs.tzinfo or UTC).timestamp()
    if abs(skew) > _MOST_SKEW:
        here = datetime.fromtimestamp(github.web.clock.time(), UTC)
        evidence = f"this computer's clock ({here:%Y-%m-%d %H:%M} UTC) is {abs(skew):.0f} s off GitHub's"
        return Look(Result.FAIL, evidence, "sudo timedatectl set-ntp true")
    return Look(Result.PASS, f"{abs(skew):.0f} s off GitHub's")
