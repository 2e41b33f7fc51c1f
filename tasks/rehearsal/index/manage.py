"""The pages on which a maintainer yanks a release by hand; nobody has to sign in here."""

from html import escape

from ..server import Answer
from .archive import Project, Release
from .form import Form

_ACTIONS = {"yank": "Yank release", "unyank": "Un-yank release"}


def release(project: Project, release: Release, flash: str) -> Answer:
    """Return the page of a release, with the form that yanks it or takes that back."""
    action = "unyank" if release.yanked else "yank"
    reason = '<label>Reason (optional) <input name="yanked_reason" type="text"></label>\n' if action == "yank" else ""
    state = f"<p>Yanked: {escape(release.reason)}</p>\n" if release.yanked else ""
    return _page(
        f"Release version {release.version} of {project.name}",
        f'{_flashed(flash)}{state}<form method="POST">\n{reason}'
        f'<label>Version <input name="confirm_{action}_version" type="text"></label>\n'
        f'<button type="submit">{_ACTIONS[action]}</button>\n</form>\n',
    )


def releases(project: Project, flash: str) -> Answer:
    """Return the page that lists a project's releases."""
    rows = [
        f'<li><a href="../release/{item.version}/">{item.version}</a>{" yanked" if item.yanked else ""}</li>\n'
        for item in reversed(project.releases)
    ]
    return _page(f"Releases of {project.name}", f"{_flashed(flash)}<ul>\n{''.join(rows)}</ul>\n")


def asked(form: Form, release: Release) -> tuple[str, str, str]:
    """Return what a sent form asks for (yank, unyank or nothing), the reason, and what the next page says."""
    action = next((name for name in _ACTIONS if f"confirm_{name}_version" in form.fields), "")
    typed = form.one(f"confirm_{action}_version")
    if not typed:
        return "", "", "Confirm the request"
    word = "yank" if action == "yank" else "un-yank"
    if typed != str(release.version):
        return "", "", f"Could not {word} release - {typed!r} is not the same as '{release.version}'"
    return action, form.one("yanked_reason"), f"{word.capitalize()}ed release '{release.version}'"


def _flashed(message: str) -> str:
    return f'<p class="notification-bar">{escape(message)}</p>\n' if message else ""


def _page(title: str, body: str) -> Answer:
    text = (
        f'<!DOCTYPE html>\n<html lang="en">\n<title>{escape(title)}</title>\n<h1>{escape(title)}</h1>\n{body}</html>\n'
    )
    return Answer(200, text.encode(), {"Content-Type": "text/html; charset=UTF-8", "Cache-Control": "no-store"})
