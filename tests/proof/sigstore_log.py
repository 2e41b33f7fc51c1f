"""A private Rekor: a Merkle tree of signatures, and a key that vouches for what is in it (RFC 6962)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from .sigstore_keys import Key, canonical, sha256, text

_EARLIER = 1000  # entries in the trees before this one: an entry's number in the log is not the one in its tree


@dataclass
class Log:
    """The log; it has entries of other signers before and after each of ours."""

    key: Key = field(default_factory=Key)
    _leaves: list[bytes] = field(default_factory=list)

    def entry(self, certificate: x509.Certificate, statement: bytes, signature: bytes, at: datetime) -> dict[str, Any]:
        """List a signature; return the entry with its promise and the proof that it is listed."""
        body = canonical(_body(certificate, statement, signature))
        index = len(self._leaves) + 2
        self._leaves += [_leaf(b"before"), _leaf(b"long before"), _leaf(body), _leaf(b"after"), _leaf(b"long after")]
        promised = {"integratedTime": int(at.timestamp()), "logIndex": _EARLIER + index}
        promise = self.key.sign(canonical(promised | {"body": text(body), "logID": self.key.id.hex()}))
        return {name: str(value) for name, value in promised.items()} | {
            "logId": {"keyId": text(self.key.id)},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "inclusionPromise": {"signedEntryTimestamp": text(promise)},
            "inclusionProof": self._proof(index),
            "canonicalizedBody": text(body),
        }

    def _proof(self, index: int) -> dict[str, Any]:
        """Return the way from an entry to the head of the tree, and the head signed."""
        size, head = len(self._leaves), _head(self._leaves)
        note = f"double.invalid - 1\n{size}\n{text(head)}\n"
        signature = text(self.key.id[:4] + self.key.sign(note.encode()))
        return {
            "logIndex": str(index),
            "treeSize": str(size),
            "rootHash": text(head),
            "hashes": [text(node) for node in _path(index, self._leaves)],
            "checkpoint": {"envelope": f"{note}\n\N{EM DASH} double.invalid {signature}\n"},
        }


def _body(certificate: x509.Certificate, statement: bytes, signature: bytes) -> dict[str, Any]:
    """Return what the log keeps of a signed statement: an entry of the kind dsse 0.0.1."""
    verifier = text(certificate.public_bytes(serialization.Encoding.PEM))
    envelope = canonical({"payload": text(statement), "signatures": [{"sig": text(signature)}]})
    spec = {
        "envelopeHash": {"algorithm": "sha256", "value": sha256(envelope).hex()},
        "payloadHash": {"algorithm": "sha256", "value": sha256(statement).hex()},
        "signatures": [{"signature": text(signature), "verifier": verifier}],
    }
    return {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}


def _leaf(body: bytes) -> bytes:
    return sha256(b"\0" + body)


def _head(leaves: list[bytes]) -> bytes:
    """Return the hash over a tree (section 2.1)."""
    if len(leaves) == 1:
        return leaves[0]
    left, right = _halves(leaves)
    return sha256(b"\1" + _head(left) + _head(right))


def _path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Return the hashes between a leaf and the head (section 2.1.1)."""
    if len(leaves) == 1:
        return []
    left, right = _halves(leaves)
    if index < len(left):
        return [*_path(index, left), _head(right)]
    return [*_path(index - len(left), right), _head(left)]


def _halves(leaves: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return leaves[:half], leaves[half:]
