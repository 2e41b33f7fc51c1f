"""Uploading to the sandbox's index: with twine and uv, and every reason why PyPI would say no."""

import base64
import hashlib
import html
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import encode_multipart_formdata

from tasks.rehearsal.index import Refused, SandboxIndex
from tasks.rehearsal.index.form import read
from tasks.rehearsal.package import sdist, wheel
from tasks.rehearsal.server import Request, Server

from .clients import TOKEN, Run, publish, twine

Tool = Callable[..., Run]
BOTH = pytest.mark.parametrize("tool", [twine, publish], ids=["twine", "uv"])


def _built(folder: Path, description: str = "# A bot\n") -> list[Path]:
    made = [make("Acme.Bot", "1.0.0", description=description) for make in (wheel, sdist)]
    folder.mkdir(exist_ok=True)
    for filename, content in made:
        (folder / filename).write_bytes(content)
    return [folder / filename for filename, _ in made]


def _said(run: Run) -> str:
    return html.unescape(run.stdout + run.stderr)


@BOTH
def test_what_is_uploaded_is_served(tool: Tool, index: SandboxIndex, server: Server, tmp_path: Path) -> None:
    files = _built(tmp_path)
    run = tool(server, *files)
    assert run.returncode == 0, _said(run)
    page = requests.get(f"{server.url}/pypi/acme-bot/1.0.0/json", timeout=5).json()
    served = {row["filename"]: requests.get(row["url"], timeout=5).content for row in page["urls"]}
    assert served == {file.name: file.read_bytes() for file in files}
    assert (page["info"]["name"], page["info"]["description"]) == ("Acme.Bot", "# A bot\n")
    assert index.serial == 2


@BOTH
def test_the_same_file_again_is_fine_and_another_of_its_name_is_not(
    tool: Tool, index: SandboxIndex, server: Server, tmp_path: Path
) -> None:
    same = _built(tmp_path / "same")
    for file in same:
        index.add(file)
    assert tool(server, *same).returncode == 0
    assert index.serial == 2
    run = tool(server, "--verbose", *_built(tmp_path / "other", "another"))
    assert run.returncode != 0
    assert "File already exists ('acme_bot-1.0.0" in _said(run)
    assert index.serial == 2


def test_uv_asks_the_index_what_is_there_already(index: SandboxIndex, server: Server, tmp_path: Path) -> None:
    same = _built(tmp_path / "same")
    index.add(same[0])
    check = ["--check-url", f"{server.url}/simple/"]
    run = publish(server, *check, *same)
    assert (run.returncode, index.serial, len(server.asked("POST"))) == (0, 2, 1), _said(run)
    run = publish(server, *check, *_built(tmp_path / "other", "another"))
    assert (run.returncode, index.serial, len(server.asked("POST"))) == (2, 2, 1), _said(run)


@BOTH
def test_a_wrong_token_is_refused(tool: Tool, index: SandboxIndex, server: Server, tmp_path: Path) -> None:
    run = tool(server, *_built(tmp_path), token="pypi-wrong")
    assert run.returncode != 0
    assert "403" in _said(run)
    assert index.serial == 0


def _attestation(filename: str, content: bytes) -> dict[str, Any]:
    subject = {"name": filename, "digest": {"sha256": hashlib.sha256(content).hexdigest()}}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": "https://docs.pypi.org/attestations/publish/v1",
        "predicate": None,
    }
    encoded = base64.b64encode(json.dumps(statement).encode()).decode()
    material = {"certificate": "AAAA", "transparency_entries": [{}]}
    return {
        "version": 1,
        "verification_material": material,
        "envelope": {"statement": encoded, "signature": "AAAA"},
    }


