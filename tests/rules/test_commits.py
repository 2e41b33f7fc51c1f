import pytest

from tasks.rules.commits import read
from tasks.rules.lineage import withdrawn
from tasks.rules.titles import KINDS, Title, read_title

from .history import cases, change, commit, graph, history, sha


@cases(
    "text kind",
    {
        **{kind: (f"{kind}: x", kind) for kind in sorted(KINDS - {"merge", "untyped"})},
        "bugfix": ("bugfix: x", "fix"),
        "hotfix": ("hotfix(api)!: x", "fix"),
        "feature": ("feature: x", "feat"),
        "doc": ("doc: x", "docs"),
        "tests": ("tests: x", "test"),
        "in capitals": ("Fix: x", "fix"),
        "unknown type": ("wip: x", "untyped"),
        "no blank after the colon": ("fix:x", "untyped"),
        "no description": ("fix: ", "untyped"),
        "blank before the colon": ("fix : x", "untyped"),
        "two scopes": ("fix(a)(b): x", "untyped"),
        "words": ("make it faster", "untyped"),
        "empty": ("", "untyped"),
        "version alone": ("1.2.3", "release"),
        "version with v": ("v1.2.3", "release"),
        "candidate alone": ("v1.2.3rc1", "release"),
        "Release": ("Release 1.2.3", "release"),
        "release without type": ("release: v1.2.3", "release"),
        "Bump version to": ("Bump version to 1.2.3 (#9)", "release"),
        "staging": ("staging 1.2.3rc1", "release"),
        "chore staging": ("chore: staging 1.2.3rc1", "release"),
        "chore staging with scope": ("chore(rc): staging v1.2.3rc12 (#9)", "release"),
        "chore release": ("chore: release 1.2.3", "release"),
        "chore version bump": ("chore: bump version to 1.2.3", "release"),
        "chore about a stage": ("chore: staging server", "chore"),
        "chore about a dependency": ("chore: bump requests to 2.32.0", "chore"),
        "fix in staging": ("fix: staging 1.2.3rc1", "fix"),
        "release in words": ("Release the lock", "untyped"),
        "version in words": ("v1.2.3: what it brings", "untyped"),
        "git's revert": ('Revert "feat: x"', "revert"),
        "git's reapply": ('Reapply "feat: x"', "revert"),
        "conventional revert": ("revert: feat: x", "revert"),
        "revert in words": ("Revert to the old layout", "untyped"),
    },
)
def test_kind(text: str, kind: str) -> None:
    assert read_title(text).kind == kind


@cases(
    "text scope description breaking pull",
    {
        "plain": ("feat: x", "", "x", False, None),
        "scope": ("feat(api): x", "api", "x", False, None),
        "scope of several words": ("feat(a/b, c d): x", "a/b, c d", "x", False, None),
        "empty scope": ("feat(): x", "", "x", False, None),
        "bang": ("feat!: x", "", "x", True, None),
        "scope and bang": ("feat(api)!: x", "api", "x", True, None),
        "exclamation in words": ("feat: x!: y", "", "x!: y", False, None),
        "pull request": ("feat: x (#12)", "", "x", False, 12),
        "issue and pull request": ("feat: x (#11) (#12)", "", "x (#11)", False, 12),
        "number inside": ("feat: x (#12) y", "", "x (#12) y", False, None),
        "no number of a pull request": ("feat: x (#0)", "", "x (#0)", False, None),
        "untyped": ("make x (#12)", "", "make x", False, 12),
        "unknown type keeps its words": ("wip(api)!: x", "", "wip(api)!: x", True, None),
        "colon in the description": ("fix: a: b", "", "a: b", False, None),
        "candidate": ("chore(rc): staging 1.2.3rc1 (#12)", "rc", "staging 1.2.3rc1", False, 12),
    },
)
def test_title(text: str, scope: str, description: str, breaking: bool, pull: int | None) -> None:
    assert read_title(text) == Title(read_title(text).kind, scope, description, breaking=breaking, pull=pull)


def test_kinds_are_the_projects_own() -> None:
    assert read_title("wip(api)!: x", KINDS | {"wip"}) == Title("wip", "api", "x", breaking=True)
    assert read_title("feat: x", KINDS - {"feat"}).kind == "untyped"
    assert [title.kind for title in read(commit("fix: x\n\n* wip: y"), KINDS | {"wip"}).squashed] == ["wip"]


