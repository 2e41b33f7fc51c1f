"""Which kinds of file a version has, and which it lacks."""

from collections.abc import Sequence

import pytest

from tasks.rules.distributions import kinds, lacking

WHEEL, PLATFORM, SDIST = "a-1-py3-none-any.whl", "a-1-cp311-abi3-macosx_11_0_arm64.whl", "a-1.tar.gz"


@pytest.mark.parametrize(("sdist", "there", "missing"), [
    (True, [], ["wheel", "sdist"]), (True, [SDIST], ["wheel"]), (True, [WHEEL, PLATFORM], ["sdist"]),
    (True, [SDIST, WHEEL], []), (False, [], ["wheel"]), (False, [SDIST], ["wheel"]), (False, [PLATFORM], []),
])  # fmt: skip
def test_what_is_missing(sdist: bool, there: Sequence[str], missing: Sequence[str]) -> None:
    assert lacking(there, kinds(sdist=sdist)) == missing
