"""An inquiry: GitHub asked which pull requests brought some commits, and which issues those name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .errors import Unreachable
from .filed import filed_issues, told_by, window
from .github import github_of
from .history import Unreleased
from .project import Project
from .rules.coverage import Coverage
from .rules.pulls import Pull, Told, mentioned, told
from .rules.references import Reference
from .systems.github import CoveringPull, Github
from .systems.github.coverage import NUMBERS, PAGE
from .systems.web import Web

_LARGEST = 2**31 - 1  # the largest number that GraphQL takes
_LOOKED_THROUGH = 200  # issues that are looked through for filed ones: two requests


def inquire(
    project: Project, unreleased: Unreleased, left: Sequence[Coverage], told: dict[str, Told], *, filed: bool,
    web: Web | None, tell: Callable[[int], None],
) -> None:  # fmt: skip
    """Ask GitHub about the commits that are left, and take down what it tells, also when it stops halfway."""
    inquiry = Inquiry(_client(project, web), left)
    try:
        inquiry.ask(tell)
    finally:
        told |= inquiry.answers()
    uncovered = {commit for commit, one in told.items() if not one.issues}
    if filed and uncovered:
        found = filed_issues(inquiry.github, window(project, unreleased), most=_LOOKED_THROUGH)
        told |= {commit: told_by(issue) for commit, issue in found.items() if commit in uncovered}


def _client(project: Project, web: Web | None) -> Github:
    """Return GitHub, which answers these questions to those alone who say who they are."""
    if not project.repository:
        raise Unreachable("no repository on GitHub is configured", remedy="set repository in the settings")
    github = github_of(project, web)
    if github.token is None:
        raise Unreachable("no token for GitHub was found", remedy="gh auth login, or set GITHUB_TOKEN")
    return github


@dataclass
class Inquiry:
    """What GitHub says of commits that nothing else covers; what was answered before a trouble counts."""

    github: Github
    items: Sequence[Coverage]
    _pulls: dict[str, tuple[Pull, ...]] = field(default_factory=dict)  # by commit
    _named: dict[int, Pull | None] = field(default_factory=dict)  # by number; None: neither issue nor pull request
    _kinds: dict[int, bool] = field(default_factory=dict)  # by number, whether it is an issue
    _unsure: set[int] = field(default_factory=set)  # numbers that were mentioned so far

    def ask(self, tell: Callable[[int], None]) -> None:
        """Ask everything; `tell` hears how many commits were asked about so far."""
        for start in range(0, len(self.items), PAGE):
            tell(start)
            self._ask_commits([item.change.commit.id for item in self.items[start : start + PAGE]])
        self._ask_own()
        self._ask_mentioned()

    def answers(self) -> dict[str, Told]:
        """Return what GitHub told, by commit; one that is not there was not asked about to the end."""
        found = {item.change.commit.id: self._told(item) for item in self.items}
        return {commit: answer for commit, answer in found.items() if answer}

    def _ask_commits(self, commits: Sequence[str]) -> None:
        """Ask about commits; and on the way, what the numbers are that those before mention."""
        numbers = sorted(self._unsure - self._kinds.keys())[:NUMBERS]
        known, issues = self.github.coverage.together(commits, numbers)
        self._kinds |= {number: number in issues for number in numbers}
        for commit in commits:
            pulls = known[commit].pulls if commit in known else ()
            self._pulls[commit] = tuple(self._pull(pull) for pull in pulls)
            self._kinds |= {pull.number: False for pull in self._pulls[commit]}
            self._unsure |= {number for pull in self._pulls[commit] for number in self._numbers(pull)}

    def _ask_own(self) -> None:
        """Ask about the numbers at the end of titles that GitHub does not connect with their commits."""
        wanted = {item.pull for item in self.items if item.pull and self._apart(item)}
        for number, pull in self.github.coverage.numbered(sorted(wanted)).items():
            self._kinds[number] = pull is None
            self._named[number] = self._pull(pull) if pull else None
        self._named |= dict.fromkeys(wanted - self._named.keys())

    def _ask_mentioned(self) -> None:
        """Ask which of the numbers that pull requests mention are issues: they often mention each other."""
        pulls = [pull for item in self.items for pull in self._all(item)]
        self._kinds |= {pull.number: False for pull in pulls}
        unsure = {number for pull in pulls for number in self._numbers(pull)} - self._kinds.keys()
        issues = self.github.coverage.issues_among(sorted(unsure))
        self._kinds |= {number: number in issues for number in unsure}

    def _told(self, item: Coverage) -> Told | None:
        """Return what GitHub told of a commit, None when it was not asked to the end."""
        if item.change.commit.id not in self._pulls or (self._apart(item) and item.pull not in self._named):
            return None
        if self._apart(item) and self._kinds.get(item.pull or 0):
            return Told("names its issue", (Reference(item.pull or 0),), lasting=True)
        pulls = self._all(item)
        if any(number not in self._kinds for pull in pulls for number in self._numbers(pull)):
            return None
        issues = {number for number, issue in self._kinds.items() if issue}
        return told(item.pull, pulls, self.github.repository, issues)

    def _all(self, item: Coverage) -> list[Pull]:
        """Return the pull requests of a commit, with the one that it names."""
        named = self._named.get(item.pull or 0)
        return [*self._pulls.get(item.change.commit.id, ()), *([named] if named and self._apart(item) else [])]

    def _apart(self, item: Coverage) -> bool:
        """Tell whether a commit names a number that is not among the pull requests GitHub connects with it."""
        known = self._pulls.get(item.change.commit.id, ())
        return item.pull is not None and item.pull <= _LARGEST and all(pull.number != item.pull for pull in known)

    def _numbers(self, pull: Pull) -> Iterator[int]:
        """Yield the numbers of this repository that count only when they are issues."""
        if not pull.closes:
            yield from (one.number for one in mentioned(pull, self.github.repository) if not one.repository)

    def _pull(self, pull: CoveringPull) -> Pull:
        closes = (Reference(issue.number, issue.repository).within(self.github.repository) for issue in pull.issues)
        return Pull(pull.number, pull.state, pull.title, pull.body, tuple(closes))