@cases(
    "message breaking",
    {
        "nothing": ("feat: x\n\nbody", False),
        "footer": ("feat: x\n\nbody\n\nBREAKING CHANGE: y", True),
        "footer with dash": ("feat: x\n\nBREAKING-CHANGE: y", True),
        "footer with number sign": ("feat: x\n\nBREAKING CHANGE #12", True),
        "footer on lines of its own": ("feat: x\n\nBREAKING CHANGE:\ny", True),
        "footer with CRLF": ("feat: x\r\n\r\nbody\r\n\r\nBREAKING CHANGE: y\r\n", True),
        "footer of an untyped commit": ("make x\n\nBREAKING CHANGE: y", True),
        "footer of a chore": ("chore: x\n\nBREAKING CHANGE: y", True),
        "in a sentence": ("feat: x\n\nthis is no BREAKING CHANGE: y", False),
        "in small letters": ("feat: x\n\nbreaking change: y", False),
        "without colon": ("feat: x\n\nBREAKING CHANGE y", False),
        "squashed bang": ("feat: x\n\n* fix!: y", True),
        "squashed footer": ("feat: x\n\n* fix: y\n\nBREAKING CHANGE: z\n\n* docs: w", True),
    },
)
def test_breaking(message: str, breaking: bool) -> None:
    assert change(message).breaking is breaking


@cases(
    "body squashed",
    {
        "stars, as GitHub writes them": ("* feat: a\n\nwhy\n\n* fix(api)!: b (#3)", ["feat a", "fix b"]),
        "star without a type": ("* tidy up", ["untyped tidy up"]),
        "typed dashes": ("- feat: a\n- fix: b", ["feat a", "fix b"]),
        "dashes without a type": ("- tidy up\n- 1.2.3", []),
        "indented": ("why:\n  * feat: a\n  - fix: b", []),
        "the title once more": ("* fix: title\n* feat: a", ["feat a"]),
        "the title without its type": ("* title\n* feat: a", ["feat a"]),
        "the title with another type": ("* feat: title", ["feat title"]),
        "the title, breaking": ("* fix!: title", ["fix title"]),
        "with CRLF": ("* feat: a\r\n* fix: b\r\n", ["feat a", "fix b"]),
        "in a fence": ("```\n* feat: a\n```\n* fix: b", ["fix b"]),
        "bold words": ("**feat: a**\n*feat: b*", []),
    },
)
def test_squashed_titles(body: str, squashed: list[str]) -> None:
    found = change(f"fix: title (#12)\n\n{body}").squashed
    assert [f"{title.kind} {title.description}" for title in found] == squashed


def test_a_title_that_only_begins_like_a_revert_keeps_what_was_squashed_into_it() -> None:
    assert [title.kind for title in change("Revert to the old layout\n\n* feat: a").squashed] == ["feat"]


@cases(
    "subject parents kind pull",
    {
        "pull request": ("Merge pull request #12 from o/b", "a b", "merge", 12),
        "branch": ("Merge branch 'b'", "a b", "merge", None),
        "several branches": ("Merge branches 'b' and 'c'", "a b c", "merge", None),
        "remote branch": ("Merge remote-tracking branch 'origin/b' into dev", "a b", "merge", None),
        "tag": ("Merge tag 'v1.2.3' into dev", "a b", "merge", None),
        "branch, with a pull request": ("Merge branch 'b' (#12)", "a b", "merge", 12),
        "titled like its pull request": ("feat: x (#12)", "a b", "feat", 12),
        "one parent": ("Merge branch 'b'", "a", "untyped", None),
        "merge in words of its own": ("Merge two lists", "a b", "merge", None),
    },
)
def test_merges(subject: str, parents: str, kind: str, pull: int | None) -> None:
    title = change(f"{subject}\n\n* feat: squashed", parents=parents).title
    assert (title.kind, title.pull) == (kind, pull)


def test_a_merge_has_nothing_squashed_but_may_break() -> None:
    merge = change("Merge branch 'b'\n\n* feat: x\n\nBREAKING CHANGE: y", parents="a b")
    assert (merge.squashed, merge.breaking) == ((), True)


@cases(
    "message subject body",
    {
        "one line": ("fix: x", "fix: x", ""),
        "with body": ("fix: x\n\na\n\nb\n", "fix: x", "a\n\nb"),
        "with CRLF": ("fix: x\r\n\r\na\r\n", "fix: x", "a"),
        "blank lines first": ("\n\nfix: x\na", "fix: x", "a"),
        "empty": ("", "", ""),
    },
)
def test_subject_and_body(message: str, subject: str, body: str) -> None:
    assert (commit(message).subject, commit(message).body) == (subject, body)


FEAT, OTHER = "feat: x (#12)", "fix: unrelated"
ID = f"This reverts commit {sha(1)}."