@pytest.mark.parametrize(("tool", "words"), [(twine, ["--attestations"]), (publish, [])], ids=["twine", "uv"])
def test_attestations_come_along(tool: Tool, words: list[str], server: Server, tmp_path: Path) -> None:
    files = _built(tmp_path)
    signed = {file.name: _attestation(file.name, file.read_bytes()) for file in files}
    beside = [tmp_path / f"{name}.publish.attestation" for name in signed]
    for path, content in zip(beside, signed.values(), strict=True):
        path.write_text(json.dumps(content), "utf-8")
    run = tool(server, *words, *files, *beside)
    assert run.returncode == 0, _said(run)
    page = requests.get(f"{server.url}/simple/acme-bot/", headers={"Accept": _JSON}, timeout=5).json()
    for row in page["files"]:
        bundle = requests.get(row["provenance"], timeout=5).json()["attestation_bundles"][0]
        assert bundle["publisher"]["kind"] == "GitHub"
        assert bundle["attestations"] == [signed[row["filename"]]]


_JSON = "application/vnd.pypi.simple.v1+json"
_WHEEL = wheel("acme-bot", "1.0.0")
_SDIST = sdist("acme-bot", "1.0.0")


def _fields(filename: str, content: bytes, changes: Mapping[str, str | None]) -> dict[str, str]:
    source = filename.endswith(".tar.gz")
    fields: dict[str, str | None] = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.4",
        "name": "acme-bot",
        "version": "1.0.0",
        "filetype": "sdist" if source else "bdist_wheel",
        "pyversion": "source" if source else "py3",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def _sent(
    server: Server, file: tuple[str, bytes], changes: Mapping[str, str | None], accept: str = "text/plain"
) -> requests.Response:
    return requests.post(
        f"{server.url}/legacy/",
        data=_fields(*file, changes),
        files={"content": (*file, "application/octet-stream")},
        auth=("__token__", TOKEN),
        headers={"Accept": accept},
        timeout=5,
    )


