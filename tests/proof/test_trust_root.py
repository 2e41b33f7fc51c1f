"""What is known of an attestation when sigstore's own trust root cannot be fetched, or is new on this machine."""

import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from packaging.version import Version

from tasks.errors import ReleaseError, Unreachable
from tasks.proof import attestations
from tasks.systems.index import IndexFile

from .sigstore_authority import Identity
from .sigstore_double import Sigstore, bundle, provenance
from .sigstore_root import TrustRepository, adopt, forget, moved, served

FILE = IndexFile("sample-1.0.0.tar.gz", Version("1.0.0"), "", "", wheel=False)
OURS = Identity("owner/sample", "release.yml")
VERIFIED = "owner/sample, release.yml: verified"
STALE = "; sigstore's trust root could not be fetched, so the copy at hand was used"
NOT_TO_BE_HAD = "sigstore's trust root is not to be had: "
UNKNOWN_SIGNER = f"the attestation of {FILE.filename} does not hold: failed to build timestamp certificate chain"


@pytest.fixture(scope="module")
def sigstore() -> Sigstore:
    return Sigstore()


@pytest.fixture
def repository(sigstore: Sigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrustRepository:
    """A repository that hands out this sigstore's trust root once it is served."""
    return moved(tmp_path, sigstore.trusted_root(), monkeypatch)


def signed(sigstore: Sigstore) -> dict[str, Any]:
    return provenance(bundle(OURS, sigstore.attestation(FILE.filename, b"content", OURS)))


def verified(document: Mapping[str, Any]) -> str:
    return attestations.publisher(document, FILE, b"content", OURS.repository, OURS.workflow)


def unknown(document: Mapping[str, Any]) -> str:
    with pytest.raises(Unreachable) as caught:
        verified(document)
    return str(caught.value)


def test_whom_to_trust_is_asked_again_for_the_next_file(
    repository: TrustRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Sigstore()
    with served(repository.folder) as url:
        adopt(url, repository, monkeypatch)
        with pytest.raises(ReleaseError, match=UNKNOWN_SIGNER):
            verified(signed(later))
        repository.publish(later.trusted_root(), version=2)
        forget(monkeypatch)
        assert verified(signed(later)) == VERIFIED


def test_without_network_the_trust_root_at_hand_can_prove_but_not_refuse(
    sigstore: Sigstore, repository: TrustRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(repository.folder) as url:
        adopt(url, repository, monkeypatch)
    assert verified(signed(sigstore)) == VERIFIED + STALE
    said = unknown(signed(Sigstore()))
    assert said.startswith(UNKNOWN_SIGNER)
    assert said.endswith(STALE)


def test_without_network_and_without_a_copy_nothing_is_known(
    sigstore: Sigstore, repository: TrustRepository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with served(repository.folder) as url:
        adopt(url, repository, monkeypatch)
    shutil.rmtree(tmp_path / "cache")
    assert unknown(signed(sigstore)).startswith(NOT_TO_BE_HAD)


def expired(repository: TrustRepository, root: bytes) -> None:
    repository.publish(root, version=2, lasts=-timedelta(days=1))


def taken_over(repository: TrustRepository, root: bytes) -> None:
    other = TrustRepository(repository.folder.parent / "other")
    other.publish(root, version=2)
    shutil.copytree(other.folder, repository.folder, dirs_exist_ok=True)


def exchanged(repository: TrustRepository, root: bytes) -> None:
    repository.publish(root + b" ", version=2)
    (repository.folder / "targets" / "trusted_root.json").write_bytes(root + b"!")


def incomprehensible(repository: TrustRepository, root: bytes) -> None:
    repository.publish(b"{}", version=2)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (expired, "timestamp.json is expired"),
        (taken_over, "timestamp was signed by 0/1 keys"),
        (exchanged, "Observed hash "),
        (incomprehensible, "4 validation errors for TrustedRoot"),
    ],
)
def test_what_cannot_be_trusted_is_not_replaced_by_an_older_copy(
    sigstore: Sigstore, repository: TrustRepository, monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[TrustRepository, bytes], None], words: str,
) -> None:  # fmt: skip
    with served(repository.folder) as url:
        adopt(url, repository, monkeypatch)
        spoil(repository, sigstore.trusted_root())
        assert unknown(signed(sigstore)).startswith(NOT_TO_BE_HAD + words)


def test_an_answer_that_breaks_off_is_no_verdict_on_the_file(
    sigstore: Sigstore, repository: TrustRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = SimpleHTTPRequestHandler.send_header

    def promise_more(self: SimpleHTTPRequestHandler, name: str, value: str) -> None:
        more = name == "Content-Length" and self.path.endswith("trusted_root.json")
        send(self, name, str(int(value) + 1) if more else value)

    with served(repository.folder) as url:
        adopt(url, repository, monkeypatch)
        repository.publish(sigstore.trusted_root() + b" ", version=2)
        monkeypatch.setattr(SimpleHTTPRequestHandler, "send_header", promise_more)
        assert unknown(signed(sigstore)).startswith(NOT_TO_BE_HAD)


def test_a_home_that_cannot_be_written_to_is_no_verdict_on_the_file(
    sigstore: Sigstore, repository: TrustRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(repository.folder) as url:
        adopt(url, repository, monkeypatch)
        monkeypatch.setenv("XDG_CACHE_HOME", str(repository.root))
        assert unknown(signed(sigstore)).startswith(f"{NOT_TO_BE_HAD}[Errno 20] Not a directory")


def test_files_are_verified_side_by_side_where_sigstore_is_new(
    sigstore: Sigstore, repository: TrustRepository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    document, found, together = signed(sigstore), list[str](), Barrier(8)

    def verify() -> None:
        together.wait()
        found.append(verified(document))

    threads = [Thread(target=verify) for _ in range(8)]
    with served(repository.folder) as url:
        adopt(url, repository, monkeypatch)
        shutil.rmtree(tmp_path / "cache")
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [VERIFIED] * 8
