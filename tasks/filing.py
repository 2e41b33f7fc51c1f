"""Filing: an issue for each commit without one, made, commented on and closed, in an order that a rerun can finish."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from .errors import Unreachable, WrongValue
from .filed import filed_issues, told_by, window
from .github import editing, github_of
from .history import Unreleased, observe
from .memory import Memory
from .project import Project
from .report import waiting_for
from .rules.coverage import Coverage, State
from .rules.filing import LABELS, Filing, filing, marked
from .rules.text import plural
from .systems.github import Editor, Github, Issue
from .tracing import Traced, watch


class Deed(StrEnum):
    """What is to be done for a commit, or was."""

    FILE = "file"
    FINISH = "finish"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Step:
    """A commit's issue, what is to be done about it, and the issue itself once it is there."""

    filing: Filing
    deed: Deed
    issue: Issue | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be filed since a moment; `left_out` says why a commit that was named is not among it."""

    github: Github
    after: datetime | None
    steps: Sequence[Step]
    left_out: Sequence[str] = ()
    trouble: Unreachable | None = None

    @property
    def question(self) -> str:
        """Return what a person is asked before it is done."""
        new = sum(step.deed is Deed.FILE for step in self.steps)
        begun = len(self.steps) - new
        words = [f"file {plural(new, 'issue')} in {self.github.repository}, closed as completed"] if new else []
        words += [f"finish {plural(begun, 'issue')} that an earlier run left open"] if begun else []
        text = " and ".join(words)
        return f"{text[:1].upper()}{text[1:]}?"


def plan(project: Project, named: Sequence[str], *, tentative: bool = False) -> Plan:
    """Return what is to be filed, the oldest commit first; `named` are the commits that are meant, by default all.

    What GitHub was not asked about to the end is no ground to file anything, only to show it (`tentative`).
    """
    unreleased, github = observe(project), github_of(project)
    meant = _meant(project, unreleased, named)
    traced = watch(project, unreleased, offline=False, filed=False)
    if traced.trouble and not tentative:
        raise traced.trouble
    after = window(project, unreleased)
    items = [item for item in reversed(traced.coverages) if _wanted(item, meant)]
    filed = filed_issues(github, after) if items and not traced.trouble else {}
    steps = [_step(project, item, filed) for item in items]
    _remember(Memory.of(project), steps)
    left = [step for step in steps if step.deed is not Deed.NOTHING]
    return Plan(github, after, left, [*_covered(traced, meant), *_there(steps)], traced.trouble)


def _meant(project: Project, unreleased: Unreleased, named: Sequence[str]) -> set[str]:
    """Return the ids of the commits that are named; each must be unreleased."""
    known = {change.commit.id for change in unreleased.changes}
    meant = {name: project.git.resolve(name) for name in named}
    for name, commit in meant.items():
        if commit not in known:
            raise WrongValue(
                f"--commit {name}: not among the commits since the last release",
                expected="one that inv audit.commits shows",
            )
    return set(meant.values())


def _wanted(item: Coverage, meant: Collection[str]) -> bool:
    """Tell whether a commit is to get an issue: it has none, and it needs one or was named."""
    if meant:
        return item.change.commit.id in meant and item.state is not State.COVERED
    return item.state is State.UNCOVERED


def _step(project: Project, item: Coverage, filed: Mapping[str, Issue]) -> Step:
    change = item.change
    section = project.settings.changelog.all_kinds.get(change.kind, "")
    issue = filed.get(change.commit.id)
    return Step(filing(change, section, project.git.affected(change.commit.id), item.pull), _deed(issue), issue)


def _deed(issue: Issue | None) -> Deed:
    """Return what is left to do; an issue that a person opened again is that person's."""
    if issue is None:
        return Deed.FILE
    return Deed.FINISH if issue.state == "open" and issue.state_reason != "reopened" else Deed.NOTHING


def _covered(traced: Traced, meant: Collection[str]) -> list[str]:
    return [
        f"{item.change.commit.id[:8]} {item.change.commit.subject}: {item.reason}"
        for item in traced.coverages
        if item.change.commit.id in meant and item.state is State.COVERED
    ]


def _there(steps: Sequence[Step]) -> list[str]:
    return [
        f"{step.filing.commit[:8]} {step.filing.title}: issue #{step.issue.number} was filed for it"
        for step in steps
        if step.issue and step.deed is Deed.NOTHING
    ]


def carry_out(project: Project, planned: Plan) -> list[Step]:
    """Do what was planned, and return it with the issues; one run at a time.

    What was filed is looked for once more: a person may have thought for long about the question.
    """
    memory, done = Memory.of(project), list[Step]()
    editor = editing(planned.github)
    count = len(planned.steps)
    with memory.shelf.alone("filing"), waiting_for(lambda: f"filing, {len(done)} of {count} done") as update:
        filed = filed_issues(planned.github, planned.after)
        for label in sorted({step.filing.label for step in planned.steps}):
            colour, description = LABELS[label]
            editor.ensure_label(label, color=colour, description=description)
        for step in planned.steps:
            issue = filed.get(step.filing.commit)
            done.append(_done(editor, replace(step, issue=issue, deed=_deed(issue))))
            _remember(memory, done[-1:])
            update()
    return done


def _remember(memory: Memory, steps: Sequence[Step]) -> None:
    memory.keep({step.filing.commit: told_by(step.issue) for step in steps if step.issue})


def _done(editor: Editor, step: Step) -> Step:
    """File an issue, comment on it, close it; of one that an earlier run left open do what is missing."""
    made = step.filing
    if step.deed is Deed.NOTHING:
        return step
    issue = step.issue or editor.create_issue(made.title, made.body, [made.label])
    comments = editor.github.comments(issue.number) if step.issue else ()
    if not any(marked(comment, "fixed") == made.commit for comment in comments):
        editor.comment(issue.number, made.comment)
    return replace(step, issue=editor.update_issue(issue.number, state="closed", state_reason="completed"))