@cases(
    "message",
    {
        "by id": (f'Revert "something else"\n\n{ID}',),
        "by short id": (f'Revert "something else"\n\nThis reverts commit {sha(1)[:7]}.',),
        "by id, with CRLF": (f'Revert "something else"\r\n\r\n{ID}\r\n',),
        "by Refs": (f"revert: something else\n\nRefs: {sha(9)[:7]}, {sha(1)[:7]}",),
        "by one of several ids": (f"revert: something\n\nThis reverts commits {sha(9)[:7]}, {sha(1)[:7]}.",),
        "by one of two ids": (f"revert: something\n\nThis reverts commits {sha(9)[:7]} and {sha(1)[:7]}.",),
        "by one of several lines": (f"revert: two\n\nThis reverts commit {sha(9)}.\n{ID}",),
        "by pull request": ('Revert "something else" (#13)\n\nReverts owner/repo#12',),
        "by pull request of this repository": ('Revert "something else" (#13)\n\nReverts #12',),
        "by title": ('Revert "feat: x"',),
        "by title with pull request": ('Revert "feat: x (#12)" (#13)',),
        "by conventional title": ("revert: feat: x",),
        "with a scope": (f"revert(api): feat: x\n\n{ID}",),
        "with a scope, by title": ("revert(api): feat: x",),
        "in capitals": (f"Revert: feat: x\n\n{ID}",),
    },
)
def test_a_revert_withdraws_the_commit_it_names(message: str) -> None:
    assert withdrawn(history(FEAT, OTHER, message)) == {sha(1): sha(3), sha(3): sha(3)}


@cases(
    "message",
    {
        "another id": (f'Revert "feat: x"\n\nThis reverts commit {sha(9)}.',),
        "another pull request": ('Revert "feat: x"\n\nReverts owner/repo#11',),
        "another title": ('Revert "feat: y"',),
        "words": ("Revert to the old layout",),
        "an id in passing": (f"fix: y\n\nThis reverts commit {sha(1)}.",),
        "an id in a sentence": (f'Revert "feat: y"\n\nNote: nothing here reverts commit {sha(1)}.',),
    },
)
def test_a_revert_withdraws_nothing_it_does_not_name(message: str) -> None:
    assert withdrawn(history(FEAT, message)) == {}


def test_a_revert_by_title_ending_in_a_quotation_mark() -> None:
    assert withdrawn(history('fix: take "x"', 'revert: fix: take "x"')) == {sha(1): sha(2), sha(2): sha(2)}


def test_a_revert_by_title_means_the_newest_of_that_title() -> None:
    assert withdrawn(history("fix: x", "fix: x", "revert: fix: x")) == {sha(2): sha(3), sha(3): sha(3)}


def test_two_reverts_by_title_mean_two_commits() -> None:
    taken = withdrawn(history("fix: x", "fix: x", "revert: fix: x", "revert: fix: x"))
    assert taken == {sha(2): sha(4), sha(4): sha(4), sha(1): sha(3), sha(3): sha(3)}


def test_a_revert_never_means_a_later_commit() -> None:
    assert withdrawn(history('Revert "feat: x"', "feat: x")) == {}


def test_a_revert_takes_back_all_it_names() -> None:
    both = f"revert: both\n\nThis reverts commits {sha(1)}, {sha(2)}."
    assert withdrawn(history("feat: a", "fix: b", both)) == dict.fromkeys((sha(1), sha(2), sha(3)), sha(3))


REVERT = f'Revert "feat: x"\n\nThis reverts commit {sha(1)}.'


@pytest.mark.parametrize(
    "again",
    [
        f'Revert "Revert "feat: x""\n\nThis reverts commit {sha(2)}.',
        f'Reapply "feat: x"\n\nThis reverts commit {sha(2)}.',
        'Revert "Revert "feat: x""',
        'Reapply "feat: x"',
    ],
    ids=["revert by id", "reapply by id", "revert by title", "reapply by title"],
)
def test_a_revert_taken_back_leaves_the_commit_standing(again: str) -> None:
    assert withdrawn(history("feat: x", REVERT, again)) == {sha(2): sha(3), sha(3): sha(3)}


def test_a_reapplied_commit_can_be_reverted_again() -> None:
    messages = ("feat: x", REVERT, f'Reapply "feat: x"\n\nThis reverts commit {sha(2)}.', 'Revert "Reapply "feat: x""')
    assert set(withdrawn(history(*messages))) == {sha(1), sha(2), sha(3), sha(4)}


MERGED = (
    ("ddddddd", "ccccccc bbbbbbb", "Merge pull request #12 from o/b"),
    ("ccccccc", "aaaaaaa", "fix: on the main line"),
    ("bbbbbbb", "aaaaaaa", "feat: on the branch"),
    ("aaaaaaa", "", "fix: before both"),
)


@cases(
    "message",
    {
        "by id": (
            'Revert "Merge pull request #12"\n\nThis reverts commit ddddddd, reversing\nchanges made to ccccccc.',
        ),
        "by pull request": ('Revert "on the branch" (#13)\n\nReverts owner/repo#12',),
    },
)
def test_a_reverted_merge_withdraws_what_it_brought(message: str) -> None:
    assert set(withdrawn(graph(("eeeeeee", "ddddddd", message), *MERGED))) == {"bbbbbbb", "ddddddd", "eeeeeee"}
