"""Fixtures of the agent's tests."""

import os

import pytest


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: these tests kill the agent, not the machine's power."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
