"""A fresh environment into which an installer puts the release, from its index alone."""

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import Version

from ..errors import ReleaseError
from ..rules.versions import same_version, version_of
from ..systems.index import IndexFile
from ..systems.process import Output, run
from ..systems.programs import ProgramSlow
from ..systems.resolver import alone, choice
from ..systems.wheel import RESOLVE, EntryPoint
from .installers import install_command, make_environment, refusal
from .release import Release
from .waiting import Once, needs

_COMMAND_SECONDS = 60.0


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
        self._made = Once(lambda: make_environment(self.installer, self.root, self.wheel().requires_python))
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
        if not same_version(found, self.release.version):
            raise ReleaseError(f"{self.installer} installed {found}", expected=str(self.release.version))
        return found

    def choice(self) -> Version | None:
        """Return the version uv takes when it is asked for the package without one; None when it finds none."""
        self._made.now()
        return choice(self.release.simple, self.release.package, ("--python", self.python))

    def command_version(self) -> str:
        """Return what the command answers to --version."""
        needs(f"entry_points_import[{self.installer}]", self.imported)
        command = self.root / "bin" / self.release.command
        if not command.exists():
            raise ReleaseError(f"the wheel installs no command {self.release.command}", expected=str(command.name))
        said = self._run([str(command), "--version"], check=False)
        if said.code != 0:
            raise ReleaseError(
                f"`{self.release.command} --version` exits {said.code}: {said.essence}", expected="exit 0"
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
        said = self._run([self.python, "-I", str(RESOLVE), self.release.package])
        return [EntryPoint(**row) for row in json.loads(said.text.strip().splitlines()[-1])]

    def _run(self, argv: Sequence[str], *, check: bool = True) -> Output:
        """Run what is installed; a release that never answers is wrong, and must not hold up the others."""
        try:
            return run(argv, cwd=self.root, env=alone(), check=check, seconds=_COMMAND_SECONDS)
        except ProgramSlow as error:
            raise ReleaseError(error.found, expected="an answer") from None

    def _install(self) -> str:
        wheel = self.wheel()
        self._made.now()
        argv = install_command(self.installer, self.python, self.release, wheel)
        done = run(argv, cwd=Path(self.folder.name), env=alone(), check=False)
        if done.code:
            raise refusal(self.installer, done)
        code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
        return run([self.python, "-I", "-c", code, self.release.package], cwd=self.root, env=alone()).text.strip()


def versions_in(text: str) -> set[Version]:
    """Return every version that stands in a command's answer."""
    words = re.findall(r"[0-9][0-9A-Za-z.!+\-]*", text)
    return {version for word in words if (version := version_of(word.rstrip(".")))}
