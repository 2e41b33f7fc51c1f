"""Loads every entry point of an installed distribution; run by its path with the environment's own Python.

Prints a JSON list of {group, name, value, error}; `error` is empty for one that resolves.
"""

import json
import sys
from importlib.metadata import EntryPoint, distribution


def problem(entry_point: EntryPoint) -> str:
    """Return why an entry point does not resolve, or nothing."""
    try:
        entry_point.load()
    except Exception as error:  # noqa: BLE001 - whatever the project's own import raises is the answer
        return f"{type(error).__name__}: {error}"
    except SystemExit as error:
        return f"the import ends the program (exit {error.code})"
    return ""


def main(name: str) -> None:
    """Print what became of each entry point of a distribution."""
    rows = [
        {"group": point.group, "name": point.name, "value": point.value, "error": problem(point)}
        for point in distribution(name).entry_points
    ]
    sys.__stdout__.write("\n" + json.dumps(rows) + "\n")  # type: ignore[union-attr] # a program started with a pipe


if __name__ == "__main__":
    main(sys.argv[1])
