"""GitHub on a command line, by `gh` or over HTTP: what makes releases and tags or merges into the stable branch."""

import re
from collections.abc import Sequence

from ..errors import Refused
from .options import Options, read_options
from .refusals import UNKNOWN, Unclear, shown
from .shelllines import read
from .surroundings import World

_GH_VALUED = (
    "-R --repo --hostname -X --method -f --raw-field -F --field -H --header -q --jq -t --template -p --preview "
    "-b --branch -r --ref --input --cache"
)
_GROUPS = frozenset(["alias", "pr", "release", "workflow"])
_RELEASE_READS = frozenset(["", "download", "list", "ls", "verify", "verify-asset", "view"])
# One unknown word may stand for an owner and a name.
_PATHS = (re.compile(r"(?:\A|/)repos/[^/]+/[^/]+/([^?#]*)"), re.compile(r"(?:\A|/)repos/[^/]*\0[^/]*/([^?#]*)"))
_WRITES = re.compile(
    r"releases(?!/generate-notes)(?:/|\Z)|git/(?:refs|tags)(?:/|\Z)|merges\Z|merge-upstream\Z|pulls/[^/]+/merge\Z"
    r"|contents/|branches/.+/(?:rename|protection)|rulesets(?:/|\Z)|actions/workflows/(?P<workflow>[^/]+)/dispatches\Z"
)
_MUTATIONS = re.compile(
    r"\b(?:mergePullRequest|enablePullRequestAutoMerge|enqueuePullRequest|mergeBranch|createRef|updateRefs?|deleteRef"
    r"|createCommitOnBranch|(?:update|delete)(?:BranchProtectionRule|RepositoryRuleset))\b"
)
_REFS = re.compile(r"git/refs(?:/(?P<name>[^\0]+))?\Z")
_READ_METHODS = {"GET", "HEAD", "OPTIONS"}


def check_gh(words: Sequence[str], world: World) -> None:
    """Refuse a `gh` command (its words after `gh`) that releases, tags or merges, or that cannot be understood."""
    options = read_options(words, _GH_VALUED)
    said = shown("gh", *words)
    group, verb, *rest = [*options.operands, "", ""][: max(2, len(options.operands))]
    if UNKNOWN in group or (UNKNOWN in verb and group in _GROUPS):
        raise Unclear(f"{said}: what it does only running it would tell", expected="the command written out")
    if options.has("--help"):
        return
    if (group, verb) == ("alias", "set"):
        shell = options.has("-s", "--shell") or any(word.startswith("!") for word in rest[1:2])
        for command in read(" ".join(rest[1:]).removeprefix("!")):
            if not shell or command.words[:1] == ["gh"]:
                check_gh(command.words[shell:], world)
    else:
        _check_group(group, verb, "".join(rest[:1]), options, said, world)


def _check_group(group: str, verb: str, name: str, options: Options, said: str, world: World) -> None:
    if group == "release" and verb not in _RELEASE_READS:
        raise _release(said)
    if (group, verb) == ("pr", "merge") and not options.has("--disable-auto"):
        raise _merge(said)
    if (group, verb) == ("repo", "sync") and name and options.last("-b", "--branch") in {"", world.guarded.stable}:
        raise _merge(said)
    if (group, verb) == ("workflow", "run"):
        _check_workflow(name, said, world)
    elif group == "api":
        _check_api(verb, options, said, world)


def _release(said: str) -> Refused:
    return Refused(
        f"{said} changes releases on GitHub",
        expected="the release is made by the workflow that the tag starts",
        remedy="inv release.watch",
    )


def _merge(said: str) -> Refused:
    return Refused(
        f"{said} merges, and into which branch cannot be told from it",
        expected="the approver merges the pull request on GitHub",
        remedy="hand it off: merge PR #N when ready",
    )


def _check_workflow(name: str, said: str, world: World) -> None:
    """Refuse to start a workflow that releases, or one that cannot be told from it (a number, nothing)."""
    stems = [workflow.rpartition("/")[2].partition(".")[0].lower() for workflow in world.workflows]
    stem = name.rpartition("/")[2].partition(".")[0].lower()
    if UNKNOWN in stem or not stem or stem.isdigit():
        raise Unclear(f"{said}: which workflow it starts cannot be told", expected="its file's name", remedy="ci.yml")
    if stem in stems:
        raise Refused(
            f"{said} starts a workflow that makes the release",
            expected="the merge starts it",
            remedy="a maintainer starts it on GitHub",
        )


