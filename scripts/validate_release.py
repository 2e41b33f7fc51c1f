#!/usr/bin/env python3
"""Checks pyproject.toml's version and the changelog against the house's rules, with nothing installed.

For CI, before any dependency is there: `python3 -I -S scripts/validate_release.py`. The rules are those of
`inv changelog.check`, loaded from tasks/rules; settings are read from [tool.release-coordination] in pyproject.toml
and release-coordination.toml beside it. Older sections must be as they were at the last release: at --base REVISION,
by default the newest release tag that HEAD descends from. Exits 0 when nothing is wrong, 1 with findings, 2 when the
input cannot be read.
"""

import argparse
import datetime
import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

RULES = Path(__file__).resolve().parents[1] / "tasks" / "rules"


class Rules:
    """The modules of tasks/rules, loaded by their path as a package of their own: `tasks` needs what is installed."""

    def __init__(self) -> None:
        spec = importlib.util.spec_from_file_location(
            "release_rules", RULES / "__init__.py", submodule_search_locations=[str(RULES)]
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"no rules in {RULES}")
        package = importlib.util.module_from_spec(spec)
        sys.modules["release_rules"] = package
        spec.loader.exec_module(package)
        names = ("changelog", "discipline", "findings", "settings", "text")
        self.changelog, self.discipline, self.findings, self.settings, self.text = (
            importlib.import_module(f"release_rules.{name}") for name in names
        )


class WrongInput(Exception):
    """A file that cannot be used."""


def table(value: Any, where: str) -> dict[str, Any]:
    """Return a table, or refuse what is none."""
    if not isinstance(value, dict):
        raise WrongInput(f"{where} is no table")
    return value


def read_project(root: Path, rules: Rules) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return the version, the project's URLs and the settings; the file beside pyproject.toml wins."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text("utf-8-sig"))
    for key, found in (("project", pyproject), ("version", pyproject.get("project", {}))):
        if key not in found:
            raise WrongInput(f"pyproject.toml has no {key!r}")
    project = table(pyproject["project"], "[project] in pyproject.toml")
    settings = table(pyproject.get("tool", {}), "[tool]").get("release-coordination", {})
    settings = table(settings, "[tool.release-coordination]")
    local = root / "release-coordination.toml"
    if local.exists():
        settings = rules.settings.merged(settings, tomllib.loads(local.read_text("utf-8-sig")))
    version = project.get("version")
    if not isinstance(version, str):
        raise WrongInput('project.version in pyproject.toml is no string such as "1.2.3"')
    return version, table(project.get("urls", {}), "[project.urls]"), settings


def house_of(root: Path, rules: Rules, urls: dict[str, Any], settings: dict[str, Any]) -> Any:
    """Return the house's rules as the settings change them; what they do not name keeps its default."""
    changelog = table(settings.get("changelog", {}), "changelog")
    web = table(settings.get("github", {}), "github").get("web", "https://github.com")
    origin = git(root, "config", "--get", "remote.origin.url").strip()
    sections = changelog.get("sections")
    if sections is not None and not isinstance(sections, list):
        raise WrongInput("changelog.sections is no list")
    changes = {
        "path": changelog.get("path"),
        "prefix": settings.get("tag-prefix"),
        "sections": tuple(sections) if sections is not None else None,
        "issues": settings.get("issues"),
        "repository": settings.get("repository") or rules.settings.repository_of(urls, origin, web),
        "web": web,
    }
    return rules.discipline.House(**{key: value for key, value in changes.items() if value is not None})


def git(root: Path, *arguments: str) -> str:
    """Return what git answers; nothing when it cannot: no git, no repository, no such thing."""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], check=False, capture_output=True)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def read_base(root: Path, base: str, path: str) -> str:
    """Return what the changelog held at a revision; nothing when it was not there."""
    if not git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"):
        raise WrongInput(f"{base!r} names no commit here: git was asked")
    return git(root, "show", f"{base}:./{path}")


def newest_tag(root: Path, rules: Rules, prefix: str, version: str) -> str:
    """Return the newest release tag, but that of `version`, that HEAD descends from; nothing when there is none."""
    tags = git(root, "for-each-ref", "--merged=HEAD", "--format=%(refname:strip=2)", "refs/tags").split()
    finals = [tag for tag in tags if tag.startswith(prefix) and rules.changelog.is_final(tag.removeprefix(prefix))]
    others = [tag for tag in finals if tag != f"{prefix}{version}"]
    return max(others, key=lambda tag: rules.changelog.version_key(tag.removeprefix(prefix)), default="")


def tagged_on(root: Path, tag: str) -> str:
    """Return the day (UTC) of a tag, nothing when there is none."""
    moment = git(root, "for-each-ref", "--format=%(creatordate:iso-strict)", f"refs/tags/{tag}").strip()
    return datetime.datetime.fromisoformat(moment).astimezone(datetime.UTC).date().isoformat() if moment else ""


def validate(root: Path, base: str) -> int:
    """Print what is wrong and return the exit code."""
    rules = Rules()
    version, urls, settings = read_project(root, rules)
    house = house_of(root, rules, urls, settings)
    if rules.changelog.is_candidate(version):
        print(f"{version} is a candidate: the changelog is not looked at")
        return 0
    path = root / house.path
    document = rules.changelog.read(path.read_text("utf-8-sig") if path.exists() else "", house.prefix)
    base = base or newest_tag(root, rules, house.prefix, version)
    previous = rules.changelog.read(read_base(root, base, house.path), house.prefix) if base else None
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    tag = f"{house.prefix}{version}"
    tagged = tagged_on(root, tag)
    own = rules.changelog.read(read_base(root, tag, house.path), house.prefix) if tagged else None
    release = rules.discipline.Release(version, today, tagged, previous, released=own)
    found = rules.discipline.check_version(document, version, house)
    found += rules.discipline.check(document, release, house)
    for finding in found:
        print(rules.text.printable(str(finding)))
        if os.environ.get("GITHUB_ACTIONS"):
            print(rules.text.printable(rules.findings.annotation(finding, "validate_release")))
    print(f"{rules.text.printable(version)}: {rules.text.plural(len(found), 'finding')}")
    return 1 if found else 0


def main() -> int:
    """Read the command line and validate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", type=Path, default=Path(), help="the project's folder; default: this one")
    parser.add_argument("--base", default="", help="the last release's tag: older sections must be as they were there")
    arguments = parser.parse_args()
    try:
        return validate(arguments.project.resolve(), arguments.base)
    except (TypeError, AttributeError) as error:  # settings are not validated here: `inv` does that, and says which
        print(f"error: the settings have a value of the wrong type: {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError, WrongInput) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
