import tomllib
from pathlib import Path

import pytest

from tasks.layers import SettingsError, load
from tasks.settings import HttpLiveness, Settings, TelegramLiveness

HOST = '[hosts.hetz]\nrole = "staging"\nunit = "sample.service"\n'


def settings(
    root: Path, tool: str = "", local: str = "", user: str = "", env: dict[str, str] | None = None
) -> Settings:
    if local:
        (root / "release-coordination.toml").write_text(local, "utf-8")
    if user:
        (root / "config" / "release-coordination").mkdir(parents=True)
        (root / "config" / "release-coordination" / "config.toml").write_text(user, "utf-8")
    return load(root, {"tool": {"release-coordination": tomllib.loads(tool)}}, env or {})


@pytest.fixture(autouse=True)
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def refused(root: Path, tool: str = "", local: str = "", user: str = "", env: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(root, tool, local, user, env)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_defaults(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found == Settings()
    assert (found.tag_prefix, found.zero_major, found.issues) == ("v", "major", True)
    assert found.issue_exempt == ("chore", "ci", "deps", "build", "style", "release")
    assert found.changelog.sections == ("fixes", "changes", "breaking", "docs", "tests")
    assert found.changelog.all_kinds["security"] == "fixes"


def test_each_layer_wins_over_the_one_below(tmp_path: Path) -> None:
    layers = [
        f'{key} = "{layer}"\n' for key, layer in (("approver", "user"), ("approver", "project"), ("approver", "local"))
    ]
    user, tool, local = layers
    environment = {"RELEASE_COORDINATION_APPROVER": "environment"}
    assert settings(tmp_path, user=user).approver == "user"
    assert load(tmp_path, {"tool": {"release-coordination": tomllib.loads(tool)}}, {}).approver == "project"
    assert settings(tmp_path, tool, local).approver == "local"
    assert load(tmp_path, {}, environment).approver == "environment"


def test_tables_are_merged_key_by_key_and_lists_replaced(tmp_path: Path) -> None:
    user = '[changelog]\nsections = ["fixes"]\n[checks]\na = "one"\nb = "one"\n'
    tool = '[changelog]\npath = "NEWS.md"\n[checks]\nb = "two"\n'
    found = settings(tmp_path, tool, '[changelog]\nsections = ["changes", "docs"]\n', user)
    assert (found.changelog.path, found.changelog.sections) == ("NEWS.md", ("changes", "docs"))
    assert found.checks == {"a": "one", "b": "two"}


def test_a_host_may_stand_in_two_layers(tmp_path: Path) -> None:
    """What is public stands in pyproject.toml, the address in the untracked file."""
    found = settings(tmp_path, HOST, '[hosts.hetz]\naddress = "me@192.0.2.1"\n')
    assert (found.hosts["hetz"].address, found.hosts["hetz"].unit) == ("me@192.0.2.1", "sample.service")


@pytest.mark.parametrize(
    ("name", "text", "dotted", "value"),
    [
        ("PACKAGE", "untether", "package", "untether"),
        ("PACKAGE", "1.0", "package", "1.0"),  # text is wanted: it is no number
        ("TAG_PREFIX", "", "tag_prefix", ""),
        ("ISSUES", "false", "issues", False),
        ("ZERO_MAJOR", "minor", "zero_major", "minor"),
        ("ISSUE_EXEMPT", '["ci", "docs"]', "issue_exempt", ("ci", "docs")),
        ("SOAK__DAYS", "3", "soak.days", 3),
        ("SOAK__MAX_ERRORS", "5", "soak.max_errors", 5),
        ("STAGING_INDEX__SIMPLE", "http://localhost/", "staging_index.simple", "http://localhost/"),
        ("GITHUB__WORKFLOWS__CI", "build.yml", "github.workflows.ci", "build.yml"),
        ("GITHUB__REQUIRED_CHECKS", '["a"]', "github.required_checks", ("a",)),
        ("REPOSITORY", "owner/name", "repository", "owner/name"),
    ],
)
def test_environment_has_the_type_of_its_key(tmp_path: Path, name: str, text: str, dotted: str, value: object) -> None:
    found: object = settings(tmp_path, env={f"RELEASE_COORDINATION_{name}": text})
    for part in dotted.split("."):
        found = getattr(found, part)
    assert found == value


def test_environment_reaches_into_hosts(tmp_path: Path) -> None:
    env = {
        f"RELEASE_COORDINATION_HOSTS__{name}": text
        for name, text in {
            "HETZ__UNIT": "other.service",
            "HETZ__SETTLE": "5",
            "NEW__ROLE": "dev",
            "HETZ__LIVENESS__KIND": "http",
            "HETZ__LIVENESS__URL": "http://localhost:1/",
        }.items()
    }
    hosts = settings(tmp_path, HOST, env=env).hosts
    assert (hosts["hetz"].unit, hosts["hetz"].settle, hosts["hetz"].role) == ("other.service", 5, "staging")
    assert hosts["hetz"].liveness == HttpLiveness(url="http://localhost:1/")
    assert hosts["new"].role == "dev"


@pytest.mark.parametrize("name", ["my-host", "my_host", "My-Host", "lba-1"])
def test_environment_finds_a_name_with_dashes_as_the_files_spell_it(tmp_path: Path, name: str) -> None:
    variable = f"RELEASE_COORDINATION_HOSTS__{name.upper().replace('-', '_')}__UNIT"
    found = settings(tmp_path, f'[hosts.{name}]\nunit = "a.service"\n', env={variable: "b.service"})
    assert {host: item.unit for host, item in found.hosts.items()} == {name: "b.service"}


def test_environment_names_a_check_with_dashes(tmp_path: Path) -> None:
    found = settings(tmp_path, '[checks]\nentry-points = "x"\n', env={"RELEASE_COORDINATION_CHECKS__ENTRY_POINTS": ""})
    assert found.checks == {"entry-points": ""}


@pytest.mark.parametrize(
    ("tool", "key", "nearest"),
    [
        ("aprover = 1\n", "aprover", "approver"),
        ("issue_exempt = []\n", "issue_exempt", "issue-exempt"),
        ("[changelog]\nsection = []\n", "changelog.section", "changelog.sections"),
        ("[soak]\nday = 1\n", "soak.day", "soak.days"),
        ("[hosts.hetz]\nerror_pattern = 'x'\n", "hosts.hetz.error_pattern", "hosts.hetz.error-pattern"),
        ("[github.workflows]\nreleases = 'x'\n", "github.workflows.releases", "github.workflows.release"),
        ("[hosts.a.liveness]\nkind = 'http'\nurls = 'x'\n", "hosts.a.liveness.urls", "hosts.a.liveness.url"),
        # keys of another table
        ("max-errors = 1\n", "max-errors", "soak.max-errors"),
        ("required-check = []\n", "required-check", "github.required-checks"),
        ("[changelog]\nkeep-slots = 2\n", "changelog.keep-slots", "hosts.NAME.keep-slots"),
    ],
)
def test_an_unknown_key_names_the_nearest(tmp_path: Path, tool: str, key: str, nearest: str) -> None:
    said = refused(tmp_path, tool)
    assert said == f"pyproject.toml [tool.release-coordination]: {key}: unknown key\nexpected: {nearest}"


def test_an_unknown_key_like_no_other_lists_the_valid_ones(tmp_path: Path) -> None:
    said = refused(tmp_path, "[soak]\nzzzzzz = 1\n")
    assert said.endswith("soak.zzzzzz: unknown key\nexpected: one of days, max-errors, max-restarts")


@pytest.mark.parametrize(
    ("tool", "key", "expected"),
    [
        ("issues = 'yes'\n", "issues: is 'yes'", "true or false"),
        ("package = 3\n", "package: is 3", "a string"),
        ("issue-exempt = 'ci'\n", "issue-exempt: is 'ci'", "a list"),
        ("changelog = 'x'\n", "changelog: is 'x'", "a table"),
        ("[soak]\ndays = 'x'\n", "soak.days: is 'x'", "a whole number"),
        ("[soak]\ndays = -1\n", "soak.days: is -1", ">= 0"),
        ("[hosts]\na = 'x'\n", "hosts.a: is 'x'", "a table"),
        ("[checks]\nlint = 3\n", "checks.lint: is 3", "a string"),
        ("repository = 'https://github.com/a/b'\n", "repository: is", "regex"),
    ],
)
def test_a_wrong_type_names_the_key_and_what_is_expected(tmp_path: Path, tool: str, key: str, expected: str) -> None:
    said = refused(tmp_path, tool)
    first, _, second = said.partition("\n")
    assert first.startswith(f"pyproject.toml [tool.release-coordination]: {key}")
    assert second.startswith("expected: ")
    assert expected in second


@pytest.mark.parametrize(
    ("tool", "choices"),
    [
        ("zero-major = 'patch'\n", ("major", "minor")),
        ("[hosts.a]\nrole = 'stage'\n", ("staging", "production", "dev")),
        ("[hosts.a]\ninstaller = 'pip'\n", ("pipx", "uv")),
        ("[hosts.a.liveness]\nkind = 'ping'\n", ("telegram", "http", "command")),
        ("[integration]\ngate = ['stage']\n", ("staging", "production", "dev")),
    ],
)
def test_a_wrong_choice_lists_what_may_be_chosen(tmp_path: Path, tool: str, choices: tuple[str, ...]) -> None:
    expected = refused(tmp_path, tool).partition("expected: ")[2]
    assert all(choice in expected for choice in choices), expected


def test_the_error_names_the_file(tmp_path: Path) -> None:
    assert refused(tmp_path, local="nope = 1\n").startswith("release-coordination.toml: nope: unknown key")
    (tmp_path / "release-coordination.toml").unlink()
    said = refused(tmp_path, user="nope = 1\n")
    assert said.startswith(f"{tmp_path / 'config' / 'release-coordination' / 'config.toml'}: nope: unknown key")


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("APROVER", "x", "aprover: unknown key\nexpected: approver"),
        ("SOAK__DAY", "x", "soak.day: unknown key\nexpected: soak.days"),
        ("SOAK__DAYS", "many", "soak.days: is 'many'\nexpected: a whole number"),
        ("PACKAGE__NAME", "x", "package: holds no further keys"),
        ("HOSTS__A__UNITS", "x", "hosts.a.units: unknown key\nexpected: hosts.a.unit"),
        ("ISSUES", "", "issues: is ''\nexpected: true or false"),
    ],
)
def test_the_error_names_the_variable(tmp_path: Path, variable: str, text: str, said: str) -> None:
    name = f"RELEASE_COORDINATION_{variable}"
    assert refused(tmp_path, env={name: text}) == f"environment variable {name}: {said}"