def _check_api(path: str, options: Options, said: str, world: World) -> None:
    fields = options.all("-f", "--raw-field", "-F", "--field")
    default = "POST" if fields or options.has("--input") else "GET"
    method = (options.last("-X", "--method") or default).upper()
    body = fields if not options.has("--input") else [*fields, UNKNOWN]
    if path.strip("/").endswith("graphql"):
        _check_graphql(body, said)
    elif method not in _READ_METHODS:
        if "repos/" not in path and UNKNOWN in path:
            raise Unclear(f"{said} writes to an address that only running it would tell", expected="it written out")
        if not _is_free(path, body, world):
            check_request(path, said, world)


def _is_free(path: str, body: Sequence[str], world: World) -> bool:
    """Tell whether a request moves one ref that is written out and guarded by nobody."""
    found = next((match for known in _PATHS if (rest := known.search(path)) and (match := _REFS.match(rest[1]))), None)
    if not found:
        return False
    names = [field.removeprefix("ref=refs/") for field in body if field.startswith("ref=refs/")]
    names += [found["name"]] if found["name"] else []
    return len(names) == 1 and UNKNOWN not in names[0] and not world.guarded.what(f"refs/{names[0]}")


def _check_graphql(body: Sequence[str], said: str) -> None:
    """Refuse a mutation that merges or moves refs, and a query that is not to be seen."""
    for text in body:
        if _MUTATIONS.search(text):
            raise _merge(said)
        value = text.removeprefix("query=")
        if value in {UNKNOWN, ""} or value.startswith("@"):
            raise Unclear(f"{said} sends a query that cannot be seen", expected="the query written out")


def check_request(address: str, said: str, world: World) -> None:
    """Refuse a writing request to an address of the REST API that releases, tags or merges."""
    rests = [found[1].rstrip("/") for path in _PATHS if (found := path.search(address))]
    forbidden = next(filter(None, (_WRITES.match(rest) for rest in rests)), None)
    if not forbidden:
        if rests and all(rest.startswith(UNKNOWN) for rest in rests):
            raise Unclear(f"{said} writes to an address that only running it would tell", expected="it written out")
        return
    if forbidden["workflow"]:
        _check_workflow(forbidden["workflow"], said, world)
    elif "merge" in forbidden[0]:
        raise _merge(said)
    else:
        raise _release(said)


_CURL_VALUED = (
    "-X --request -d --data --data-raw --data-binary --data-ascii --data-urlencode --json -F --form --form-string -T "
    "--upload-file -H --header -o --output -u --user -A --user-agent -e --referer -b --cookie -c --cookie-jar -m "
    "--max-time -w --write-out -x --proxy -K --config -E --cert --key --cacert -r --range -C --continue-at -D "
    "--dump-header --retry --url --method --post-data --post-file --body-data --body-file"
)
_BODIES = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode", "--json", "-F", "--form",
           "--form-string", "-T", "--upload-file", "--post-data", "--post-file", "--body-data",
           "--body-file")  # fmt: skip
_UPLOADS = re.compile(r"//(?:upload|test)\.pypi\.org/legacy")


def check_web(name: str, words: Sequence[str], world: World) -> None:
    """Refuse a request by curl, wget or httpie that releases, tags, merges or publishes."""
    options = read_options(words, _CURL_VALUED if name in {"curl", "wget"} else "")
    said = shown(name, *words)
    body = options.all(*_BODIES)
    method = options.last("-X", "--request", "--method") or ("POST" if body else "GET")
    operands = list(options.operands)
    if name in {"http", "https", "xh"}:
        verb = operands[0].upper() if operands and operands[0].isalpha() else ""
        body += [word for word in operands[1:] if re.match(r"[\w.-]+:?=", word)]
        method = verb or ("POST" if body else "GET")
    for address in [*operands, *options.all("--url")]:
        if method.upper() in _READ_METHODS:
            continue
        if _UPLOADS.search(address):
            raise Refused(f"{said} publishes to the index", expected="the release workflow publishes")
        host = re.match(r"(?:https?://)?(?:[^@/]*@)?([^/:]+)", address)
        if host and (UNKNOWN in host[1] or host[1] in {world.api, "uploads.github.com"}):
            _check_graphql(body, said) if address.rstrip("/").endswith("/graphql") else check_request(
                address, said, world
            )
