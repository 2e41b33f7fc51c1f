"""Lists of requirements that ask for the same, as real build back ends spell them, and lists that do not."""

import pytest

from tasks.rules.requirements import different

DECLARED = [
    "requests[socks]>=2,<3; python_version >= '3.8'",
    "foo-bar~=1.0; python_version < '3.13' or sys_platform == 'win32'",
    "zed>=1,!=1.5; platform_system == 'Linux' and python_full_version >= '3.10.1'",
    "orjson>=3; (python_version >= '3.9' and sys_platform != 'win32') and extra == 'fast'",
    "sample[fast]; extra == 'all'",
]
BUILT = {
    "hatchling": [
        "Requests[socks]<3,>=2; python_version >= '3.8'",
        "foo.bar~=1.0; python_version < '3.13' or sys_platform == 'win32'",
        "zed!=1.5,>=1; platform_system == 'Linux' and python_full_version >= '3.10.1'",
        "orjson>=3; (python_version >= '3.9' and sys_platform != 'win32') and extra == 'all'",
        "orjson>=3; (python_version >= '3.9' and sys_platform != 'win32') and extra == 'fast'",
    ],
    "uv_build": [
        "requests[socks]>=2,<3 ; python_full_version >= '3.8'",
        "foo-bar~=1.0 ; python_full_version < '3.13' or sys_platform == 'win32'",
        "zed>=1,!=1.5 ; python_full_version >= '3.10.1' and sys_platform == 'linux'",
        "sample[fast] ; extra == 'all'",
        "orjson>=3 ; python_full_version >= '3.9' and sys_platform != 'win32' and extra == 'fast'",
    ],
    "poetry": [
        "sample[fast] ; extra == 'all'",
        "Requests[socks] (>=2,<3) ; python_version >= '3.8'",
        "foo.bar (>=1.0,<2.0) ; python_version < '3.13' or sys_platform == 'win32'",
        "orjson (>=3) ; (python_version >= '3.9' and sys_platform != 'win32') and (extra == 'fast')",
        "zed (>=1,!=1.5) ; platform_system == 'Linux' and python_full_version >= '3.10.1'",
    ],
}


@pytest.mark.parametrize("lines", BUILT.values(), ids=list(BUILT))
def test_back_ends_spell_the_same_requirements_differently(lines: list[str]) -> None:
    assert different(lines, DECLARED, "sample") == ([], [])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("a>=1", "a>=1.0.1"),
        ("a~=1.4", "a~=1.4.0"),
        ("a", "a; python_version >= '3.9'"),
        ("a; python_version >= '3.9'", "a; python_version > '3.9'"),
        ("a; python_full_version >= '3.9.1'", "a; python_full_version >= '3.9.2'"),
        ("a; sys_platform == 'sunos5'", "a; sys_platform == 'aix'"),
        ("a; platform_machine == 'x86_64'", "a; platform_machine == 'arm64'"),
        ("a; implementation_name == 'graalpy'", "a; implementation_name == 'pypy'"),
        ("a; extra == 'one'", "a; extra == 'two'"),
        ("a; extra == 'one'", "a"),
        ("a[x]", "a[y]"),
        ("a @ https://example.org/a.whl", "a @ https://example.org/b.whl"),
        ("no requirement at all", "a"),
    ],
)
def test_what_an_installer_would_be_told_differently_is_named(found: str, expected: str) -> None:
    missing, more = different([found], [expected], "sample")
    assert missing
    assert more


def test_what_is_missing_or_too_many_is_named_as_it_is_spelled() -> None:
    assert different(["B_c>=1"], ["A.b"], "sample") == (["a-b"], ["b-c>=1"])
    assert different(["a; sys_platform == 'never'"], [], "sample") == ([], ['a; sys_platform == "never"'])


def test_extras_that_name_each_other_come_to_an_end() -> None:
    lines = [f"sample[{one}]; extra == '{other}'" for one in "abc" for other in "abc"]
    assert different([*lines, "z; extra == 'a'"], [*lines, "z; extra == 'a'"], "sample") == ([], [])
    assert different([*lines, "z; extra == 'a'"], [*lines], "sample")[1]
