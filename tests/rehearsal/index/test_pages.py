"""What the sandbox's index says, read by parsers that others wrote, and held beside an index that others wrote."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
import requests
from packaging.version import Version
from pypi_simple import ACCEPT_HTML_ONLY, ACCEPT_JSON_ONLY, ProjectPage, PyPISimple

from tasks.rehearsal.index import SandboxIndex
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Server
from tasks.systems.index import Index, NotOnIndex

from ...hosts import indexes

_JSON = "application/vnd.pypi.simple.v1+json"
_HTML = "application/vnd.pypi.simple.v1+html"
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_UPLOADED = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
_ODD = """nothing <works> & "all" is 'lost'"""


_PYTHONS = {"1.0.0": None, "1.1.0": "<4,>=3.9", "1.2.0rc1": ">=3.9"}


@pytest.fixture
def full(index: SandboxIndex) -> SandboxIndex:
    """An index with two releases of one project, the older of them yanked, and a candidate."""
    description, extra = "# Bot\n\nTälks.\n", "Summary: talks\nProject-URL: Home, https://example.org/\nKeywords: a,b\n"
    for version, python in _PYTHONS.items():
        for make in (wheel, sdist):
            filename, content = make(
                "Acme.Bot",
                version,
                requires_python=python or "",
                dependencies=["rich>=14", 'tomli; python_version < "3.11"'],
                description=description,
                extra_metadata=extra,
            )
            index.add(content, filename, uploaded=_UPLOADED, provenance={"version": 1} if version == "1.1.0" else None)
    index.yank("acme-bot", "1.0.0", _ODD)
    return index


def _get(server: Server, path: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(f"{server.url}{path}", headers=named, allow_redirects=False, timeout=5)


def _page(server: Server, accept: str) -> ProjectPage:
    with PyPISimple(f"{server.url}/simple/", accept=accept) as client:
        return client.get_project_page("acme_bot")


@pytest.mark.parametrize("accept", [ACCEPT_JSON_ONLY, ACCEPT_HTML_ONLY])
def test_another_parser_reads_what_was_put_in(accept: str, full: SandboxIndex, server: Server) -> None:
    page = _page(server, accept)
    assert (page.repository_version, page.last_serial, str(page.status)) == ("1.4", "7", "active")
    files = {file.filename: file for release in full.now.projects["acme-bot"].releases for file in release.files}
    assert [item.filename for item in page.packages] == list(files) == sorted(files)
    for item in page.packages:
        file = files[item.filename]
        assert item.digests == {"sha256": file.digests["sha256"]}
        assert requests.get(item.url.partition("#")[0], timeout=5).content == file.content
        assert (item.is_yanked, item.yanked_reason) == ((True, _ODD) if item.version == "1.0.0" else (False, None))
        assert item.requires_python == _PYTHONS[item.version or ""]
        assert (bool(item.provenance_url), bool(item.has_metadata)) == (item.version == "1.1.0", file.wheel)


def test_json_says_more(full: SandboxIndex, server: Server) -> None:
    page = _page(server, ACCEPT_JSON_ONLY)
    assert (page.project, page.versions) == ("acme-bot", list(_PYTHONS))
    sizes = {file.filename: len(file.content) for item in full.now.projects["acme-bot"].releases for file in item.files}
    assert {item.filename: item.size for item in page.packages} == sizes
    assert {item.upload_time for item in page.packages} == {_UPLOADED}


def test_metadata_lie_beside_the_wheels(full: SandboxIndex, server: Server) -> None:
    with PyPISimple(f"{server.url}/simple/") as client:
        for item in client.get_project_page("acme-bot").packages:
            if item.filename.endswith(".whl"):
                assert f"Version: {item.version}\n" in client.get_package_metadata(item)
    sources = [file["url"] for file in _get(server, "/simple/acme-bot/", Accept=_JSON).json()["files"]]
    paths = [url.removeprefix(server.url) for url in sources if url.endswith(".tar.gz")]
    assert {_get(server, f"{path}.metadata").status_code for path in paths} == {404}


def test_our_own_client_reads_it(full: SandboxIndex, server: Server) -> None:
    client = Index(f"{server.url}/simple/")
    file = client.wheel("acme.bot", Version("1.1.0"))
    assert (file.requires_python, file.uploaded) == ("<4,>=3.9", _UPLOADED)
    assert client.download(file) == _wheel_of(full, "1.1.0")
    with pytest.raises(NotOnIndex, match="was yanked: nothing <works>"):
        client.wheel("acme-bot", Version("1.0.0"))
    full.unyank("acme-bot", "1.0.0")
    assert client.wheel("acme-bot", Version("1.0.0")).yanked is False


def _wheel_of(index: SandboxIndex, version: str) -> bytes:
    release = index.now.release("acme-bot", version)
    assert release is not None
    return next(file.content for file in release.files if file.wheel)


def test_the_list_of_projects(full: SandboxIndex, server: Server) -> None:
    filename, content = wheel("zeta", "1")
    full.add(content, filename)
    with PyPISimple(f"{server.url}/simple/") as client:
        page = client.get_index_page()
        assert (page.projects, page.last_serial) == (["Acme.Bot", "zeta"], "8")
    with PyPISimple(f"{server.url}/simple/", accept=ACCEPT_HTML_ONLY) as client:
        assert client.get_index_page().projects == ["Acme.Bot", "zeta"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/html"),
        ("*/*", "text/html"),
        ("text/*", "text/html"),
        ("application/*", _HTML),
        (_BROWSER, "text/html"),
        (_JSON, _JSON),
        (_HTML, _HTML),
        (f"{_JSON}, {_HTML};q=0.2, text/html;q=0.01", _JSON),
        (f"{_JSON};q=0.1, text/html;q=0.2", "text/html"),
        (f"{_JSON};q=0, {_HTML}", _HTML),
        ("image/png", "text/html"),
        ("application/vnd.pypi.simple.v2+json", "text/html"),
    ],
)
def test_the_form_is_the_one_the_client_likes(
    accept: str | None, kind: str, full: SandboxIndex, server: Server
) -> None:
    for path in ("/simple/", "/simple/acme-bot/"):
        answer = requests.get(f"{server.url}{path}", headers={"Accept": accept}, timeout=5)
        assert answer.headers["Content-Type"].partition(";")[0] == kind
        assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    ("path", "status", "where"),
    [
        ("/simple", 301, "/simple/"),
        ("/simple/Acme.Bot/", 301, "/simple/acme-bot/"),
        ("/simple/acme_bot", 301, "/simple/acme-bot/"),
        ("/simple/acme-bot", 301, "/simple/acme-bot/"),
        ("/simple/acme-bots/", 404, None),
        ("/simple/acme-bot/1.0.0/", 404, None),
        ("/pypi/Acme.Bot/json", 301, "/pypi/acme-bot/json"),
        ("/pypi/Acme.Bot/1.0/json", 301, "/pypi/acme-bot/1.0/json"),
        ("/pypi/acme-bot/1.0/json", 200, None),
        ("/pypi/acme-bot/1.3.0/json", 404, None),
        ("/pypi/acme-bot/one/json", 404, None),
        ("/pypi/acme-bots/json", 404, None),
        ("/pypi/acme-bots/1.0.0/json", 404, None),
        ("/pypi/acme-bot/", 404, None),
        ("/packages/aa/bb/cc/acme_bot-1.0.0.tar.gz", 404, None),
        ("/", 404, None),
        ("/elsewhere", 404, None),
    ],
)
def test_addresses(path: str, status: int, where: str | None, full: SandboxIndex, server: Server) -> None:
    answer = _get(server, path)
    assert (answer.status_code, answer.headers.get("Location")) == (status, where)


def test_the_json_of_a_version(full: SandboxIndex, server: Server) -> None:
    answer = _get(server, "/pypi/acme-bot/1.0.0/json")
    page = answer.json()
    wanted = {
        "name": "Acme.Bot",
        "version": "1.0.0",
        "summary": "talks",
        "description": "# Bot\n\nTälks.\n",
        "description_content_type": "text/markdown",
        "keywords": "a,b",
        "requires_python": None,
        "requires_dist": ["rich>=14", 'tomli; python_version < "3.11"'],
        "project_urls": {"Home": "https://example.org/"},
        "yanked": True,
        "yanked_reason": _ODD,
    }
    assert {name: page["info"][name] for name in wanted} == wanted
    assert page["last_serial"] == 7 == int(answer.headers["X-PyPI-Last-Serial"])
    assert "releases" not in page
    assert [(row["filename"], row["packagetype"], row["python_version"]) for row in page["urls"]] == [
        ("acme_bot-1.0.0-py3-none-any.whl", "bdist_wheel", "py3"),
        ("acme_bot-1.0.0.tar.gz", "sdist", "source"),
    ]
    for row in page["urls"]:
        assert (row["yanked"], row["yanked_reason"]) == (True, _ODD)
        assert (row["upload_time"], row["upload_time_iso_8601"]) == (
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.000678Z",
        )
        assert _get(server, row["url"].removeprefix(server.url)).status_code == 200


def test_the_json_of_a_project_is_about_the_version_one_would_take(full: SandboxIndex, server: Server) -> None:
    page = _get(server, "/pypi/acme-bot/json").json()
    assert list(page["releases"]) == ["1.0.0", "1.1.0", "1.2.0rc1"]
    assert (page["info"]["version"], page["info"]["requires_python"]) == ("1.1.0", "<4,>=3.9")
    assert page["urls"] == page["releases"]["1.1.0"]
    full.yank("acme-bot", "1.1.0")
    after = _get(server, "/pypi/acme-bot/json").json()["info"]
    assert (after["version"], after["yanked"]) == ("1.2.0rc1", False)


@pytest.mark.parametrize(
    "path",
    [
        "/simple/",
        "/simple/acme-bot/",
        "/pypi/acme-bot/json",
        "/pypi/acme-bot/1.1.0/json",
        "/integrity/acme-bot/1.1.0/acme_bot-1.1.0.tar.gz/provenance",
    ],
)
@pytest.mark.parametrize("accept", [_JSON, "*/*"])
def test_what_a_client_has_already_is_not_sent(path: str, accept: str, full: SandboxIndex, server: Server) -> None:
    if "integrity" in path and accept == _JSON:
        accept = "application/json"
    first = _get(server, path, Accept=accept)
    tag = first.headers["ETag"]
    again = _get(server, path, Accept=accept, If_None_Match=tag)
    assert (again.status_code, again.content) == (304, b"")
    same = ("ETag", "Cache-Control", "X-PyPI-Last-Serial")
    assert [again.headers[name] for name in same] == [first.headers[name] for name in same]
    assert _get(server, path, Accept=accept, If_None_Match=f'"other", W/{tag}').status_code == 304
    assert _get(server, path, Accept=accept, If_None_Match='"other"').status_code == 200
    full.yank("acme-bot", "1.1.0", "why not")
    changed = _get(server, path, Accept=accept, If_None_Match=tag)
    stays = "integrity" in path or (path == "/simple/" and accept != _JSON)
    assert changed.status_code == (304 if stays else 200)


def test_the_two_forms_are_not_taken_for_each_other(full: SandboxIndex, server: Server) -> None:
    tag = _get(server, "/simple/acme-bot/", Accept=_JSON).headers["ETag"]
    assert _get(server, "/simple/acme-bot/", Accept="text/html", If_None_Match=tag).status_code == 200


def _states(server: Server) -> list[tuple[Any, ...]]:
    """Return what each page says about the yank of 1.1.0, and the headers that tell its age."""
    simple = _get(server, "/simple/acme-bot/", Accept=_JSON)
    page = _get(server, "/pypi/acme-bot/1.1.0/json")
    marks = {file["yanked"] for file in simple.json()["files"] if "-1.1.0" in file["filename"]}
    seen = [(simple, marks, simple.json()["meta"]["_last-serial"])]
    seen += [(page, {page.json()["info"]["yanked_reason"] or False}, page.json()["last_serial"])]
    names = ("ETag", "X-PyPI-Last-Serial", "X-Cache")
    return [(marks, serial, *(answer.headers[name] for name in names)) for answer, marks, serial in seen]


def test_an_old_state_is_shown_whole(full: SandboxIndex, server: Server) -> None:
    before = _states(server)
    serial = full.serial
    full.yank("acme-bot", "1.1.0", "too late")
    after = _states(server)
    with full.stale(serial):
        stale = _states(server)
    assert [row[:2] for row in before] == [({False}, 7)] * 2
    assert [row[:2] for row in after] == [({"too late"}, 8)] * 2
    assert stale == [(*row[:4], "HIT") for row in before]
    assert _states(server) == after
    assert {row[4] for row in after} == {"MISS"}


def test_changes_show_late(server: Server, index: SandboxIndex) -> None:
    moment = [1_000_000.0]
    late = SandboxIndex(lag=60, clock=lambda: moment[0])
    server.service = late
    filename, content = wheel("acme-bot", "1.1.0")
    late.add(content, filename)
    path = next(iter(late.now.projects["acme-bot"].releases)).files[0].path
    assert (_get(server, "/simple/acme-bot/").status_code, _get(server, path).status_code) == (404, 200)
    moment[0] += 60
    assert [row[0] for row in _states(server)] == [{False}] * 2
    late.yank("acme-bot", "1.1.0", "why")
    moment[0] += 59
    assert [row[0] for row in _states(server)] == [{False}] * 2
    moment[0] += 1
    assert [row[0] for row in _states(server)] == [{"why"}] * 2
    assert late.now.projects["acme-bot"].releases[0].created == datetime.fromtimestamp(1_000_000, UTC)


@pytest.mark.parametrize(
    ("which", "accept", "status", "message"),
    [
        ("1.1.0/acme_bot-1.1.0.tar.gz", "application/vnd.pypi.integrity.v1+json", 200, None),
        ("1.1.0/acme_bot-1.1.0.tar.gz", "application/json", 200, None),
        ("1.1.0/acme_bot-1.1.0.tar.gz", "*/*", 200, None),
        ("1.1.0/acme_bot-1.1.0.tar.gz", "text/html", 406, "Request not acceptable"),
        ("1.0.0/acme_bot-1.0.0.tar.gz", "*/*", 404, "No provenance available for acme_bot-1.0.0.tar.gz"),
        ("1.1.0/acme_bot-1.0.0.tar.gz", "*/*", 404, None),
        ("9/acme_bot-9.tar.gz", "*/*", 404, None),
    ],
)
def test_provenance(
    which: str, accept: str, status: int, message: str | None, full: SandboxIndex, server: Server
) -> None:
    answer = _get(server, f"/integrity/acme-bot/{which}/provenance", Accept=accept)
    assert answer.status_code == status
    if message:
        assert answer.json() == {"message": message}
    if status == 200:
        assert answer.json() == {"version": 1}
        full.integrity = False
        assert _get(server, f"/integrity/acme-bot/{which}/provenance", Accept=accept).status_code == 403


class _Fields(HTMLParser):
    """The names of a page's form fields, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str | None] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input":
            self.names.append(dict(attrs)["name"])

    def handle_data(self, data: str) -> None:
        self.text += data


