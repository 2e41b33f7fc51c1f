"""GitHub Actions: what a step hands on to the next, and how it shows an error."""

import os
from pathlib import Path

from ..report import note, say
from ..rules.findings import Finding, annotation


def hand_on(name: str, value: str) -> None:
    """Set an output of the step that this runs in; elsewhere nothing is to be done."""
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{name}={' '.join(value.split())}\n")


def complain(title: str, message: str) -> None:
    """Print an error: on GitHub Actions as an annotation of the run as well."""
    note(f"error: {message}")
    if os.environ.get("GITHUB_ACTIONS"):
        say(annotation(Finding(title, message.partition("\n")[0]), title))
