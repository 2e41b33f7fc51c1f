"""Notices: what stands above a release's notes while its version is yanked. The mark makes it one, however often."""

import re

from packaging.version import Version

from .quoting import span

_BEGIN = "<!-- release-coordination: yanked -->"
_END = "<!-- release-coordination: end of yanked -->"
_NOTICE = re.compile(rf"\A\s*{re.escape(_BEGIN)}.*?{re.escape(_END)}(?:\r?\n)*", re.S)


def with_notice(body: str, version: Version, reason: str, instead: Version | None) -> str:
    """Return a release's text with the notice above it, in the place of an earlier one."""
    harmless = reason.replace("<!--", "<! --")  # or it could end the notice
    why = f": {span(harmless)}" if reason else ""
    rest = f"Installers take {instead} instead." if instead else "Installers take no version any more."
    notice = f"{_BEGIN}\n> [!WARNING]\n> **{version} was yanked** from the package index{why}. {rest}\n{_END}"
    own = without_notice(body)
    return f"{notice}\n\n{own}" if own else notice


def without_notice(body: str) -> str:
    """Return a release's text without the notice; what a person wrote stays as it is."""
    return _NOTICE.sub("", body, count=1)
