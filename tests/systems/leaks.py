"""A token, and all the ways in which an error could show it."""

import traceback

from tasks.systems.tokens import Token

SECRET = "ghp_0123456789abcdefSECRET"
TOKEN = Token(SECRET, "GITHUB_TOKEN")


def told(error: BaseException) -> str:
    """Return all that anybody could print of an error: itself, its traceback, the locals of every frame of ours."""
    ours = error.__traceback__
    while ours and "/tests/" in ours.tb_frame.f_code.co_filename:
        ours = ours.tb_next
    trace = traceback.TracebackException(type(error), error, ours, capture_locals=True)
    parts = (str(part) for part in (error, repr(error), vars(error), error.__cause__, error.__context__))
    return "".join(trace.format()) + "\n".join(parts)
