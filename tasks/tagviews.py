"""What is told of a tag that is taken back."""

from packaging.version import Version

from .report import document, note, say
from .rules.recall import Recall, left_to_do


def tell_plan(recall: Recall, current: Version) -> None:
    """Say what is going to be done, and what to beware of; `current` is the version that pyproject.toml sets."""
    if not recall.places and recall.version != current:
        note(f"note: pyproject.toml sets {current}: was {recall.version} meant?")
    for warning in recall.warnings if recall.places else ():
        note(f"warning: {warning}")
    for step in recall.steps:
        note(f"- {step}")


def report(before: Recall, after: Recall, *, json: bool) -> None:
    """Say what was done and what is left to do; where nothing was, what would be."""
    planned = bool(after.steps)
    if json:
        document({
            "version": str(before.version), "tag": before.tag, "here": before.here or None,
            "remote": before.there or None, "state": "planned" if planned else "gone",
            "cancelled": [] if planned else [run.id for run in before.running],
            "deleted": [] if planned else before.places, "next": left_to_do(after),
        })  # fmt: skip
        return
    if planned:
        say(f"{before.tag} is {' and '.join(before.places) or 'nowhere'}; nothing was done")
        return
    for run in before.running:
        say(f"cancelled {run.url or run.id}")
    if before.places:
        say(f"{before.tag} is gone from {before.remote} and from here; it was {before.there or before.here}")
    else:
        say(f"{before.tag} is neither on {before.remote} nor here")
    for step in left_to_do(after):
        say(f"next: {step}")
