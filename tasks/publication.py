"""Whether a version was given out: an index takes none twice, not even one that was yanked or deleted."""

from packaging.version import Version

from .branches import remote_of
from .errors import Refused
from .project import Project
from .systems.index import Index, NotOnIndex, ProjectPage

_NEXT = "inv version.decide shows the next one"


def staged_versions(project: Project) -> frozenset[Version]:
    """Return every version that the staging index has or remembers."""
    page = _page(project, project.settings.staging_index.simple)
    return frozenset(page.versions) if page else frozenset()


def check_on_index(project: Project, version: Version) -> None:
    """Refuse a version that the release index has or ever had a file of, as far as it shows that."""
    page = _page(project, project.settings.index.simple)
    if page is not None and version in page.versions:
        yanked = any(file.yanked for file in page.files if file.version == version)
        raise Refused(
            f"{project.package} {version} was given out: it is on the index{', yanked' if yanked else ''}",
            expected="a version that the index never had: it takes none twice",
            remedy=_NEXT,
        )


def check_unpublished(project: Project, version: Version) -> None:
    """Refuse a version that the release index has or ever had a file of, or that has a tag here or on the remote."""
    tag = f"{project.settings.tag_prefix}{version}"
    where = tag_places(project, tag)
    if where and "here" not in where:
        raise Refused(
            f"{version} was released: the tag {tag} exists {' and '.join(where)}, and not here",
            expected="every tag of the remote here, as what was released is told by them",
            remedy=f"git fetch {remote_of(project).name} --tags, then again",
        )
    check_on_index(project, version)
    if where:
        raise Refused(
            f"{version} was released: the tag {tag} exists {' and '.join(where)}",
            expected="a version without a tag",
            remedy=_NEXT,
        )


def tag_places(project: Project, tag: str) -> dict[str, str]:
    """Return where a tag is, `here` or `on the remote`, with the commit that it leads to."""
    ref = f"refs/tags/{tag}"
    found = {"here": project.git.at(f"{ref}^{{commit}}")}
    there = remote_of(project).refs(ref)
    found["on the remote"] = there.get(f"{ref}^{{}}") or there.get(ref)
    return {where: commit for where, commit in found.items() if commit}


def _page(project: Project, simple: str) -> ProjectPage | None:
    """Return the project's page on an index, None when it was never there."""
    try:
        return Index(simple).page(project.package)
    except NotOnIndex:
        return None
