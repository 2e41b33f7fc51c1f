"""What the templates are filled with: a project's settings and shape, in the words of YAML, TOML and Markdown."""

import json
import re
import shlex
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .commands import split
from .project import Project
from .rules.pins import ACTIONS, HOST_KEYS, TOOLS
from .rules.templates import Row, Values
from .rules.toolchain import ITSELF
from .settings import Settings
from .shape import Shape
from .systems.files import read_toml

_NO_STEPS = {"clean", "version", "changelog", "tag", "issues", "entry-points", "tests"}
_NO_ENTRY = {"build", "chore", "ci", "deps", "release", "style"}


def values_of(project: Project, shape: Shape) -> Values:
    """Return the value of every name in the templates."""
    settings, tool = project.settings, tool_of(project.settings, shape)
    return {
        **ACTIONS,
        **TOOLS,
        **_running(project, shape),
        **_publishing(settings, shape),
        **_discipline(settings, shape),
        **_cliff(settings),
        "package": shape.package,
        "tool": tool,
        "typed": "inv" if tool.endswith(" inv") else ITSELF,
        "host_keys": HOST_KEYS,
    }


def _running(project: Project, shape: Shape) -> dict[str, str | bool | list[Row]]:
    """Return where and how the checks and tests are run."""
    settings, install = project.settings, shape.toolchain.install
    tests = checks_of(settings, shape).get("tests", "")
    newer = "--upgrade --prerelease allow"
    return {
        "folder": quoted(shape.folder) if shape.folder else "",
        "inside": quoted(f"{shape.folder}/")[1:-1] if shape.folder else "",
        "activate": json.dumps(shape.toolchain.manager == "pip"),
        "locked": shape.toolchain.locked,
        "install": install,
        "install_prereleases": re.sub(r"^uv (sync|pip install)( --locked)?", rf"uv \1 {newer}", install),
        "runners": listed(settings.ci.runners),
        "pythons": listed(shape.pythons),
        "ends": listed(dict.fromkeys((shape.pythons[0], shape.pythons[-1]))),
        "newest": quoted(shape.pythons[-1]),
        "checks": [{"name": quoted(name), "command": command} for name, command in _steps(settings, shape)],
        "tests": tests and _shell(tests),
        "ci_tests": _shell(settings.ci.tests or tests),
        "proof": _proof(project, shape),
    }


def _publishing(settings: Settings, shape: Shape) -> dict[str, str | bool]:
    """Return what starts a publication, what must come before it, and where it goes."""
    tested = ["tests"] if checks_of(settings, shape).get("tests") else []
    reference = f"refs/heads/{shape.development or shape.stable}".replace("'", "''")
    return {
        "stable": pattern(shape.stable),
        "stable_plain": shape.stable,
        "branches": f"[{', '.join(pattern(name) for name in (shape.stable, shape.development) if name)}]",
        "tags": pattern(settings.tag_prefix, "*"),
        "candidate_ref": f"'{reference}'",
        "before_merge": f"[{', '.join(['checks', *tested, 'build', 'install', 'validate'])}]",
        "before_candidate": f"[{', '.join(['checks', *tested, 'install'])}]",
        "before_publish": f"[{', '.join(['version', *tested, 'build'])}]",
        "wheel_alone": "" if settings.sdist else " --wheel",
        "upload": quoted(settings.index.upload),
        "staging_upload": quoted(settings.staging_index.upload),
    }


def _discipline(settings: Settings, shape: Shape) -> dict[str, str | bool]:
    """Return what people and agents are told."""
    return {
        "issues": settings.issues,
        "exempt": ", ".join(f"`{kind}`" for kind in settings.issue_exempt) or "none",
        "changelog": settings.changelog.path,
        "sections": ", ".join(f"`{name}`" for name in settings.changelog.sections),
        "tag_prefix": settings.tag_prefix,
        "and_lock": ", which locks it too" if shape.toolchain.locked else "",
    }


def _cliff(settings: Settings) -> dict[str, str | list[Row]]:
    """Return how git-cliff groups commits: the sections in their order, the kinds that have one, and the others."""
    sections, kinds = settings.changelog.sections, settings.changelog.all_kinds
    placed = sorted((sections.index(section), kind) for kind, section in kinds.items() if section in sections)
    return {
        "tag_pattern": re.escape(settings.tag_prefix).replace("\\", "\\\\"),
        "breaking": f"{sections.index('breaking'):02}" if "breaking" in sections else "",
        "kinds": [{"kind": kind, "order": f"{at:02}", "section": sections[at]} for at, kind in placed],
        "skipped": "|".join(sorted(_NO_ENTRY - kinds.keys())),
    }


def checks_of(settings: Settings, shape: Shape) -> dict[str, str]:
    """Return the command of each check: the settings' before what the project's tools suggest."""
    return {**shape.toolchain.checks, **settings.checks}


def tool_of(settings: Settings, shape: Shape) -> str:
    """Return how a workflow calls this program: as the settings say, as the project locks it, else this version."""
    if settings.ci.command:
        return _shell(settings.ci.command)
    if shape.toolchain.locked and ITSELF in shape.toolchain.declared:
        return f"uv run --locked {ITSELF}"
    return f"uvx {ITSELF}=={own_version()}"


def own_version() -> str:
    """Return this program's version, also in a checkout that nobody installed."""
    try:
        return version(ITSELF)
    except PackageNotFoundError:
        return str(read_toml(Path(__file__).resolve().parents[1] / "pyproject.toml")["project"]["version"])


def _steps(settings: Settings, shape: Shape) -> list[tuple[str, str]]:
    """Return the checks that are steps of CI; what the settings name comes instead of ours, an empty one not at all."""
    configured = " --configuration pyproject.toml" if shape.bandit else ""
    ours = {
        "audit": 'uv pip freeze --exclude-editable > "$RUNNER_TEMP/installed.txt"\n'
        f'uvx {TOOLS["pip_audit"]} --disable-pip --no-deps --requirement "$RUNNER_TEMP/installed.txt"',
        "bandit": f"uvx {TOOLS['bandit']} --quiet --severity-level medium{configured} "
        f"--recursive {shlex.quote(shape.source)}",
    }
    asked = {name: _shell(line) for name, line in checks_of(settings, shape).items() if name not in _NO_STEPS}
    return [(name, command) for name, command in {**asked, **{k: v for k, v in ours.items() if k not in asked}}.items()
            if command]  # fmt: skip


def _proof(project: Project, shape: Shape) -> str:
    """Return what proves that an installed wheel works: its command says its version, or it can be imported."""
    command = project.settings.command or shape.package
    if command in project.metadata.get("scripts", {}):
        return f"clean/bin/{shlex.quote(command)} --version"
    return f'clean/bin/python -c "import {shape.module}"'


def _shell(line: str) -> str:
    """Return a command of the settings as a shell reads it: split as the checks split it, with nothing expanded."""
    return shlex.join(split(line)) if line.strip() else ""


def quoted(text: str) -> str:
    """Return a text as YAML reads it whatever is in it."""
    return json.dumps(text)


def listed(texts: Iterable[str]) -> str:
    """Return a list of texts for YAML."""
    return f"[{', '.join(map(quoted, texts))}]"


def pattern(name: str, wild: str = "") -> str:
    """Return a filter of a workflow's trigger that fits a name alone, and with `wild` what begins with it."""
    return quoted(re.sub(r"([\\*?+!\[\]])", r"\\\1", name) + wild)
