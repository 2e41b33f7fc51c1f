"""The proof of a release: a good one passes, and each defect is caught by the check that names it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .world import World, good


@pytest.fixture
def release(tmp_path: Path) -> Iterator[World]:
    with good(tmp_path) as made:
        yield made


def test_a_good_release_passes(release: World) -> None:
    proved = release.prove(only="")
    assert proved.code == 0, proved.out + proved.err
    assert len(proved.of("PASS")) >= 30
