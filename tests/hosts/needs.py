"""What real machines need of the computer the tests run on."""

import os
import shutil
import sys

import pytest

from .shell import find_uv

# The Debian packages that bring them; .ci/run installs exactly these.
PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "mount": "mount",
    "nsenter": "util-linux",
}


def missing() -> str | None:
    """Return why real machines are not to be had here, or None."""
    if sys.platform != "linux":
        return f"real machines need Linux, this is {sys.platform}"
    if os.geteuid() != 0:
        return "real machines need root: run the tests with sudo"
    packages = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if packages:
        return f"real machines need programs that are missing: apt-get install {' '.join(packages)}"
    return None if find_uv() else "real machines need uv for the package indexes: pipx install uv"


def require() -> None:
    """Skip the test with the reason where real machines are not to be had; in CI that is a failure."""
    reason = missing()
    if reason and os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)
