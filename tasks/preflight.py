"""The preflight: whether the set-up can carry a release, as named checks that run side by side."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from .equipment import equipment
from .errors import ReleaseError, Unreachable
from .forge import forge
from .indexing import indexing
from .project import Project
from .rules.checks import Result
from .rules.logs import shown
from .rules.protection import Look
from .systems.web import Web
from .workshop import workshop

_AT_ONCE = 8
_BLOCKED = Look(Result.SKIPPED, "the same as above must be mended first")
_PATIENCE = 30.0  # seconds that a question may wait


@dataclass(frozen=True, slots=True)
class Looked:
    """A check that was made."""

    name: str
    look: Look


def checks(project: Project, web: Web | None = None) -> dict[str, Callable[[], Look]]:
    """Return every check of the set-up by its name, in the order they are shown."""
    shared = web or Web(patience=_PATIENCE)
    return {
        **forge(project, shared),
        **workshop(project, shared),
        **indexing(project, shared),
        **equipment(project, shared),
    }


def run(found: dict[str, Callable[[], Look]]) -> Iterator[Looked]:
    """Make the checks side by side and yield them in their order."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        futures = [(name, pool.submit(_made, check)) for name, check in found.items()]
        try:
            first = None
            for name, future in futures:
                look = future.result()
                yield Looked(name, _BLOCKED if first and look == first else look)
                first = first or (look if look.result is not Result.PASS else None)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _made(check: Callable[[], Look]) -> Look:
    """Return what a check found, safe to show anywhere; one that could not be made is UNKNOWN."""
    look = _tried(check)
    return replace(look, evidence=shown(look.evidence))


def _tried(check: Callable[[], Look]) -> Look:
    try:
        return check()
    except ReleaseError as error:
        result = Result.UNKNOWN if isinstance(error, Unreachable) else Result.FAIL
        expected = f"; expected {error.expected}" if error.expected else ""
        return Look(result, f"{error.found}{expected}", error.remedy)
    except Exception as error:  # noqa: BLE001 - a defect of one check does not hide the others
        return Look(Result.UNKNOWN, f"the check itself failed: {type(error).__name__}: {error}", "report it")


def results(looked: Iterable[Looked]) -> list[Result]:
    """Return the results."""
    return [one.look.result for one in looked]
