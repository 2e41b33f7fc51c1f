"""Which hosts are meant, in which order, what their outcomes come to, and whether a version may go to a host."""

from collections.abc import Mapping, Sequence

import pytest
from packaging.version import Version

from tasks.errors import WrongValue
from tasks.rules.admission import obstacle
from tasks.rules.fleet import HostOutcome, canary_first, canary_of, chosen, one_each, worst

ROLES = {"desk": "dev", "hetz": "staging", "web1": "production", "web2": "production"}


@pytest.mark.parametrize(
    ("names", "role", "default_role", "meant"),
    [
        ([], "", "staging", ["hetz"]),
        ([], "", "production", ["web1", "web2"]),
        ([], "", "", ["desk", "hetz", "web1", "web2"]),
        ([], "production", "staging", ["web1", "web2"]),
        ([], "dev", "staging", ["desk"]),
        (["web1"], "", "staging", ["web1"]),
        (["web2", "hetz"], "", "staging", ["hetz", "web2"]),  # the settings' order
        (["hetz", "hetz"], "", "staging", ["hetz"]),
        (["desk"], "", "staging", ["desk"]),
        (["all"], "", "staging", ["hetz", "web1", "web2"]),  # never the developers' hosts
        (["all", "hetz"], "", "staging", ["hetz", "web1", "web2"]),
        (["all", "desk"], "", "staging", ["desk", "hetz", "web1", "web2"]),  # unless it is named
        (["all"], "production", "staging", ["web1", "web2"]),
        (["hetz", "web2"], "production", "staging", ["web2"]),
    ],
)
def test_the_hosts_that_are_meant(names: Sequence[str], role: str, default_role: str, meant: list[str]) -> None:
    assert chosen(ROLES, names, role, default_role=default_role) == meant


@pytest.mark.parametrize(
    ("roles", "names", "role", "found", "expected"),
    [
        ({}, [], "", "the settings have no hosts", "[tool.release-coordination.hosts.NAME]"),
        (ROLES, ["hetzz"], "", "--host hetzz: no such host in the settings", "hetz"),
        (ROLES, ["web3"], "", "--host web3: no such host in the settings", "web"),
        (ROLES, ["al"], "", "--host al: no such host in the settings", "all"),
        (
            ROLES,
            ["hetz", "moon"],
            "",
            "--host moon: no such host in the settings",
            "one of desk, hetz, web1, web2, all",
        ),
        (ROLES, [], "nobody", "--role nobody: no host has it", "one of dev, production, staging"),
        (ROLES, ["web1"], "staging", "no host of the settings has the role staging", "--host NAME or --role ROLE"),
        ({"web1": "production"}, [], "", "no host of the settings has the role staging", "--host NAME or --role ROLE"),
        ({"desk": "dev"}, ["all"], "", "no host", "--host NAME"),
    ],
)
def test_no_such_host(roles: Mapping[str, str], names: Sequence[str], role: str, found: str, expected: str) -> None:
    with pytest.raises(WrongValue) as refused:
        chosen(roles, names, role, default_role="staging")
    assert refused.value.found.startswith(found)
    assert refused.value.expected.startswith(expected)
    assert refused.value.exit_code == 2


def test_an_error_never_ends_in_nothing() -> None:
    with pytest.raises(WrongValue) as refused:
        chosen({"desk": "dev"}, ["all"], "", default_role="staging")
    assert refused.value.found == refused.value.found.rstrip(), "`all` has no role to name"


@pytest.mark.parametrize(
    ("names", "canary", "order"),
    [
        (["hetz", "web1", "web2"], "", ["hetz", "web1", "web2"]),
        (["hetz", "web1", "web2"], "web2", ["web2", "hetz", "web1"]),
        (["hetz"], "hetz", ["hetz"]),
        ([], "", []),
    ],
)
def test_the_canary_goes_first_and_the_others_keep_their_order(names: list[str], canary: str, order: list[str]) -> None:
    assert canary_first(names, canary) == order


def test_a_canary_that_is_not_meant_is_refused() -> None:
    with pytest.raises(WrongValue, match="--canary moon") as refused:
        canary_first(["hetz", "web1"], "moon")
    assert refused.value.expected == "one of hetz, web1"


@pytest.mark.parametrize(
    ("addresses", "twins"),
    [
        ({}, {}),
        ({"hetz": "hetz", "web1": "web1"}, {}),
        ({"hetz": "hetz", "alias": "hetz"}, {"alias": "hetz"}),
        ({"a": "x", "b": "y", "c": "x", "d": "x", "e": "y"}, {"c": "a", "d": "a", "e": "b"}),
        ({"here": "local", "there": "local"}, {"there": "here"}),
    ],
)
def test_one_machine_under_two_names(addresses: Mapping[str, str], twins: Mapping[str, str]) -> None:
    assert one_each(addresses) == twins


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 2], 2),
        ([2, 4], 4),
        ([4, 3], 3),
        ([3, 1], 1),
        ([1, 0, 2, 3, 4], 1),
        ([4, 0, 0], 4),
    ],
)
def test_the_worst_outcome_counts_a_failure_before_an_unknown(codes: Sequence[int], code: int) -> None:
    assert worst(codes) == code
    assert worst(reversed(codes)) == code


def test_the_outcomes_are_those_of_the_design() -> None:
    assert [str(outcome) for outcome in HostOutcome] == ["OK", "ROLLED BACK", "FAILED", "UNKNOWN", "UNTOUCHED"]
    assert HostOutcome["ROLLED_BACK"] is HostOutcome.ROLLED_BACK  # as the agent spells it


@pytest.mark.parametrize("version", ["0.36.0rc1", "0.36.0", "1.0.dev3", "1.0+local"])
@pytest.mark.parametrize(
    ("role", "why_not"), [("staging", ""), ("production", ""), ("dev", "a dev host runs its checkout")]
)
def test_a_version_may_go_anywhere_but_to_a_developers_host(version: str, role: str, why_not: str) -> None:
    said = obstacle(Version(version), role)
    assert said.startswith(why_not)
    assert bool(said) == bool(why_not)


@pytest.mark.parametrize(
    ("roles", "canary"), [(ROLES, "hetz"), ({"a": "production", "b": "production"}, "a"), ({}, "")]
)
def test_who_goes_first_when_nobody_says(roles: Mapping[str, str], canary: str) -> None:
    assert canary_of(roles) == canary
