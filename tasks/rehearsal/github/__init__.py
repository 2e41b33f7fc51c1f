"""A sandbox GitHub for one repository: real git data, everything else in memory."""

from .hub import Push
from .objects import Pace, Step
from .plays import zipped
from .sandbox import SandboxGithub
from .workflows import StepFailed, Workflows

__all__ = ["Pace", "Push", "SandboxGithub", "Step", "StepFailed", "Workflows", "zipped"]
