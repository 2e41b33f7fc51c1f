"""The package index: pages, what it says of a version, attestations, files, and what it says when it is unwell."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from packaging.version import Version

from tasks.errors import ReleaseError
from tasks.rehearsal.server import Answer, Fault, Request, Server
from tasks.systems.index import Index, IndexFile, IndexUnreachable, NotOnIndex, ProvenanceOff, WrongFile

from .webs import FakeClock, client

SIMPLE = "application/vnd.pypi.simple.v1+json"
WHEEL = b"a wheel"
_V1 = Version("1.0")


def row(filename: str, **fields: Any) -> dict[str, Any]:
    """Return a file of the simple API."""
    return {
        "filename": filename,
        "url": f"../../files/{filename}",
        "hashes": {"sha256": sha256(WHEEL).hexdigest()},
        "requires-python": ">=3.11",
        "size": len(WHEEL),
        "upload-time": "2026-03-01T12:00:00.5Z",
        "yanked": False,
        "core-metadata": True,
        "provenance": None,
        **fields,
    }


def page(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a project's page."""
    return {
        "meta": {"api-version": "1.4", "_last-serial": 7},
        "name": "sample",
        "project-status": {"status": "active"},
        "versions": ["1.0"],
        "files": list(rows),
        **fields,
    }


BOTH = (row("sample-1.0-py3-none-any.whl"), row("sample-1.0.tar.gz"))


class Service:
    """An index with one project, whose page a test may change."""

    def __init__(self) -> None:
        self.page: dict[str, Any] = page(*BOTH)
        self.etag = '"1"'

    def __call__(self, request: Request) -> Answer:
        if request.path == "/simple/sample/":
            if request.headers.get("if-none-match") == self.etag:
                return Answer(304)
            return Answer.json(self.page, media=SIMPLE, ETag=self.etag)
        if request.path == "/pypi/sample/1.0/json":
            return Answer.json(_DOCUMENT, X_PyPI_Last_Serial="9")
        if request.path.startswith("/files/"):
            return Answer(200, WHEEL)
        if request.path == "/integrity/sample/1.0/sample-1.0-py3-none-any.whl/provenance":
            return Answer.json({"version": 1, "attestation_bundles": [], "accept": request.headers["accept"]})
        return Answer.json({"message": "Not Found"}, 404)


_DOCUMENT: dict[str, Any] = {
    "info": {"name": "sample", "version": "1.0", "yanked": True, "yanked_reason": "broken", "summary": "s"},
    "last_serial": 7,
    "urls": [
        {
            "filename": "sample-1.0-py3-none-any.whl",
            "url": "https://files.invalid/sample-1.0-py3-none-any.whl",
            "packagetype": "bdist_wheel",
            "digests": {"md5": "1", "sha256": "2"},
            "size": 7,
            "requires_python": None,
            "upload_time_iso_8601": "2026-03-01T12:00:00.500000Z",
            "yanked": True,
            "yanked_reason": "broken",
        }
    ],
}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def server(service: Service) -> Iterator[Server]:
    with Server(service) as server:
        yield server


@pytest.fixture
def index(server: Server, clock: FakeClock) -> Index:
    return Index(f"{server.url}/simple", web=client(clock))


def test_a_page(index: Index, server: Server) -> None:
    found = index.page("Sample")
    assert (found.name, found.serial, found.status, found.etag, found.versions) == (
        "sample",
        7,
        "active",
        '"1"',
        (_V1,),
    )
    wheel, sdist = found.files
    assert wheel == IndexFile(
        "sample-1.0-py3-none-any.whl", _V1, f"{server.url}/files/sample-1.0-py3-none-any.whl",
        sha256(WHEEL).hexdigest(), wheel=True, size=7, requires_python=">=3.11",
        uploaded=datetime(2026, 3, 1, 12, 0, 0, 500_000, UTC),
    )  # fmt: skip
    assert (wheel.packagetype, sdist.packagetype, sdist.wheel) == ("bdist_wheel", "sdist", False)
    assert server.seen[0].headers["accept"] == SIMPLE


