"""Failures: what can go wrong between the merge and the published release, why, and what to type then.

docs/troubleshooting.md holds this table; a test keeps the two the same. In a fix, names in braces are filled in.
"""

from dataclasses import dataclass
from enum import StrEnum


class Stop(StrEnum):
    """Failures that no log tells: they are seen from what is there and what is not."""

    PRERELEASE = "prerelease"
    PASSED_OVER = "passed-over"
    NOT_STARTED = "not-started"
    NO_TAG = "no-tag"
    OWN_TOKEN = "own-token"  # noqa: S105 - no password
    SWITCHED_OFF = "switched-off"
    STARTUP = "startup"
    APPROVAL = "approval"
    NO_RUNNER = "no-runner"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed-out"
    NO_RELEASE = "no-release"
    ASSETS = "assets"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Failure:
    """A row: `signs` are patterns of a log's lines, `steps` one of the names of jobs and steps that fail so."""

    key: str
    name: str
    cause: str
    fix: str
    signs: tuple[str, ...] = ()
    steps: str = ""


_RETAG = "`inv rollback.tag --version {version}`, mend it on a topic branch, merge: {branch} is tagged again"
BY_HAND = "`inv release.tag`"
AGAIN_BY_HAND = f"`inv rollback.tag --version {{version}}`, then {BY_HAND}"  # a tag that is there is not pushed again
_RERUN = "`gh run rerun {run} --failed --repo {repository}`"
_PUBLISHING = "{manage}{package}/settings/publishing/"

