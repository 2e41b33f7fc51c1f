from tasks.rules.commits import read
from tasks.rules.references import Reference, about, references

from .history import cases, change, commit


def spelled(found: tuple[Reference, ...]) -> str:
    return " ".join(map(str, found))


@cases(
    "body expected",
    {
        "number": ("see #12", "#12"),
        "GH-N": ("GH-12 and gh-13", "#12 #13"),
        "owner/repo#N": ("owner/some.repo#12", "owner/some.repo#12"),
        "closing keyword": ("Closes #12", "#12"),
        "closing keyword with colon": ("Fixes: #12", "#12"),
        "issue link": ("https://github.com/owner/repo/issues/12", "owner/repo#12"),
        "link to a comment on an issue": ("https://github.com/o/r/issues/12#issuecomment-345", "o/r#12"),
        "link in Markdown": ("[why](https://github.com/o/r/issues/12)", "o/r#12"),
        "link to a pull request": ("https://github.com/o/r/pull/12 https://github.com/o/r/pull/12/files#r3", ""),
        "pair in an aside": ("done (#657/#638)", "#657 #638"),
        "range": ("#145-#150", "#145 #150"),
        "with punctuation": ("(#12), #13; “#14”: #15.", "#12 #13 #14 #15"),
        "each once, in their order": ("#13 #12 #13", "#13 #12"),
        "with and without repository": ("see #12 and o/r#12", "#12 o/r#12"),
        "zero": ("#0 #012", ""),
        "longer than any issue": ("#12345678", ""),
        "in a word": ("C#7, issue#12, #12th, XGH-3, GH-3a", ""),
        "HTML entity": ("&#39;quoted&#39; &#8217;", ""),
        "colour": ("#1e1e2e #00ff00 #ffffff", ""),
        "anchor of a path": ("docs/#12 ./guide/#3", ""),
        "anchor of an address": ("https://example.com/page#12 and http://localhost:8000/#13", ""),
        "anchor below a number": ("https://peps.python.org/pep-0440/#12", ""),
        "anchor of a deep address": ("https://docs.python.org/3/library/re.html#12", ""),
        "anchor of an address without scheme": ("example.com/guide#12", ""),
        "code span": ("not `#12` but #13", "#13"),
        "code span of two backticks": ("not ``#12`` but #13", "#13"),
        "lone backtick": ("the ` key, #12", "#12"),
        "fence": ("```\n#12\n```\n#13", "#13"),
        "fence with language": ("```sh\ngit show #12\n```", ""),
        "fence of tildes": ("~~~\n#12\n~~~\n#13", "#13"),
        "fence never closed": ("#13\n```\n#12", "#13"),
        "three backticks in a sentence": ("use ``` for code\n\nCloses #12", "#12"),
        "list number with aside": ("- #2 (version bump): x", ""),
        "list number with colon": ("#2: x\n* #3: y\n  - #4. z", ""),
        "list number with dash": ("- #2 — x\n- #3 - y", ""),
        "list number, then a reference": ("- #2 (thing): closes #45", "#45"),
        "list of references": ("- #12, #13", "#12 #13"),
        "list of one reference a line": ("- #12\n- #13\n- #14.", "#12 #13 #14"),
        "list of references with a dash": ("- #12 - #13", "#12 #13"),
        "list of references in an aside": ("- #12 (#13)", "#12 #13"),
        "run of labels": ("Fix #1: a\nFix #2: b\n- Fix #3: c", ""),
        "run of labels beside a real one": ("Fix #1: a\nFix #2: b\nFix #145: c", "#145"),
        "lone label": ("Fix #1: a", "#1"),
        "labels that start no count": ("Fix #7: a\nFix #8: b", "#7 #8"),
        "nothing": ("no issue here", ""),
    },
)  # fmt: skip
def test_references_of_a_body(body: str, expected: str) -> None:
    assert spelled(references("", body)) == expected


@cases(
    "subject body expected",
    {
        "title before body": ("fix #13", "see #12", "#13 #12"),
        "title's code": ("drop `#12`", "", ""),
        "title is no list": ("#12: parse", "", "#12"),
    },
)
def test_references_of_a_message(subject: str, body: str, expected: str) -> None:
    assert spelled(references(subject, body)) == expected


@cases(
    "message expected",
    {
        "pull request": ("fix: x (#12)", ""),
        "pull request named again": ("fix: x (#12)\n\nsee #12 and #13", "#13"),
        "issue beside the pull request": ("fix: x (#11) (#12)", "#11"),
        "issue in the scope": ("fix(#11): x (#12)", "#11"),
        "issue of a type that is not known": ("wip(#11): x", "#11"),
        "issue of another repository, numbered alike": ("fix: x (#12)\n\nCloses other/repo#12", "other/repo#12"),
        "pull request that a revert takes back": ('Revert "feat: x (#11)" (#12)\n\nReverts owner/repo#11', ""),
        "merged pull request that a revert takes back": ('Revert "Merge pull request #11 from o/b" (#12)', ""),
        "issue that a revert names": ('Revert "feat: x (#11)" (#12)\n\nReverts owner/repo#11\n\nCloses #10', "#10"),
    },
)
def test_references_of_a_commit_leave_pull_requests_out(message: str, expected: str) -> None:
    assert spelled(change(message).references) == expected


def test_references_of_a_merge_leave_its_pull_request_out() -> None:
    assert spelled(read(commit("Merge pull request #12 from o/b\n\nfix: x (#11)", parents="a b")).references) == "#11"


@cases(
    "subject body expected",
    {
        "title": ("fix #13", "see #12", "#13"),
        "closed": ("fix", "see #12, closes #13, resolved GH-14", "#13 #14"),
        "closed by link": ("fix", "see #12\nFixes https://github.com/o/r/issues/13", "o/r#13"),
        "squashed titles": ("fix", "* feat: x #12\n\nsee #14\n\n* fix: y #13", "#12 #13"),
        "title, then closed": ("fix #13", "Closes #12", "#13 #12"),
        "else all": ("fix", "see #12 and #13", "#12 #13"),
        "closed in code": ("fix", "`closes #12`, see #13", "#13"),
        "closing words inside others": ("fix", "prefixes #12, see #13", "#12 #13"),
    },
)
def test_what_a_commit_is_about(subject: str, body: str, expected: str) -> None:
    assert spelled(about(subject, body)) == expected
