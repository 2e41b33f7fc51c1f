"""The API: addresses, headers, pages and errors that all of GitHub's parts have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from ..tokens import Token
from ..web import Answer, Strayed, Web, WrongAnswer
from .troubles import Missing, refusal

T = TypeVar("T")
Row = dict[str, Any]

JSON = "application/vnd.github+json"
RAW = "application/vnd.github.raw+json"
VERSION = {"X-GitHub-Api-Version": "2022-11-28"}
# A conflict is how an empty repository answers a question about its history.
_NOTHING = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.CONFLICT)
_PAGE = 100


@dataclass(frozen=True)
class Api:
    """A repository on GitHub; `deadline`, a moment of the web's clock, ends every question asked through it."""

    api: str
    repository: str
    token: Token | None = None
    web: Web = field(default_factory=Web, repr=False)
    deadline: float | None = None

    def within(self, deadline: float | None) -> Self:
        """Return the same, to be asked until a moment at the latest."""
        return replace(self, deadline=deadline)

    @property
    def owner(self) -> str:
        """Return the owner's name."""
        return self.repository.partition("/")[0]

    @property
    def name(self) -> str:
        """Return the repository's name without its owner."""
        return self.repository.partition("/")[2]

    @property
    def graphql(self) -> str:
        """Return the address of GraphQL, which is beside that of REST."""
        base = self.api.rstrip("/")
        return f"{base.removesuffix('/v3')}/graphql"

    def url(self, *parts: str | int, **query: str | int | None) -> str:
        """Return an address below the repository's; slashes in a part belong to its name."""
        return self.at("repos", self.owner, self.name, *parts, **query)

    def at(self, *parts: str | int, **query: str | int | None) -> str:
        """Return an address of the API; parameters that are empty are left out."""
        path = "/".join(quote(str(part), safe="") for part in parts)
        asked = urlencode({name: value for name, value in query.items() if value not in {None, ""}})
        return f"{self.api.rstrip('/')}/{path}" + (f"?{asked}" if asked else "")

    def ask(self, url: str, *, accept: str = JSON, elsewhere: bool = False) -> Answer | None:
        """Return what an address answers, None when there is nothing."""
        answer = self.web.get(
            url, accept=accept, token=self.token, headers=VERSION, deadline=self.deadline, elsewhere=elsewhere
        )
        if answer.status in _NOTHING:
            return None
        if not answer.ok:
            raise refusal(answer, self.token)
        return answer

    def one(self, url: str, read: Callable[[Row], T]) -> T | None:
        """Return what an address describes, None when there is nothing."""
        answer = self.ask(url)
        return None if answer is None else meaning(answer, answer.mapping(), read)

    def need(self, url: str, read: Callable[[Row], T], what: str) -> T:
        """Return what an address describes and has to be there."""
        found = self.one(url, read)
        if found is None:
            raise Missing(url, self.token, what)
        return found

    def many(self, url: str, read: Callable[[Row], T], *, key: str = "", most: int | None = None) -> Iterator[T]:
        """Yield what the pages of an address list, at most so many; `key` is where the rows are in a page."""
        count = 0
        for answer in self.pages(f"{url}{'&' if '?' in url else '?'}per_page={min(most or _PAGE, _PAGE)}"):
            for row in _listed(answer, key):
                if most is not None and count >= most:
                    return
                yield meaning(answer, row, read)
                count += 1

    def pages(self, url: str) -> Iterator[Answer]:
        """Yield the answers of an address and of the pages that follow it."""
        following = url
        while following:
            answer = self.ask(following)
            if answer is None:
                raise Missing(following, self.token)
            yield answer
            following = next_page(answer)
            if following and urlsplit(following)[:2] != urlsplit(url)[:2]:
                raise Strayed(url, "goes on at another host", expected="its own pages")


def _listed(answer: Answer, key: str) -> list[Any]:
    """Return the rows of a page; one without a list of them is an error, and not empty."""
    found = answer.mapping().get(key) if key else answer.rows()
    if isinstance(found, list):
        return found
    raise WrongAnswer(answer.url, f"answered {answer.status} with other JSON", expected=f"a list of {key}")


def next_page(answer: Answer) -> str:
    """Return the address of the page after this one; nothing on the last."""
    for link in answer.headers.get("link", "").split(","):
        target, _, parameters = link.partition(";")
        if 'rel="next"' in parameters:
            return target.strip().removeprefix("<").removesuffix(">")
    return ""


def meaning(answer: Answer, row: object, read: Callable[[Row], T]) -> T:
    """Return what a row of an answer means; it is an error when it is not as GitHub describes it."""
    try:
        if isinstance(row, dict):
            return read(row)
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    raise WrongAnswer(answer.url, f"answered {answer.status} with other JSON", expected="what GitHub documents")


def moment(text: object) -> datetime | None:
    """Return the moment that a timestamp names, None without one."""
    return datetime.fromisoformat(str(text)) if text else None
