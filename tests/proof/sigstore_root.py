"""A repository that hands out a private sigstore's trust root (The Update Framework), served on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]
from sigstore.models import ClientTrustConfig
from tuf.api.metadata import (  # type: ignore[attr-defined]
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from tasks.proof import attestations
from tasks.proof.waiting import Observed

_SIGNING = b'{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}'
_LONG = timedelta(days=365)


class TrustRepository:
    """A folder with signed metadata, and the trust root as their target."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._signer = CryptoSigner.generate_ecdsa()
        root = Root(expires=_now() + _LONG, consistent_snapshot=False)
        for role in ("root", "timestamp", "snapshot", "targets"):
            root.add_key(self._signer.public_key, role)
        (folder / "targets").mkdir(parents=True)
        self._write("root", root)

    @property
    def root(self) -> Path:
        """Return the file that a client trusts from the start."""
        return self.folder / "root.json"

    def publish(self, trusted_root: bytes, version: int = 1, lasts: timedelta = _LONG) -> None:
        """Hand out a trust root from now on, by metadata that last so long."""
        ends = _now() + lasts
        targets = Targets(version=version, expires=ends)
        for name, content in {"trusted_root.json": trusted_root, "signing_config.v0.2.json": _SIGNING}.items():
            (self.folder / "targets" / name).write_bytes(content)
            targets.targets[name] = TargetFile.from_data(name, content, ["sha256"])
        listed = {"targets.json": MetaFile(version)}
        self._write("targets", targets)
        self._write("snapshot", Snapshot(version=version, expires=ends, meta=listed))
        self._write("timestamp", Timestamp(version=version, expires=ends, snapshot_meta=MetaFile(version)))

    def _write(self, role: str, signed: Root | Timestamp | Snapshot | Targets) -> None:
        metadata: Metadata[Any] = Metadata(signed)
        metadata.sign(self._signer)
        metadata.to_file(str(self.folder / f"{role}.json"))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; give its address."""
    with ThreadingTCPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def moved(home: Path, trusted_root: bytes, patch: pytest.MonkeyPatch) -> TrustRepository:
    """Let sigstore keep its things in a new home; return a repository with that trust root, not served yet."""
    patch.setenv("XDG_DATA_HOME", str(home / "data"))
    patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    patch.setenv("NO_PROXY", "127.0.0.1")
    repository = TrustRepository(home / "repository")
    repository.publish(trusted_root)
    return repository


def adopt(url: str, repository: TrustRepository, patch: pytest.MonkeyPatch) -> None:
    """Get a trust root from a repository for the first time, and put it in the place of the public one."""
    ClientTrustConfig.from_tuf(url, bootstrap_root=repository.root)
    patch.setattr("sigstore.models.DEFAULT_TUF_URL", url)
    forget(patch)


def forget(patch: pytest.MonkeyPatch) -> None:
    """Forget the last look at a repository, which would serve for half a second more."""
    patch.setattr(attestations, "trust_root", Observed(attestations.trust_root.look))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *words: object) -> None:
        """Say nothing: the terminal is pytest's."""


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
