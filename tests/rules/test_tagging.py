from packaging.version import Version

from tasks.rules.tagging import mismatch, tagging

from .history import cases

HEAD, OTHER = "a" * 40, "b" * 40


@cases(
    "version commit before tag wrong",
    {
        "new": ("1.0.0", "", False, "v1.0.0", False),
        "candidate": ("1.0.0rc1", "", False, "", False),
        "candidate with a tag": ("1.0.0rc1", OTHER, False, "", False),
        "done": ("1.0.0", HEAD, True, "", False),
        "elsewhere": ("1.0.0", OTHER, False, "", True),
        "before, and that is ordinary": ("1.0.0", OTHER, True, "", False),
        "post release": ("1.0.0.post1", "", False, "v1.0.0.post1", False),
    },
)
def test_tagging(version: str, commit: str, before: bool, tag: str, wrong: bool) -> None:
    decided = tagging(Version(version), HEAD, (f"v{version}", commit), released_before=before)
    assert (decided.tag, bool(decided.wrong), bool(decided.reason)) == (tag, wrong, not wrong)


@cases(
    "tag version prefix fits",
    {
        "exact": ("v1.0.0", "1.0.0", "v", True),
        "no prefix": ("1.0.0", "1.0.0", "", True),
        "long prefix": ("part-v1.0.0", "1.0.0", "part-v", True),
        "other version": ("v1.0.1", "1.0.0", "v", False),
        "other prefix": ("1.0.0", "1.0.0", "v", False),
        "beginning alone": ("v1.0.0-2", "1.0.0", "v", False),
        "candidate": ("v1.0.0rc1", "1.0.0rc1", "v", False),
        "none": ("", "1.0.0", "v", False),
    },
)
def test_mismatch(tag: str, version: str, prefix: str, fits: bool) -> None:
    assert (mismatch(tag, Version(version), prefix) == "") is fits
