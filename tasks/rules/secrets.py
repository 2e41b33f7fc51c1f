"""Secrets: what looks like one in a text that somebody else wrote."""

import re

_SECRETS = (
    re.compile(r"\b(?:gh[a-z]_|github_pat_)\w{8,}"),
    re.compile(r"\bpypi-[\w-]{16,}"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"\b\d{6,}:[\w-]{30,}"),  # a bot's token
    re.compile(r"(?<=://)[^/\s@]{1,1000}(?=@)"),
    re.compile(r"(?i)(?<=authorization:)\s*(?:basic|bearer|token)\s+[^\s'\"]+"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{8,}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"(?i)(?<=password=)[^\s&'\"]+|(?<=token=)[^\s&'\"]+|(?<=secret=)[^\s&'\"]+|(?<=sig=)[^\s&'\"]+"),
)


def masked(text: str) -> str:
    """Return a text with whatever looks like a secret taken out; the runner masks only those that it knows."""
    for secret in _SECRETS:
        text = secret.sub("***", text)
    return text
