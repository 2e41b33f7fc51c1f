"""What decides about tags and candidates, seen in the repository, in the built files and on the staging index."""

import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from .errors import WrongValue
from .project import Project
from .report import progress
from .rules.candidates import Judgement, judge
from .rules.settings import table_at
from .rules.tagging import Tagging, tagging
from .rules.versions import is_candidate, read_version
from .systems.archives import content_digest
from .systems.index import Index, IndexFile, NotOnIndex


def version_at(project: Project, revision: str) -> str:
    """Return the version that pyproject.toml set at a revision; nothing where it set none."""
    content = project.git.content(project.git.resolve(revision), "pyproject.toml")
    try:
        document = tomllib.loads((content or b"").decode("utf-8-sig", "replace"))
    except tomllib.TOMLDecodeError:
        return ""
    return str(table_at(document, "project").get("version", ""))


def tag_commit(project: Project, revision: str) -> Tagging:
    """Return what a commit on the stable branch gets."""
    head = project.git.resolve(revision)
    version = read_version(version_at(project, head), f"the version that {head[:8]} sets")
    name = f"{project.settings.tag_prefix}{version}"
    commit = next((commit for tag, commit, _, _ in project.git.tags() if tag == name), "")
    before = bool(commit) and not project.settings.development_branch and name in project.git.merged_tags(head)
    return tagging(version, head, (name, commit), released_before=before)


def judge_candidate(project: Project, dist: Path) -> tuple[list[Path], Judgement]:
    """Return the built files of the version that is set, and whether they may be published."""
    files = built_files(project, dist)
    if not is_candidate(project.version):
        return files, judge(project.version, {}, {}, ())
    built = {file.name: content_digest(file.name, file.read_bytes()) for file in files}
    with progress(f"looking at {project.settings.staging_index.simple}"):
        index = Index(project.settings.staging_index.simple)
        published = _published(index, project.package)
        same = [file for file in published if file.version == project.version]
        there = {file.filename: content_digest(file.filename, index.download(file)) for file in same}
    return files, judge(project.version, built, there, {file.version for file in published})


def _published(index: Index, package: str) -> list[IndexFile]:
    try:
        return index.files(package)
    except NotOnIndex:
        return []


def built_files(project: Project, dist: Path) -> list[Path]:
    """Return the wheels and source archives in a folder; refuse those of another version, and none at all."""
    files = sorted([*dist.glob("*.whl"), *dist.glob("*.tar.gz")])
    if not files:
        raise WrongValue(f"nothing is built in {dist}", expected="a wheel", remedy=f"uv build --out-dir {dist}")
    for file in files:
        try:
            parse = parse_wheel_filename if file.suffix == ".whl" else parse_sdist_filename
            version = parse(file.name)[1]
        except (InvalidWheelFilename, InvalidSdistFilename) as error:
            raise WrongValue(str(error), expected="files that a build made") from None
        if version != project.version:
            raise WrongValue(f"{file.name} is in {dist}", expected=f"files of {project.version} alone")
    return files


def copy_files(files: Sequence[Path], folder: Path) -> None:
    """Copy files into a folder of their own."""
    if files:
        folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy2(file, folder)
