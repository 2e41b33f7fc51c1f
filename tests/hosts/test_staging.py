"""Candidates on real hosts, as an operator types it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from . import service
from .indexes import Indexes
from .lab import Lab
from .machines import Machine
from .maintainer import Operator, at_work
from .telegram import Telegram

Working = Callable[..., Operator]


@pytest.fixture
def working(tmp_path: Path, lab: Lab, indexes: Indexes, telegram: Telegram) -> Working:
    """Give a function: `working(hetz, settle=2)` is an operator with that host in the settings."""

    def make(*hosts: Machine, **settings: object) -> Operator:
        return at_work(tmp_path, lab, indexes, telegram, hosts, **settings)  # type: ignore[arg-type]

    return make


def version(machine: Machine) -> str:
    """Return the version that answers on a host."""
    return machine.as_user(".local/bin/acme-bot --version").split()[-1]


def test_one_host_from_candidate_to_release_and_back(hetz: Machine, working: Working) -> None:
    operator = working(hetz)
    typed = operator.inv("staging.install", "--version", "0.36.0rc1", "--host", "hetz")
    assert typed.code == 0, typed
    assert version(hetz) == "0.36.0rc1"
    assert operator.ask("staging.healthcheck", "--version=0.36.0rc1").host("hetz")["outcome"] == "OK"
    status = operator.ask("staging.status").host("hetz")["answer"]
    assert (status["live"]["version"], status["live"]["origin"]) == ("0.36.0rc1", "staging index")
    assert operator.inv("staging.install", "--version=0.36.0rc2").code == 0
    assert version(hetz) == "0.36.0rc2"
    assert operator.inv("staging.rollback").code == 0
    assert version(hetz) == "0.36.0rc1"
    assert operator.inv("staging.reset", "--to=0.36.0").code == 0
    assert version(hetz) == "0.36.0"
    assert operator.inv("staging.rollback", "--to=0.35.3").code == 0
    assert version(hetz) == service.FIRST
