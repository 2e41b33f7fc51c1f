from packaging.version import Version

from tasks.rules.titles import standing
from tasks.rules.versions import Part
from tasks.rules.votes import Decision, decide, votes

from .history import cases, change, graph, history, sha


def decided(messages: tuple[str, ...], base: str = "1.2.3", current: str = "", zero_major: str = "major") -> Decision:
    released = Version(base) if base else None
    return decide(history(*messages), released, Version(current or base), zero_major=zero_major)


UNSEEN = "nothing a user sees has changed"
FLAGGED = "1 without a type: a person should place it"
REVERTED = ("feat: x", f'Revert "feat: x"\n\nThis reverts commit {sha(1)}.')
FOOTER = "\n\nBREAKING CHANGE: y"


# facts/peers.md, "The next-version rule at the edges", column "ours".
@cases(
    "messages expected notes",
    {
        "feat!": (("fix: w", "feat!: x"), "2.0.0", ()),
        "BREAKING CHANGE: footer": ((f"feat: x{FOOTER}",), "2.0.0", ()),
        "BREAKING-CHANGE: footer": (("fix: x\n\nBREAKING-CHANGE: y",), "2.0.0", ()),
        "plain title with a BREAKING footer": ((f"make x{FOOTER}",), "2.0.0", ()),
        "docs only": (("docs: x",), "1.2.4", (UNSEEN,)),
        "test only": (("test: x",), "1.2.4", (UNSEEN,)),
        "ci only": (("ci: x",), "1.2.4", (UNSEEN,)),
        "chore only": (("chore: x",), "1.2.4", (UNSEEN,)),
        "docs, test, ci and chore only": (("docs: x", "test: x", "ci: x", "chore: x"), "1.2.4", (UNSEEN,)),
        "deps only": (("deps: x",), "1.2.4", ()),
        "build(deps) only": (("build(deps): bump x",), "1.2.4", ()),
        "no commit at all": ((), "None", ("nothing to release: no commit",)),
        "untyped title": (("make x",), "1.2.4", (FLAGGED,)),
        "refactor only": (("refactor: x",), "1.2.4", ()),
        "perf only": (("perf: x",), "1.2.4", ()),
        "squash, fix title with a feat bullet": (("fix: x (#12)\n\n* feat: y\n\n* fix: z",), "1.3.0", ()),
        "feat, then a git revert of it": (REVERTED, "None", ("nothing to release: every commit was taken back",)),
    },
)  # fmt: skip
def test_next_version(messages: tuple[str, ...], expected: str, notes: tuple[str, ...]) -> None:
    found = decided(messages)
    assert str(found.final) == expected
    assert found.notes == notes


@cases(
    "base message zero_major expected",
    {
        "0.4.2 with feat!": ("0.4.2", "feat!: x", "major", "1.0.0"),
        "0.4.2 with feat!, zero-major minor": ("0.4.2", "feat!: x", "minor", "0.5.0"),
        "0.4.2 with fix": ("0.4.2", "fix: x", "major", "0.4.3"),
        "0.4.2 with fix, zero-major minor": ("0.4.2", "fix: x", "minor", "0.4.3"),
        "0.4.2 with feat, zero-major minor": ("0.4.2", "feat: x", "minor", "0.5.0"),
        "1.2.3 with feat!, zero-major minor": ("1.2.3", "feat!: x", "minor", "2.0.0"),
        "an epoch": ("1!1.2.3", "feat: x", "major", "1!1.3.0"),
        "a post-release": ("1.2.3.post1", "fix: x", "major", "1.2.4"),
    },
)
def test_next_version_of_other_releases(base: str, message: str, zero_major: str, expected: str) -> None:
    found = decided((message,), base, zero_major=zero_major)
    assert str(found.final) == expected
    assert any("zero-major" in note for note in found.notes) is (
        zero_major == "minor" and "!" in message and base < "1"
    )


