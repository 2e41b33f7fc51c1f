"""The settings: this is the only list of keys (DESIGN.md section 3); docs/settings.md is made from it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field


class Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename=lambda name: name.replace("_", "-")):
    """A table of settings: keys with dashes, none unknown."""


NonNegative = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
WorkflowName = Annotated[str, Meta(pattern=r"^[\w.-]+\.ya?ml$")]

_KINDS = {
    "feat": "changes",
    "perf": "changes",
    "refactor": "changes",
    "revert": "changes",
    "fix": "fixes",
    "security": "fixes",
    "docs": "docs",
    "test": "tests",
}


class ChangelogSettings(Table, frozen=True):
    """How the changelog is laid out."""

    path: Annotated[str, Meta(description="the changelog's file, from the project's folder")] = "CHANGELOG.md"
    sections: Annotated[tuple[str, ...], Meta(description="the sections of a release, in their order")] = (
        "fixes",
        "changes",
        "breaking",
        "docs",
        "tests",
    )
    kinds: Annotated[
        dict[str, str],
        Meta(description="commit type to section, added to the built-in ones; a type without a section gets no entry"),
    ] = field(default_factory=dict)

    @property
    def all_kinds(self) -> dict[str, str]:
        """Return the section of every kind of commit that has one."""
        return {kind: section for kind, section in {**_KINDS, **self.kinds}.items() if section}


class IndexSettings(Table, frozen=True):
    """A package index: where its pages are."""

    simple: Annotated[str, Meta(description="address of the simple API")] = "https://pypi.org/simple/"
    json: Annotated[str, Meta(description="address of the JSON API")] = "https://pypi.org/pypi/"
    manage: Annotated[str, Meta(description="address of the pages on which a person manages a project")] = (
        "https://pypi.org/manage/project/"
    )
    upload: Annotated[str, Meta(description="address that files are published to")] = "https://upload.pypi.org/legacy/"


class StagingIndexSettings(Table, frozen=True):
    """The index that candidates are published to."""

    simple: Annotated[str, Meta(description="address of the simple API")] = "https://test.pypi.org/simple/"
    json: Annotated[str, Meta(description="address of the JSON API")] = "https://test.pypi.org/pypi/"
    upload: Annotated[str, Meta(description="address that candidates are published to")] = (
        "https://test.pypi.org/legacy/"
    )


class WorkflowSettings(Table, frozen=True):
    """The names of the workflow files."""

    ci: Annotated[WorkflowName, Meta(description="runs the checks")] = "ci.yml"
    tag: Annotated[WorkflowName, Meta(description="tags the stable branch")] = "auto-tag-on-master.yml"
    release: Annotated[WorkflowName, Meta(description="publishes a tag")] = "release.yml"
    prerelease: Annotated[WorkflowName, Meta(description="tests with pre-releases of the dependencies")] = (
        "prerelease-deps.yml"
    )


class GithubSettings(Table, frozen=True):
    """GitHub, the public one or an enterprise's own."""

    api: Annotated[str, Meta(description="address of the REST API; GraphQL is beside it")] = "https://api.github.com"
    web: Annotated[str, Meta(description="address that people see, for links to issues")] = "https://github.com"
    workflows: Annotated[WorkflowSettings, Meta(description="the workflow files")] = field(
        default_factory=WorkflowSettings
    )
    required_checks: Annotated[
        tuple[str, ...], Meta(description="checks that must pass; default: what the branch's rules demand")
    ] = ()


class CiSettings(Table, frozen=True):
    """What the workflows that `init` writes run, and where."""

    runners: Annotated[tuple[str, ...], Meta(description="systems that the tests run on", min_length=1)] = (
        "ubuntu-latest",
        "macos-latest",
    )
    pythons: Annotated[
        tuple[str, ...], Meta(description='series such as "3.14"; default: those that requires-python admits')
    ] = ()
    tests: Annotated[str, Meta(description="command of the tests in CI; default: that of checks")] = ""
    command: Annotated[
        str, Meta(description="how a workflow calls release-coordination; default: locked, else uvx")
    ] = ""


class SoakSettings(Table, frozen=True):
    """What a candidate must show before it is promoted."""

    days: Annotated[NonNegative, Meta(description="days it must have run")] = 7
    max_errors: Annotated[NonNegative, Meta(description="errors it may have logged")] = 0
    max_restarts: Annotated[NonNegative, Meta(description="times it may have restarted by itself")] = 0


class TelegramLiveness(Table, frozen=True, tag_field="kind", tag="telegram"):
    """The bot's own token, read on the host, must be answered by the expected bot."""

    config: Annotated[str, Meta(description="TOML file on the host that holds the token, which never leaves it")]
    token: Annotated[str, Meta(description="dotted key of the token in that file")]
    bot: Annotated[str, Meta(description="user name of the bot that must answer")]
    api: Annotated[str, Meta(description="the Bot API's address")] = "https://api.telegram.org"


