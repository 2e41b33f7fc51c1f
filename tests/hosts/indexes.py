"""Two package indexes that the machines reach, one for releases and one for candidates.

Behind both is simple-repository, a real index in an environment of its own: the simple API in HTML and JSON and the
files. In front is a small server for what no such index has: PyPI's JSON for a version, and faults on demand.
"""

import hashlib
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from . import roots
from .front import Fault, Front, ask, listening
from .shell import find_uv, sh, wait

__all__ = ["Fault", "Index", "Indexes", "ask", "serve"]

_REQUIREMENTS = ("simple-repository-server==0.10.0", "simple-repository==0.11.1", "aiosqlite==0.22.1")


@dataclass
class Index:
    """One index. `simple` and `json` are its addresses as settings want them."""

    name: str
    folder: Path
    upstream: str
    host: str
    port: int = 0
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the address that the others begin with."""
        return f"http://{self.host}:{self.port}"

    @property
    def simple(self) -> str:
        """Return the address of the simple API."""
        return f"{self.url}/simple/"

    @property
    def json(self) -> str:
        """Return the address of the JSON API: `<json>/<name>/<version>/json`."""
        return f"{self.url}/pypi"

    def add(self, filename: str, content: bytes, uploaded: datetime | None = None) -> str:
        """Upload a file, at a time of one's choice, and return its sha256."""
        folder = self.folder / _project(filename)[0]
        folder.mkdir(parents=True, exist_ok=True)
        hidden = self.folder / f".{filename}"
        hidden.write_bytes(content)
        when = (uploaded or datetime.now(UTC)).timestamp()
        os.utime(hidden, (when, when))
        hidden.rename(folder / filename)
        return hashlib.sha256(content).hexdigest()

    def remove(self, filename: str) -> None:
        """Delete a file."""
        (self.folder / _project(filename)[0] / filename).unlink()

    def yank(self, project: str, version: str, reason: str) -> None:
        """Yank a version; an empty reason takes it back."""
        with closing(sqlite3.connect(self.folder / "yanked.sqlite")) as table, table:
            table.execute(
                "CREATE TABLE IF NOT EXISTS yanked_versions (project_name TEXT, version TEXT, reason TEXT,"
                " date TIMESTAMP DEFAULT CURRENT_TIMESTAMP, CONSTRAINT pk PRIMARY KEY (project_name, version))"
            )
            table.execute("DELETE FROM yanked_versions WHERE project_name = ? AND version = ?", (project, version))
            if reason:
                values = (project, version, reason)
                table.execute("INSERT INTO yanked_versions (project_name, version, reason) VALUES (?, ?, ?)", values)

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """Let a fault last for the block."""
        self.faults.append(fault)
        try:
            yield
        finally:
            self.faults.remove(fault)

    def version_page(self, project: str, version: str | None) -> dict[str, Any] | None:
        """Return PyPI's JSON of a version (of the newest without one), or None."""
        page = self._page(project)
        files = [file for file in page if version in (None, _project(file["filename"])[1])]
        if not files:
            return None
        version = version or _project(files[-1]["filename"])[1]
        urls = [_url(file) for file in files if _project(file["filename"])[1] == version]
        yanked = {key: urls[0][key] for key in ("yanked", "yanked_reason")}
        info = {"name": project, "version": version, "requires_python": urls[0]["requires_python"], **yanked}
        return {"info": info, "urls": urls, "last_serial": len(page), "vulnerabilities": []}

    def _page(self, project: str) -> list[dict[str, Any]]:
        accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
        status, _, body = ask(self.upstream, f"/simple/{project}/", accept)
        files = json.loads(body)["files"] if status == HTTPStatus.OK else []
        return [{**file, "url": f"{self.url}/resources/{project}/{file['filename']}"} for file in files]


def _url(file: dict[str, Any]) -> dict[str, Any]:
    """Return a file of the simple API in the words of the JSON API."""
    wheel = file["filename"].endswith(".whl")
    yanked = file.get("yanked", False)
    return {
        "filename": file["filename"],
        "url": file["url"],
        "packagetype": "bdist_wheel" if wheel else "sdist",
        "python_version": "py3" if wheel else "source",
        "requires_python": file.get("requires-python"),
        "digests": file["hashes"],
        "size": file["size"],
        "upload_time_iso_8601": file["upload-time"],
        "yanked": bool(yanked),
        "yanked_reason": yanked if isinstance(yanked, str) else None,
    }


def _project(filename: str) -> tuple[str, str]:
    """Return the normalized project and the version that a file name says."""
    if filename.endswith(".whl"):
        name, version, *_ = parse_wheel_filename(filename)
    else:
        name, version = parse_sdist_filename(filename)
    return canonicalize_name(name), str(version)


@dataclass(frozen=True, slots=True)
class Indexes:
    """Both indexes."""

    release: Index
    staging: Index


@contextmanager
def serve(folder: Path, host: str) -> Iterator[Indexes]:
    """Give two empty indexes that listen at this address; their files lie below `folder`."""
    with ExitStack() as stack:
        pair = stack.enter_context(_backend(folder, host))
        for index in pair:
            index.port = stack.enter_context(listening(host, partial(Front, index)))
        yield Indexes(*pair)


@contextmanager
def _backend(folder: Path, host: str) -> Iterator[list[Index]]:
    """Give both indexes, with what is behind them: it gets its sockets from here, so that nobody takes its ports."""
    argv, pair = [str(_python()), str(Path(__file__).with_name("index_backend.py"))], []
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128)) for _ in range(2)]
        for name, listener in zip(("release", "staging"), sockets, strict=True):
            pair.append(Index(name, folder / name, f"127.0.0.1:{listener.getsockname()[1]}", host))
            pair[-1].folder.mkdir(parents=True)
            argv += [str(listener.fileno()), str(pair[-1].folder)]
        log = folder / "backend.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,  # it ends when this process does, however that comes
                stdout=file,
                stderr=file,
                pass_fds=[listener.fileno() for listener in sockets],
                start_new_session=True,
            )
    try:
        for index in pair:
            wait("the package indexes", partial(_answers, process, index.upstream, log))
        yield pair
    finally:
        process.kill()
        process.communicate()


def _answers(process: subprocess.Popen[bytes], upstream: str, log: Path) -> bool:
    if process.poll() is not None:
        raise AssertionError(f"the package indexes ended at once: {log.read_text('utf-8')[-1500:]}")
    with suppress(OSError, http.client.HTTPException):
        return ask(upstream, "/simple/", {})[0] == HTTPStatus.OK
    return False


def _python() -> Path:
    """Return the Python of the environment that has simple-repository; the first call on a computer makes it."""
    folder = roots.cache() / f"index-{roots.digest(sys.version, *_REQUIREMENTS)}"
    python = folder / "bin" / "python"
    uv = find_uv() or "uv"
    with roots.locked(folder.name):
        if not (folder / "complete").exists():
            sh(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
            sh(uv, "pip", "install", "--quiet", "--python", str(python), *_REQUIREMENTS, seconds=900)
            (folder / "complete").touch()
    return python
