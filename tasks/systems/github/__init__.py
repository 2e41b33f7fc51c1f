"""GitHub: what is read there, and what is changed there."""

from .account import Facts, Identity
from .actions import Artifact, Job, Run, Step, Workflow
from .client import Github
from .coverage import Coverage
from .covering import ClosedIssue, CoveredCommit, CoveringPull
from .editor import Editor
from .queries import CutOff
from .releases import Asset, Release
from .revisions import Branch, Protection, Relation, Rule, TagRef
from .tracker import Issue, Pull
from .troubles import Missing, NotAllowed, TokenRefused, Unprocessable

__all__ = [
    "Artifact",
    "Asset",
    "Branch",
    "ClosedIssue",
    "Coverage",
    "CoveredCommit",
    "CoveringPull",
    "CutOff",
    "Editor",
    "Facts",
    "Github",
    "Identity",
    "Issue",
    "Job",
    "Missing",
    "NotAllowed",
    "Protection",
    "Pull",
    "Relation",
    "Release",
    "Rule",
    "Run",
    "Step",
    "TagRef",
    "TokenRefused",
    "Unprocessable",
    "Workflow",
]
