"""A sandbox GitHub for one repository: real git data, everything else in memory."""

from .hub import Push
from .objects import Release
from .plays import zipped
from .progress import Job, Pace, Run, Step
from .sandbox import SandboxGithub
from .steps import StepFailed
from .workflows import Workflows

__all__ = [
    "Job",
    "Pace",
    "Push",
    "Release",
    "Run",
    "SandboxGithub",
    "Step",
    "StepFailed",
    "Workflows",
    "zipped",
]
