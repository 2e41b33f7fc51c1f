"""Which attestations hold: really signed by a private sigstore, verified by the real library (PEP 740)."""

import base64
import copy
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from packaging.version import Version

from tasks.errors import ReleaseError, Unreachable
from tasks.proof import attestations
from tasks.proof.waiting import LeftOut
from tasks.systems.index import IndexFile

from .sigstore_authority import Authority, Identity
from .sigstore_double import Sigstore, bundle, provenance
from .sigstore_keys import Key
from .sigstore_log import Log
from .sigstore_root import adopt, moved, served

Document = dict[str, Any]
WHEEL = IndexFile("sample-1.0.0-py3-none-any.whl", Version("1.0.0"), "", "", wheel=True)
SDIST = IndexFile("sample-1.0.0.tar.gz", Version("1.0.0"), "", "", wheel=False)
CONTENT = b"as it was built"
OURS = Identity("owner/sample", "release.yml")
THEIRS = Identity("mallory/sample", "release.yml")
OTHER = replace(OURS, workflow="ci.yml")
SLSA = "https://slsa.dev/provenance/v1"
GITLAB = {"kind": "GitLab", "repository": "owner/sample", "workflow_filepath": "release.yml"}


@pytest.fixture(scope="module")
def sigstore() -> Sigstore:
    return Sigstore()


