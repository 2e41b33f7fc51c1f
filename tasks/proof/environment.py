"""A fresh environment into which an installer puts the release, from its index alone."""

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import InvalidVersion, Version

from ..errors import ReleaseError, Unreachable
from ..systems.index import IndexFile
from ..systems.process import Output, run
from ..systems.wheel import RESOLVE, EntryPoint
from .release import Release
from .waiting import NotYet, Once, needs

_CLEARED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS",
            "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")  # fmt: skip
# Whatever else the operator's environment and configuration name, the release comes from its index alone.
_ALONE = {**dict.fromkeys(_CLEARED), "PIP_CONFIG_FILE": "/dev/null", "UV_NO_CONFIG": "1"}
_NOT_FOUND = (
    "no matching distribution",
    "could not find a version",
    "no version of",
    "not found in the package registry",
)
_NO_NETWORK = ("connection", "timed out", "temporary failure", "failed to fetch", "error sending request", "dns error")


@dataclass
class Environment:
    """One installer's environment; `wheel` is the release's wheel on its index."""

    release: Release
    installer: str  # pip or uv
    wheel: Callable[[], IndexFile]
    folder: "tempfile.TemporaryDirectory[str]" = field(init=False)
    _made: Once[None] = field(init=False)
    _installed: Once[str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="release-coordination-", ignore_cleanup_errors=True)
        self._made = Once(lambda: _make(self.installer, self.root, self.wheel().requires_python))
        self._installed = Once(self._install)

    @property
    def root(self) -> Path:
        """Return the environment's folder."""
        return Path(self.folder.name) / "env"

    @property
    def python(self) -> str:
        """Return the environment's interpreter."""
        return str(self.root / "bin" / "python")

    def installed(self) -> str:
        """Install once; return which version is there, as its own metadata says."""
        return self._installed.now()

    def right_version(self) -> str:
        """Return the version that is installed, which must be the release's."""
        found = self.installed()
        if found != str(self.release.version):
            raise ReleaseError(f"{self.installer} installed {found}", expected=str(self.release.version))
        return found

    def choice(self) -> Version | None:
        """Return the version uv takes when it is asked for the package without one; None when it finds none."""
        self._made.now()
        argv = ["uv", "pip", "compile", "--quiet", "--no-deps", "--no-header", "--no-annotate", "--refresh",
                "--python", self.python, "--default-index", self.release.simple, "-"]  # fmt: skip
        what = f"{self.release.package}\n".encode()
        said = run(argv, cwd=Path(self.folder.name), env=_ALONE, stdin=what, check=False)
        if said.code and any(words in said.complaint.lower() for words in _NO_NETWORK):
            raise Unreachable(f"uv could not ask {self.release.simple}: {_last(said)}")
        if said.code:
            return None
        line = next(line for line in said.text.splitlines() if "==" in line)
        return Version(line.split("==")[1].split()[0])

    def command_version(self) -> str:
        """Return what the command answers to --version."""
        needs(f"entry_points_import[{self.installer}]", self.imported)
        command = self.root / "bin" / self.release.command
        if not command.exists():
            raise ReleaseError(f"the wheel installs no command {self.release.command}", expected=str(command.name))
        said = run([str(command), "--version"], cwd=self.root, env=_ALONE, check=False)
        if said.code != 0:
            raise ReleaseError(
                f"`{self.release.command} --version` exits {said.code}: {_last(said)}", expected="exit 0"
            )
        return (said.text or said.complaint).strip()

    def versions_in(self, answer: str) -> set[Version]:
        """Return every version that stands in a command's answer."""
        return versions_in(answer)

    def imported(self) -> int:
        """Return how many entry points import, which must be all."""
        points = self.entry_points()
        broken = [f"{point.name} ({point.group}): {point.error}" for point in points if point.error]
        if broken:
            raise ReleaseError("; ".join(broken), expected="every entry point imports")
        return len(points)

    def entry_points(self) -> list[EntryPoint]:
        """Load every entry point of the distribution and return what became of each."""
        needs(f"install[{self.installer}]", self.right_version)
        said = run([self.python, "-I", str(RESOLVE), self.release.package], cwd=self.root, env=_ALONE)
        return [EntryPoint(**row) for row in json.loads(said.text.strip().splitlines()[-1])]

    def _install(self) -> str:
        wheel = self.wheel()
        self._made.now()
        argv = install_command(self.installer, self.python, self.release, wheel)
        done = run(argv, cwd=Path(self.folder.name), env=_ALONE, check=False)
        if done.code:
            raise _refusal(self.installer, done)
        code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
        return run([self.python, "-I", "-c", code, self.release.package], cwd=self.root, env=_ALONE).text.strip()


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
            "--index-url", index, what]  # fmt: skip


def _make(installer: str, root: Path, requires_python: str) -> None:
    """Make an environment of a Python that the release allows, anew."""
    wanted = ["--python", requires_python] if requires_python else []
    if installer == "uv":
        run(["uv", "venv", "--quiet", "--clear", *wanted, str(root)], cwd=root.parent, env=_ALONE)
        return
    python = run(["uv", "python", "find", "--no-project", *([requires_python] if requires_python else [])],
                 cwd=root.parent, env=_ALONE).text.strip()  # fmt: skip
    run([python, "-m", "venv", "--clear", str(root)], cwd=root.parent, env=_ALONE)


def _refusal(installer: str, done: Output) -> ReleaseError:
    """Return what an installer's failure means: not there yet, not to be reached, or wrong."""
    said = re.sub(r"\s+", " ", done.complaint)
    found = f"{installer} could not install it: {_last(done)}"
    if any(words in said.lower() for words in _NOT_FOUND):
        return NotYet(found)
    return Unreachable(found) if any(words in said.lower() for words in _NO_NETWORK) else ReleaseError(found)


def _last(done: Output) -> str:
    lines = [line.strip() for line in (done.complaint or done.text).splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["it said nothing"])[-1]


def versions_in(text: str) -> set[Version]:
    """Return every version that stands in a command's answer."""
    found = set()
    for word in re.findall(r"[0-9][0-9A-Za-z.!+\-]*", text):
        try:
            found.add(Version(word.rstrip(".")))
        except InvalidVersion:
            continue
    return found
