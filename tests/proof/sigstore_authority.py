"""A private Fulcio: certificates for ten minutes that tell which workflow a key is in the hands of."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .sigstore_keys import BEGAN, ENDS, Key, der, sized, text

ISSUED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
_GOOD_FOR = timedelta(minutes=10)
_CLAIMS = "1.3.6.1.4.1.57264.1"  # Fulcio's docs/oid-info.md
_PROMISES = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """A run of a workflow on GitHub, as its token tells it to the authority."""

    repository: str = "owner/sample"
    workflow: str = "release.yml"
    ref: str = "refs/tags/v1.0.0"
    commit: str = "c0ffee" * 6 + "beef"
    issuer: str = "https://token.actions.githubusercontent.com"
    without: tuple[int, ...] = ()  # claims that the certificate lacks

    @property
    def uri(self) -> str:
        """Return the workflow file at its ref, which the certificate is for."""
        return f"https://github.com/{self.repository}/.github/workflows/{self.workflow}@{self.ref}"

    def claims(self) -> dict[int, str]:
        """Return the certificate's claims by the last number of their object identifier."""
        home = f"https://github.com/{self.repository}"
        claims = {
            8: self.issuer, 9: self.uri, 10: self.commit, 11: "github-hosted", 12: home, 13: self.commit, 14: self.ref,
            15: "1", 16: home.rpartition("/")[0], 17: "2", 18: self.uri, 19: self.commit, 20: "push",
            21: f"{home}/actions/runs/3/attempts/1", 22: "public",
        }  # fmt: skip
        return {number: claim for number, claim in claims.items() if number not in self.without}


@dataclass
class Authority:
    """A root, an intermediate, and the log of certificates whose promise each certificate carries (RFC 6962)."""

    log: Key = field(default_factory=Key)
    promises: int = 1
    _root: Key = field(default_factory=Key)
    _key: Key = field(default_factory=Key)

    def __post_init__(self) -> None:
        self.root = _authority("root", self._root, self._root)
        self.intermediate = _authority("intermediate", self._key, self._root)

    def certificate(self, identity: Identity, key: Key) -> x509.Certificate:
        """Return the certificate that this key is in the hands of this workflow."""
        builder = _builder("", key, "intermediate", self._key, ISSUED, ISSUED + _GOOD_FOR)
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity.uri)])
        builder = builder.add_extension(names, critical=True)
        builder = builder.add_extension(_usage("digital_signature"), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        for number, claim in identity.claims().items():
            value = der(0x0C, claim.encode())
            builder = _extended(builder, x509.ObjectIdentifier(f"{_CLAIMS}.{number}"), value)
        if self.promises:
            promise = self._promise(builder.sign(self._key.private, hashes.SHA256()))
            builder = _extended(builder, _PROMISES, der(0x04, sized(sized(promise, 2) * self.promises, 2)))
        return builder.sign(self._key.private, hashes.SHA256())

    def _promise(self, certificate: x509.Certificate) -> bytes:
        """Return the log's promise to list a certificate that has everything but this promise (section 3.2)."""
        moment = (int(ISSUED.timestamp()) * 1000).to_bytes(8)
        entry = self._key.id + sized(certificate.tbs_certificate_bytes, 3)
        signature = self.log.sign(b"\0\0" + moment + b"\0\1" + entry + b"\0\0")
        return b"\0" + self.log.id + moment + b"\0\0" + b"\4\3" + sized(signature, 2)

    def trusted(self) -> dict[str, Any]:
        """Return the authority as a trust root names it."""
        chain = [{"rawBytes": text(encoded(certificate))} for certificate in (self.intermediate, self.root)]
        return {
            "subject": {"organization": "double.invalid", "commonName": "root"},
            "certChain": {"certificates": chain},
            "validFor": {"start": BEGAN.isoformat(), "end": ENDS.isoformat()},
        }


def encoded(certificate: x509.Certificate) -> bytes:
    """Return a certificate in DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def _authority(name: str, key: Key, by: Key) -> x509.Certificate:
    builder = _builder(name, key, "root", by, BEGAN, ENDS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    usage = _usage("key_cert_sign", "crl_sign")
    return builder.add_extension(usage, critical=True).sign(by.private, hashes.SHA256())


def _builder(name: str, key: Key, issuer: str, by: Key, start: datetime, end: datetime) -> x509.CertificateBuilder:
    public = key.private.public_key()
    builder = x509.CertificateBuilder(_name(issuer), _name(name), public, x509.random_serial_number(), start, end)
    theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.private.public_key())
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    return builder.add_extension(theirs, critical=False)


def _extended(builder: x509.CertificateBuilder, oid: x509.ObjectIdentifier, value: bytes) -> x509.CertificateBuilder:
    return builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])


def _usage(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in uses for use in _USES})