def test_a_required_key_may_stand_in_another_layer(tmp_path: Path) -> None:
    tool = '[hosts.hetz.liveness]\nkind = "telegram"\nconfig = "~/c.toml"\ntoken = "a.b"\n'
    found = settings(tmp_path, tool, '[hosts.hetz.liveness]\nbot = "the_bot"\n')
    assert found.hosts["hetz"].liveness == TelegramLiveness(config="~/c.toml", token="a.b", bot="the_bot")


def test_a_missing_required_key_names_its_host(tmp_path: Path) -> None:
    tool = '[hosts.good]\n[hosts.hetz.liveness]\nkind = "telegram"\nconfig = "~/c.toml"\ntoken = "a.b"\n'
    said = refused(tmp_path, tool)
    assert said.startswith("settings: hosts.hetz.liveness")
    assert "bot" in said


@pytest.mark.parametrize(
    ("liveness", "said"),
    [
        ('kind = "ping"\n', "ping"),
        ('url = "http://localhost"\n', "kind"),
        ('kind = "command"\nargv = []\n', "argv"),
        ('kind = "command"\nurl = "x"\n', "url: unknown key"),
    ],
)
def test_a_wrong_liveness_is_refused(tmp_path: Path, liveness: str, said: str) -> None:
    found = refused(tmp_path, f"[hosts.hetz.liveness]\n{liveness}")
    assert "hosts.hetz.liveness" in found
    assert said in found


@pytest.mark.parametrize("tool", [3, [], "x"])
def test_a_table_that_is_none_is_refused(tmp_path: Path, tool: object) -> None:
    with pytest.raises(SettingsError, match="expected: a table"):
        load(tmp_path, {"tool": {"release-coordination": tool}}, {})
