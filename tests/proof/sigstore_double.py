"""A private sigstore, and the documents that come of it: a trust root, and the provenance of a file (PEP 740).

Nothing is left out that a verifier looks at: the certificate chains to a root and carries the promise of a certificate
log, the signature is listed with a proof and a promise, and the trust root names these keys and no others.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from .sigstore_authority import ISSUED, Authority, Identity, encoded
from .sigstore_keys import Key, canonical, text
from .sigstore_log import Log

PUBLISH = "https://docs.pypi.org/attestations/publish/v1"


@dataclass
class Sigstore:
    """The services, and what a workflow does with them."""

    authority: Authority = field(default_factory=Authority)
    log: Log = field(default_factory=Log)

    def attestation(
        self, filename: str, content: bytes, by: Identity, *, predicate: str = PUBLISH, after: float = 9
    ) -> dict[str, Any]:
        """Return an attestation of a file; it is listed so many seconds `after` the certificate was issued."""
        key = Key()
        certificate = self.authority.certificate(by, key)
        subject = {"name": filename, "digest": {"sha256": hashlib.sha256(content).hexdigest()}}
        kinds = {"_type": "https://in-toto.io/Statement/v1", "predicateType": predicate}
        statement = canonical({**kinds, "subject": [subject], "predicate": None})
        signature = key.sign(b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(statement), statement))
        entry = self.log.entry(certificate, statement, signature, ISSUED + timedelta(seconds=after))
        return {
            "version": 1,
            "verification_material": {"certificate": text(encoded(certificate)), "transparency_entries": [entry]},
            "envelope": {"statement": text(statement), "signature": text(signature)},
        }

    def trusted_root(self) -> bytes:
        """Return the document that names the keys to trust."""
        parts = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.log.key.trusted("rekor")],
            "certificateAuthorities": [self.authority.trusted()],
            "ctlogs": [self.authority.log.trusted("ctlog")],
        }
        return json.dumps(parts).encode()


def bundle(publisher: Identity | Mapping[str, Any], *attestations: Mapping[str, Any]) -> dict[str, Any]:
    """Return attestations, and of which publisher the index says that they are."""
    if isinstance(publisher, Identity):
        publisher = {"kind": "GitHub", "repository": publisher.repository, "workflow": publisher.workflow}
    return {"publisher": {**publisher, "environment": None}, "attestations": list(attestations)}


def provenance(*bundles: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that the integrity API serves for a file."""
    return {"version": 1, "attestation_bundles": list(bundles)}