@pytest.mark.parametrize(
    ("given", "yanked", "reason"), [(False, False, ""), (True, True, ""), ("broken", True, "broken"), ("", True, "")]
)
def test_yanked(index: Index, service: Service, given: object, yanked: bool, reason: str) -> None:
    service.page = page(row("sample-1.0.tar.gz", yanked=given))
    file = index.files("sample")[0]
    assert (file.yanked, file.reason) == (yanked, reason)


def test_a_page_of_an_older_index(index: Index, service: Service) -> None:
    rows = [{"filename": "sample-1.0.tar.gz", "url": "x", "hashes": {}}, {"filename": "sample-1.0.exe", "url": "y"}]
    service.page = {"meta": {"api-version": "1.0"}, "name": "sample", "files": rows}
    found = index.page("sample")
    assert (found.serial, found.status, found.versions, len(found.files)) == (0, "active", (_V1,), 1)
    assert (found.files[0].size, found.files[0].uploaded, found.files[0].sha256) == (None, None, "")


def test_only_what_changed_is_sent_again(index: Index, service: Service, server: Server) -> None:
    first = index.page("sample")
    assert index.page("sample").files is first.files
    service.page, service.etag = page(BOTH[0]), '"2"'
    assert len(index.page("sample").files) == 1
    assert [request.headers.get("if-none-match") for request in server.asked()] == [None, '"1"', '"1"']


def test_an_older_page_than_the_one_before_is_stale(index: Index, service: Service) -> None:
    stale = []
    for serial in (7, 9, 8, 9, 10):
        service.page, service.etag = page(meta={"_last-serial": serial}), f'"{serial}"'
        stale.append(index.page("sample").stale)
    assert stale == [False, False, True, False, False]
    assert index.document("sample", _V1).stale


def test_a_version(index: Index) -> None:
    document = index.document("Sample", _V1)
    assert (document.name, document.version, document.serial, document.yanked, document.reason, document.stale) == (
        "sample", _V1, 7, True, "broken", False,
    )  # fmt: skip
    assert document.info["summary"] == "s"
    file = document.files[0]
    assert (file.sha256, file.size, file.wheel, file.yanked, file.reason) == ("2", 7, True, True, "broken")


@pytest.mark.parametrize(
    "ask",
    [lambda index: index.page("other"), lambda index: index.document("sample", Version("2"))],
    ids=["page", "version"],
)
def test_what_is_not_there(index: Index, ask: Callable[[Index], object]) -> None:
    with pytest.raises(NotOnIndex) as caught:
        ask(index)
    assert caught.value.exit_code == 4


def test_the_json_address_may_be_anywhere(server: Server) -> None:
    index = Index("http://127.0.0.1:1/simple/", f"{server.url}/pypi", client())
    assert index.document("sample", _V1).name == "sample"


# -- attestations --------------------------------------------------------------------------------------------------


def test_attestations_where_the_page_says(index: Index, service: Service, server: Server) -> None:
    where = f"{server.url}/integrity/sample/1.0/sample-1.0-py3-none-any.whl/provenance"
    service.page = page(row("sample-1.0-py3-none-any.whl", provenance=where))
    found = index.provenance(index.files("sample")[0])
    assert found is not None
    assert found["accept"] == "application/vnd.pypi.integrity.v1+json"


def test_attestations_where_the_index_has_them(index: Index) -> None:
    wheel, sdist = index.files("sample")
    assert (index.provenance(wheel) or {})["version"] == 1
    assert index.provenance(sdist) is None


def test_an_index_without_attestations(index: Index, server: Server) -> None:
    server.fault(Fault("/integrity/", answer=Answer.json({"message": "Integrity API is off"}, 403)))
    with pytest.raises(ProvenanceOff):
        index.provenance(index.files("sample")[0])


# -- the wheel that goes to the hosts ------------------------------------------------------------------------------