_MANAGED = "/manage/project/acme-bot/release/1.1.0/"


def test_a_release_is_yanked_by_hand_and_put_back(full: SandboxIndex, server: Server) -> None:
    address = server.url + _MANAGED
    form = _Fields(requests.get(address, timeout=5).text)
    assert form.names == ["yanked_reason", "confirm_yank_version"]
    answer = requests.post(address, {"yanked_reason": _ODD, "confirm_yank_version": "1.1.0"}, timeout=5)
    assert [hop.status_code for hop in answer.history] == [303]
    assert answer.url.endswith("/releases/")
    assert "Yanked release '1.1.0'" in _Fields(answer.text).text
    assert {file["yanked"] for file in _get(server, "/simple/acme-bot/", Accept=_JSON).json()["files"]} == {_ODD, False}
    form = _Fields(requests.get(address, timeout=5).text)
    assert (form.names, _ODD in form.text) == (["confirm_unyank_version"], True)
    answer = requests.post(address, {"confirm_unyank_version": "1.1.0"}, timeout=5)
    assert "Un-yanked release '1.1.0'" in _Fields(answer.text).text
    assert _states(server)[0][:2] == ({False}, 9)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Confirm the request"),
        ({"confirm_yank_version": ""}, "Confirm the request"),
        ({"confirm_yank_version": "1.1"}, "Could not yank release - '1.1' is not the same as '1.1.0'"),
        ({"confirm_unyank_version": "1.0.0"}, "Could not un-yank release - '1.0.0' is not the same as '1.1.0'"),
    ],
)
def test_a_form_that_changes_nothing_redirects_all_the_same(
    fields: dict[str, str], said: str, full: SandboxIndex, server: Server
) -> None:
    answer = requests.post(server.url + _MANAGED, {"yanked_reason": "x", **fields}, timeout=5)
    assert [hop.status_code for hop in answer.history] == [303]
    assert answer.url == f"{server.url}/manage/project/Acme.Bot/release/1.1.0/"
    assert said in _Fields(answer.text).text
    assert said not in _Fields(requests.get(server.url + _MANAGED, timeout=5).text).text
    assert full.serial == 7


