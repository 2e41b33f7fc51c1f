"""The package indexes proper: simple-repository, in an environment of its own: `index_backend.py FD DIR FD DIR…`.

Serves DIR/<project>/<file> as /simple/ on the listening socket FD, in HTML and JSON, until standard input ends. What
simple-repository's folder component leaves out is added from the files: their digest and the Python they require.
`DIR/yanked.sqlite` is the table of its yank component. The time of upload is the file's time.
"""

# This file is not part of the project's environment: simple-repository and its server are not installed there.
# mypy: ignore-errors
import asyncio
import dataclasses
import email
import hashlib
import os
import socket
import sys
import zipfile
from functools import cache
from pathlib import Path
from threading import Thread

import aiosqlite
import fastapi
import httpx
import uvicorn
from simple_repository import model
from simple_repository.components.core import RepositoryContainer
from simple_repository.components.local import LocalRepository
from simple_repository.components.yanking import SqliteYankProvider, YankRepository
from simple_repository_server.routers import simple


@cache
def _described(path: Path, _changed: float) -> tuple[str, str | None]:
    content = path.read_bytes()
    return hashlib.sha256(content).hexdigest(), _requires_python(path)


def _requires_python(path: Path) -> str | None:
    if path.suffix != ".whl":
        return None
    with zipfile.ZipFile(path) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(wheel.read(name))["Requires-Python"]


class Described(RepositoryContainer):
    """Adds to every file its digest and the Python it requires."""

    def __init__(self, source: LocalRepository, folder: Path) -> None:
        super().__init__(source)
        self._folder = folder

    async def get_project_page(self, project_name: str, *, request_context: object = None) -> model.ProjectDetail:
        page = await super().get_project_page(project_name, request_context=request_context)
        return dataclasses.replace(page, files=tuple(self._describe(project_name, file) for file in page.files))

    def _describe(self, project: str, file: model.File) -> model.File:
        path = self._folder / project / file.filename
        digest, python = _described(path, path.stat().st_mtime_ns)
        return dataclasses.replace(file, hashes={"sha256": digest}, requires_python=python)


async def _application(folder: Path, client: httpx.AsyncClient) -> fastapi.FastAPI:
    table = await aiosqlite.connect(folder / "yanked.sqlite")
    repository = YankRepository(Described(LocalRepository(folder), folder), SqliteYankProvider(table))
    application = fastapi.FastAPI(openapi_url=None)
    application.include_router(simple.build_router(repository, http_client=client))
    return application


async def _serve(folder: Path, descriptor: int, client: httpx.AsyncClient) -> None:
    settings = uvicorn.Config(await _application(folder, client), log_level="warning")
    await uvicorn.Server(settings).serve([socket.socket(fileno=descriptor)])


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


async def main() -> None:
    async with httpx.AsyncClient() as client:
        pairs = zip(sys.argv[1::2], sys.argv[2::2], strict=True)
        await asyncio.gather(*(_serve(Path(folder), int(descriptor), client) for descriptor, folder in pairs))


if __name__ == "__main__":
    Thread(target=_end_with_standard_input, daemon=True).start()
    asyncio.run(main())
