"""Answers: what a service said, with our own secret taken out of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from ..tokens import Token
from .troubles import WrongAnswer, host_of

T = TypeVar("T")
_LONGEST = 200  # characters of what a service says that fit an error


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """An answer; header names are lower case. `fresh` is False when it is one we had and that is still true."""

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fresh: bool = True
    token: Token | None = None

    def __repr__(self) -> str:
        return f"<answer {self.status} of {host_of(self.url)}, {len(self.body)} bytes>"

    @property
    def ok(self) -> bool:
        """Tell whether the service did what was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def json(self) -> Any:
        """Return the document that the answer holds."""
        media = self.headers.get("content-type", "").partition(";")[0].strip()
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            page = "html" in media or self.body.lstrip()[:1] == b"<"
        what = "a web page" if page else f"{media or 'something'} that is no JSON" if self.body else "nothing"
        raise WrongAnswer(
            self.url,
            f"answered {self.status} with {what}",
            expected="JSON",
            remedy="look whether a proxy, a sign-in page or an outage stands between",
            status=self.status,
        )

    def mapping(self) -> dict[str, Any]:
        """Return the document, which is an object."""
        return self._checked(self.json(), dict, "an object")

    def rows(self) -> list[Any]:
        """Return the document, which is a list."""
        return self._checked(self.json(), list, "a list")

    def _checked(self, document: object, kind: type[T], name: str) -> T:
        if not isinstance(document, kind):
            raise WrongAnswer(self.url, f"answered {self.status} with other JSON", expected=name, status=self.status)
        return document

    def said(self) -> str:
        """Return the service's own words for what is wrong, short; nothing when it has none."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            return ""
        words = document.get("message", "") if isinstance(document, dict) else ""
        text = " ".join(str(words).split())
        return (self.token.hide(text) if self.token else text)[:_LONGEST]
