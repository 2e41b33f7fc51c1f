"""The simple API: the list of projects and a project's files, in HTML (PEP 503) and JSON (PEP 691)."""

from collections.abc import Mapping
from html import escape
from typing import Any

from ..server import Answer, Request
from . import page
from .archive import File, Project, Release, Snapshot

_VERSION = "1.4"  # PEP 700 (1.1), 708 (1.2), 740 (1.3), 792 (1.4)
_HTML = "application/vnd.pypi.simple.v1+html"
_JSON = "application/vnd.pypi.simple.v1+json"
_OFFERS = ("text/html", _HTML, _JSON)
_KEPT = 600  # seconds


def root(request: Request, snapshot: Snapshot) -> Answer:
    """Return the list of projects."""
    projects = [{"name": item.name, "_last-serial": item.serial} for item in snapshot.projects.values()]
    document = {"meta": _meta(snapshot.serial), "projects": projects}
    links = [f'<a href="/simple/{item.normalized}/">{escape(item.name)}</a>' for item in snapshot.projects.values()]
    return _answer(request, snapshot.serial, document, _page("Simple index", links))


def project(request: Request, project: Project, base: str) -> Answer:
    """Return a project's files; `base` is what their addresses begin with."""
    document = detail(project, base)
    links = [_link(file) for file in document["files"]]
    status = f'<meta name="pypi:project-status" content="{document["project-status"]["status"]}">'
    title = f"Links for {document['name']}"
    text = _page(title, [f"<h1>{title}</h1>", *links], status) + f"<!--SERIAL {project.serial}-->"
    return _answer(request, project.serial, document, text)


def detail(project: Project, base: str) -> dict[str, Any]:
    """Return a project in the words of PEP 691, 700, 714, 740 and 792."""
    return {
        "meta": _meta(project.serial),
        "name": project.normalized,
        "project-status": {"status": "active"},
        "versions": [str(release.version) for release in project.releases],
        "files": [
            _file(project, release, file, base)
            for release in project.releases
            for file in sorted(release.files, key=lambda file: file.filename)
        ],
    }


def _meta(serial: int) -> dict[str, Any]:
    return {"api-version": _VERSION, "_last-serial": serial}


def _file(project: Project, release: Release, file: File, base: str) -> dict[str, Any]:
    core = core_metadata(file)
    where = f"{base}/integrity/{project.normalized}/{release.version}/{file.filename}/provenance"
    return {
        "filename": file.filename,
        "url": f"{base}{file.path}",
        "hashes": {"sha256": file.digests["sha256"]},
        "requires-python": str(release.metadata.requires_python or "") or None,
        "size": len(file.content),
        "upload-time": stamp(file),
        "yanked": release.mark,
        "data-dist-info-metadata": core,  # the name before PEP 714; the index still gives both
        "core-metadata": core,
        "provenance": where if file.provenance else None,
    }


def core_metadata(file: File) -> Mapping[str, str] | bool:
    """Return the digest of the metadata beside a file (PEP 658), or that there is none."""
    return {"sha256": file.metadata_digest} if file.metadata is not None else False


def stamp(file: File) -> str:
    """Return when a file was uploaded, as the index writes it."""
    return file.uploaded.replace(tzinfo=None).isoformat() + "Z"


def _link(file: Mapping[str, Any]) -> str:
    marks = {"data-requires-python": file["requires-python"], "data-provenance": file["provenance"]}
    if file["yanked"] is not False:
        marks["data-yanked"] = file["yanked"] if isinstance(file["yanked"], str) else ""
    if file["core-metadata"]:
        digest = f"sha256={file['core-metadata']['sha256']}"
        marks |= {"data-dist-info-metadata": digest, "data-core-metadata": digest}
    said = "".join(f' {name}="{escape(value)}"' for name, value in marks.items() if value is not None)
    return (
        f'<a href="{escape(file["url"])}#sha256={file["hashes"]["sha256"]}"{said}>{escape(file["filename"])}</a><br />'
    )


def _page(title: str, lines: list[str], head: str = "") -> str:
    meta = f'<meta name="pypi:repository-version" content="{_VERSION}">'
    top = f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{meta}\n{head}\n<title>{title}</title>\n</head>\n<body>\n'
    return "".join([top, *(f"{line}\n" for line in lines), "</body>\n</html>\n"])


def _answer(request: Request, serial: int, document: Mapping[str, Any], text: str) -> Answer:
    kind = page.preferred(request.headers.get("accept", ""), _OFFERS) or "text/html"
    if kind == _JSON:
        return page.shown(request, page.dumped(document), kind, serial, _KEPT, Vary="Accept")
    return page.shown(request, text, f"{kind}; charset=UTF-8", serial, _KEPT, Vary="Accept")
