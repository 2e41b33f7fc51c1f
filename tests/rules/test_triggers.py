"""Triggers and publishing, from workflow files as people write them."""

from typing import Any

import pytest

from tasks.errors import WrongValue
from tasks.rules.checks import Result
from tasks.rules.credentials import Credential, Publishing, credential, publishing
from tasks.rules.signers import LastTag, judged
from tasks.rules.triggers import on_branch, on_tag
from tasks.systems.definitions import read_workflow

from .history import cases

JOBS = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: []\n"


def read(text: str) -> dict[str, Any]:
    return read_workflow(text.encode(), "x.yml")


@cases(
    "on fires",
    {
        "tags": ("on:\n  push:\n    tags: ['v*']\n", True),
        "one tag pattern": ("on:\n  push:\n    tags: v*\n", True),
        "in quotes": ('"on":\n  push:\n    tags:\n      - "v[0-9]+.[0-9]+.[0-9]+"\n', True),
        "any push": ("on: push\n", True),
        "a list": ("on: [push, workflow_dispatch]\n", True),
        "push without filters": ("on:\n  push:\n", True),
        "paths do not count": ("on:\n  push:\n    tags: ['**']\n    paths: [docs/**]\n", True),
        "branches and tags": ("on:\n  push:\n    branches: [main]\n    tags: ['v*.*']\n", True),
        "branches alone": ("on:\n  push:\n    branches: [main]\n", False),
        "other tags": ("on:\n  push:\n    tags: ['release-*']\n", False),
        "taken back": ("on:\n  push:\n    tags: ['v*', '!v1.*']\n", False),
        "taken back and again": ("on:\n  push:\n    tags: ['v*', '!v1.*', 'v1.2.3']\n", True),
        "left out": ("on:\n  push:\n    tags-ignore: ['v1.*']\n", False),
        "in braces": ("on:\n  push: {branches: [main], tags: [v*, w*]}\n", True),
        "others left out": ("on:\n  push:\n    tags-ignore: ['v*rc*']\n", True),
        "optional": ("on:\n  push:\n    tags: ['xv?1.2.3', 'x?v1.2.3']\n", True),
        "Windows' newlines": ("on:\r\n  push:\r\n    tags:\r\n      - v*\r\n", True),
        "comments": ("# a\non:\n  # b\n  push:\n    # c\n    tags:\n      # d\n      - v*  # every release\n", True),
        "a slash": ("on:\n  push:\n    tags: ['*/*']\n", False),
        "further down": ("env:\n  on:\n    push:\n      tags: ['v*']\n", False),
        "in a text": ("on: workflow_dispatch\nname: |\n  on:\n    push:\n", False),
        "by hand": ("on: workflow_dispatch\n", False),
        "on a release": ("on:\n  release:\n    types: [published]\n", False),
        "a broken pattern": ("on:\n  push:\n    tags: ['v[']\n", False),
    },
)
def test_a_tag(on: str, fires: bool) -> None:
    assert (on_tag(read(on + JOBS), "v1.2.3") == "") is fires


@cases(
    "on fires",
    {
        "the branch": ("on:\n  push:\n    branches:\n      - main\n", True),
        "any": ("on: push\n", True),
        "with the file": ("on:\n  push:\n    branches: [main]\n    paths: [pyproject.toml]\n", True),
        "without the file": ("on:\n  push:\n    branches: [main]\n    paths: ['src/**']\n", False),
        "file left out": ("on:\n  push:\n    branches: [main]\n    paths-ignore: ['*.toml']\n", False),
        "tags alone": ("on:\n  push:\n    tags: ['v*']\n", False),
        "another branch": ("on:\n  push:\n    branches: [master]\n", False),
        "a slash": ("on:\n  push:\n    branches: ['*/main']\n", False),
        "all but": ("on:\n  push:\n    branches-ignore: [main]\n", False),
        "pull requests alone": ("on: pull_request\n", False),
    },
)
def test_a_branch(on: str, fires: bool) -> None:
    assert (on_branch(read(on + JOBS), "main", path="pyproject.toml") == "") is fires


@pytest.mark.parametrize(
    "text",
    ["", "jobs: 1", "[]", "a: b", "\x00", "a: &a [*a", "on: push\njobs: []", "!!python/object/apply:os.system ['x']",
     "x" * 600_000, "[" * 5000],
)  # fmt: skip
def test_what_is_no_workflow(text: str) -> None:
    with pytest.raises(WrongValue, match="cannot be read as a workflow"):
        read(text)


def test_aliases_that_explode_do_no_harm() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)
    )
    found = read(f"{bomb}on: *m\n" + JOBS)
    assert on_tag(found, "v1") == "it has no `on: push`"
    assert credential(found, "release.yml") == (Credential.UNSEEN, "")


def tagging(push: str, checkout: str = "") -> str:
    return (
        "on: push\npermissions: {}\njobs:\n  tag:\n    runs-on: ubuntu-latest\n    steps:\n"
        f"      - uses: actions/checkout@v6\n{checkout}      - name: Push\n{push}"
    )


URL = (
    "        env:\n          PAT: ${{ secrets.RELEASE_TAG_PAT }}\n        run: |\n"
    '          git remote set-url origin "https://x-access-token:${PAT}@github.com/${REPO}.git"\n'
    '          git push origin "$TAG"\n'
)
PLAIN = "        run: git push origin v1\n"
BY_TOKEN = "        with:\n          token: ${{ secrets.RELEASE_TAG_PAT }}\n"
APP = (
    "        with:\n          token: ${{ steps.app.outputs.token }}\n"
    "      - id: app\n        uses: actions/create-github-app-token@v2\n"
)


