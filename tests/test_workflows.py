"""The workflows that `init` writes: three checkers read them, and their shell steps are run as GitHub runs them."""

import functools
import http.server
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from .foreign import MAKERS, with_remote
from .hosts.wheels import Distribution
from .repositories import CHECKOUT, Repository, changelog, pyproject, uv
from .running import INV, Ended, changed, program, run

TOOLS = Path(sys.executable).parent
KEY = "-----BEGIN KEY-----\nsecret\n-----END KEY-----"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tops of the foreign projects after `init`, and of this one."""
    root, tops = tmp_path_factory.mktemp("written"), {"own": CHECKOUT}
    for name, (make, folder) in MAKERS.items():
        repository = make(root / name)
        if name == "member":
            repository.write({".github/workflows/ci.yml": None})
        assert run("init", "--yes", cwd=repository.root / folder).code == 0
        tops[name] = repository.root
    return tops


def workflows(top: Path) -> list[Path]:
    return sorted((top / ".github" / "workflows").iterdir())


def steps(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each step of a workflow with the name of its job."""
    for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items():
        for step in job["steps"]:
            yield name, step


def checked(tool: str, *words: str | Path) -> None:
    done = subprocess.run([TOOLS / tool, *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing(written: dict[str, Path]) -> None:
    checked(
        "zizmor",
        "--offline",
        "--no-progress",
        "--no-config",
        *(top / ".github" / "workflows" for top in written.values()),
    )


def test_they_keep_to_githubs_schema(written: dict[str, Path]) -> None:
    files = [path for top in written.values() for path in workflows(top)]
    checked("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)


def test_shellcheck_finds_nothing(written: dict[str, Path], tmp_path: Path) -> None:
    scripts = {
        f"{project}-{path.stem}-{job}-{number}.sh": step["run"]
        for project, top in written.items()
        for path in workflows(top)
        for number, (job, step) in enumerate(steps(path))
        if "run" in step
    }
    assert len(scripts) > 60
    for name, script in scripts.items():
        (tmp_path / name).write_text(script, "utf-8")
    checked(
        "shellcheck", "--shell=bash", "--enable=quote-safe-variables", "--norc", *(tmp_path / name for name in scripts)
    )


def test_the_checkers_see_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text(
        "on: pull_request\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@v4\n      - run: echo ${{ github.head_ref }}\n        shel: bash\n",
        "utf-8",
    )
    (tmp_path / "bad.sh").write_text("rm $1\n", "utf-8")
    for tool, *words in (
        ("zizmor", "--offline", "--no-progress", "--no-config", "bad.yml"),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", "bad.yml"),
        ("shellcheck", "--shell=bash", "--norc", "bad.sh"),
    ):
        assert subprocess.run([TOOLS / tool, *words], cwd=tmp_path, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("project", ["own", *MAKERS])
def test_the_house_rules_of_workflows(project: str, written: dict[str, Path]) -> None:
    """Pinned by commit, least rights, nothing pasted into a shell, an end to everything."""
    for path in workflows(written[project]):
        text = path.read_text("utf-8")
        document = yaml.safe_load(text)
        assert document["permissions"] == {}
        # Not by its name: members of a workspace have workflows of the same name, which would cancel each other.
        assert document["concurrency"]["group"].startswith("${{ github.workflow_ref }}")
        for job in document["jobs"].values():
            assert "permissions" in job
            assert job["timeout-minutes"] <= 45
        uses = re.findall(r"uses: (.*)", text)
        assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in uses), uses
        for _, step in steps(path):
            assert "${{" not in step.get("run", "")
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_only_publishing_has_rights_to_publish(written: dict[str, Path]) -> None:
    rights = {
        (path.name, name, right)
        for path in workflows(written["layered"])
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items()
        for right, level in job["permissions"].items()
        if level == "write"
    }
    assert rights == {
        ("ci.yml", "publish-candidate", "id-token"),
        ("release.yml", "publish", "id-token"),
        ("release.yml", "github", "contents"),
    }


def test_nothing_is_published_before_everything_else_went_well(written: dict[str, Path]) -> None:
    """A job runs once those that it needs have ended well, and is given what they have handed on."""
    needs = {
        (project, path.stem, name): set([job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", []))
        for project in ("layered", "flat")
        for path in workflows(written[project])
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items()
    }
    for project in ("layered", "flat"):
        assert needs[project, "release", "publish"] == {"version", "tests", "build"}
        assert needs[project, "release", "github"] == {"publish"}
        assert needs[project, "ci", "install"] == {"build"}
        assert needs[project, "ci", "candidate"] == {"checks", "tests", "install"}
        assert needs[project, "ci", "publish-candidate"] == {"candidate"}


def test_what_jobs_hand_on_is_what_others_take(written: dict[str, Path]) -> None:
    """An artifact is uploaded once, by a job that ended before; a path of an action counts from the top."""
    for top in written.values():
        for path in workflows(top):
            found = [(job, step["uses"].split("@")[0].split("/")[1], step["with"]["name"])
                     for job, step in steps(path) if "artifact" in step.get("uses", "")]  # fmt: skip
            made = {name: job for job, kind, name in found if kind == "upload-artifact"}
            assert len(made) == sum(kind == "upload-artifact" for _, kind, _ in found)
            jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"]
            for job, kind, name in found:
                assert kind == "upload-artifact" or made[name] in _before(job, jobs), (path, job, name)


def _before(name: str, jobs: dict[str, Any]) -> set[str]:
    """Return the jobs that have ended before one begins."""
    needs = jobs[name].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(_before(one, jobs) for one in direct))


def test_the_tests_run_where_the_project_says(written: dict[str, Path]) -> None:
    jobs = {
        project: yaml.safe_load((written[project] / ".github" / "workflows" / "ci.yml").read_text("utf-8"))["jobs"]
        for project in written
    }
    assert jobs["layered"]["tests"]["strategy"]["matrix"] == {
        "os": ["ubuntu-latest", "macos-latest"],
        "python": ["3.12", "3.13", "3.14", "3.15"],
    }
    commands = {
        project: {step["name"]: step["run"].rstrip("\n") for name in ("checks", "tests") for step in job[name]["steps"]
                  if "run" in step}
        for project, job in jobs.items()
    }  # fmt: skip
    audit = commands["layered"].pop("audit")
    assert audit == commands["flat"].pop("audit")
    assert commands["layered"] == {
        "install": "uv sync --locked --group docs",
        "format": "uv run ruff format --check",
        "lint": "uv run ruff check",
        "types": "uv run ty check",
        "lockfile": "uv lock --check",
        "docs": "uv run mkdocs build --strict",
        "bandit": "uvx bandit==1.9.4 --quiet --severity-level medium --configuration pyproject.toml "
        "--recursive src/layered_bot",
        "tests": "uv run pytest",
    }
    assert commands["flat"] == {
        "install": 'uv pip install --editable ".[test]"',
        "types": "python -m mypy .",
        "bandit": "uvx bandit==1.9.4 --quiet --severity-level medium --recursive flat_tool",
        "tests": "python -m pytest",
    }
    assert commands["poetical"]["install"] == 'uv pip install pytest pytest-asyncio ruff --editable "."'
    assert commands["poetical"]["tests"] == "python -m pytest"
    assert commands["member"]["lint"] == "sh -c 'ruff check; echo $HOME'"
    assert commands["member"]["odd: name"] == "true"
    assert commands["member"]["tests"] == "uv run python -m unittest"
    assert commands["own"]["tests"] == ".ci/run"


def test_a_workspace_members_workflows_work_in_its_folder(written: dict[str, Path]) -> None:
    top = written["member"]
    assert {path.name for path in workflows(top)} == {
        "ci.yml", "part-tag.yml", "part-release.yaml", "prerelease-deps.yml"}  # fmt: skip
    assert (top / "packages" / "part of it" / "cliff.toml").read_text("utf-8").count('"^part\\\\-v[0-9]') == 1
    for path in workflows(top):
        document = yaml.safe_load(path.read_text("utf-8"))
        assert document["defaults"]["run"]["working-directory"] == "packages/part of it"
        for name, job in document["jobs"].items():
            here = any("checkout" in step.get("uses", "") for step in job["steps"])
            runs = any("run" in step for step in job["steps"])
            inner = job.get("defaults", {}).get("run", {}).get("working-directory")
            assert inner == ("." if runs and not here else None), (path, name)
    release = yaml.safe_load((top / ".github/workflows/part-release.yaml").read_text("utf-8"))
    assert release[True]["push"]["tags"] == ["part-v*"]  # YAML 1.1 reads `on` as true


def test_the_one_check_to_require_waits_for_all_others(written: dict[str, Path]) -> None:
    """Checks of a matrix cannot be required by the job's name, and one that never comes blocks every merge."""
    for project, top in written.items():
        for path in workflows(top):
            jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"]
            if "passed" in jobs:
                assert jobs["passed"]["if"] == "${{ always() }}"  # else it is skipped, which counts as passed
                assert "strategy" not in jobs["passed"]
                assert set(jobs["passed"]["needs"]) == jobs.keys() - {"passed", "candidate", "publish-candidate"}, (
                    project
                )
                break
        else:
            raise AssertionError(project)


# --- the shell steps, run ---------------------------------------------------------------------------------------------


@dataclass
class Runner:
    """GitHub's runner for one project: runs a step's script with the variables that GitHub would give."""

    repository: Repository
    scratch: Path
    event: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bin, self.temp = self.scratch / "bin", self.scratch / "temp"
        self.temp.mkdir(parents=True)
        # The tool as the workflows call it, from this checkout.
        program(self.bin, "uvx", f'test "${{1%%==*}}" = release-coordination || exit 90\nshift\n'
                f'exec "{INV}" --search-root "{CHECKOUT}" "$@"')  # fmt: skip

    def step(self, workflow: str, job: str, name: str, **env: str) -> Ended:
        """Run one step; `env` are the values of the expressions in its own environment."""
        path = self.repository.root / ".github" / "workflows" / workflow
        step = next(step for at, step in steps(path) if at == job and step.get("name") == name)
        assert env.keys() == step.get("env", {}).keys()
        self.output.write_text("", "utf-8")
        script = self.scratch / "step.sh"
        script.write_text(step["run"], "utf-8")
        given = {
            "PATH": f"{self.bin}:{changed(None)['PATH']}",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_REPOSITORY": "owner/sample",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.repository.head,
            "RUNNER_TEMP": str(self.temp),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.repository.root,
            env=changed({**given, **self.event, **env}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def output(self) -> Path:
        return self.scratch / "output"

    @property
    def outputs(self) -> dict[str, str]:
        """Return what the last step handed on."""
        return dict(line.split("=", 1) for line in self.output.read_text("utf-8").splitlines())


def made(root: Path, settings: str = "") -> Repository:
    """Return a project that was released once, has its workflows, and will be 1.1.0."""
    repository = Repository(root / "sample")
    repository.commit("feat: begin (#1)", {"pyproject.toml": pyproject("1.0.0", settings)})
    repository.tag("v1.0.0")
    assert run("init", "--yes", cwd=repository.root).code == 0
    sections = changelog(("1.1.0", "2024-01-03"), ("1.0.0", "2024-01-01"))
    text = repository.read("pyproject.toml").decode().replace('version = "1.0.0"', 'version = "1.1.0"')
    repository.commit("chore: release 1.1.0", {"CHANGELOG.md": sections, "pyproject.toml": text})
    return repository


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return made(tmp_path_factory.mktemp("template"))


@pytest.fixture
def runner(template: Repository, tmp_path: Path) -> Runner:
    return Runner(Repository(tmp_path / "sample", template), tmp_path / "runner")


def set_version(runner: Runner, version: str) -> None:
    text = runner.repository.read("pyproject.toml").decode()
    text = re.sub(r'^version = ".*"', f'version = "{version}"', text, flags=re.MULTILINE)
    runner.repository.commit(f"chore: {version}", {"pyproject.toml": text})


# auto-tag

TAG = "auto-tag-on-master.yml"


@pytest.fixture
def remote(runner: Runner) -> Path:
    """A bare remote that `ssh git@github.com` reaches with the right key alone."""
    bare = with_remote(runner.repository, runner.scratch / "remote" / "owner" / "sample.git")
    runner.repository.git("push", "--quiet", "origin", "v1.0.0")
    program(
        runner.bin,
        "ssh",
        f'printf "%s\\n" "$@" > "{runner.scratch}/ssh"\n'
        'while [ "$1" != -i ]; do shift; done\n'
        f'grep -q secret "$2" && test "$(stat -c %a "$2")" = 600 || exit 91\n'
        "for last; do :; done\n"
        f'cd "{bare.parents[1]}" && eval "$last"',
    )
    return bare


def refs(bare: Path) -> dict[str, str]:
    said = subprocess.run(["git", "-C", str(bare), "for-each-ref", "--format=%(refname) %(objectname)"],
                          check=True, capture_output=True, text=True).stdout  # fmt: skip
    return dict(line.split() for line in said.splitlines())


def push(runner: Runner, tag: str, key: str = KEY) -> Ended:
    return runner.step(TAG, "push", "push exactly one ref", KEY=key, HOST_KEYS="github.com ssh-ed25519 AAAA", TAG=tag)


def decide(runner: Runner) -> Ended:
    return runner.step(TAG, "decide", "decide which tag this commit gets")


def test_a_final_version_is_tagged_once(runner: Runner, remote: Path) -> None:
    runner.repository.git("branch", "unrelated")
    runner.repository.tag("v9.9.9-local")
    before = refs(remote)
    assert decide(runner).code == 0
    assert runner.outputs == {"tag": "v1.1.0"}
    ended = push(runner, "v1.1.0")
    assert ended.code == 0, ended.err
    assert refs(remote) == {**before, "refs/tags/v1.1.0": runner.repository.head}
    sent = (runner.scratch / "ssh").read_text("utf-8").split("\n")
    assert "git@github.com" in sent
    assert {"StrictHostKeyChecking=yes", "IdentitiesOnly=yes", f"UserKnownHostsFile={runner.temp}/hosts"} < set(sent)
    assert (runner.temp / "hosts").read_text("utf-8") == "github.com ssh-ed25519 AAAA\n"
    runner.repository.git("fetch", "--quiet", "--tags", "origin")
    again = decide(runner)
    assert (again.code, again.out) == (0, "v1.1.0 is at this commit already\n")
    assert runner.outputs == {"tag": ""}


@pytest.mark.parametrize("version", ["1.2.0rc1", "1.2.0a1", "1.2.0.dev3"])
def test_a_pre_release_gets_no_tag(runner: Runner, version: str) -> None:
    set_version(runner, version)
    ended = decide(runner)
    assert (ended.code, ended.out) == (0, f"{version} is a candidate: it gets no tag\n")
    assert runner.outputs == {"tag": ""}


def test_the_commits_own_version_counts(runner: Runner) -> None:
    """Not what the work tree has: that may be another commit, or not committed."""
    released = runner.repository.git("rev-parse", "v1.0.0")
    text = runner.repository.read("pyproject.toml").decode()
    runner.repository.write({"pyproject.toml": text.replace('version = "1.1.0"', 'version = "3.0.0"')})
    assert decide(runner).code == 0
    assert runner.outputs == {"tag": "v1.1.0"}
    ended = run("workflow.tag", "--commit", released, cwd=runner.repository.root)
    assert (ended.code, ended.out) == (0, "v1.0.0 is at this commit already\n")


def test_a_tag_elsewhere_is_refused(runner: Runner, remote: Path) -> None:
    """Not moved here, and not moved there when another run was faster."""
    repository = runner.repository
    elsewhere = repository.git("commit-tree", "HEAD^{tree}", "-m", "elsewhere")
    repository.git("tag", "v1.1.0", elsewhere)
    ended = decide(runner)
    assert ended.code == 1
    assert f"tag v1.1.0 is at {elsewhere[:8]}, not at {repository.head[:8]}\nexpected: a version that was" in ended.err
    assert "::error title=tag::tag v1.1.0 is at" in ended.out
    assert runner.outputs == {}
    repository.git("push", "--quiet", "origin", "v1.1.0")
    before = refs(remote)
    assert push(runner, "v1.1.0").code != 0
    assert refs(remote) == before


@pytest.mark.parametrize(("settings", "code"), [("", 0), ('development-branch = "dev"\n', 1)])
def test_work_after_a_release(tmp_path: Path, settings: str, code: int) -> None:
    """Ordinary where work goes to the stable branch itself; where only releases do, a version was not raised."""
    runner = Runner(made(tmp_path, settings), tmp_path / "runner")
    runner.repository.tag("v1.1.0")
    runner.repository.commit("docs: more")
    ended = decide(runner)
    assert ended.code == code
    assert ("before this commit: nothing to release" in ended.out) is (code == 0)


def test_without_the_secret_it_fails_loudly(runner: Runner, remote: Path) -> None:
    before = refs(remote)
    ended = push(runner, "v1.1.0", key="")
    assert ended.code == 1
    assert ended.out.startswith("::error::The secret RELEASE_DEPLOY_KEY is missing, so v1.1.0 was not pushed")
    assert refs(remote) == before


# release


@pytest.mark.parametrize(
    ("tag", "version", "found"),
    [
        ("v1.1.1", "1.1.0", "the tag is v1.1.1, the version in pyproject.toml is 1.1.0"),
        ("1.1.0", "1.1.0", "the tag is 1.1.0, the version"),
        ("v1.2.0rc1", "1.2.0rc1", "1.2.0rc1 is a candidate, which is not published from a tag"),
        ("v1.1.0", "1.1.0", ""),
    ],
)
def test_tag_against_version(runner: Runner, tag: str, version: str, found: str) -> None:
    if version != "1.1.0":
        set_version(runner, version)
    runner.event["GITHUB_REF_NAME"] = tag
    ended = runner.step("release.yml", "version", "hold the tag against the version")
    assert ended.code == (1 if found else 0)
    assert found in ended.err
    assert ("::error title=tag::" in ended.out) is bool(found)


def test_the_release_says_the_changelog_first(runner: Runner) -> None:
    runner.event["GITHUB_REF_NAME"] = "v1.1.0"
    root = runner.repository.root
    assert runner.step("release.yml", "version", "take the changelog's section").code == 0
    notes = (root / "notes.md").read_text("utf-8")
    (root / "notes").mkdir()
    (root / "notes.md").rename(root / "notes" / "notes.md")
    (root / "dist").mkdir()
    for name in ("sample-1.1.0.tar.gz", "sample-1.1.0-py3-none-any.whl"):
        (root / "dist" / name).write_bytes(b"")
    files = "dist/sample-1.1.0-py3-none-any.whl dist/sample-1.1.0.tar.gz"
    gh(runner, there=False)
    ended = release(runner)
    assert ended.code == 0, ended.err
    assert (root / "release.md").read_text("utf-8") == f"{notes}\n## What's Changed\n* one by @somebody\n"
    assert "- mend it [#1](https://github.com/owner/sample/issues/1)\n" in notes
    assert (runner.scratch / "gh").read_text("utf-8").splitlines() == [
        "release view v1.1.0",
        "api --method POST repos/owner/sample/releases/generate-notes --field tag_name=v1.1.0 --jq .body",
        f"release create v1.1.0 {files} --verify-tag --title v1.1.0 --notes-file release.md",
    ]
    (runner.scratch / "gh").unlink()
    gh(runner, there=True)
    assert release(runner).code == 0
    assert (runner.scratch / "gh").read_text("utf-8").splitlines() == [
        "release view v1.1.0",
        f"release upload v1.1.0 {files} --clobber",
    ]


def gh(runner: Runner, *, there: bool) -> None:
    """Stand in for gh: remembers its calls, has a list of changes, and has a release already or not."""
    program(
        runner.bin,
        "gh",
        f'test -n "$GH_TOKEN" || exit 92\necho "$*" >> "{runner.scratch}/gh"\n'
        f'case "$*" in "release view "*) exit {int(not there)} ;; '
        'api*) printf "## What\'s Changed\\n* one by @somebody\\n" ;; esac',
    )


def release(runner: Runner) -> Ended:
    return runner.step("release.yml", "github", "create the GitHub release", GH_TOKEN="token", GH_REPO="owner/sample")


def test_no_section_no_release(runner: Runner) -> None:
    set_version(runner, "1.2.0")
    ended = runner.step("release.yml", "version", "take the changelog's section")
    assert ended.code == 2
    assert "CHANGELOG.md has no section for 1.2.0" in ended.err


# candidates


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A staging index: the files in a folder, and its address."""
    folder = tmp_path / "index"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    thread.join()
    server.server_close()


class Pages(http.server.SimpleHTTPRequestHandler):
    """The simple API as JSON over the files of a folder."""

    def do_GET(self) -> None:
        if not self.path.startswith("/simple/"):
            return super().do_GET()
        import hashlib

        names = sorted(Path(self.directory).iterdir())
        rows = [{"filename": path.name, "url": f"/{path.name}",
                 "hashes": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}} for path in names]  # fmt: skip
        body = json.dumps({"meta": {"api-version": "1.0"}, "name": "sample", "files": rows}).encode()
        self.send_response(200 if rows else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, *_: object) -> None: ...


def build(folder: Path, version: str, files: Mapping[str, str]) -> list[str]:
    """Put a wheel and a source archive into a folder and return their names."""
    folder.mkdir(exist_ok=True)
    package = Distribution("sample", version, files)
    (folder / package.wheel_name).write_bytes(package.wheel())
    (folder / package.sdist_name).write_bytes(package.sdist())
    return sorted([package.wheel_name, package.sdist_name])


def judge(runner: Runner, index: tuple[Path, str]) -> Ended:
    runner.event["RELEASE_COORDINATION_STAGING_INDEX__SIMPLE"] = index[1]
    return runner.step("ci.yml", "candidate", "compare it with the staging index")


def published(runner: Runner) -> list[str]:
    folder = runner.repository.root / "candidate"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_new_candidate_is_published(runner: Runner, index: tuple[Path, str]) -> None:
    set_version(runner, "1.2.0rc1")
    names = build(runner.repository.root / "dist", "1.2.0rc1", {"sample.py": "a = 1\n"})
    ended = judge(runner, index)
    assert (ended.code, runner.outputs) == (0, {"publish": "true"}), ended.err
    assert published(runner) == names


def test_the_same_candidate_is_published_once(runner: Runner, index: tuple[Path, str]) -> None:
    """Built again at another hour, with the same content."""
    set_version(runner, "1.2.0rc1")
    names = build(index[0], "1.2.0rc1", {"sample.py": "a = 1\n"})
    build(runner.repository.root / "dist", "1.2.0rc1", {"sample.py": "a = 1\n"})
    wheel = runner.repository.root / "dist" / names[0]
    wheel.write_bytes(wheel.read_bytes().replace(b"\x00\x00\x21\x00", b"\x11\x11\x31\x31"))  # the time of each file
    assert wheel.read_bytes() != (index[0] / names[0]).read_bytes()
    ended = judge(runner, index)
    assert (ended.code, runner.outputs, published(runner)) == (0, {"publish": "false"}, []), ended.err
    assert "on the staging index with this very content" in ended.out
    (index[0] / names[1]).unlink()
    assert judge(runner, index).code == 0
    assert (runner.outputs, published(runner)) == ({"publish": "true"}, [names[1]])


def test_a_candidate_that_was_not_raised_fails(runner: Runner, index: tuple[Path, str]) -> None:
    set_version(runner, "1.2.0rc1")
    build(index[0], "1.2.0rc1", {"sample.py": "a = 1\n"})
    build(runner.repository.root / "dist", "1.2.0rc1", {"sample.py": "a = 2\n"})
    ended = judge(runner, index)
    assert (ended.code, runner.outputs, published(runner)) == (1, {}, [])
    found = "1.2.0rc1 is on the staging index with other content: sample-1.2.0rc1-py3-none-any.whl"
    assert ended.err.endswith(f"error: {found}\nexpected: a version that was raised\n"
                              "next: inv version.bump --rc, commit, push\n")  # fmt: skip
    assert f"::error title=candidate::{found}" in ended.out


def test_a_candidate_below_the_last_one_fails(runner: Runner, index: tuple[Path, str]) -> None:
    set_version(runner, "1.2.0rc1")
    build(index[0], "1.2.0rc2", {"sample.py": "a = 1\n"})
    build(runner.repository.root / "dist", "1.2.0rc1", {"sample.py": "a = 1\n"})
    ended = judge(runner, index)
    assert ended.code == 1
    assert "1.2.0rc1 is lower than 1.2.0rc2, which is on the staging index" in ended.err


def test_a_final_version_is_not_for_the_staging_index(runner: Runner) -> None:
    build(runner.repository.root / "dist", "1.1.0", {"sample.py": ""})
    ended = judge(runner, (Path(), "http://127.0.0.1:1/simple/"))
    assert (ended.code, runner.outputs) == (0, {"publish": "false"}), ended.err


def test_an_index_that_cannot_be_asked_stops_it(runner: Runner) -> None:
    set_version(runner, "1.2.0rc1")
    build(runner.repository.root / "dist", "1.2.0rc1", {"sample.py": ""})
    ended = judge(runner, (Path(), "http://127.0.0.1:1/simple/"))
    assert (ended.code, runner.outputs) == (3, {}), ended.err


@pytest.mark.parametrize(
    ("versions", "found"),
    [((), "nothing is built in dist"), (("1.2.0rc1",), "sample-1.2.0rc1-py3-none-any.whl is in dist")],
)
def test_what_was_built_must_be_the_version(runner: Runner, versions: tuple[str, ...], found: str) -> None:
    (runner.repository.root / "dist").mkdir()
    for version in versions:
        build(runner.repository.root / "dist", version, {})
    ended = judge(runner, (Path(), ""))
    assert (ended.code, ended.err.splitlines()[0]) == (2, f"error: {found}")


# build, and the wheel where nothing else is

BACKEND = """\
import io, tarfile, zipfile
from pathlib import Path

META = "Metadata-Version: 2.1\\nName: sample\\nVersion: 1.1.0\\n"
INFO = "sample-1.1.0.dist-info"
SAID = "def main():\\n    print('sample 1.1.0')\\n"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "sample-1.1.0-py3-none-any.whl"
    files = {
        "sample.py": SAID,
        f"{INFO}/METADATA": META,
        f"{INFO}/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{INFO}/entry_points.txt": "[console_scripts]\\nsample = sample:main\\n",
    }
    files[f"{INFO}/RECORD"] = "".join(f"{path},,\\n" for path in [*files, f"{INFO}/RECORD"])
    with zipfile.ZipFile(Path(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name


def build_sdist(folder, config_settings=None):
    name = "sample-1.1.0.tar.gz"
    with tarfile.open(Path(folder, name), "w:gz") as archive:
        for path in ("pyproject.toml", "backend.py"):
            archive.add(path, f"sample-1.1.0/{path}")
        found = tarfile.TarInfo("sample-1.1.0/PKG-INFO")
        found.size = len(META)
        archive.addfile(found, io.BytesIO(META.encode()))
    return name
"""
BUILT = """
[project.scripts]
sample = "sample:main"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


@pytest.fixture
def building(tmp_path: Path) -> Runner:
    """A runner for a project with a build backend of its own, so that nothing has to be fetched."""
    repository = Repository(tmp_path / "sample")
    repository.commit("feat: begin", {"pyproject.toml": pyproject("1.1.0") + BUILT, "backend.py": BACKEND})
    assert run("init", "--yes", cwd=repository.root).code == 0
    runner = Runner(repository, tmp_path / "runner")
    program(runner.bin, "uvx", f'echo "$*" >> "{tmp_path}/asked"\ncase "$*" in *wrong*) exit 1 ;; esac')
    (runner.bin / "uv").symlink_to(uv())
    return runner


@pytest.mark.parametrize("workflow", ["ci.yml", "release.yml"])
def test_what_is_built_is_looked_into(building: Runner, tmp_path: Path, workflow: str) -> None:
    assert building.step(workflow, "build", "build").code == 0
    wheel, sdist = "dist/sample-1.1.0-py3-none-any.whl", "dist/sample-1.1.0.tar.gz"
    assert {f"dist/{path.name}" for path in (building.repository.root / "dist").glob("sample*")} == {wheel, sdist}
    assert building.step(workflow, "build", "look into what was built").code == 0
    assert (tmp_path / "asked").read_text("utf-8").splitlines() == [
        f"twine==7.0.0 check --strict {wheel} {sdist}",
        f"check-wheel-contents==0.6.3 {wheel}",
    ]
    building.repository.write({"dist/wrong.whl": ""})
    assert building.step(workflow, "build", "look into what was built").code == 1


def test_the_wheel_is_installed_where_nothing_else_is(building: Runner) -> None:
    assert building.step("ci.yml", "build", "build").code == 0
    name, python = "install the wheel where nothing else is", f"{sys.version_info.major}.{sys.version_info.minor}"
    ended = building.step("ci.yml", "install", name, PYTHON=python)
    assert (ended.code, ended.out) == (0, "sample 1.1.0\n"), ended.err
    shutil.rmtree(building.repository.root / "clean")
    building.repository.write({"backend.py": BACKEND.replace("print('sample 1.1.0')", "raise SystemExit('no start')")})
    assert building.step("ci.yml", "build", "build").code == 0
    ended = building.step("ci.yml", "install", name, PYTHON=python)
    assert ended.code == 1
    assert "no start" in ended.err


# pull requests


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ("success success success success success", 0),
        ("success success success success skipped", 0),
        ("success failure success success skipped", 1),
        ("failure success success success success", 1),
        ("success success success skipped cancelled", 1),
    ],
)
def test_what_passes_as_a_whole(runner: Runner, results: str, code: int) -> None:
    assert runner.step("ci.yml", "passed", "fail unless everything went well", RESULTS=results).code == code


def test_a_version_bump_is_validated(runner: Runner) -> None:
    ended = runner.step(
        "ci.yml", "validate", "look whether the version changes", BASE=runner.repository.git("rev-parse", "HEAD^")
    )
    assert (ended.code, ended.out, runner.outputs) == (0, "1.0.0 -> 1.1.0: validate the release\n", {"bumped": "true"})
    ended = runner.step("ci.yml", "validate", "validate the release")
    assert ended.code == 0, ended.out + ended.err
    ended = runner.step("ci.yml", "validate", "look whether the version changes", BASE=runner.repository.head)
    assert (ended.code, runner.outputs) == (0, {"bumped": "false"})
    runner.repository.commit("fix: spoil it", {"CHANGELOG.md": changelog(("1.0.0", "2024-01-01"))})
    ended = runner.step("ci.yml", "validate", "validate the release")
    assert ended.code == 1
    assert "::error" in ended.out
