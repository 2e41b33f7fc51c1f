"""A package index in the process, that behaves towards clients as PyPI does."""

from .refusal import Refused
from .service import SandboxIndex

__all__ = ["Refused", "SandboxIndex"]
