"""The release runs on the hosts, well, and from the index it was published on."""

from typing import Any

import pytest

pytestmark = pytest.mark.service


def test_unit(host: Any) -> str:
    return str(host.check("unit"))


def test_steady(host: Any) -> str:
    return str(host.check("steady"))


def test_version(host: Any) -> str:
    return str(host.check("version"))


def test_journal(host: Any) -> str:
    return str(host.check("journal"))


def test_liveness(host: Any) -> str:
    return str(host.check("liveness"))


def test_origin(host: Any, release: Any) -> str:
    found = host.origin()
    expected = "a checkout" if host.dev else release.origin
    assert found == expected, f"it was installed from {found or 'nobody knows where'}, expected {expected}"
    return f"from {found}"
