"""How commits belong together: what a merge brought in, and what a later commit takes back."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from .commits import Change, Revert
from .titles import without_pull


def brought_by(changes: Sequence[Change]) -> dict[str, tuple[str, ...]]:
    """Return, for each commit beside the main line, the merges through which it came, innermost first.

    `changes` are newest first; the main line follows first parents from the newest.
    """
    known = {change.commit.id: change for change in changes}
    through: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    waiting: list[tuple[str, tuple[str, ...]]] = [(changes[0].commit.id, ())] if changes else []
    while waiting:
        tip, merges = waiting.pop()
        line = list(_line(tip, known, seen))
        seen.update(change.commit.id for change in line)
        through |= {change.commit.id: merges for change in line if merges}
        # The oldest merge is looked into first: what two of them reach came in through that one.
        for change in line:
            waiting += [(parent, (change.commit.id, *merges)) for parent in change.commit.parents[1:]]
    return through


def _line(tip: str, known: Mapping[str, Change], seen: Collection[str]) -> Iterator[Change]:
    """Yield the commits from `tip` along first parents, as far as they are known and not seen."""
    current = known.get(tip)
    while current is not None and current.commit.id not in seen:
        yield current
        current = known.get(current.commit.parents[0]) if current.commit.parents else None


def merged_by(changes: Sequence[Change]) -> dict[str, int]:
    """Return the pull request through whose merge commit a change came in, by commit id; `changes` newest first."""
    pulls = {change.commit.id: change.title.pull for change in changes}
    found = {
        commit: [pull for merge in merges if (pull := pulls[merge]) is not None]
        for commit, merges in brought_by(changes).items()
    }
    return {commit: numbers[0] for commit, numbers in found.items() if numbers}


def withdrawn(changes: Sequence[Change]) -> dict[str, str]:
    """Return, for each commit that a later one takes back, the commit that does so; `changes` are newest first.

    The reverting commit itself stands beside the one it takes back: both together are as if nothing had happened.
    A revert that was itself reverted takes nothing back. A merge is taken back with all that it brought.
    """
    taken: dict[str, str] = {}
    through = brought_by(changes)
    for index, change in enumerate(changes):
        if change.revert is None or change.commit.id in taken:
            continue
        standing = [older for older in changes[index + 1 :] if older.commit.id not in taken]
        targets = {target.commit.id for target in _targets(change.revert, standing)}
        for older in standing:
            if older.commit.id in targets or targets.intersection(through.get(older.commit.id, ())):
                taken[older.commit.id] = change.commit.id
        if targets:
            taken[change.commit.id] = change.commit.id
    return taken


def _targets(revert: Revert, standing: Collection[Change]) -> Iterator[Change]:
    """Yield the commits that a revert means, by id or pull request; where it names neither, the newest so titled."""
    if not revert.commits and not revert.pulls:
        yield from [change for change in standing if without_pull(change.commit.subject) == revert.title][:1]
        return
    for change in standing:
        by_id = any(change.commit.id.startswith(prefix) for prefix in revert.commits)
        if by_id or (change.title.pull is not None and change.title.pull in revert.pulls):
            yield change