def test_the_wheel(index: Index) -> None:
    assert index.wheel("sample", _V1).filename == "sample-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([row("sample-0.9.tar.gz")], "sample 1.0 is not on .*\nexpected: .* the newest there is 0.9"),
        ([row("sample-1.0-py3-none-any.whl", yanked="broken")], "was yanked: broken"),
        ([row("sample-1.0-py3-none-any.whl", yanked=True)], "was yanked: no reason given"),
        ([row("sample-1.0-cp311-cp311-linux_x86_64.whl"), BOTH[1]], "has no wheel that runs anywhere"),
    ],
)
def test_no_wheel(index: Index, service: Service, files: list[dict[str, Any]], reason: str) -> None:
    service.page = page(*files)
    with pytest.raises(NotOnIndex, match=reason):
        index.wheel("sample", _V1)


def test_a_file_is_downloaded_and_checked(index: Index) -> None:
    assert index.download(index.wheel("sample", _V1)) == WHEEL


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"hashes": {"sha256": "0" * 64}}, "has sha256"),
        ({"size": 5}, "larger than it should be"),
        ({"size": 9}, "has 7 bytes"),
        ({"hashes": {"md5": "0"}}, "listed without a sha256"),
    ],
)
def test_a_wrong_file(index: Index, service: Service, fields: dict[str, Any], reason: str) -> None:
    service.page = page(row("sample-1.0-py3-none-any.whl", **fields))
    with pytest.raises(WrongFile, match=reason) as caught:
        index.download(index.wheel("sample", _V1))
    assert caught.value.exit_code == 1


# -- trouble -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/simple/", answer=Answer(503)),
        Fault("/simple/", cut=20),
        Fault("/simple/", hang_up=True),
        Fault("/simple/", answer=Answer(429, headers={"Retry-After": "9999"})),
        Fault("/simple/", answer=Answer(403)),
        Fault("/simple/", answer=Answer(200, b"<html>frozen</html>", {"Content-Type": "text/html"})),
        Fault("/simple/", answer=Answer(200, b'{"files": [')),
        Fault("/simple/", answer=Answer.json([])),
        Fault("/simple/", answer=Answer.json({"name": "sample"})),
        Fault("/simple/", answer=Answer.json({"name": "sample", "files": 1})),
        Fault("/simple/", answer=Answer.json({"name": "sample", "files": [None]})),
        Fault("/simple/", answer=Answer.json({"name": "sample", "files": [{"filename": "sample-1.0.tar.gz"}]})),
        Fault("/simple/", answer=Answer.json(page(row("sample-1.0.tar.gz", **{"upload-time": "today"})))),
        Fault("/simple/", answer=Answer.json(page(meta={"_last-serial": "x"}))),
        Fault("/simple/", answer=Answer(302, headers={"Location": "https://files.invalid/simple/sample/"})),
        Fault("/files/", answer=Answer(404)),
        Fault("/files/", answer=Answer(503)),
        Fault("/files/", cut=3),
    ],
)
def test_an_index_that_is_unwell(index: Index, server: Server, fault: Fault) -> None:
    server.fault(fault)
    with pytest.raises(IndexUnreachable) as caught:
        index.download(index.wheel("sample", _V1))
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith(server.url)


@pytest.mark.parametrize("answer", [Answer.json({}), Answer.json({"info": {}, "urls": []}), Answer(200, b"x")])
def test_a_version_without_metadata(index: Index, server: Server, answer: Answer) -> None:
    server.fault(Fault("/pypi/", answer=answer))
    with pytest.raises(IndexUnreachable):
        index.document("sample", _V1)


def test_what_passes_is_waited_for(index: Index, server: Server, clock: FakeClock) -> None:
    server.fault(Fault(times=1, answer=Answer(429, headers={"Retry-After": "7"})))
    server.fault(Fault(times=2, answer=Answer(500)))
    assert len(index.files("sample")) == 2
    assert clock.naps == [7, 0.5, 1.0]


def test_no_index_at_all(clock: FakeClock) -> None:
    with pytest.raises(ReleaseError, match="took no connection"):
        Index("http://127.0.0.1:1/simple/", web=client(clock)).files("sample")
