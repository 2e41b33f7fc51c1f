"""The browser: a page shown to whoever sits at a terminal with a display."""

import os
import sys
import webbrowser

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def terminal() -> bool:
    """Tell whether a person is there: somebody who reads and can answer."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def show(url: str) -> bool:
    """Open a page for a person, and tell whether that went well; without a display nothing is tried.

    A browser that runs in the terminal would take it over, and one writes what it likes on standard output.
    """
    display = sys.platform == "darwin" or any(os.environ.get(name) for name in _DISPLAYS)
    if not (display and terminal() and sys.stdout.isatty()):
        return False
    try:
        return webbrowser.open(url)
    except (OSError, webbrowser.Error):
        return False
