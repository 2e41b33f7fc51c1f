"""The publisher's attestation of a file, verified (PEP 740); needs the extra `attestations`."""

import hashlib
from collections.abc import Mapping
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from ..errors import ReleaseError, Unreachable
from ..systems.index import IndexFile
from ..systems.surroundings import steadily
from .waiting import LeftOut, Observed

if TYPE_CHECKING:
    from pypi_attestations import Attestation, AttestationBundle, Distribution, Publisher


def publisher(provenance: Mapping[str, Any], file: IndexFile, content: bytes, repository: str, workflow: str) -> str:
    """Return who published a file, once its attestations are verified and name this repository and workflow."""
    try:
        from pypi_attestations import Distribution
    except ImportError:
        raise LeftOut("not configured: attestations (install release-coordination[attestations])") from None
    bundles = _bundles(provenance)
    for bundle in bundles:
        _expect(bundle.publisher, repository, workflow)
    if not bundles or not all(bundle.attestations for bundle in bundles):
        raise ReleaseError("the index serves a provenance without an attestation", expected="one by each publisher")
    distribution = Distribution(name=file.filename, digest=hashlib.sha256(content).hexdigest())
    stale = trust_root.now()
    for bundle in bundles:
        for attestation in bundle.attestations:
            _verify(attestation, bundle.publisher, distribution, stale)
    return f"{repository}, {workflow}: verified{stale}"


def _bundles(provenance: Mapping[str, Any]) -> "list[AttestationBundle]":
    """Return what a provenance has, by publisher."""
    from pydantic import ValidationError
    from pypi_attestations import Provenance

    try:
        return Provenance.model_validate(provenance).attestation_bundles
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "all of it"
        raise ReleaseError(f"the index serves a malformed provenance: {where}: {_line(first['msg'])}") from None


def _expect(found: "Publisher", repository: str, workflow: str) -> None:
    """Refuse another publisher than this repository's release workflow; that it signed is verified afterwards."""
    from pypi_attestations import GitHubPublisher

    if not isinstance(found, GitHubPublisher):
        raise ReleaseError(f"the attestation is of a publisher of kind {found.kind}", expected="GitHub")
    if found.repository.lower() != repository.lower():  # to GitHub these are one
        raise ReleaseError(f"the attestation is of the repository {found.repository}", expected=repository)
    if found.workflow != workflow:
        raise ReleaseError(f"the attestation is of the workflow {found.workflow}", expected=workflow)


def _verify(attestation: "Attestation", by: "Publisher", distribution: "Distribution", stale: str) -> None:
    """Verify that a publisher signed for a file; a refusal by a `stale` trust root tells nothing."""
    from cryptography.x509 import ExtensionNotFound
    from sigstore.errors import Error

    try:
        attestation.verify(by, distribution, offline=True)  # offline: by the trust root that is at hand by now
    except (Error, ExtensionNotFound, ValueError) as error:  # the library lets through what it trips over
        reason = _line(error).removeprefix("Verification failed: ")
        found = f"the attestation of {distribution.name} does not hold: {reason}"
        raise Unreachable(found + stale) if stale else ReleaseError(found) from None


def _refresh() -> str:
    """Bring sigstore's trust root up to date; return what to say when there is no network, but an older copy."""
    from tuf.api.exceptions import DownloadError

    error = _load()
    if error is None:
        return ""
    if isinstance(error.__cause__, DownloadError) and not _load(offline=True):
        return "; sigstore's trust root could not be fetched, so the copy at hand was used"
    raise Unreachable(f"sigstore's trust root is not to be had: {_line(error.__cause__ or error)}") from error


def _load(*, offline: bool = False) -> Exception | None:
    """Load sigstore's trust root, fetched and verified unless offline; return why it cannot be."""
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig
    from urllib3.exceptions import HTTPError

    try:
        steadily(lambda: ClientTrustConfig.production(offline=offline))  # looks for a proxy in the environment
    except (Error, HTTPError, OSError, ValueError) as error:
        return error
    return None


def _line(error: object) -> str:
    """Return a foreign message as one line that is not too long."""
    return shorten(str(error) or type(error).__name__, 200, placeholder=" …")


# Sigstore keeps its trust root in the user's cache, and two who refresh it at once trip over each other: one at a time.
trust_root = Observed(_refresh)
