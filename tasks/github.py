"""GitHub as a project's settings mean it: the client that every task asks, and the one that changes something."""

from .errors import WrongValue
from .project import Project
from .report import note
from .systems.github import Editor, Github
from .systems.tokens import find_token
from .systems.web import Web


def github_of(project: Project, web: Web | None = None) -> Github:
    """Return the project's repository on GitHub, with a token where there is one; long waits are told."""
    if not project.repository:
        raise WrongValue(
            "no repository on GitHub is configured: none in the settings, project.urls or the origin remote",
            expected='repository = "owner/name" in [tool.release-coordination]',
            remedy="set it, or add the remote: git remote add origin https://github.com/owner/name",
        )
    api = project.settings.github.api
    return Github(api, project.repository, find_token(api), web or Web(note=note))


def editor_of(project: Project, web: Web | None = None) -> Editor:
    """Return the project's repository on GitHub, to be changed; that needs a token."""
    return editing(github_of(project, web))


def editing(github: Github) -> Editor:
    """Return the same repository, to be changed; that needs a token."""
    if github.token is None:
        raise WrongValue(
            f"no token for GitHub was found, and nothing of {github.repository} can be changed without one",
            expected="GITHUB_TOKEN, GH_TOKEN, or gh signed in",
            remedy="gh auth login, or set GITHUB_TOKEN",
        )
    return Editor(github)
