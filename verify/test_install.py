"""Installers take the release from its index alone, and it works."""

from typing import Any

import pytest

pytestmark = pytest.mark.install


def test_install(environment: Any) -> str:
    return f"{environment.installer} installed {environment.right_version()}"


def test_command(environment: Any, release: Any) -> str:
    said = environment.command_version()
    assert release.version in environment.versions_in(said), f"`{release.command} --version` says {said[:200]!r}"
    return f"`{release.command} --version` says {said[:200]!r}"


def test_entry_points_import(environment: Any) -> str:
    return f"{environment.imported()} entry points import"