@pytest.fixture(scope="module", autouse=True)
def trusted(sigstore: Sigstore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Trust that sigstore alone."""
    with pytest.MonkeyPatch.context() as patch:
        repository = moved(tmp_path_factory.mktemp("trusted"), sigstore.trusted_root(), patch)
        with served(repository.folder) as url:
            adopt(url, repository, patch)
            yield


def verified(document: Document, file: IndexFile = WHEEL, content: bytes = CONTENT, home: str = OURS.repository) -> str:
    return attestations.publisher(document, file, content, home, OURS.workflow)


def refusal(document: Any, content: bytes = CONTENT) -> str:
    with pytest.raises(ReleaseError) as caught:
        verified(document, content=content)
    assert not isinstance(caught.value, Unreachable)
    return str(caught.value)


def wheel(sigstore: Sigstore, by: Identity = OURS, **how: Any) -> Document:
    return sigstore.attestation(WHEEL.filename, CONTENT, by, **how)


def good(sigstore: Sigstore) -> Document:
    return provenance(bundle(OURS, wheel(sigstore)))


def changed(document: Document, path: str, value: object) -> Document:
    """Return a copy with another value at the end of a path of keys and numbers."""
    made = copy.deepcopy(document)
    inner: Any = made
    *keys, last = (int(key) if key.isdigit() else key for key in path.split("."))
    for key in keys:
        inner = inner[key]
    inner[last] = value
    return made


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Return every text in a document, with the path to it."""
    if isinstance(value, str):
        yield path, value
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in rows:
        yield from leaves(inner, f"{path}.{key}".lstrip("."))


@pytest.mark.parametrize("file", [WHEEL, SDIST], ids=["wheel", "sdist"])
def test_a_file_signed_by_the_release_workflow_is_verified(sigstore: Sigstore, file: IndexFile) -> None:
    document = provenance(bundle(OURS, sigstore.attestation(file.filename, CONTENT, OURS)))
    assert verified(document, file) == "owner/sample, release.yml: verified"


SHAPES = {
    "of two kinds": lambda it: provenance(bundle(OURS, wheel(it), wheel(it, predicate=SLSA))),
    "in two bundles": lambda it: provenance(bundle(OURS, wheel(it)), bundle(OURS, wheel(it))),
    "without the commit": lambda it: provenance(bundle(OURS, wheel(it, replace(OURS, without=(13,))))),
    "listed in the last second": lambda it: provenance(bundle(OURS, wheel(it, after=599))),
    "with more said of the publisher": lambda it: changed(good(it), "attestation_bundles.0.publisher.claims", None),
}


@pytest.mark.parametrize("make", SHAPES.values(), ids=SHAPES)
def test_a_good_attestation_comes_in_several_shapes(sigstore: Sigstore, make: Callable[[Sigstore], Document]) -> None:
    assert verified(make(sigstore)) == "owner/sample, release.yml: verified"


def test_github_does_not_tell_repositories_apart_by_the_case_of_their_letters(sigstore: Sigstore) -> None:
    spelled = Identity("Owner/Sample", "release.yml")
    document = provenance(bundle(spelled, wheel(sigstore, spelled)))
    assert verified(document, home="owner/sAmple") == "owner/sAmple, release.yml: verified"


CLAIMED = {
    "another repository": (
        lambda it: provenance(bundle(THEIRS, wheel(it, THEIRS))),
        "the attestation is of the repository mallory/sample\nexpected: owner/sample",
    ),
    "another workflow": (
        lambda it: provenance(bundle(OTHER, wheel(it, OTHER))),
        "the attestation is of the workflow ci.yml\nexpected: release.yml",
    ),
    "another service": (
        lambda it: provenance(bundle(GITLAB, wheel(it))),
        "the attestation is of a publisher of kind GitLab\nexpected: GitHub",
    ),
    "a second publisher": (
        lambda it: provenance(bundle(OURS, wheel(it)), bundle(THEIRS, wheel(it, THEIRS))),
        "the attestation is of the repository mallory/sample\nexpected: owner/sample",
    ),
    "a publisher who signed nothing": (
        lambda it: provenance(bundle(OURS, wheel(it)), bundle(OURS)),
        "the index serves a provenance without an attestation\nexpected: one by each publisher",
    ),
    "another repository that signed nothing": (
        lambda it: provenance(bundle(THEIRS)),
        "the attestation is of the repository mallory/sample\nexpected: owner/sample",
    ),
    "no publisher": (
        lambda it: provenance(),
        "the index serves a provenance without an attestation\nexpected: one by each publisher",
    ),
    "no list of attestations": (
        lambda it: provenance({"publisher": bundle(OURS)["publisher"]}),
        "the index serves a malformed provenance: attestation_bundles.0.attestations: Field required",
    ),
    "no list of bundles": (
        lambda it: {"version": 1},
        "the index serves a malformed provenance: attestation_bundles: Field required",
    ),
    "an unheard-of service": (
        lambda it: provenance(bundle({"kind": "Forge"}, wheel(it))),
        "the index serves a malformed provenance: attestation_bundles.0.publisher: Input tag 'Forge' found",
    ),
    "a later version": (
        lambda it: good(it) | {"version": 2},
        "the index serves a malformed provenance: version: Input should be 1",
    ),
    "no object": (lambda it: ["x"], "the index serves a malformed provenance: all of it: Input should be a valid dict"),
}


@pytest.mark.parametrize(("make", "words"), CLAIMED.values(), ids=CLAIMED)
def test_what_the_index_says_is_refused_before_anything_is_verified(
    sigstore: Sigstore, make: Callable[[Sigstore], Any], words: str
) -> None:
    assert refusal(make(sigstore)).startswith(words)


HOLDS_NOT = f"the attestation of {WHEEL.filename} does not hold: "
SIGNED = {
    "by another repository": (
        lambda it: provenance(bundle(OURS, wheel(it, THEIRS))),
        "Certificate's OIDCSourceRepositoryURI does not match (got https://github.com/mallory/sample, expected",
    ),
    "by another workflow": (lambda it: provenance(bundle(OURS, wheel(it, OTHER))), "Certificate's Build Config URI"),
    "by a workflow outside GitHub": (
        lambda it: provenance(bundle(OURS, wheel(it, replace(OURS, issuer="https://gitlab.com")))),
        "Certificate's OIDCIssuerV2 does not match (got https://gitlab.com",
    ),
    "by who does not say from where": (
        lambda it: provenance(bundle(OURS, wheel(it, replace(OURS, without=(12,))))),
        "Certificate does not contain OIDCSourceRepositoryURI",
    ),
    "by who does not say by which file": (
        lambda it: provenance(bundle(OURS, wheel(it, replace(OURS, without=(18,))))),
        "No <ObjectIdentifier(oid=1.3.6.1.4.1.57264.1.18, name=Unknown OID)> extension was found",
    ),
    "by who does not say at which commit": (
        lambda it: provenance(bundle(OURS, wheel(it, replace(OURS, without=(13, 14))))),
        "Certificate must contain either Source Repository Digest or Source Repository Ref",
    ),
    "over another file": (
        lambda it: provenance(bundle(OURS, it.attestation(SDIST.filename, CONTENT, OURS))),
        f"subject does not match distribution name: {SDIST.filename} != {WHEEL.filename}",
    ),
    "over other content": (
        lambda it: provenance(bundle(OURS, it.attestation(WHEEL.filename, b"as it was", OURS))),
        "subject does not match distribution digest",
    ),
    "to another end": (
        lambda it: provenance(bundle(OURS, wheel(it, predicate="https://example.com/lunch"))),
        "unknown attestation type: https://example.com/lunch",
    ),
    "too late": (
        lambda it: provenance(bundle(OURS, wheel(it, after=601))),
        "failed to build timestamp certificate chain: ",
    ),
    "too early": (
        lambda it: provenance(bundle(OURS, wheel(it, after=-1))),
        "failed to build timestamp certificate chain: ",
    ),
    "by ours, then by another": (
        lambda it: provenance(bundle(OURS, wheel(it)), bundle(OURS, wheel(it, THEIRS))),
        "Certificate's OIDCSourceRepositoryURI does not match",
    ),
    "by ours, then by another, in one bundle": (
        lambda it: provenance(bundle(OURS, wheel(it), wheel(it, THEIRS))),
        "Certificate's OIDCSourceRepositoryURI does not match",
    ),
    "by another, then by ours": (
        lambda it: provenance(bundle(OURS, wheel(it, THEIRS), wheel(it))),
        "Certificate's OIDCSourceRepositoryURI does not match",
    ),
    "for an authority of their own": (
        lambda it: provenance(bundle(OURS, wheel(Sigstore()))),
        "failed to build timestamp certificate chain: ",
    ),
    "for another authority, all else ours": (
        lambda it: provenance(bundle(OURS, wheel(replace(it, authority=Authority(it.authority.log))))),
        "failed to build timestamp certificate chain: ",
    ),
    "for another log of certificates": (
        lambda it: provenance(bundle(OURS, wheel(replace(it, authority=replace(it.authority, log=Key()))))),
        "failed to verify SCT on signing certificate: SCT verify failed: keyring: invalid signature",
    ),
    "for no log of certificates": (
        lambda it: provenance(bundle(OURS, wheel(replace(it, authority=replace(it.authority, promises=0))))),
        "failed to verify SCT on signing certificate: Certificate does not contain a signed certificate timestamp",
    ),
    "for another log of signatures": (
        lambda it: provenance(bundle(OURS, wheel(replace(it, log=Log())))),
        "invalid log entry: checkpoint: invalid signature: keyring: invalid signature",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "words"), SIGNED.values(), ids=SIGNED)
def test_what_was_signed_otherwise_does_not_hold(
    sigstore: Sigstore, make: Callable[[Sigstore], Document], words: str
) -> None:
    assert refusal(make(sigstore)).startswith(HOLDS_NOT + words)


def test_a_file_that_was_changed_afterwards_is_not_what_was_signed(sigstore: Sigstore) -> None:
    said = refusal(good(sigstore), b"as it was built, and more")
    assert said == f"{HOLDS_NOT}subject does not match distribution digest"


MATERIAL = "attestation_bundles.0.attestations.0.verification_material"
STATEMENT = "attestation_bundles.0.attestations.0.envelope.statement"
ENTRY = f"{MATERIAL}.transparency_entries.0"
TAMPERED: dict[str, tuple[str, object, str]] = {
    "statement": (STATEMENT, base64.b64encode(b"{}").decode(), f"{HOLDS_NOT}DSSE: invalid signature"),
    "time": (f"{ENTRY}.integratedTime", "1772600775", f"{HOLDS_NOT}invalid log entry: SET: invalid inclusion promise"),
    "no promise": (f"{ENTRY}.inclusionPromise", None, f"{HOLDS_NOT}bundle must contain an inclusion promise"),
    "no proof": (f"{ENTRY}.inclusionProof", None, f"{HOLDS_NOT}invalid transparency log entry"),
    "no entry": (f"{MATERIAL}.transparency_entries", [{}], f"{HOLDS_NOT}invalid transparency log entry"),
    "no certificate": (f"{MATERIAL}.certificate", "", f"{HOLDS_NOT}invalid X.509 certificate"),
    "kind": (f"{ENTRY}.kindVersion.version", "0.0.9", f"{HOLDS_NOT}Expected log entry version 0.0.1 - 0.0.2"),
    "checkpoint": (f"{ENTRY}.inclusionProof.checkpoint.envelope", "x", f"{HOLDS_NOT}invalid log entry: note must"),
}


@pytest.mark.parametrize(("path", "value", "words"), TAMPERED.values(), ids=TAMPERED)
def test_what_was_changed_afterwards_does_not_hold(sigstore: Sigstore, path: str, value: object, words: str) -> None:
    assert refusal(changed(good(sigstore), path, value)).startswith(words)


def test_a_signature_is_not_proved_by_the_log_entry_of_another(sigstore: Sigstore) -> None:
    other = sigstore.attestation(SDIST.filename, CONTENT, OURS)["verification_material"]["transparency_entries"][0]
    assert refusal(changed(good(sigstore), ENTRY, other)) == f"{HOLDS_NOT}log entry payload hash does not match bundle"


def damages(value: str) -> Iterator[str]:
    """Return a text damaged in several ways; of what encodes bytes, bytes here and there are others."""
    yield from ("", value[: len(value) // 2])
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError:
        yield value[:-1] + chr(ord(value[-1]) ^ 1)
        return
    for place in range(0, len(raw), max(1, len(raw) // 8)):
        yield base64.b64encode(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]).decode()


def test_no_text_in_a_provenance_can_be_damaged_and_hold(sigstore: Sigstore) -> None:
    # In a tree of its own: some other sizes of a large tree lead to the same head, and only the head is signed.
    document = good(replace(sigstore, log=Log(sigstore.log.key)))
    texts = list(leaves(document))
    assert len(texts) >= 20
    for path, value in texts:
        for damaged in damages(value):
            assert refusal(changed(document, path, damaged)), path


def test_without_the_extra_the_check_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypi_attestations", None)
    with pytest.raises(LeftOut) as caught:
        verified({})
    assert str(caught.value) == "not configured: attestations (install release-coordination[attestations])"
