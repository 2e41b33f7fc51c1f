"""The proof of a release: how much longer all of it takes than its slowest single check.

Every service answers after 0.3 s, the index shows the release 5 s late, three real hosts run it, pip and uv install it.
It needs root and what `.ci/run` installs: `uv run python benchmarks/proof.py [--runs N]`.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))

from tasks.rehearsal.github import SandboxGithub  # noqa: E402 - found only from here on
from tasks.rehearsal.index import SandboxIndex  # noqa: E402
from tasks.rehearsal.package import sdist, wheel  # noqa: E402
from tasks.rehearsal.server import Server  # noqa: E402
from tests.hosts import indexes, prepared, service, telegram  # noqa: E402
from tests.hosts.lab import open_lab  # noqa: E402
from tests.hosts.maintainer import at_work  # noqa: E402
from tests.repositories import Repository, changelog  # noqa: E402

VERSION = "0.36.0"
ANSWER_SECONDS = 0.3
PROPAGATION_SECONDS = 5.0
ALLOWED_SECONDS = 1.5
REPOSITORY = "owner/acme-bot"


@dataclass
class World:
    """The services of one release, and the project's folder and the home of whoever proves it."""

    index: SandboxIndex
    index_server: Server
    github_server: Server
    project: Path
    home: Path
    moment: float = 0.0  # what the index takes for the time

    def prove(self, *words: str) -> tuple[float, dict[str, Any]]:
        """Publish, prove at once, and return the seconds it took and what the summary says."""
        self.index.lag = PROPAGATION_SECONDS
        began = time.monotonic()
        self.index.clock = lambda: self.moment + time.monotonic() - began
        report = self.project.parent / "proof.json"
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(CHECKOUT / "verify"), "--version",
             VERSION, "--wait", "120", "--json", str(report), *words],
            cwd=self.project, env={**os.environ, "HOME": str(self.home), "GITHUB_TOKEN": "ghp_benchmark-of-the-proof"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        return time.monotonic() - began, json.loads(report.read_text("utf-8"))


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Boot three hosts that run the release, and serve an index and a GitHub that show it."""
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(open_lab())
        both = stack.enter_context(indexes.serve(lab.folder / "indexes", lab.network.gateway))
        prepared.publish(both.release, both.staging)
        prepared.publish_installers(both.release)
        lab.files.update(prepared.point_to(both.release))
        bot = stack.enter_context(telegram.serve(lab.network.gateway, service.TOKEN))
        machines = stack.enter_context(lab.fleet(3, prepared.layer(lab)))
        operator = at_work(folder, lab, both, bot, machines, role="production")
        assert operator.inv("staging.install", f"--version={VERSION}", "--host=all").code == 0
        index, bare = SandboxIndex(clock=lambda: 0.0), folder / "acme-bot.git"
        index_server = stack.enter_context(Server(index, delay=ANSWER_SECONDS))
        repository = Repository(operator.project)
        repository.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
        github = SandboxGithub(REPOSITORY, bare)
        github_server = stack.enter_context(Server(github, delay=ANSWER_SECONDS))
        made = World(index, index_server, github_server, operator.project, operator.home, time.time())
        release(made, repository, github, bare)
        yield made


def release(made: World, repository: Repository, github: SandboxGithub, bare: Path) -> None:
    """Release the version: commit, tag, push, files on the index, and what the workflow leaves on GitHub."""
    text = (made.project / "pyproject.toml").read_text("utf-8")
    text = text.replace(
        'version = "0.36.0rc1"\n', f'version = "{VERSION}"\nscripts = {{ acme-bot = "acme_bot:main" }}\n'
    )
    simple = next(line for line in text.splitlines() if line.startswith("simple = "))
    address = f'simple = "{made.index_server.url}/simple/"\njson = "{made.index_server.url}/pypi/"'
    text = text.replace(simple, address, 1) + f'[tool.release-coordination.github]\napi = "{made.github_server.url}"\n'
    text = text.replace("issues = false", f'issues = false\nrepository = "{REPOSITORY}"\nstable-branch = "main"')
    repository.commit("feat: begin", {"pyproject.toml": text, "CHANGELOG.md": changelog((VERSION, "2024-01-01"))})
    repository.tag(f"v{VERSION}")
    repository.git("remote", "add", "origin", str(bare))
    repository.git("push", "--quiet", "origin", "main", "--tags")
    github.open_issue("it is broken")
    github.close_issue(1)
    github.tick()
    built: dict[str, Any] = {"scripts": {"acme-bot": "acme_bot:main"}, "description": "A bot.\n", "requires_python": ""}
    made.index.clock = lambda: made.moment
    files = dict(make(service.NAME, VERSION, **built) for make in (wheel, sdist))
    for name, content in files.items():
        made.index.add(content, name)
    github.add_release(f"v{VERSION}", files)
    github.add_run("release.yml", repository.head, branch=f"v{VERSION}", status="completed")


def main() -> int:
    """Measure, print, and return 1 when all takes longer than the slowest check and what is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder, world(Path(folder)) as made:
        _, content = made.prove()
        slowest = max(content["checks"], key=lambda check: check["seconds"])
        name = slowest["id"].rpartition("::")[2]
        turns = [(made.prove(), made.prove("-k", name.replace("[", " and ").rstrip("]"))) for _ in range(runs)]
        every, one = (median(turn[index][0] for turn in turns) for index in (0, 1))
        asked = Counter(turns[-1][0][1]["requests"])
    more = every - one
    print(f"all {len(content['checks'])} checks            {every:6.2f} s")
    print(f"{name} alone  {one:6.2f} s")
    met = "met" if more <= ALLOWED_SECONDS else "NOT MET"
    print(f"difference                {more:6.2f} s, allowed {ALLOWED_SECONDS} s  {met}")
    for name, server in {"index": made.index_server, "GitHub": made.github_server}.items():
        print(f"requests to the {name}: {asked[server.url.removeprefix('http://')]}")
    print(f"{os.cpu_count()} cores for everything")
    return 0 if more <= ALLOWED_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
