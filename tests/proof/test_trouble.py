"""Trouble from outside: what heals is waited for, what does not is said at once, and nothing of it counts as proved."""

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tasks.rehearsal.server import Answer, Fault, Server

from .world import World, good

PAGE = "/simple/sample/$"


@pytest.fixture
def release(tmp_path: Path) -> Iterator[World]:
    with good(tmp_path) as made:
        yield made


HEALING = {
    "a page that is not there yet": Fault(PAGE, times=2, answer=Answer(404)),
    "too many requests": Fault(PAGE, times=1, answer=Answer(429, headers={"Retry-After": "1"})),
    "failures": Fault(PAGE, times=2, answer=Answer(503)),
    "an answer that breaks off": Fault(PAGE, times=1, cut=20),
    "a connection that is cut": Fault(PAGE, times=1, hang_up=True),
    "an answer that is no JSON": Fault(PAGE, times=1, answer=Answer(200, b"<html>sorry</html>")),
}


@pytest.mark.parametrize("fault", HEALING.values(), ids=list(HEALING))
def test_the_index_heals(release: World, fault: Fault) -> None:
    release.index_server.fault(Fault(fault.path, "GET", fault.times, 0, fault.answer, 0, fault.cut, fault.hang_up))
    proved = release.prove("--wait", "60", "-k", "listed or yanked", only="index")
    assert proved.code == 0, proved.out


LIMITS = {
    "429": Answer(429, b"{}", {"Retry-After": "1"}),
    "403 with retry-after": Answer(403, b"{}", {"Retry-After": "1"}),
    "502": Answer(502),
}


@pytest.mark.parametrize("answer", LIMITS.values(), ids=list(LIMITS))
def test_github_heals(release: World, answer: Answer) -> None:
    release.github_server.fault(Fault("/releases/tags/", times=1, answer=answer))
    proved = release.prove("-k", "test_release", only="github")
    assert proved.code == 0, proved.out


LASTING = {
    "failures": (Fault(PAGE, answer=Answer(500)), "answered 500"),
    "no JSON": (Fault(PAGE, answer=Answer(200, b"<html>sorry</html>")), "with a web page"),
    "another machine": (
        Fault(PAGE, answer=Answer(302, headers={"Location": "http://localhost:9/simple/sample/"})),
        "localhost",
    ),
}


@pytest.mark.parametrize(("fault", "words"), LASTING.values(), ids=list(LASTING))
def test_what_does_not_heal_is_unknown_and_no_proof(release: World, fault: Fault, words: str) -> None:
    release.index_server.fault(Fault(fault.path, "GET", answer=fault.answer))
    proved = release.prove("-k", "listed or yanked", only="index")
    assert proved.code == 1
    assert set(proved.of("UNKNOWN")) == {"listed"}, proved.out
    assert words in proved.of("UNKNOWN")["listed"]


def test_a_stale_page_is_not_there_yet_and_names_its_serial(release: World) -> None:
    release.publish("1.0.1")
    with release.index.stale(2):
        proved = release.prove("--version", "1.0.1", only="index")
    assert set(proved.wrong) == {"listed"}
    assert "1.0.1 is not on" in proved.wrong["listed"]
    assert "(serial 2)" in proved.wrong["listed"]
    assert "the newest version there is 1.0.0" in proved.wrong["listed"]


def test_no_network(release: World) -> None:
    env: dict[str, str | None] = {"RELEASE_COORDINATION_INDEX__SIMPLE": "http://127.0.0.1:9/simple/"}
    proved = release.prove(only="index or install", env=env)
    assert proved.code == 1
    assert set(proved.wrong) == {"listed"}
    assert "127.0.0.1:9" in proved.wrong["listed"]


def test_an_index_that_cannot_prove_who_it_is_is_not_waited_for(release: World, tmp_path: Path) -> None:
    with Server(release.index, tls=_self_signed(tmp_path)) as server:
        env: dict[str, str | None] = {"RELEASE_COORDINATION_INDEX__SIMPLE": f"{server.url}/simple/"}
        proved = release.prove("--wait", "600", "-k", "listed or yanked", only="index", env=env)
    assert proved.code == 1
    assert "certificate" in proved.of("UNKNOWN")["listed"]
    assert proved.content["seconds"] < 300


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
