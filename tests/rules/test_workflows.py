"""Whether the push of a tag starts a workflow."""

import pytest

from tasks.rules.workflows import starts_on_tag

YES = {
    "list": "on:\n  push:\n    tags:\n      - 'v*'\n",
    "list at the key": 'name: x\n"on":\n  push:\n    tags:\n    - "v*"  # every release\njobs: {}\n',
    "brackets": "on:\n  push:\n    tags: ['x', \"v[0-9]+.[0-9]+.[0-9]+\"]\n",
    "braces": "on:\n  push: {branches: [main], tags: [v*, w*]}\n",
    "every push": "on: push\n",
    "among others": "on: [pull_request, push]\n",
    "among others, listed": "on:\n  - push\n  - workflow_dispatch\n",
    "no filter": "on:\n  pull_request:\n  push:\njobs:\n  push:\n    tags: [x]\n",
    "no filter, empty": "on:\n  push: {}\n",
    "paths alone": "on:\n  push:\n    paths: [src/**]\n",
    "branches too": "on:\n  push:\n    branches:\n      - main\n    tags:\n      - '**'\n",
    "ignored others": "on:\n  push:\n    tags-ignore: ['v*rc*']\n",
    "taken back in": "on:\n  push:\n    tags: ['v*', '!v1*', 'v1.1.*']\n",
    "optional": "on:\n  push:\n    tags: ['xv?1.1.0', 'x?v1.1.0']\n",
    "windows": "on:\r\n  push:\r\n    tags:\r\n      - v*\r\n",
    "comment first": "# a\non:\n  # b\n  push:\n    # c\n    tags:\n      # d\n      - v*\n",
}
NO = {
    "nothing": "",
    "no yaml": "::error:: {{{\n\t- [",
    "another event": "on:\n  workflow_dispatch:\n",
    "one of two": "on: [pull_request, workflow_dispatch]\n",
    "branches alone": "on:\n  push:\n    branches: [main]\n",
    "other tags": "on:\n  push:\n    tags: ['release-*']\n",
    "a slash": "on:\n  push:\n    tags: ['*/*']\n",
    "taken out": "on:\n  push:\n    tags: ['v*', '!v1*']\n",
    "ignored": "on:\n  push:\n    tags-ignore: ['v*']\n",
    "a bad set": "on:\n  push:\n    tags: ['[z-a]']\n",
    "further down": "jobs:\n  on:\n    push:\n      tags: ['v*']\n",
    "in a job": "on: workflow_dispatch\njobs:\n  a:\n    steps:\n      - run: |\n          on:\n            push:\n",
}


@pytest.mark.parametrize("name", YES)
def test_started(name: str) -> None:
    assert starts_on_tag(YES[name], "v1.1.0")


@pytest.mark.parametrize("name", NO)
def test_not_started(name: str) -> None:
    assert not starts_on_tag(NO[name], "v1.1.0")
