"""Installers: how pip and uv make an environment, what they are told to install, and what their refusals mean."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ..errors import ReleaseError, Unreachable
from ..systems.index import IndexFile
from ..systems.process import Output, run
from ..systems.resolver import alone
from .release import Release
from .waiting import NotYet

_NOT_FOUND = (
    "no matching distribution",
    "could not find a version",
    "no version of",
    "not found in the package registry",
)
_NO_NETWORK = ("connection", "timed out", "temporary failure", "failed to fetch", "error sending request", "dns error")


def install_command(installer: str, python: str, release: Release, wheel: IndexFile) -> list[str]:
    """Return the command line that installs the release from one index.

    A candidate is named by its file's address and hash, and what it needs comes from the release index: a test index
    that is asked for dependencies runs whatever anybody uploads there under their names.
    """
    what = f"{release.package}=={release.version}"
    if release.candidate:
        what = f"{release.package} @ {wheel.url}#sha256={wheel.sha256}"
    index = release.project.settings.index.simple
    if installer == "uv":
        return ["uv", "pip", "install", "--quiet", "--refresh-package", release.package, "--python", python,
                "--default-index", index, what]  # fmt: skip
    return [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-input",
            "--index-url", index, *_trusted(index, release.simple), what]  # fmt: skip


def _trusted(*addresses: str) -> list[str]:
    """Return what pip needs to take files from addresses without TLS: settings', never what an index says."""
    parts = [urlsplit(address) for address in addresses]
    hosts = dict.fromkeys(part.netloc.rpartition("@")[2] for part in parts if part.scheme == "http")
    return [word for host in hosts for word in ("--trusted-host", host)]


def make_environment(installer: str, root: Path, requires_python: str) -> None:
    """Make an environment of a Python that the release allows, anew."""
    # The index says it, and uv takes paths for an answer too: a specifier is nothing else once it was read as one.
    requires_python = str(_specifiers(requires_python))
    wanted = ["--python", requires_python] if requires_python else []
    if installer == "uv":
        run(["uv", "venv", "--quiet", "--clear", *wanted, str(root)], cwd=root.parent, env=alone())
        return
    python = run(["uv", "python", "find", "--no-project", *([requires_python] if requires_python else [])],
                 cwd=root.parent, env=alone()).text.strip()  # fmt: skip
    run([python, "-m", "venv", "--clear", str(root)], cwd=root.parent, env=alone())


def _specifiers(requires_python: str) -> SpecifierSet:
    try:
        return SpecifierSet(requires_python)
    except InvalidSpecifier:
        raise ReleaseError(f"the index says requires-python {requires_python!r}", expected="such as >=3.11") from None


def refusal(installer: str, done: Output) -> ReleaseError:
    """Return what an installer's failure means: not there yet, not to be reached, or wrong."""
    said = re.sub(r"\s+", " ", done.complaint)
    found = f"{installer} could not install it: {done.essence}"
    if any(words in said.lower() for words in _NOT_FOUND):
        return NotYet(found)
    return Unreachable(found) if any(words in said.lower() for words in _NO_NETWORK) else ReleaseError(found)
