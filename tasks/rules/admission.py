"""Whether a version may go to a host: the one question that installing asks."""

from packaging.version import Version


def obstacle(version: Version, role: str) -> str:
    """Return why a version may not go to a host of a role, or nothing when it may."""
    if role == "dev":
        return f"a dev host runs its checkout: {version} is never installed there"
    return ""
