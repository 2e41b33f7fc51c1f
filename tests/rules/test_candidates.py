from packaging.version import Version

from tasks.rules.candidates import judge

from .history import cases

WHEEL, SDIST = "a-1.0rc1-py3-none-any.whl", "a-1.0rc1.tar.gz"
BUILT = {WHEEL: "w", SDIST: "s"}


@cases(
    "there publish wrong",
    {
        "nothing there": ({}, (WHEEL, SDIST), ""),
        "the same": ({WHEEL: "w", SDIST: "s"}, (), ""),
        "another wheel": ({WHEEL: "x", SDIST: "s"}, (), "1.0rc1 is on the staging index with other content: " + WHEEL),
        "another source archive": ({WHEEL: "w", SDIST: "x"}, (), ""),
        "the wheel alone, the same": ({WHEEL: "w"}, (SDIST,), ""),
        "the source archive alone, the same": ({SDIST: "s"}, (WHEEL,), ""),
        "the source archive alone, another": (
            {SDIST: "x"},
            (),
            f"1.0rc1 is on the staging index with other content: {SDIST}",
        ),
        "a file of another platform": ({"a-1.0rc1-cp312-none-any.whl": "w"}, (WHEEL, SDIST), ""),
    },
)
def test_a_build_against_the_index(there: dict[str, str], publish: tuple[str, ...], wrong: str) -> None:
    judgement = judge(Version("1.0rc1"), BUILT, there, ())
    assert (judgement.publish, judgement.wrong) == (publish, wrong)


@cases(
    "published wrong",
    {
        "an earlier one": (["1.0rc0", "0.9", "2.0rc1"], ""),
        "a later one": (["1.0rc2", "1.0rc3"], "1.0rc1 is lower than 1.0rc3, which is on the staging index"),
        "the final one": (["1.0"], "1.0rc1 is lower than 1.0, which is on the staging index"),
    },
)
def test_a_version_against_those_published(published: list[str], wrong: str) -> None:
    judgement = judge(Version("1.0rc1"), BUILT, {}, [Version(text) for text in published])
    assert judgement.wrong == wrong
    assert bool(judgement.publish) is not bool(wrong)


def test_a_final_version_is_no_candidate() -> None:
    judgement = judge(Version("1.0"), BUILT, {WHEEL: "x"}, ())
    assert (judgement.publish, judgement.wrong) == ((), "")