class HttpLiveness(Table, frozen=True, tag_field="kind", tag="http"):
    """An address on the host must answer 200."""

    url: Annotated[str, Meta(description="the address, as seen from the host")]
    expect: Annotated[str, Meta(description="text that must be in the answer")] = ""


class CommandLiveness(Table, frozen=True, tag_field="kind", tag="command"):
    """A command on the host must exit 0."""

    argv: Annotated[tuple[str, ...], Meta(description="the command and its arguments; no shell", min_length=1)]


Liveness = TelegramLiveness | HttpLiveness | CommandLiveness


class HostSettings(Table, frozen=True):
    """A host that runs the package as a systemd user service."""

    address: Annotated[str, Meta(description='an ssh_config name, user@host:port, or "local"; default: the name')] = ""
    role: Annotated[
        Literal["staging", "production", "dev"],
        Meta(description="dev is an editable checkout: restarted and judged, never installed to"),
    ] = "production"
    unit: Annotated[str, Meta(description="the systemd user unit; default: the package's name")] = ""
    installer: Annotated[Literal["pipx", "uv"], Meta(description="what the installation was made with")] = "pipx"
    python: Annotated[str, Meta(description="interpreter for new slots; default: the first that fits")] = ""
    settle: Annotated[NonNegative, Meta(description="seconds of calm before a restart counts as healthy")] = 20
    error_pattern: Annotated[str, Meta(description="regular expression of the application's own error lines")] = ""
    keep_slots: Annotated[Annotated[int, Meta(ge=2)], Meta(description="how many slots prune keeps")] = 3
    liveness: Annotated[Liveness | None, Meta(description="how the service proves that it answers")] = None


class IntegrationSettings(Table, frozen=True):
    """The integration tests that will gate a release."""

    server: Annotated[tuple[str, ...], Meta(description="command of the operator's Telegram MCP server")] = ()
    scenarios: Annotated[str, Meta(description="folder of scenario files")] = "integration/"
    gate: Annotated[
        tuple[Literal["staging", "production", "dev"], ...],
        Meta(description="roles of hosts that are to take only attested versions; not enforced yet"),
    ] = ("staging", "production")


class Settings(Table, frozen=True):
    """All settings of a project."""

    package: Annotated[str, Meta(description="the distribution's name; default: project.name")] = ""
    command: Annotated[str, Meta(description="console script that answers --version; default: the package")] = ""
    repository: Annotated[
        str,
        Meta(
            description="owner/name on GitHub; default: project.urls, else the origin remote",
            pattern=r"^([A-Za-z0-9][\w-]*/[\w.-]+)?$",
        ),
    ] = ""
    stable_branch: Annotated[str, Meta(description="the branch that is released; default: the remote's default")] = ""
    development_branch: Annotated[str, Meta(description="where work is collected; default: topic branches only")] = ""
    tag_prefix: Annotated[str, Meta(description="what stands before the version in a tag")] = "v"
    zero_major: Annotated[
        Literal["major", "minor"], Meta(description="what a breaking change raises while the major number is 0")
    ] = "major"
    issues: Annotated[bool, Meta(description="false: no issue is demanded anywhere (a project without a tracker)")] = (
        True
    )
    issue_exempt: Annotated[tuple[str, ...], Meta(description="kinds of commits that need no issue")] = (
        "chore",
        "ci",
        "deps",
        "build",
        "style",
        "release",
    )
    blocker_labels: Annotated[
        tuple[str, ...], Meta(description="labels of issues that block a release, the most severe first")
    ] = ("blocker", "critical", "regression")
    approver: Annotated[str, Meta(description="who merges the release; named in the hand-off")] = ""
    changelog: Annotated[ChangelogSettings, Meta(description="the changelog")] = field(
        default_factory=ChangelogSettings
    )
    sdist: Annotated[bool, Meta(description="false: a version is published as wheels alone")] = True
    checks: Annotated[
        dict[str, str],
        Meta(description="commands of release.validate by name; an empty one switches a built-in check off"),
    ] = field(default_factory=dict)
    index: Annotated[IndexSettings, Meta(description="where releases go")] = field(default_factory=IndexSettings)
    staging_index: Annotated[StagingIndexSettings, Meta(description="where candidates go")] = field(
        default_factory=StagingIndexSettings
    )
    github: Annotated[GithubSettings, Meta(description="GitHub")] = field(default_factory=GithubSettings)
    ci: Annotated[CiSettings, Meta(description="the workflows that init writes")] = field(default_factory=CiSettings)
    soak: Annotated[SoakSettings, Meta(description="when a candidate has earned promotion")] = field(
        default_factory=SoakSettings
    )
    hosts: Annotated[dict[str, HostSettings], Meta(description="the hosts by name")] = field(default_factory=dict)
    integration: Annotated[
        IntegrationSettings, Meta(description="the integration tests; nothing reads this table yet")
    ] = field(default_factory=IntegrationSettings)