def _rewritten(change: Callable[[str, bytes], bytes | None]) -> bytes:
    """Return the wheel with other content of its files; None leaves one out."""
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_WHEEL[1])) as old, zipfile.ZipFile(whole, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return whole.getvalue()


def _wheel_saying(version: bytes) -> bytes:
    return _rewritten(lambda _, content: content.replace(b"Version: 1.0.0", b"Version: " + version))


def _wheel_without(part: str) -> bytes:
    return _rewritten(lambda name, content: None if name.endswith(part) else content)


_REFUSALS: dict[str, tuple[tuple[str, bytes], dict[str, str | None], int, str]] = {
    "no action": (_WHEEL, {":action": None}, 404, ":action"),
    "another action": (_WHEEL, {":action": "submit"}, 404, ":action"),
    "protocol": (_WHEEL, {"protocol_version": "2"}, 400, "Unknown protocol version"),
    "no name": (_WHEEL, {"name": None}, 400, "invalid value for Name"),
    "wrong name": (_WHEEL, {"name": "-bot"}, 400, "invalid value for Name"),
    "another name": (_WHEEL, {"name": "acme-bots"}, 400, "Start filename for 'acme-bots' with 'acme_bots'"),
    "no version": (_WHEEL, {"version": None}, 400, "invalid value for Version"),
    "wrong version": (_WHEEL, {"version": "one"}, 400, "invalid value for Version"),
    "another version": (_WHEEL, {"version": "1.0.1"}, 400, "Version in filename should be '1.0.1' not '1.0.0'"),
    "no metadata version": (_WHEEL, {"metadata_version": None}, 400, "Metadata-Version"),
    "file type": (_WHEEL, {"filetype": "bdist_egg"}, 400, "Use a known file type"),
    "sdist that is a wheel": (_WHEEL, {"filetype": "sdist", "pyversion": "source"}, 400, "Invalid file extension"),
    "wheel without Python": (_WHEEL, {"pyversion": None}, 400, "Python version is required"),
    "sdist with Python": (_SDIST, {"pyversion": "py3"}, 400, "Use 'source'"),
    "no digest": (_WHEEL, {"sha256_digest": None}, 400, "at least one message digest"),
    "sha256": (_WHEEL, {"sha256_digest": "0" * 64}, 400, "does not match a digest"),
    "md5": (_WHEEL, {"md5_digest": "0" * 32}, 400, "does not match a digest"),
    "blake2": (_WHEEL, {"blake2_256_digest": "0" * 64}, 400, "does not match a digest"),
    "not a zip file": ((_WHEEL[0], b"PK"), {}, 400, "Invalid distribution file"),
    "not a tar file": ((_SDIST[0], b"PK"), {}, 400, "Invalid distribution file"),
    "cut wheel": ((_WHEEL[0], _WHEEL[1][:-9]), {}, 400, "Invalid distribution file"),
    "cut sdist": ((_SDIST[0], _SDIST[1][:-9]), {}, 400, "Invalid distribution file"),
    "no RECORD": ((_WHEEL[0], _wheel_without("RECORD")), {}, 400, "does not contain the required RECORD"),
    "metadata of another": (
        (_WHEEL[0], _wheel_saying(b"1.0.1")), {}, 400, "Version in filename should be '1.0.1' not '1.0.0'",
    ),
    "no METADATA": ((_WHEEL[0], _wheel_without("METADATA")), {}, 400, "does not contain the required METADATA"),
    "content of another": ((_WHEEL[0], wheel("acme-bot", "1.0.1")[1]), {}, 400, "does not contain the required"),
    "sdist of another": ((_SDIST[0], sdist("acme-bot", "1.0.1")[1]), {}, 400, "PKG-INFO not found"),
    "name not normalized": (("acme.bot-1.0.0.tar.gz", _SDIST[1]), {}, 400, "should be 'acme_bot-1.0.0.tar.gz'"),
    "case": (("Acme_Bot-1.0.0-py3-none-any.whl", _WHEEL[1]), {}, 400, "should contain the normalized project name"),
    "not a wheel's name": (("acme_bot-1.0.0-any.whl", _WHEEL[1]), {}, 400, "Invalid wheel filename"),
    "a path": (("x\\acme_bot-1.0.0.tar.gz", _SDIST[1]), {}, 400, "in the name"),
    "bad metadata": (
        wheel("acme-bot", "1.0.0", extra_metadata="Requires-Dist: a b c"), {}, 400, "Invalid distribution metadata",
    ),
    "attestations": (_WHEEL, {"attestations": "[]"}, 400, "an empty attestation set"),
    "broken attestations": (_WHEEL, {"attestations": "[{}]"}, 400, "Malformed attestations"),
    "attestations of another": (
        _WHEEL, {"attestations": json.dumps([_attestation(*_SDIST)])}, 400, "Could not verify",
    ),
    "many attestations": (
        _WHEEL, {"attestations": json.dumps([_attestation(*_WHEEL)] * 3)}, 400, "A maximum of 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("file", "changes", "status", "message"), _REFUSALS.values(), ids=_REFUSALS)
def test_an_upload_is_refused(
    file: tuple[str, bytes],
    changes: dict[str, str | None],
    status: int,
    message: str,
    index: SandboxIndex,
    server: Server,
) -> None:
    answer = _sent(server, file, changes)
    assert (answer.status_code, index.serial) == (status, 0)
    assert message in answer.text


def test_an_upload_needs_nothing_more_than_its_fields(index: SandboxIndex, server: Server) -> None:
    for file in (_WHEEL, _SDIST):
        assert _sent(server, file, {}).status_code == 200
    assert index.serial == 2


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json;q=0.9, text/plain;q=0.8", "application/json"),
        ("text/plain", "text/plain"),
        ("*/*", "text/html"),
    ],
)
def test_a_refusal_comes_in_the_form_that_is_read(accept: str, kind: str, server: Server) -> None:
    answer = _sent(server, _WHEEL, {"name": "<b>"}, accept)
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    if kind == "application/json":
        assert answer.json()["message"].startswith("'<b>' is an invalid value for Name.")
    assert ("&lt;b&gt;" in answer.text) == (kind == "text/html")


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Invalid or non-existent authentication"),
        ({"Authorization": "Bearer pypi-right"}, "Invalid or non-existent authentication"),
        ({"Authorization": "Basic nonsense!"}, "Invalid or non-existent authentication"),
        ({"Authorization": f"Basic {base64.b64encode(b'__token__:').decode()}"}, "Invalid or non-existent"),
        ({"Authorization": f"Basic {base64.b64encode(b'me:pypi-right').decode()}"}, "no longer supported"),
    ],
)
def test_only_the_token_may_upload(headers: dict[str, str], message: str, server: Server) -> None:
    answer = requests.post(f"{server.url}/legacy/", headers={"Accept": "text/plain", **headers}, timeout=5)
    assert answer.status_code == 403
    assert message in answer.text


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x\r\n'),
        ("text/plain", b"hello"),
    ],
)
def test_what_is_not_a_form_is_refused(media: str, body: bytes, server: Server) -> None:
    address, who = f"{server.url}/legacy/", ("__token__", TOKEN)
    answer = requests.post(address, data=body, headers={"Content-Type": media}, auth=who, timeout=5)
    assert answer.status_code in {400, 404}