@cases(
    "current message final candidate announced",
    {
        "1.3.0rc1, then a fix": ("1.3.0rc1", "fix: x", "1.3.0", "1.3.0rc2", True),
        "candidate of what the votes give": ("1.2.4rc1", "fix: x", "1.2.4", "1.2.4rc2", False),
        "candidate lower than the votes": ("1.2.4rc1", "feat: x", "1.3.0", "1.3.0rc1", False),
        "candidate higher than the votes": ("2.0.0rc3", "feat: x", "2.0.0", "2.0.0rc4", True),
        "version higher than the votes": ("1.5.0", "feat: x", "1.5.0", None, True),
        "version that the votes give": ("1.3.0", "feat: x", "1.3.0", None, False),
        "the release itself": ("1.2.3", "fix: x", "1.2.4", "1.2.4rc1", False),
        "behind the release": ("1.2.0", "fix: x", "1.2.4", "1.2.4rc1", False),
        "candidate of the release": ("1.2.3rc2", "fix: x", "1.2.4", "1.2.4rc1", False),
    },
)
def test_what_is_set_announces_a_version(
    current: str, message: str, final: str, candidate: str | None, announced: bool
) -> None:
    found = decided((message,), current=current)
    assert (str(found.final), found.candidate) == (final, Version(candidate) if candidate else None)
    assert any("already announces" in note for note in found.notes) is announced


def test_an_announcement_is_explained() -> None:
    assert decided(("fix: x",), current="1.3.0rc1").notes == (
        "the votes alone give 1.2.4; the candidate that is set already announces 1.3.0",
    )


@cases(
    "current final candidate",
    {
        "final": ("0.1.0", "0.1.0", None),
        "candidate": ("0.1.0rc1", "0.1.0", "0.1.0rc2"),
        "development release": ("0.1.0.dev0", "0.1.0", "0.1.0rc1"),
    },
)
def test_the_first_release_is_the_version_that_is_set(current: str, final: str, candidate: str | None) -> None:
    found = decided(("feat!: x",), base="", current=current)
    assert (str(found.final), found.candidate) == (final, Version(candidate) if candidate else None)
    assert found.notes == ("no release yet: the first one is the version that is set",)


@cases("current expected", {"of a final version": ("1.2.3", True), "of an announced one": ("1.3.0", False)})
def test_a_version_that_another_branch_released_is_told(current: str, expected: bool) -> None:
    tagged = [Version("1.2.3"), Version("1.2.4")]
    found = decide(history("fix: x"), Version("1.2.3"), Version(current), zero_major="major", tagged=tagged)
    told = "1.2.4 was released from another branch: choose one with --to or --part"
    assert (told in found.notes) is expected


@cases(
    "message part reason flagged",
    {
        "feat": ("feat: x", Part.MINOR, "feat", False),
        "fix": ("fix: x", Part.PATCH, "fix", False),
        "security": ("security: x", Part.PATCH, "security", False),
        "breaking fix": ("fix!: x", Part.MAJOR, "breaking", False),
        "breaking chore": (f"chore: x{FOOTER}", Part.MAJOR, "breaking", False),
        "breaking, unknown type": ("wip!: x", Part.MAJOR, "breaking", False),
        "untyped": ("make x", Part.PATCH, "untyped: a person should place it", True),
        "untyped, squashed feat": ("make x\n\n* feat: y", Part.MINOR, "squashed: feat", True),
        "squashed breaking": ("feat: x\n\n* fix!: y", Part.MAJOR, "squashed: breaking", False),
        "squashed breaking, titled alike": ("feat: x\n\n* feat!: x\n* fix: y", Part.MAJOR, "squashed: breaking", False),
        "squashed feat, titled alike": ("fix: x\n\n* feat: x\n* fix: y", Part.MINOR, "squashed: feat", False),
        "squashed, but weaker": ("feat: x\n\n* fix: y", Part.MINOR, "feat", False),
        "squashed, as strong": ("feat: x\n\n* feat: y", Part.MINOR, "feat", False),
        "squashed, typed dash": ("chore: x\n\n- feat: y", Part.MINOR, "squashed: feat", False),
        "squashed dash without type": ("chore: x\n\n- make y", Part.PATCH, "chore", False),
        "staging": ("chore: staging 1.3.0rc1", Part.PATCH, "release", False),
        "revert of something released": ('Revert "feat: x"', Part.PATCH, "takes back something released", False),
    },
)  # fmt: skip
def test_vote(message: str, part: Part, reason: str, flagged: bool) -> None:
    (vote,) = votes(history(message))
    assert (vote.part, vote.reason, vote.flagged) == (part, reason, flagged)


def test_votes_stand_beside_their_commits_newest_first() -> None:
    merge = ("d", "c b", "Merge branch 'b'")
    cast = votes(graph(merge, ("c", "a", "fix: c"), ("b", "a", "feat: b"), ("a", "", "docs: a")))
    assert [(vote.change.commit.id, vote.part) for vote in cast] == [
        ("d", None),
        ("c", Part.PATCH),
        ("b", Part.MINOR),
        ("a", Part.PATCH),
    ]


