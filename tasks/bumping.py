"""Setting a version: pyproject.toml and uv.lock in step, or both as they were."""

from .project import Project
from .report import progress
from .systems.files import check_writable, read_text, restored, write_text
from .systems.manifest import with_version
from .systems.uv import lock, lock_file


def set_version(project: Project, version: str) -> list[str]:
    """Set the project's version and lock it; return the files that changed, none when it was so already.

    An interrupt or a lock that fails puts both files back; a lock that an earlier run did not reach is made.
    """
    pyproject, locked = project.pyproject_path, lock_file(project.root)
    files = [pyproject, *([locked] if locked else [])]
    for path in files:
        check_writable(path)
    before = {path: path.read_bytes() for path in files}
    with restored(files):
        text = read_text(pyproject)
        wanted = with_version(text, version)
        if wanted != text:
            write_text(pyproject, wanted)
        if locked:
            with progress("uv lock"):
                lock(project.root)
    return [path.name for path in files if path.read_bytes() != before[path]]