@pytest.mark.parametrize("path", ["project/acme-bots/release/1.1.0/", "project/acme-bot/release/9/", "projects/"])
def test_what_is_not_there_cannot_be_managed(path: str, full: SandboxIndex, server: Server) -> None:
    assert requests.get(f"{server.url}/manage/{path}", timeout=5).status_code == 404


def test_what_is_not_there_cannot_be_changed(full: SandboxIndex) -> None:
    changes: list[Callable[[], None]] = [
        lambda: full.yank("acme-bot", "9"),
        lambda: full.unyank("acme-bots", "1.0.0"),
        lambda: full.remove("acme-bot", "1.0.0", "acme_bot-1.1.0.tar.gz"),
    ]
    for change in changes:
        with pytest.raises(LookupError):
            change()
    assert full.serial == 7


def test_a_deleted_file_is_gone_from_the_pages_alone(full: SandboxIndex, server: Server) -> None:
    files = _get(server, "/simple/acme-bot/", Accept=_JSON).json()["files"]
    full.remove("acme-bot", "1.1.0", "acme_bot-1.1.0.tar.gz")
    full.remove("acme-bot", "1.0.0")
    page = _get(server, "/simple/acme-bot/", Accept=_JSON).json()
    assert page["versions"] == ["1.1.0", "1.2.0rc1"]
    names = [file["filename"].removeprefix("acme_bot-") for file in page["files"]]
    assert names == ["1.1.0-py3-none-any.whl", "1.2.0rc1-py3-none-any.whl", "1.2.0rc1.tar.gz"]
    assert {_get(server, file["url"].removeprefix(server.url)).status_code for file in files} == {200}


