"""The publisher's attestation of a file, verified (PEP 740); needs the extra `attestations`."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ReleaseError
from ..systems.index import IndexFile
from .waiting import LeftOut


def publisher(provenance: Mapping[str, Any], file: IndexFile, content: bytes, repository: str, workflow: str) -> str:
    """Return who published a file, once its attestation is verified and names this repository and workflow."""
    try:
        import pypi_attestations as attestations
    except ImportError:
        raise LeftOut("not configured: attestations (install release-coordination[attestations])") from None
    try:
        given = attestations.Provenance.model_validate(provenance)
    except ValueError as error:
        raise ReleaseError(f"the index serves a provenance that is none: {type(error).__name__}") from None
    for bundle in given.attestation_bundles:
        _expect(bundle.publisher, repository, workflow)
        _verify(attestations, bundle, file, content)
    if not any(bundle.attestations for bundle in given.attestation_bundles):
        raise ReleaseError("the index serves a provenance without an attestation")
    return f"{repository}, {workflow}: verified"


def _expect(found: Any, repository: str, workflow: str) -> None:
    """Refuse another publisher than this repository's release workflow."""
    kind = getattr(found, "kind", "unknown")
    if kind != "GitHub":
        raise ReleaseError(f"the attestation is of a publisher of kind {kind}", expected="GitHub")
    if found.repository.lower() != repository.lower():
        raise ReleaseError(f"the attestation is of the repository {found.repository}", expected=repository)
    if found.workflow != workflow:
        raise ReleaseError(f"the attestation is of the workflow {found.workflow}", expected=workflow)


def _verify(attestations: Any, bundle: Any, file: IndexFile, content: bytes) -> None:
    """Verify a publisher's signatures over a file; the trust root is fetched when it is not at hand."""
    with tempfile.TemporaryDirectory(prefix="release-coordination-") as folder:
        path = Path(folder) / file.filename
        path.write_bytes(content)
        distribution = attestations.Distribution.from_file(path)
    for attestation in bundle.attestations:
        try:
            _checked(attestation, bundle.publisher, distribution)
        except attestations.AttestationError as error:
            raise ReleaseError(f"the attestation of {file.filename} does not hold: {error}") from None


def _checked(attestation: Any, publisher: Any, distribution: Any) -> None:
    """Verify one signature, with a fresh trust root; without network with the one that came with sigstore."""
    from sigstore.errors import TUFError

    try:
        attestation.verify(publisher, distribution)
    except (OSError, TUFError):
        attestation.verify(publisher, distribution, offline=True)
