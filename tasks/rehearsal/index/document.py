"""The index's own JSON: a version with what it says of itself, its files, and whether it is yanked."""

from typing import Any

from ..server import Answer, Request
from . import page
from .archive import File, Project, Release
from .simple import core_metadata, stamp

_KEPT = 900  # seconds


def shown(request: Request, project: Project, release: Release, base: str, *, whole: bool) -> Answer:
    """Return a release, with the files of all others if the whole project is asked for."""
    document = {
        "info": _info(project, release, base),
        "urls": _urls(release, base),
        "vulnerabilities": [],
        "last_serial": project.serial,
        "ownership": {"roles": [{"role": "Owner", "user": "rehearsal"}], "organization": None},
    }
    if whole:
        document["releases"] = {str(item.version): _urls(item, base) for item in reversed(project.releases)}
    return page.shown(request, page.dumped(document), "application/json", project.serial, _KEPT)


def _info(project: Project, release: Release, base: str) -> dict[str, Any]:
    said = release.metadata
    address = f"{base}/project/{project.name}/"
    return {
        "name": project.name,
        "version": str(release.version),
        "summary": said.summary,
        "description": said.description or "",
        "description_content_type": said.description_content_type,
        "keywords": ",".join(said.keywords or []) or None,
        "license": said.license,
        "license_expression": said.license_expression,
        "license_files": said.license_files,
        "classifiers": said.classifiers or [],
        **{key: getattr(said, key) for key in ("author", "author_email", "maintainer", "maintainer_email")},
        "requires_python": str(said.requires_python or "") or None,
        "requires_dist": [str(item) for item in said.requires_dist or []] or None,
        "provides_extra": said.provides_extra or None,
        "dynamic": said.dynamic or None,
        "project_urls": said.project_urls or None,
        "home_page": said.home_page,
        "download_url": said.download_url,
        "package_url": address,
        "project_url": address,
        "release_url": f"{address}{release.version}/",
        "platform": None,
        "docs_url": None,
        "bugtrack_url": None,
        "downloads": {"last_day": -1, "last_week": -1, "last_month": -1},
        "yanked": release.yanked,
        "yanked_reason": release.reason or None,
    }


def _urls(release: Release, base: str) -> list[dict[str, Any]]:
    return [_url(release, file, base) for file in sorted(release.files, key=lambda file: file.filename)]


def _url(release: Release, file: File, base: str) -> dict[str, Any]:
    return {
        "filename": file.filename,
        "packagetype": "bdist_wheel" if file.wheel else "sdist",
        "python_version": file.filename.split("-")[-3] if file.wheel else "source",
        "has_sig": False,
        "comment_text": "",
        "md5_digest": file.digests["md5"],
        "digests": file.digests,
        "core-metadata": core_metadata(file),
        "size": len(file.content),
        "downloads": -1,
        "upload_time": stamp(file)[:19],
        "upload_time_iso_8601": stamp(file),
        "url": f"{base}{file.path}",
        "requires_python": str(release.metadata.requires_python or "") or None,
        "yanked": release.yanked,
        "yanked_reason": release.reason or None,
    }