@pytest.fixture(scope="session")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[indexes.Index]:
    """simple-repository, in an environment of its own."""
    with indexes.serve(tmp_path_factory.mktemp("foreign"), "127.0.0.1") as pair:
        yield pair.release


@pytest.mark.parametrize("accept", [ACCEPT_JSON_ONLY, ACCEPT_HTML_ONLY])
def test_an_index_that_others_wrote_says_the_same(
    accept: str, full: SandboxIndex, server: Server, foreign: indexes.Index
) -> None:
    for release in full.now.projects["acme-bot"].releases:
        for file in release.files:
            foreign.add(file.filename, file.content, _UPLOADED)
    for other in (full, foreign):
        other.yank("acme-bot", "1.0.0", "loses messages")  # theirs escapes for HTML in JSON too
    with PyPISimple(foreign.simple, accept=accept) as client:
        theirs = client.get_project_page("acme-bot")
    assert _shared(_page(server, accept)) == _shared(theirs)


def _shared(page: ProjectPage) -> dict[str, object]:
    """Return what both indexes can say; simple-repository reads no metadata of source distributions."""
    return {
        item.filename: (
            item.project,
            item.version,
            item.package_type,
            dict(item.digests),
            item.is_yanked,
            item.yanked_reason,
            item.requires_python if item.filename.endswith(".whl") else None,
            item.size,
        )
        for item in page.packages
    }
