"""The command `release-coordination`: the same collection for a project that has no tasks.py of its own."""

from invoke.program import Program

from . import ns


def main() -> None:
    """Run the command line."""
    from importlib.metadata import version

    Program(name="release-coordination", binary="release-coordination", namespace=ns,
            version=version("release-coordination")).run()  # fmt: skip
