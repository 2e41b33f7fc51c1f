"""The upload form of the index, `:action=file_upload`, as twine and uv send it."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.version import InvalidVersion, Version

from ..server import Request
from . import distribution
from .form import Attached, Form, read
from .refusal import Refused

_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)
_EXTENSIONS = {"sdist": (".tar.gz", ".zip"), "bdist_wheel": (".whl",)}
_MOST_ATTESTATIONS = 2  # one for each kind of statement that PyPI knows
_SPECIFICATION = "See https://packaging.python.org/specifications/core-metadata for more information."


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form whose values are in order, and the attestations for it."""

    filename: str
    content: bytes
    attestations: tuple[Mapping[str, Any], ...] = ()


def permitted(request: Request, token: str) -> None:
    """Refuse who does not bring this API token."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    if kind.lower() == "basic" and user and user != "__token__":
        raise Refused(
            "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers"
            " instead. See https://pypi.org/help/#apitoken and https://pypi.org/help/#trusted-publishers",
            403,
        )
    if kind.lower() != "basic" or not hmac.compare_digest(password.encode(), token.encode()):
        raise Refused(
            "Invalid or non-existent authentication information. See https://pypi.org/help/#invalid-auth"
            " for more information.",
            403,
        )


def received(request: Request) -> Upload:
    """Return what an upload brings; refuse a form whose values are wrong or do not fit the file."""
    form = read(request)
    if form.one(":action") != "file_upload":
        raise Refused("The upload form's :action is not file_upload.", 404)
    if form.one("protocol_version") not in {"", "1"}:
        raise Refused("Unknown protocol version.")
    _valid_file_fields(form)
    version = _valid_version(form)
    attached = form.files.get("content")
    if attached is None:
        raise Refused("Upload payload does not have a file.")
    _fits(form, attached)
    distribution.expect(attached.filename, form.one("name"), version)
    return Upload(attached.filename, attached.content, _attestations(form, attached))


def _valid_file_fields(form: Form) -> None:
    name, kind, python = form.one("name"), form.one("filetype"), form.one("pyversion")
    if not _NAME.fullmatch(name):
        raise Refused(
            f"{name!r} is an invalid value for Name. Error: Start and end with a letter or numeral containing only"
            f" ASCII numeric and '.', '_' and '-'. {_SPECIFICATION}"
        )
    if kind not in _EXTENSIONS:
        raise Refused("Invalid value for filetype. Error: Use a known file type.")
    if kind == "sdist" and python not in {"", "source"}:
        raise Refused("Invalid value for pyversion. Error: Use 'source' as Python version for an sdist.")
    if kind != "sdist" and not python:
        raise Refused("Invalid value for pyversion. Error: Python version is required for binary distribution uploads.")


def _valid_version(form: Form) -> Version:
    if not form.one("metadata_version"):
        raise Refused(f"'' is an invalid value for Metadata-Version. Error: This field is required. {_SPECIFICATION}")
    try:
        return Version(form.one("version"))
    except InvalidVersion as error:
        raise Refused(
            f"{form.one('version')!r} is an invalid value for Version. Error: {error} {_SPECIFICATION}"
        ) from error


def _fits(form: Form, attached: Attached) -> None:
    if not attached.filename.endswith(_EXTENSIONS[form.one("filetype")]):
        raise Refused(f"Invalid file extension: {attached.filename!r} is not a {form.one('filetype')}.")
    if attached.media.startswith("image/"):
        raise Refused("Invalid distribution file.")
    own = {
        "md5_digest": hashlib.md5(attached.content, usedforsecurity=False).hexdigest(),
        "sha256_digest": hashlib.sha256(attached.content).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(attached.content, digest_size=32).hexdigest(),
    }
    given = {name: form.one(name).lower() for name in own if form.one(name)}
    if not given:
        raise Refused("Error: Include at least one message digest.")
    if any(own[name] != digest for name, digest in given.items()):
        raise Refused("The digest supplied does not match a digest calculated from the uploaded file.")


def _attestations(form: Form, attached: Attached) -> tuple[Mapping[str, Any], ...]:
    """Return the attestations (PEP 740); who signed is not looked at here, only what was signed."""
    if "attestations" not in form.fields:
        return ()
    try:
        found = json.loads(form.one("attestations"))
        subjects = [json.loads(base64.b64decode(item["envelope"]["statement"]))["subject"][0] for item in found]
        named = [(subject["name"], subject["digest"]["sha256"]) for subject in subjects]
    except (ValueError, LookupError, TypeError) as error:
        raise _attested_wrongly(f"Malformed attestations: {error!r}") from error
    if not found:
        raise _attested_wrongly("Malformed attestations: an empty attestation set is not permitted")
    if len(found) > _MOST_ATTESTATIONS:
        raise _attested_wrongly(f"A maximum of {_MOST_ATTESTATIONS} attestations per file are supported")
    if set(named) != {(attached.filename, hashlib.sha256(attached.content).hexdigest())}:
        raise _attested_wrongly("Could not verify the uploaded artifact using the included attestation")
    return tuple(found)


def provenance(upload: Upload, publisher: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the document the index makes of a publisher and its attestations; nothing without any."""
    if not upload.attestations:
        return None
    if publisher is None:
        raise _attested_wrongly("Attestations are only supported when using Trusted Publishing")
    bundle = {"publisher": publisher, "attestations": list(upload.attestations)}
    return {"version": 1, "attestation_bundles": [bundle]}


def _attested_wrongly(why: str) -> Refused:
    return Refused(f"Invalid attestations supplied during upload: {why}")