# The order counts: the first row with a sign in the log is taken. A test's output may hold anything, so tests go first.
FAILURES = (
    Failure(
        "tests", "The tests fail", "They pass locally: look at the Pythons and the platform.",
        f"`uv run --python 3.14 pytest` with the job's Python; a flaky one: {_RERUN}; else {_RETAG}",
        (r"^(?:FAILED|ERROR) \S+\.py(?:::| - |$)", r"^=+ .*\b\d+ (?:failed|errors?)\b.*=+$",
         r"^=+ (?:FAILURES|ERRORS) =+$", r"^(?:INTERNALERROR>|ImportError while loading conftest) "),
        r"(?i)\b(?:py)?tests?\b",
    ),
    Failure(
        "version", "The release workflow fails at the version check", "The tag and pyproject.toml's version differ.",
        _RETAG,
        (r"(?i)\btag\b.{0,80}does(?: not|n't) match.{0,60}version", r"(?i)version mismatch\b",
         r"(?i)__version__ .{0,60}does not match"),
        r"(?i)(?:check|validate|verify|match).{0,20}\b(?:tag|version)",
    ),
    Failure(
        "lock", "`uv lock --check` fails", "pyproject.toml was changed without `uv lock`.",
        '`uv lock && git commit -m "chore: lock" uv.lock` on a topic branch, and merge it',
        (r"The lockfile at `?\S*uv\.lock`? needs to be updated", r"Unable to find lockfile at `?\S*uv\.lock"),
        r"(?i)lock ?file|uv lock",
    ),
    Failure(
        "section", "The changelog has no section of this version", "The version was raised, and nothing written down.",
        "`inv changelog.draft --write`, edit, `inv changelog.check`, and merge that",
        (r"no section for \d", r"no section at all: expected \d", r"the newest section is \d",
         r"(?i)(?:changelog\S*|\w+\.md)\b.{0,60}\b(?:no|missing|without)\b.{0,30}(?:section|entry|heading)"),
    ),
    Failure(
        "links", "The changelog misses issue links", "The issue was not made before the release.",
        "`inv audit.file`, then amend the entry; once it is released, in the next release's section",
        (r"links no issue: ", r"stands for an issue yet to be named", r"(?i)missing issue link"),
    ),
    Failure(
        "id-token", "The publishing job gets no identity", "It lacks the permission `id-token: write`.",
        f"add `permissions: id-token: write` to the job in {{workflow}}; {_RETAG}",
        (r"OpenID Connect token retrieval failed", r"ACTIONS_ID_TOKEN_REQUEST_(?:TOKEN|URL)\b.*(?:unset|not set)"),
    ),
    Failure(
        "exists", "The index refuses a file that it has or had",
        "This version was uploaded before, also if it was deleted since: a name is taken for ever.",
        "`inv version.bump --part patch` and release that one",
        (r"\bFile already exists\b", r"This filename has already been used", r"file-name-reuse",
         r"(?i)filename or contents already exist"),
    ),
    Failure(
        "permission", "A job may not do what it does", "The workflow's own token lacks a permission.",
        f"add it to the job's `permissions` in {{workflow}} (`contents: write` for a release or a tag); {_RETAG}",
        (r"Resource not accessible by integration",),
    ),
    Failure(
        "publisher", "Publishing fails with 403", "No trusted publisher is set up for this repository and workflow.",
        f"add {{repository}} and {{workflow}} at {_PUBLISHING} (the environment's name too), then {_RERUN}",
        (r"\binvalid-(?:pending-)?publisher\b", r"HTTPError: 403\b", r"403 (?:Forbidden|Client Error)",
         r"Invalid or non-existent authentication information", r"has trusted publishing disabled",
         r"does not indicate trusted publishing support", r"The user '.*' isn't allowed to upload to project"),
    ),
    Failure(
        "network", "A service or the network was away", "It happens, and passes.", _RERUN,
        (r"(?i)(?:connection (?:reset|refused|aborted|timed out)|remote end closed connection)",
         r"(?i)(?:temporary failure in name resolution|could not resolve host|name or service not known|dns error)",
         r"(?i)(?:read timed out|operation timed out|tls handshake timeout|error sending request for url)",
         r"(?i)\b(?:HTTP(?:Error)?[:/ ]*(?:1\.1 )?|unexpected |status(?: code)? |error: )(?:429|50[0234])\b",
         r"\b429 Too Many Requests", r"\b50[023] (?:Internal Server|Server Error|Bad Gateway|Service Unavailable)",
         r"\b504 Gateway Time-?out", r"\b(?:ECONNRESET|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)\b",
         r"(?:RPC failed; |early EOF|Failed to (?:CreateArtifact|GetSignedArtifactURL|download action))"),
    ),
    Failure(
        "refused", "The index refuses the files", "Their metadata or their form is not what it takes.",
        f"`uvx twine check dist/*` and `uvx check-wheel-contents dist/*.whl` show why; {_RETAG}",
        (r"HTTPError: 400\b", r"\bInvalidDistribution\b", r"^Checking \S+: .*FAILED", r"^\S+\.whl: W\d{3}: "),
        r"(?i)twine check|check-wheel-contents",
    ),
    Failure(
        "push", "The tag could not be pushed", "The secret for it is missing, expired, or a rule protects tags.",
        "`gh secret set NAME --repo {repository}` with a token that may write contents, then " + _RERUN
        + "; or `inv release.tag`",
        (r"\b(?:secret|PAT|TOKEN) is (?:not set|missing|empty)", r"fatal: Authentication failed",
         r"Permission to \S+ denied to ", r"Write access to repository not granted", r"GH013: ",
         r"could not read Username for ", r"refusing to allow .{0,80}without `?workflows?`?",
         r"! \[(?:remote )?rejected\]"),
        r"(?i)push.{0,20}tag|tag.{0,20}push",
    ),
    Failure(
        "skipped", "An upload was skipped", "The index had this version already, as it was not raised: hosts get the "
        "older build.", "`inv version.bump --rc`, push, and wait for that one",
        (r"Skipping \S+ because it appears to already exist", r"^File \S+ already exists, skipping"),
    ),
    Failure(
        Stop.NO_RUNNER, "A job did not start, or its machine went away",
        "No runner took it: its label, the account's limits or budget, an outage (githubstatus.com).",
        f"correct `runs-on`, or wait and {_RERUN}",
        (r"lost communication with the server", r"awaiting a runner", r"not acquired by Runner",
         r"The job was not started because ", r"The runner has received a shutdown signal"),
    ),
    Failure(
        Stop.TIMED_OUT, "A job took too long", "It hung, or its `timeout-minutes` are too few.", _RERUN,
        (r"has exceeded the maximum execution time", r"has timed out after \d+ minutes"),
    ),
    Failure(
        Stop.CANCELLED, "A run was cancelled", "By a person, or by a newer run of its `concurrency` group.",
        "`gh run rerun {run} --repo {repository}`",
        (r"Canceling since a higher priority waiting request", r"The (?:run|operation) was cancell?ed"),
    ),
    Failure(
        Stop.PRERELEASE, "A pre-release was merged", "The stable branch is never tagged for a candidate.",
        "`inv staging.promote`, and merge that",
    ),
    Failure(
        Stop.PASSED_OVER, "Another version was merged since", "The stable branch sets a newer one.",
        "release the newer one: `inv release.watch`",
    ),
    Failure(
        Stop.NOT_STARTED, "A workflow did not start", "Its file is not at that commit, or its triggers do not match.",
        "`inv doctor.setup` shows which; by hand: {by_hand}",
    ),
    Failure(
        Stop.NO_TAG, "The tag was not made", "The tagging workflow ended well and tagged nothing.",
        "`gh run view {run} --log --repo {repository}`, then `inv release.tag`",
    ),
    Failure(
        Stop.OWN_TOKEN, "The tag started nothing", "It was pushed with the workflow's own token, and GitHub starts no "
        "workflow for that.", f"{AGAIN_BY_HAND}; `inv doctor.setup` shows how to mend {{tagging}}",
    ),
    Failure(
        Stop.SWITCHED_OFF, "A workflow is switched off", "By a person, or by GitHub after 60 days without activity.",
        "`gh workflow enable {workflow} --repo {repository}`, then {by_hand}",
    ),
    Failure(
        Stop.STARTUP, "A workflow's file is wrong", "GitHub could not make jobs of it.",
        f"the run's page names the line; {_RETAG}",
    ),
    Failure(
        Stop.APPROVAL, "A run waits for approval", "Its environment demands a reviewer.",
        "approve it on the run's page; take the reviewer out of the environment: {web}/settings/environments",
    ),
    Failure(
        Stop.NO_RELEASE, "The GitHub Release was not made", "The workflow lacks the step, or it did not run.",
        "see that {workflow} does it; `gh release create {tag} --verify-tag --notes-from-tag --repo {repository}`",
        (), r"(?i)(?:github|gh).?release|create.{0,20}release",
    ),
    Failure(
        Stop.ASSETS, "The GitHub Release lacks files", "An upload broke off (`starter`), or was left out.",
        "`gh release upload {tag} dist/* --clobber --repo {repository}` with the index's very files",
    ),
)  # fmt: skip
UNKNOWN = Failure(
    Stop.UNKNOWN, "Not a known failure", "Nothing of the table fits; the last lines of the log are below.",
    "`gh run view {run} --log-failed --repo {repository}`",
)  # fmt: skip
BY_KEY = {row.key: row for row in (*FAILURES, UNKNOWN)}
