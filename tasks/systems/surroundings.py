"""Surroundings: what is read from the environment variables while another thread changes them."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_ATTEMPTS = 50


def steadily(read: Callable[[], T]) -> T:
    """Return what a function that goes through `os.environ` gives.

    A variable that is taken away meanwhile makes it fail with KeyError, and pytest, whose threads our proof uses, sets
    and takes away one around every test.
    """
    for _ in range(_ATTEMPTS):
        try:
            return read()
        except KeyError:
            continue
    return read()
