"""Keys of a private sigstore, and the few encodings that its documents are made of."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

BEGAN, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)  # of every service


@dataclass(frozen=True)
class Key:
    """A key pair, of a service or a signer."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> bytes:
        """Return the public half, in DER."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.DER, form)

    @property
    def id(self) -> bytes:
        """Return what a log with this key goes by (RFC 6962, section 3.2)."""
        return sha256(self.public)

    def sign(self, data: bytes) -> bytes:
        """Return a signature, in DER."""
        return self.private.sign(data, ec.ECDSA(hashes.SHA256()))

    def trusted(self, service: str) -> dict[str, Any]:
        """Return this key as a trust root names that of a log."""
        valid = {"start": BEGAN.isoformat()}
        key = {"rawBytes": text(self.public), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid}
        url = f"https://{service}.invalid"
        return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": key, "logId": {"keyId": text(self.id)}}


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return a document in its one canonical form (RFC 8785, for what is in these documents)."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def der(tag: int, content: bytes) -> bytes:
    """Return a value in DER: what it is, how long, itself."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def sized(data: bytes, width: int) -> bytes:
    """Return data after its own length, which is so many bytes wide."""
    return len(data).to_bytes(width) + data


def sha256(data: bytes) -> bytes:
    """Return a digest."""
    return hashlib.sha256(data).digest()


def text(data: bytes) -> str:
    """Return bytes as JSON has them."""
    return b64encode(data).decode()