def test_other_methods_and_addresses(server: Server) -> None:
    assert requests.get(f"{server.url}/legacy/", timeout=5).status_code == 405
    answer = requests.post(f"{server.url}/legacy", allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (308, "/legacy/")
    assert requests.post(f"{server.url}/simple/", timeout=5).status_code == 405


@pytest.mark.parametrize("filename", ["", _WHEEL[0]], ids=["release", "file"])
def test_a_name_is_spent_for_ever(filename: str, index: SandboxIndex) -> None:
    index.add(_WHEEL[1], _WHEEL[0])
    index.remove("acme-bot", "1.0.0", filename)
    assert index.now.release("acme-bot", "1.0.0") is None
    with pytest.raises(Refused, match="previously used by a file that has since been deleted"):
        index.add(_WHEEL[1], _WHEEL[0])


def test_a_release_has_one_source_distribution(index: SandboxIndex, server: Server) -> None:
    index.add(_SDIST[1], _SDIST[0])
    answer = _sent(server, sdist("acme-bot", "1.0"), {"version": "1.0"})
    assert (answer.status_code, "Only one sdist may be uploaded per release." in answer.text) == (400, True)
    assert _sent(server, wheel("acme-bot", "1.0"), {"version": "1.0"}).status_code == 200
    assert [str(release.version) for release in index.now.projects["acme-bot"].releases] == ["1.0.0"]


def test_a_release_closes_after_two_weeks(index: SandboxIndex) -> None:
    index.add(_WHEEL[1], _WHEEL[0], uploaded=datetime.now(UTC) - timedelta(days=15))
    with pytest.raises(Refused, match="older than 14 days"):
        index.add(_SDIST[1], _SDIST[0])
    assert not index.add(_WHEEL[1], _WHEEL[0])


def test_without_a_publisher_nothing_is_attested(index: SandboxIndex, server: Server) -> None:
    index.publisher = None
    answer = _sent(server, _WHEEL, {"attestations": json.dumps([_attestation(*_WHEEL)])})
    assert (answer.status_code, "only supported when using Trusted Publishing" in answer.text) == (400, True)


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_NAMES = st.text("abcxyz_:", min_size=1, max_size=8)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(_NAMES, _TEXTS), max_size=5),
    st.binary(max_size=200) | st.sampled_from([b"\r\n", b"--", b"\r\n--b", b"\n\r\n--", b"\r"]),
    st.sampled_from(["b", "--b", "=_0123"]),
)
def test_a_form_is_read_as_it_was_written(fields: list[tuple[str, str]], content: bytes, boundary: str) -> None:
    if f"\r\n--{boundary}".encode() in b"\r\n" + content or any(f"\r\n--{boundary}" in text for _, text in fields):
        return
    file = ("content", ("a-1.whl", content, "application/zip"))
    body, media = encode_multipart_formdata([*fields, file], boundary)
    form = read(Request("POST", "/legacy/", {}, {"content-type": media}, body))
    wanted: dict[str, list[str]] = {}
    for name, text in fields:
        wanted.setdefault(name, []).append(text)
    assert form.fields == wanted
    assert (form.files["content"].filename, form.files["content"].content) == ("a-1.whl", content)
