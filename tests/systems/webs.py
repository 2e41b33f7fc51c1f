"""What the tests of the clients share: a clock that never really waits, a client that goes by it, a certificate."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tasks.systems.web import Clock, Web

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC).timestamp()


@dataclass
class FakeClock(Clock):
    """A clock that jumps over every wait and remembers it."""

    moment: float = 0.0
    naps: list[float] = field(default_factory=list)
    on_sleep: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.moment

    def time(self) -> float:
        return START + self.moment

    def sleep(self, seconds: float, stop: Event) -> None:
        self.naps.append(round(seconds, 3))
        self.moment += seconds
        self.on_sleep()


def client(clock: Clock | None = None, **fields: Any) -> Web:
    """Return a client that waits by a fake clock and without jitter."""
    return Web(clock=clock or FakeClock(), jitter=lambda: 1.0, **fields)


def certificate(folder: Path, name: str = "127.0.0.1") -> Path:
    """Make a certificate for an address that vouches for itself; return the file with it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def tls(path: Path) -> ssl.SSLContext:
    """Return what a server with this certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
