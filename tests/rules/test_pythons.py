import pytest

from tasks.errors import WrongValue
from tasks.rules.pythons import MAINTAINED, SERIES, supported

from .history import cases


@cases(
    "requires series",
    {
        "from one on": (">=3.13", "3.13 3.14 3.15"),
        "from within one": (">=3.13.4", "3.13 3.14 3.15"),
        "up to": (">=3.12,<3.14", "3.12 3.13"),
        "up to and with": (">=3.12,<=3.13", "3.12 3.13"),
        "not one": (">=3.12,!=3.13.*", "3.12 3.14 3.15"),
        "compatible": ("~=3.12", "3.12 3.13 3.14 3.15"),
        "very old": (">=2.7", " ".join(SERIES)),
        "nothing said": ("", " ".join(MAINTAINED)),
    },
)
def test_supported(requires: str, series: str) -> None:
    assert supported(requires) == tuple(series.split())


def test_classifiers_narrow_it() -> None:
    said = ["Programming Language :: Python :: 3.12", "Programming Language :: Python :: 3 :: Only", "Typing :: Typed"]
    assert supported(">=3.11", said) == ("3.12",)
    assert supported(">=3.13", said) == ("3.13", "3.14", "3.15")
    assert supported(">=3.13", ["Programming Language :: Python :: 3"]) == ("3.13", "3.14", "3.15")


@pytest.mark.parametrize("requires", ["<3", "three"])
def test_what_nothing_fits_is_refused(requires: str) -> None:
    with pytest.raises(WrongValue, match=requires):
        supported(requires)
