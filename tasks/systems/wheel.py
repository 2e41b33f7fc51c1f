"""The project's wheel: built from the files git knows, and tried where nothing else is installed."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .process import run
from .resolver import alone

RESOLVE = Path(__file__).with_name("resolve.py")


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """An entry point of the built wheel; `error` is why it does not resolve, or nothing."""

    group: str
    name: str
    value: str
    error: str


@contextmanager
def built(root: Path, files: Sequence[str]) -> Iterator[Path]:
    """Build a wheel from some of the project's files and return its path for as long as the block runs.

    The copy keeps a build back end from leaving its files in the work tree, and untracked rubbish out of the wheel.
    What builds it comes from where the project's own settings of uv say, which uv looks for where it is started.
    """
    with tempfile.TemporaryDirectory(prefix="release-coordination-") as folder:
        source, out = Path(folder) / "source", Path(folder) / "dist"
        for name in files:
            _copy(root / name, source / name)
        run(["uv", "build", "--wheel", "--out-dir", str(out), str(source)], cwd=root)
        yield next(out.glob("*.whl"))


def _copy(source: Path, target: Path) -> None:
    if source.is_file() or source.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def entry_points(wheel: Path, name: str, python: str, index: str) -> list[EntryPoint]:
    """Return every entry point of a wheel, each loaded where nothing but the wheel and what it needs is installed.

    That comes from the `index` alone, as on every host: under the same name another index may have a stranger's code.
    """
    argv = ["uv", "run", "--quiet", "--isolated", "--no-project", "--default-index", index]
    argv += [*(["--python", python] if python else []), "--with", str(wheel), "python", "-I", str(RESOLVE), name]
    output = run(argv, cwd=wheel.parent, env=alone())
    return [EntryPoint(**row) for row in json.loads(output.text.strip().splitlines()[-1])]
