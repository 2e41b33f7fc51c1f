"""The GitHub token: found in the environment or asked of `gh`, and never shown."""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

from ..errors import Unreachable, WrongValue
from .process import run

VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN")
HIDDEN: Final = "***"
_SHORTEST = 8  # characters; what is shorter is no token, and taking it out of texts would spoil them


class Token:
    """A secret that identifies us; whatever prints one shows where it came from."""

    __slots__ = ("_value", "identity", "origin")

    def __init__(self, value: str, origin: str) -> None:
        if len(value) < _SHORTEST or not value.isascii() or not value.isprintable() or " " in value:
            raise WrongValue(
                f"{origin} holds no token", expected="a GitHub token: letters, digits and underscores, no blanks"
            )
        self._value = value
        self.origin = origin
        self.identity = hashlib.sha256(value.encode()).hexdigest()[:16]

    def reveal(self) -> str:
        """Return the secret; only the request's header may ask for it."""
        return self._value

    def hide(self, text: str) -> str:
        """Return a text with this secret taken out."""
        return text.replace(self._value, HIDDEN)

    def hide_bytes(self, content: bytes) -> bytes:
        """Return bytes with this secret taken out."""
        return content.replace(self._value.encode(), HIDDEN.encode())

    def __repr__(self) -> str:
        return f"<token from {self.origin}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other.identity == self.identity

    def __hash__(self) -> int:
        return hash(self.identity)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is not to be stored")


def find_token(
    api: str = "https://api.github.com",
    environment: Mapping[str, str] = os.environ,
    ask: Callable[[str], str] | None = None,
) -> Token | None:
    """Return the token for an API's address: from GITHUB_TOKEN, GH_TOKEN, or `gh auth token`; None without any."""
    for name in VARIABLES:
        value = environment.get(name, "").strip()
        if value:
            return Token(value, name)
    value = (ask or gh_token)(hostname(api)).strip()
    return Token(value, "gh auth token") if value else None


def without_tokens(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return what a program said without the tokens of the environment, which it was started with."""
    for name in VARIABLES:
        value = environment.get(name, "").strip()
        text = text.replace(value, HIDDEN) if len(value) >= _SHORTEST else text
    return text


def hostname(api: str) -> str:
    """Return the name under which `gh` knows the service of an API's address."""
    address = urlsplit(api)
    host = address.hostname or ""
    return host if address.path.strip("/") else host.removeprefix("api.")


def gh_token(host: str) -> str:
    """Return what `gh` would sign in with at a host; nothing when gh is missing or not signed in there."""
    try:
        output = run(["gh", "auth", "token", "--hostname", host], cwd=Path.cwd(), check=False)
    except Unreachable:
        return ""
    return output.text if output.code == 0 else ""