def test_a_breaking_merge_votes() -> None:
    (vote,) = votes([change(f"Merge branch 'b'{FOOTER}", parents="a b")])
    assert vote.part is Part.MAJOR


def test_a_withdrawn_vote_says_by_whom() -> None:
    assert [(vote.part, vote.reason) for vote in votes(history(*REVERTED))] == [
        (None, "takes back an unreleased commit"),
        (None, f"withdrawn by {sha(2)[:7]}"),
    ]


@cases(
    "messages expected",
    {
        "another commit stands": ((*REVERTED, "fix: y"), "1.2.4"),
        "reapplied": ((*REVERTED, f'Reapply "feat: x"\n\nThis reverts commit {sha(2)}.'), "1.3.0"),
        "breaking, taken back": (("fix: y", "feat!: x", 'Revert "feat!: x"'), "1.2.4"),
    },
)
def test_next_version_after_a_revert(messages: tuple[str, ...], expected: str) -> None:
    assert str(decided(messages).final) == expected


def test_a_reverted_merge_leaves_nothing_to_release() -> None:
    changes = graph(
        ("ccccccc", "bbbbbbb", "Revert \"Merge branch 'b'\"\n\nThis reverts commit bbbbbbb, reversing\nchanges."),
        ("bbbbbbb", "0 aaaaaaa", "Merge branch 'b'"),
        ("aaaaaaa", "0", "feat: x"),
    )  # fmt: skip
    assert decide(changes, Version("1.2.3"), Version("1.2.3"), zero_major="major").part is None


def test_a_merge_alone_is_nothing_to_release_but_was_not_taken_back() -> None:
    merge = [change("Merge branch 'main' into dev", parents="a b")]
    found = decide(merge, Version("1.2.3"), Version("1.2.3"), zero_major="major")
    assert found.part is None
    assert found.notes[0].startswith("nothing to release")
    assert "taken back" not in found.notes[0]


@cases(
    "bullets expected",
    {
        "stands": (("feat: x", "fix: y"), ["feat", "fix"]),
        "git's revert": (("feat: x", "fix: y", 'Revert "feat: x"'), ["fix"]),
        "conventional revert": (("feat: x", "fix: y", "revert: feat: x"), ["fix"]),
        "with scope and bang": (("feat(api)!: x", 'Revert "feat(api)!: x"'), []),
        "of an alias": (("feature: x", 'Revert "feature: x"'), []),
        "of an untyped title": (("make x", 'Revert "make x"'), []),
        "with pull requests": (("feat: x (#12)", 'Revert "feat: x (#12)" (#13)'), []),
        "of something else": (("feat: x", 'Revert "feat: y"'), ["feat"]),
        "reapplied": (("feat: x", 'Revert "feat: x"', 'Reapply "feat: x"'), ["feat"]),
        "revert of the revert": (("feat: x", 'Revert "feat: x"', 'Revert "Revert "feat: x""'), ["feat"]),
        "made again": (("feat: x", 'Revert "feat: x"', "feat: x"), ["feat"]),
    },
)
def test_what_a_squash_reverts_within_itself_has_no_vote(bullets: tuple[str, ...], expected: list[str]) -> None:
    squash = change("\n".join(["chore: all of it (#14)", "", *(f"* {bullet}" for bullet in bullets)]))
    assert [title.kind for title in standing(squash.squashed)] == expected


@cases(
    "messages unseen",
    {
        "squashed fix": (("chore: x\n\n* fix: y",), False),
        "squashed docs": (("chore: x\n\n* docs: y",), True),
        "squashed fix, taken back": (('chore: x\n\n* fix: y\n* Revert "fix: y"',), True),
        "squashed breaking, taken back": (('chore: x\n\n* fix!: y\n* Revert "fix!: y"',), True),
        "breaking docs": (("docs!: x",), False),
        "fix, taken back": (("fix: x", 'Revert "fix: x"', "docs: y"), True),
        "staging": (("chore: staging 1.2.4rc1",), True),
        "revert of something released": (('Revert "fix: x"',), False),
        "style": (("style: x",), True),
        "build": (("build: x",), False),
    },
)
def test_whether_a_user_sees_a_change(messages: tuple[str, ...], unseen: bool) -> None:
    assert (UNSEEN in decided(messages).notes) is unseen


@cases(
    "messages note",
    {
        "one": (("make x",), FLAGGED),
        "two": (("make x", "make y", "fix: z"), "2 without a type: a person should place them"),
    },
)
def test_what_has_no_type_is_counted(messages: tuple[str, ...], note: str) -> None:
    assert decided(messages).notes == (note,)
