"""Which call a request is, and the shapes that all answers share: errors, pages, redirects."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import unquote, urlencode

from ..server import Answer, Request

if TYPE_CHECKING:
    from .hub import Hub

T = TypeVar("T")
DOCS = "https://docs.github.com/rest"
_PAGE = 30
_MOST = 100


@dataclass(frozen=True)
class Call:
    """A request that found its route: `values` are the parts of the path that the route names, unquoted."""

    hub: "Hub"
    request: Request
    values: Mapping[str, str]

    @property
    def sent(self) -> dict[str, Any]:
        """Return the members of the JSON body; none without one."""
        if not self.request.body:
            return {}
        content = self.request.json()
        if not isinstance(content, dict):
            raise Problem(400, "Body should be a JSON object")
        return content

    def number(self, name: str) -> int:
        """Return a part of the path that is a number; there is nothing under any other."""
        if not self.values[name].isdecimal():
            raise NotFound
        return int(self.values[name])

    def accepts(self, media: str) -> bool:
        """Tell whether the client asks for a media type."""
        return media in self.request.headers.get("accept", "")


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """A call of the API: `permission` is what a fine-grained token needs for it, as GitHub's header spells it."""

    method: str
    pattern: re.Pattern[str]
    permission: str
    handler: Handler


class Routes:
    """The calls of one subject. In a path `{name}` is one part, `{name*}` may hold slashes."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def on(self, method: str, path: str, permission: str = "metadata=read") -> Callable[[Handler], Handler]:
        """Return a decorator that makes a function answer a call."""
        parts = re.split(r"\{(\w+\*?)\}", path)
        literal = [re.escape(part) for part in parts[::2]]
        named = [f"(?P<{n.rstrip('*')}>{'.+' if n.endswith('*') else '[^/]+'})" for n in parts[1::2]]
        pattern = re.compile(literal[0] + "".join(n + text for n, text in zip(named, literal[1:], strict=True)))

        def added(handler: Handler) -> Handler:
            self.routes.append(Route(method, pattern, permission, handler))
            return handler

        return added


def routed(routes: Sequence[Route], request: Request) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a request, and the unquoted values of its path."""
    method = "GET" if request.method == "HEAD" else request.method
    for route in routes:
        found = route.pattern.fullmatch(request.path) if route.method == method else None
        if found:
            return route, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, *errors: Mapping[str, Any], docs: str = DOCS) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.docs = docs

    def answer(self, **headers: str) -> Answer:
        """Return it as GitHub words it."""
        content: dict[str, Any] = {"message": self.message}
        if self.errors:
            content["errors"] = self.errors
        return Answer.json(
            {**content, "documentation_url": self.docs, "status": str(self.status)}, self.status, MEDIA, **headers
        )


MEDIA = "application/json; charset=utf-8"


class NotFound(Problem):
    """Nothing there, or nothing that this token may see."""

    def __init__(self) -> None:
        super().__init__(404, "Not Found")


class Invalid(Problem):
    """A value that GitHub does not take."""

    def __init__(self, resource: str, code: str, field: str = "", message: str = "") -> None:
        named = {"resource": resource, "code": code, "field": field, "message": message}
        super().__init__(422, "Validation Failed", {key: value for key, value in named.items() if value})


def found(value: T | None) -> T:
    """Return a value that is there; else the answer is 404."""
    if value is None:
        raise NotFound
    return value


def plain(content: Any, status: int = 200, **headers: str) -> Answer:
    """Return a JSON answer."""
    return Answer.json(content, status, MEDIA, **headers)


def redirect(address: str) -> Answer:
    """Return the answer that sends a client to another address."""
    return Answer(302, b"", {"Location": address})


@dataclass(frozen=True)
class Page(Generic[T]):
    """The part of a list that was asked for, and the header that names the others."""

    items: list[T]
    total: int
    headers: dict[str, str] = field(default_factory=dict)
    number: int = 1


def paged(call: Call, items: Sequence[T], default: int = _PAGE) -> Page[T]:
    """Return the page of a list that a call asks for."""
    size = min(_whole(call, "per_page", default), max(_MOST, default))
    page = _whole(call, "page", 1)
    last = max(1, -(-len(items) // size))
    links = ", ".join(f'<{_address(call, number)}>; rel="{name}"' for name, number in _others(page, last))
    return Page(list(items[(page - 1) * size : page * size]), len(items), {"Link": links} if links else {}, page)


def listed(call: Call, items: Sequence[T], view: Callable[[T], Any]) -> Answer:
    """Return the answer that is one page of a list."""
    page = paged(call, items)
    return plain([view(item) for item in page.items], 200, **page.headers)


def counted(call: Call, items: Sequence[T], name: str, view: Callable[[T], Any]) -> Answer:
    """Return the answer that is one page of a list in an object that tells the total."""
    page = paged(call, items)
    return plain({"total_count": page.total, name: [view(item) for item in page.items]}, 200, **page.headers)


def _whole(call: Call, name: str, default: int) -> int:
    text = call.request.one(name)
    return max(1, int(text)) if text.isdecimal() else default


def _others(page: int, last: int) -> Iterator[tuple[str, int]]:
    if page > 1:
        yield from (("prev", min(page - 1, last)), ("first", 1))
    if page < last:
        yield from (("next", page + 1), ("last", last))


def _address(call: Call, page: int) -> str:
    query = {name: values[-1] for name, values in call.request.query.items()} | {"page": str(page)}
    return f"{call.hub.url}{call.request.path}?{urlencode(query)}"
