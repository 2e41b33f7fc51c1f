"""git-cliff: commits in, Markdown out. The project's cliff.toml may reword commits; the layout is the house's."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import WrongValue
from ..rules.changelog import UNKNOWN_ISSUE
from ..rules.discipline import House
from ..rules.drafts import Draft, words_of
from ..rules.titles import read_title
from .files import read_toml
from .git import HERE, span
from .process import run
from .tokens import VARIABLES

_HERE = Path(__file__).resolve().parents[1]
# In a checkout the house's cliff.toml stands beside the package, in the wheel inside it.
HOUSE_CONFIG = next(path for path in (_HERE / "cliff.toml", _HERE.parent / "cliff.toml") if path.is_file())

Context = dict[str, Any]


def project_config(root: Path) -> Path:
    """Return the project's cliff.toml; git-cliff would silently take its own defaults when it is missing."""
    path = root / "cliff.toml"
    if not path.is_file():
        raise WrongValue(
            f"{root} has no cliff.toml",
            expected="git-cliff's settings beside pyproject.toml",
            remedy="inv init --only cliff",
        )
    return path


def draft(
    root: Path, since: str | None, until: str, drafts: Sequence[Draft], house: House, heading: tuple[str, str]
) -> str:
    """Return the Markdown of the drafts; `heading` is (version, day), with an empty version there is none."""
    with _config(project_config(root)) as config:
        return render(enriched(context(root, since, until, config), drafts, house, heading), config)


def context(root: Path, since: str | None, until: str, config: Path) -> list[Context]:
    """Return what git-cliff reads from the commits of `since..until`: releases, each with its commits."""
    output = _cliff(root, config, "--context", "--repository", str(root), "--", span(since, until))
    releases: list[Context] = json.loads(output)
    return releases


def enriched(releases: Sequence[Context], drafts: Sequence[Draft], house: House, heading: tuple[str, str]) -> Context:
    """Return the release to render: the drafts' commits, with their section as group and their words in `extra`."""
    commits = {commit["id"]: commit for release in releases for commit in release["commits"]}
    order = [*house.sections, *sorted({draft.section for draft in drafts} - set(house.sections))]
    version, day = heading
    noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    return {
        **(releases[0] if releases else {}),
        "version": f"{house.prefix}{version}" if version else None,
        "timestamp": int(noon.timestamp()),
        "commits": [
            {
                **commits[draft.commit],
                # The template sorts groups by name and then takes the comment away.
                "group": f"<!-- {order.index(draft.section):02} -->{draft.section}",
                "extra": _extra(draft, house, commits[draft.commit]["raw_message"].partition("\n")[0]),
            }
            for draft in drafts
            if draft.commit in commits  # .cliffignore leaves commits out
        ],
    }


def _extra(draft: Draft, house: House, subject: str) -> Context:
    links = [f"[{issue}]({house.issue_url(issue.number, issue.repository)})" for issue in draft.issues]
    if draft.unknown and not links:
        links = [UNKNOWN_ISSUE]
    return {
        # What is no UTF-8 git-cliff leaves empty; there our own words stand.
        "text": draft.text if subject.strip() in {"", draft.subject} else words_of(read_title(subject.strip())),
        "links": links if house.repository or draft.unknown else [],
        "details": list(draft.details),
    }


def render(release: Context, config: Path) -> str:
    """Return a release as Markdown; outside any repository, which git-cliff allows for a given context."""
    with tempfile.TemporaryDirectory(prefix="release-coordination-") as folder:
        given = Path(folder) / "context.json"
        given.write_text(json.dumps([release]), "utf-8")
        return _cliff(Path(folder), config, "--from-context", str(given)).strip("\n") + "\n"


def _cliff(cwd: Path, config: Path, *arguments: str) -> str:
    # Without a remote's token and with --offline it asks nobody; variables of the same name would change its settings.
    foreign = [*VARIABLES, *(name for name in os.environ if name.startswith("GIT_CLIFF_"))]
    env = {**HERE, **dict.fromkeys(foreign)}
    return run(["git-cliff", "--offline", "--no-exec", "--config", str(config), *arguments], cwd=cwd, env=env).text


@contextmanager
def _config(path: Path) -> Iterator[Path]:
    """Write the settings for a draft: the house's layout, and how the project's own file reads commits.

    Nothing is filtered or skipped there: which commit gets an entry is this project's rule, and a project's
    cliff.toml written for use by hand drops what has no type.
    """
    import tomlkit

    own, house = read_toml(path).get("git", {}), read_toml(HOUSE_CONFIG)
    kept = {key: own[key] for key in ("commit_preprocessors",) if key in own}
    settings = {
        "changelog": house["changelog"],
        "git": {
            "conventional_commits": True,
            "filter_unconventional": False,
            "filter_commits": False,
            "split_commits": False,
            "sort_commits": "oldest",
            "commit_parsers": [{"message": ".*", "group": "any"}],
            **kept,
        },
    }
    with tempfile.TemporaryDirectory(prefix="release-coordination-") as folder:
        config = Path(folder) / "cliff.toml"
        config.write_text(tomlkit.dumps(settings), "utf-8")
        yield config
