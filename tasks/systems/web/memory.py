"""Memory: answers we had, to ask only for what changed, and questions under way, to ask each only once at a time."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import replace
from threading import Lock

from .answers import Answer
from .troubles import TimeUp, Trouble

_MOST_ANSWERS = 512
_LARGEST = 8 * 1024 * 1024  # bytes; larger answers are not kept


class Memory:
    """The answers that a service can confirm with a 304, the least used forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Answer | None:
        """Return the answer kept under a key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, answer: Answer) -> None:
        """Keep an answer that can be asked about again; forget the one before it."""
        with self._lock:
            self._kept.pop(key, None)
            if conditions(answer) and len(answer.body) <= _LARGEST:
                self._kept[key] = answer
            if len(self._kept) > _MOST_ANSWERS:
                self._kept.popitem(last=False)


def conditions(answer: Answer | None) -> dict[str, str]:
    """Return the headers that ask only for something newer than an answer."""
    if answer is None:
        return {}
    pairs = {"If-None-Match": answer.headers.get("etag"), "If-Modified-Since": answer.headers.get("last-modified")}
    return {name: value for name, value in pairs.items() if value}


def confirmed(kept: Answer, news: Answer) -> Answer:
    """Return a kept answer that a 304 says is still true, with the headers of today."""
    headers = {name: value for name, value in news.headers.items() if name != "content-length"}
    return replace(kept, headers={**kept.headers, **headers}, fresh=False)


class Flights:
    """Questions under way: whoever asks the same one meanwhile waits for its answer."""

    def __init__(self) -> None:
        self._flying: dict[Hashable, Future[Answer]] = {}
        self._lock = Lock()

    def share(
        self, key: Hashable, ask: Callable[[], Answer], url: str, remaining: Callable[[], float | None]
    ) -> Answer:
        """Return the answer to a question, asked by us or by the one who is asking it already."""
        while True:
            with self._lock:
                theirs = self._flying.get(key)
                if theirs is None:
                    ours = self._flying[key] = Future()
            if theirs is None:
                return self._fly(key, ask, ours)
            try:
                return theirs.result(remaining())
            except TimeoutError:
                raise TimeUp(url, "has not answered in time") from None
            except _GivenUp:
                continue
            except Trouble as trouble:
                if not trouble.hurried:
                    raise

    def _fly(self, key: Hashable, ask: Callable[[], Answer], future: Future[Answer]) -> Answer:
        answer: Answer | None = None
        failure: BaseException = _GivenUp()
        try:
            answer = ask()
        except Trouble as error:
            failure = error
            raise
        finally:
            with self._lock:
                del self._flying[key]
            if answer is not None:
                future.set_result(answer)
            else:
                future.set_exception(failure)
        return answer


class _GivenUp(Exception):
    """Whoever asked was interrupted."""