@cases(
    "text expected",
    {
        "its own": (tagging(PLAIN), (Credential.OWN, "")),
        "its own, named": (
            tagging(PLAIN, "        with:\n          token: ${{ secrets.GITHUB_TOKEN }}\n"),
            (Credential.OWN, ""),
        ),
        "checkout's token": (tagging(PLAIN, BY_TOKEN), (Credential.OTHER, "RELEASE_TAG_PAT")),
        "a key": (
            tagging(PLAIN, "        with:\n          ssh-key: ${{ secrets['DEPLOY_KEY'] }}\n"),
            (Credential.OTHER, "DEPLOY_KEY"),
        ),
        "an app's token": (tagging(PLAIN, APP), (Credential.OTHER, "an app's token")),
        "in the address, and shadowed": (tagging(URL), (Credential.SHADOWED, "RELEASE_TAG_PAT")),
        "in the address, nothing kept": (
            tagging(URL, "        with:\n          persist-credentials: false\n"),
            (Credential.OTHER, "RELEASE_TAG_PAT"),
        ),
        "in the address, header cleared": (
            tagging(URL.replace("git push", "git -c http.https://github.com/.extraheader= push")),
            (Credential.OTHER, "RELEASE_TAG_PAT"),
        ),
        "by gh": (
            tagging("        env:\n          X: ${{ secrets.PAT }}\n        run: gh api repos/o/n/git/refs\n"),
            (Credential.OTHER, "PAT"),
        ),
        "by an action": (
            tagging("        uses: x/github-tag-action@v6\n        with:\n          x: ${{ secrets.PAT }}\n"),
            (Credential.OTHER, "PAT"),
        ),
        "starts it itself": (
            tagging(PLAIN + "      - run: gh workflow run release.yml --ref v1\n"),
            (Credential.CALLS, ""),
        ),
        "calls it": (
            tagging(PLAIN) + "  release:\n    uses: ./.github/workflows/release.yml\n",
            (Credential.CALLS, ""),
        ),
        "nothing is pushed": (tagging("        run: echo hello\n"), (Credential.UNSEEN, "")),
    },
)
def test_whose_credential_pushes(text: str, expected: tuple[Credential, str]) -> None:
    assert credential(read(text), "release.yml") == expected


@cases(
    "kind last result",
    {
        "another's": (Credential.OTHER, None, Result.PASS),
        "its own": (Credential.OWN, None, Result.FAIL),
        "shadowed": (Credential.SHADOWED, None, Result.UNKNOWN),
        "calls": (Credential.CALLS, None, Result.PASS),
        "unseen": (Credential.UNSEEN, None, Result.UNKNOWN),
        "shadowed, but it did": (Credential.SHADOWED, LastTag("v1", started=True, same=True), Result.PASS),
        "another's, but it did not": (Credential.OTHER, LastTag("v1", started=False, same=True), Result.FAIL),
        "it did not, and was changed since": (Credential.OTHER, LastTag("v1", started=False, same=False), Result.PASS),
        "nobody knows": (Credential.OTHER, LastTag("v1", started=None, same=True), Result.PASS),
        "its own, but it did": (Credential.OWN, LastTag("v1", started=True, same=True), Result.UNKNOWN),
    },
)
def test_whether_the_tag_starts_the_release(kind: Credential, last: LastTag | None, result: Result) -> None:
    look = judged((kind, "PAT"), last, "tag.yml")
    assert look.result is result
    assert bool(look.remedy) is (result is not Result.PASS)


def releasing(step: str, job: str = "", top: str = "") -> str:
    return f"on: push\n{top}jobs:\n  publish:\n    runs-on: x\n{job}    steps:\n{step}"


ACTION = "      - uses: pypa/gh-action-pypi-publish@release/v1\n"
ALLOWED = "    permissions:\n      id-token: write\n"


@cases(
    "text expected",
    {
        "trusted": (
            releasing(ACTION, f"    environment: pypi\n{ALLOWED}"),
            Publishing("publish", "pypi", identity=True, secret=""),
        ),
        "named environment": (
            releasing(ACTION, f"    environment:\n      name: pypi\n      url: x\n{ALLOWED}"),
            Publishing("publish", "pypi", identity=True, secret=""),
        ),
        "not allowed": (releasing(ACTION), Publishing("publish", "", identity=False, secret="")),
        "allowed above": (
            releasing(ACTION, top="permissions:\n  id-token: write\n"),
            Publishing("publish", "", identity=True, secret=""),
        ),
        "taken back below": (
            releasing(ACTION, "    permissions:\n      contents: read\n", "permissions: write-all\n"),
            Publishing("publish", "", identity=False, secret=""),
        ),
        "with a secret": (
            releasing(ACTION + "        with:\n          password: ${{ secrets.PYPI }}\n"),
            Publishing("publish", "", identity=False, secret="PYPI"),
        ),
        "by uv": (
            releasing("      - run: uv publish dist/*\n", ALLOWED),
            Publishing("publish", "", identity=True, secret=""),
        ),
        "onto the other index": (
            releasing(ACTION + "        with:\n          repository-url: https://test.pypi.org/legacy/\n"),
            None,
        ),
        "nowhere": (releasing("      - run: make\n"), None),
    },
)
def test_how_the_files_are_uploaded(text: str, expected: Publishing | None) -> None:
    assert publishing(read(text)) == expected
