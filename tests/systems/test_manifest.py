import pytest

from tasks.errors import Refused, ReleaseError
from tasks.systems.manifest import with_version


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[project]\nversion = "1"\n', '[project]\nversion = "2.0"\n'),
        ("[project]\nversion='1' # '1'\n", "[project]\nversion='2.0' # '1'\n"),
        ('\ufeff[project]\r\nversion = "1"\r\n', '\ufeff[project]\r\nversion = "2.0"\r\n'),
        ('project.version = "1"', 'project.version = "2.0"'),
        ('project = {version = "1"}', 'project = {version = "2.0"}'),
        ('[project]\n"version" = "1"\n', '[project]\n"version" = "2.0"\n'),
        (
            '[a.b]\n[project.x]\n[project]\nversion = "1"\n[a]\n',
            '[a.b]\n[project.x]\n[project]\nversion = "2.0"\n[a]\n',
        ),
        ('[project]\nversion = "2.0"', '[project]\nversion = "2.0"'),
    ],
)
def test_the_version_alone_changes(before: str, after: str) -> None:
    assert with_version(before, "2.0") == after


def test_a_version_over_several_lines() -> None:
    """Refused, or written well: never a broken file."""
    text = '[project]\nversion = """\n1"""\n'
    with pytest.raises(Refused, match="without touching more than its version"):
        with_version(text, "2.0")


@pytest.mark.parametrize("text", ["[project]\nversion = 1\n"])
def test_a_version_that_is_no_text(text: str) -> None:
    with pytest.raises(ReleaseError):
        with_version(text, "2.0")
